"""CSV files by a mapping: columns, amounts, days, balances, errors with line and column. All samples are invented."""

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.csv_file import parse_amount, read_csv
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.values import Wrong

ACCOUNT = "FR7630006000011234567890189"
PLAIN = f"""
account = "{ACCOUNT}"
currency = "EUR"
[columns]
booking_date = "Date"
amount = "Amount"
remittance = "Text"
"""
FRENCH = f"""
delimiter = ";"
date_format = "%d/%m/%Y"
decimal = ","
thousands = " "
skip_lines = 2
account = "{ACCOUNT}"
[columns]
booking_date = "Date opération"
value_date = "Date valeur"
credit = "Crédit"
debit = "Débit"
currency = "Devise"
remittance = ["Libellé", "Détail"]
reference = "Référence"
balance = "Solde"
"""
FRENCH_ROWS = """Relevé du compte 12345678901
;;;;;;;;
Date opération;Date valeur;Libellé;Détail;Débit;Crédit;Devise;Référence;Solde
02/03/2026;03/03/2026;VIR SEPA DUPONT;FA-2026-000123;;1 234,56;EUR;B-1;1 334,56
03/03/2026;;"COMMISSION; MARS";;-34,56;;EUR;B-2;1 300,00
"""


def read(data: str | bytes, mapping: str = PLAIN, limits: Limits | None = None):
    raw = data if isinstance(data, bytes) else data.encode()
    found = read_mapping(mapping, "map.toml")
    return list(read_csv(io.BytesIO(raw), "bank.csv", found, *([limits] if limits else [])))


def refusal(data: str | bytes, mapping: str = PLAIN, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(data, mapping, limits)
    return str(caught.value)


class TestRows:
    def test_a_french_file(self):
        (statement,) = read(FRENCH_ROWS, FRENCH)
        first, second = statement.transactions
        assert (str(first.signed_amount), first.currency, first.remittance) == (
            "1234.56",
            "EUR",
            "VIR SEPA DUPONT FA-2026-000123",
        )
        assert (str(first.booking_date), str(first.value_date), first.entry_ref) == (
            "2026-03-02",
            "2026-03-03",
            "B-1",
        )
        assert (str(second.signed_amount), second.value_date) == ("-34.56", None)
        assert second.remittance == "COMMISSION; MARS"
        assert (str(statement.opening.amount), str(statement.closing.amount)) == ("100.00", "1300.00")
        assert check_statement(statement).outcome == "balanced"
        assert (statement.statement_id, statement.place) == ("CSV 2026-03-02 2026-03-03", "line 4")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_encodings_and_line_ends_as_they_come(self, encoding, end):
        data = FRENCH_ROWS.replace("\n", end).encode(encoding)
        assert read(data, FRENCH) == read(FRENCH_ROWS, FRENCH)

    def test_a_named_encoding(self):
        mapping = 'encoding = "utf-16"\n' + FRENCH
        assert read(FRENCH_ROWS.encode("utf-16"), mapping) == read(FRENCH_ROWS, FRENCH)
        assert refusal(b"\xff\xfe\x00\xd8\x00", mapping) == "bank.csv: line 1: is not utf-16"

    def test_balances_that_do_not_add_up_are_quarantined(self):
        (statement,) = read(FRENCH_ROWS.replace("1 300,00", "1 300,01"), FRENCH)
        assert check_statement(statement).outcome == "quarantined"

    def test_the_last_movement_may_stand_first(self):
        lines = FRENCH_ROWS.splitlines()
        turned = "\n".join([*lines[:3], *reversed(lines[3:])])
        assert read(turned, FRENCH)[0].transactions == read(FRENCH_ROWS, FRENCH)[0].transactions
        one_day = turned.replace("03/03/2026", "02/03/2026")
        assert check_statement(read(one_day, FRENCH)[0]).outcome == "quarantined"
        assert check_statement(read(one_day, "newest_first = true\n" + FRENCH)[0]).outcome == "balanced"

    def test_a_sign_in_a_column_of_its_own(self):
        mapping = PLAIN + 'sign = "DC"\n[sign]\ncredit = ["C"]\ndebit = ["D", "Debit"]\n'
        (statement,) = read("Date,Amount,DC,Text\n2026-03-02,5.00,c,A\n2026-03-02,6.00,DEBIT,B\n", mapping)
        assert [str(t.signed_amount) for t in statement.transactions] == ["5.00", "-6.00"]

    def test_columns_by_number_without_a_header(self):
        mapping = f'header = false\naccount = "{ACCOUNT}"\ncurrency = "EUR"\n[columns]\nbooking_date = 1\namount = 3\n'
        (statement,) = read("2026-03-02,X,-5.00\n", mapping)
        assert str(statement.transactions[0].signed_amount) == "-5.00"

    def test_accounts_and_currencies_are_statements_of_their_own(self):
        mapping = (
            '[columns]\nbooking_date = "Date"\namount = "Amount"\naccount = "Account"\ncurrency = "Ccy"\n'
        )
        rows = "date, AMOUNT ,Account,Ccy\n2026-03-02,1,A,EUR\n2026-03-02,2,B,EUR\n"
        rows += "2026-03-03,3,A,EUR\n2026-03-03,4,A,USD\n"
        found = [(s.account, s.currency, len(s.transactions)) for s in read(rows, mapping)]
        assert found == [("A", "EUR", 2), ("B", "EUR", 1), ("A", "USD", 1)]

    def test_the_other_party_and_references(self):
        mapping = PLAIN + (
            'counterparty_name = "Name"\ncounterparty_iban = "IBAN"\nend_to_end_id = "E2E"\n'
            'structured_reference = "Ref"\ncharges = "Fee"\n'
        )
        head = "Date,Amount,Text,Name,IBAN,E2E,Ref,Fee\n"
        credit, debit = read(
            head + "2026-03-02,5.00,A,ACME,DE89 3704 0044 0532 0130 00,E-1,RF18 5390 0754 7034,-0.20\n"
            "2026-03-02,-5.00,B,ACME,,NOTPROVIDED,,\n",
            mapping,
        )[0].transactions
        assert (credit.counterparty_name, credit.counterparty_iban) == ("ACME", "DE89370400440532013000")
        assert (credit.end_to_end_id, credit.structured_reference) == ("E-1", "RF18539007547034")
        assert credit.charges == Decimal("0.20")
        assert (debit.counterparty_name, debit.counterparty_iban, debit.end_to_end_id) == ("ACME", None, None)

    def test_equal_rows_are_two_payments(self):
        first, second = read("Date,Amount,Text\n" + "2026-03-02,-4.50,COFFEE\n" * 2)[0].transactions
        assert (first.entry_ref, second.entry_ref) == (f"digest-{first.digest}-1", f"digest-{first.digest}-2")

    def test_blank_rows_are_left_out(self):
        assert len(read("\n\nDate,Amount,Text\n,,\n2026-03-02,1,A\n\n")[0].transactions) == 1

    def test_a_text_over_two_lines(self):
        (statement,) = read('Date,Amount,Text\n2026-03-02,1,"A\nB"\n2026-03-02,1,C\n')
        assert [t.remittance for t in statement.transactions] == ["A B", "C"]


class TestAmounts:
    @pytest.mark.parametrize(
        ("raw", "decimal", "thousands", "amount"),
        [
            ("1234.56", ".", "", "1234.56"),
            ("-1.234,56", ",", ".", "-1234.56"),
            ("+1 234 567,8", ",", " ", "1234567.8"),
            ("1\u202f234,50", ",", " ", "1234.50"),
            ("1\u00a0234,50", ",", " ", "1234.50"),
            ("12,50-", ",", "", "-12.50"),
            ("(12.50)", ".", "", "-12.50"),
            ("\u221212.50", ".", "", "-12.50"),
            ("1'234.50", ".", "'", "1234.50"),
            ("1234,50", ",", ".", "1234.50"),
            ("5", ".", "", "5"),
            ("5,", ",", "", "5"),
            ("0", ".", "", "0"),
        ],
    )
    def test_as_banks_write_them(self, raw, decimal, thousands, amount):
        assert parse_amount(raw, decimal, thousands) == Decimal(amount)

    @pytest.mark.parametrize(
        ("raw", "decimal", "thousands"),
        [
            ("12..34", ".", ""),
            ("1,234.56", ".", ""),
            ("12.34", ",", "."),
            ("1.2345,00", ",", "."),
            ("1 23,00", ",", " "),
            (",50", ",", ""),
            ("--5", ".", ""),
            ("5 EUR", ".", ""),
            ("1e3", ".", ""),
            ("NaN", ".", ""),
            ("٣", ".", ""),
            ("-", ".", ""),
        ],
    )
    def test_what_is_not_certainly_an_amount_is_wrong(self, raw, decimal, thousands):
        """Guard: 12.34 of a bank that writes 1.234,56 is either 12.34 or 1234."""
        with pytest.raises(Wrong, match="wrong amount"):
            parse_amount(raw, decimal, thousands)


class TestRefusals:
    HEAD = "Date,Amount,Text\n"

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ("2026-03-02,1.00,A\n2026-03-02,12..34,B\n", "line 3, column Amount: wrong amount '12..34'"),
            ("2026-03-02,,B\n", "line 2, column Amount: no amount"),
            (
                "2026-03-02,1.005,B\n",
                "line 2, column Amount: amount '1.005' has more decimals than EUR has (2)",
            ),
            ("02/03/2026,1,B\n", "line 2, column Date: wrong date '02/03/2026', not of the form %Y-%m-%d"),
            (",1,B\n", "line 2, column Date: no booking date"),
            ("2026-03-02,1\n", "line 2, column Text: the row has only 2 fields"),
            ('2026-03-02,1,"A\n', "line 2: is not CSV: unexpected end of data"),
            ('2026-03-02,1,"A\nB"\n2026-03-02,x,C\n', "line 4, column Amount: wrong amount 'x'"),
            ("", "end: no row of a movement in the file"),
        ],
    )
    def test_refused_with_line_and_column(self, rows, reason):
        """Guard: each of these would be an amount or a day made up."""
        assert refusal(self.HEAD + rows) == f"bank.csv: {reason}"

    def test_a_missing_or_doubled_column(self):
        found = refusal("Date,Montant,Text\n2026-03-02,1,A\n")
        assert (
            found == "bank.csv: line 1: no column 'Amount' in the header: there are 'Date', 'Montant', 'Text'"
        )
        assert "more than one column 'Date'" in refusal("Date,Date,Amount,Text\n")

    @pytest.mark.parametrize(
        ("cells", "reason"),
        [
            (";1,00;2,00", "column Débit: both a credit and a debit"),
            (";;", "column Crédit: neither a credit nor a debit"),
            (";;-2,00", "column Crédit: a negative credit -2.00"),
        ],
    )
    def test_two_columns_of_amounts(self, cells, reason):
        mapping = FRENCH.replace('balance = "Solde"\n', "")
        rows = [*FRENCH_ROWS.splitlines()[:3], f"02/03/2026;;A;{cells};EUR;B-1;"]
        assert refusal("\n".join(rows), mapping) == f"bank.csv: line 4, {reason}"

    def test_signs(self):
        mapping = PLAIN + 'sign = "DC"\n[sign]\ncredit = ["C"]\ndebit = ["D"]\n'
        head = "Date,Amount,DC,Text\n"
        assert "line 2, column DC: wrong sign 'X'" in refusal(head + "2026-03-02,5,X,A\n", mapping)
        assert "line 2, column Amount: a negative amount" in refusal(head + "2026-03-02,-5,D,A\n", mapping)

    def test_accounts_and_currencies(self):
        mapping = '[columns]\nbooking_date = "Date"\namount = "Amount"\naccount = "Text"\ncurrency = "Ccy"\n'
        head = "Date,Amount,Text,Ccy\n"
        assert "line 2, column Text: no account number" in refusal(head + "2026-03-02,5,,EUR\n", mapping)
        assert "line 2, column Ccy: wrong currency 'EURO'" in refusal(head + "2026-03-02,5,A,EURO\n", mapping)
        assert "line 2, column Ccy: no currency" in refusal(head + "2026-03-02,5,A,\n", mapping)

    def test_limits(self):
        rows = self.HEAD + "2026-03-02,1,A\n" * 3
        assert "line 4: more than 2 transactions" in refusal(rows, limits=Limits(transactions_max=2))
        assert "is larger than 20 bytes" in refusal(rows, limits=Limits(bytes_max=20))
        assert "is larger than 20 characters" in refusal(
            rows.encode("utf-16"), 'encoding = "utf-16"\n' + PLAIN, Limits(bytes_max=20)
        )
        assert "field larger than field limit" in refusal(self.HEAD + '2026-03-02,1,"' + "A\n" * 70_000)


class TestMapping:
    @pytest.mark.parametrize("document", ["README.md", "src/lettra_payment_ingest/bank/mapping.py"])
    def test_the_documented_mapping_is_one(self, document):
        text = (Path(__file__).resolve().parents[3] / document).read_text()
        (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        mapping = read_mapping(example, "map.toml")
        assert (mapping.delimiter, mapping.columns.amount) == (";", "Montant")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("account = ", "TOML: Invalid value"),
            ("", "columns: Field required"),
            (PLAIN + "bookingdate = 1", "columns.bookingdate: Extra inputs are not permitted"),
            (PLAIN.replace("amount", "credit"), "columns: credit and debit are named together, or neither"),
            (PLAIN.replace('amount = "Amount"', ""), "columns: name either amount, or credit and debit"),
            (PLAIN.replace('currency = "EUR"', ""), "currency is neither given nor a column"),
            (PLAIN.replace(f'account = "{ACCOUNT}"', ""), "account is neither given nor a column"),
            ('decimal = ","\nthousands = ","\n' + PLAIN, "decimal and thousands are the same sign"),
            ('delimiter = "||"\n' + PLAIN, "delimiter: String should have at most 1 character"),
            ('encoding = "klingon"\n' + PLAIN, "unknown encoding 'klingon'"),
            ('encoding = "rot13"\n' + PLAIN, "'rot13' is no encoding of text"),
            ("header = false\n" + PLAIN, "without a header, columns are numbers from 1"),
            (PLAIN + 'sign = "DC"\n', "the table sign and the column sign go together"),
            ("skip_lines = -1\n" + PLAIN, "skip_lines: Input should be greater than or equal to 0"),
            ("x = " + "[" * 5_000, "map.toml: TOML: "),
            ("#" * 200_000, "is longer than 100000 characters"),
        ],
    )
    def test_a_wrong_mapping_is_refused_with_its_key(self, text, reason):
        with pytest.raises(UnreadableFile) as caught:
            read_mapping(text, "map.toml")
        assert str(caught.value).startswith("map.toml: ")
        assert reason in str(caught.value)


def test_a_date_format_that_is_none_refuses_the_row():
    assert "line 2, column Date: wrong date" in refusal(
        "Date,Amount,Text\n2026-03-02,1,A\n", 'date_format = "%Q"\n' + PLAIN
    )
