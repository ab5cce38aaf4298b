"""CFONB 120: records, signs, complements, accounts. All samples are invented; the account is a public example."""

import io
from decimal import Decimal

import pytest
from schwifty import IBAN

from lettra_payment_ingest.bank.cfonb import read_cfonb
from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits

ACCOUNT = "FR7630006000011234567890189"
NUMBER = "12345678901"


def row(columns: dict[int, str]) -> str:
    """A record of 120 columns with these texts at these columns, counted from 1 as in the standard."""
    line = [" "] * 120
    for first, text in columns.items():
        line[first - 1 : first - 1 + len(text)] = text
    assert len(line) == 120
    return "".join(line)


def head(kind: str, day: str, more: dict[int, str], number: str = NUMBER) -> str:
    fixed = {1: kind, 3: "30006", 12: "00001", 17: "EUR", 20: "2", 22: number, 35: day}
    return row(fixed | more)


def balance(kind: str, amount: str, day: str = "020326", number: str = NUMBER) -> str:
    return head(kind, day, {91: f"{amount:0>14}"}, number)


def entry(
    amount: str, label: str = "VIR SEPA RECU", more: dict[int, str] | None = None, number: str = NUMBER
) -> str:
    fixed = {33: "05", 43: "030326", 49: label, 82: "0000000", 91: f"{amount:0>14}"}
    return head("04", "020326", fixed | (more or {}), number)


def complement(qualifier: str, text: str, number: str = NUMBER) -> str:
    return head("05", "020326", {46: qualifier, 49: text}, number)


def file(*rows: str, end: str = "\n") -> bytes:
    return end.join(rows).encode()


def read(data: bytes, limits: Limits | None = None):
    return list(read_cfonb(io.BytesIO(data), "bank.cfo", *([limits] if limits else [])))


def refusal(*rows: str, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(file(*rows), limits)
    return str(caught.value)


def one(*rows: str):
    (statement,) = read(file(balance("01", "0{"), *rows))
    (transaction,) = statement.transactions
    return transaction


class TestStatement:
    def test_opening_entries_and_closing_add_up(self):
        rows = balance("01", "1000{", "010326"), entry("1234E"), entry("50}"), balance("07", "1184E")
        (statement,) = read(file(*rows))
        assert (statement.account, statement.currency) == (ACCOUNT, "EUR")
        assert statement.statement_id == "CFONB 2026-03-02"
        assert [str(t.signed_amount) for t in statement.transactions] == ["123.45", "-5.00"]
        assert (str(statement.opening.amount), str(statement.closing.amount)) == ("100.00", "118.45")
        assert check_statement(statement).outcome == "quarantined"
        rows = *rows[:3], balance("07", "2184E")
        (statement,) = read(file(*rows))
        assert check_statement(statement).outcome == "balanced"

    def test_what_an_entry_says(self):
        found = one(entry("1234E", more={105: "REF-OP-1"}))
        assert (str(found.booking_date), str(found.value_date)) == ("2026-03-02", "2026-03-03")
        assert (found.bank_transaction_code, found.bank_ref, found.entry_ref) == (
            "05",
            "REF-OP-1",
            "REF-OP-1",
        )
        assert (found.remittance, found.return_reason, found.batch_size) == ("VIR SEPA RECU", None, None)

    @pytest.mark.parametrize(
        ("raw", "amount"),
        [
            *((f"1{char}", f"0.1{digit}") for digit, char in enumerate("{ABCDEFGHI")),
            *((f"1{char}", f"-0.1{digit}") for digit, char in enumerate("}JKLMNOPQR")),
            *((f"1{char}", f"-0.1{digit}") for digit, char in enumerate("pqrstuvwxy")),
            *((f"1{digit}", f"0.1{digit}") for digit in range(10)),
            ("1é", "0.10"),
            ("1è", "-0.10"),
            ("0{", "0.00"),
            ("0}", "0.00"),
            ("9999999999999R", "-999999999999.99"),
        ],
    )
    def test_the_last_digit_carries_the_sign(self, raw, amount):
        """Guard: a sign taken for the other would turn what was spent into what was received."""
        found = one(entry(raw))
        assert found.signed_amount == Decimal(amount)
        assert found.direction == ("debit" if amount.startswith("-") else "credit")

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
    def test_braces_of_the_french_character_set_in_any_encoding(self, encoding):
        rows = balance("01", "0é"), entry("1234è", "FACTURE RÉGLÉE"), balance("07", "1234è")
        (statement,) = read("\n".join(rows).encode(encoding))
        assert statement.transactions[0].remittance == "FACTURE RÉGLÉE"
        assert check_statement(statement).outcome == "balanced"

    def test_a_record_of_120_bytes_has_its_columns_in_bytes(self):
        """Guard: counted in characters, the amount would begin one column too late."""
        line = entry("1234E", "FACTURE REGLEE").encode().replace(b"REGLEE ", "REGLÉE".encode())
        assert len(line) == 120
        (statement,) = read(b"\n".join([balance("01", "0{").encode(), line]))
        assert (str(statement.transactions[0].amount), statement.transactions[0].remittance) == (
            "123.45",
            "FACTURE REGLÉE",
        )

    @pytest.mark.parametrize("decimals", ["0", "1", "2", "3"])
    def test_decimals_are_said_by_the_record(self, decimals):
        rows = [balance("01", "0{"), entry("120{")]
        rows = [line[:16] + "TND" + line[19:] if decimals == "3" else line for line in rows]
        found = read(file(*(line[:19] + decimals + line[20:] for line in rows)))[0].transactions[0]
        assert found.amount == Decimal(1200).scaleb(-int(decimals))

    def test_a_blank_number_of_decimals_is_the_currencys(self):
        line = entry("120{")
        assert one(line[:19] + " " + line[20:]).amount == Decimal("12.00")

    def test_a_currency_blank_in_the_opening_is_taken_from_the_others(self):
        first = balance("01", "0{")
        (statement,) = read(file(first[:16] + "   " + first[19:], entry("1{"), balance("07", "1{")))
        assert (statement.currency, statement.opening.currency) == ("EUR", "EUR")

    def test_another_currency_of_an_entry_is_quarantined(self):
        line = entry("120{")
        (statement,) = read(file(balance("01", "0{"), line[:16] + "USD" + line[19:], balance("07", "120{")))
        assert check_statement(statement).reason.startswith("currencies are mixed")

    def test_absent_balances_are_absent(self):
        first, second, third = read(
            file(entry("1{"), balance("01", "0{"), entry("2{"), balance("01", "5{", number="A2345678901"))
        )
        assert (first.opening, first.closing, len(first.transactions)) == (None, None, 1)
        assert (second.closing, check_statement(second).outcome) == (None, "unverified")
        assert third.transactions == ()

    def test_several_accounts_in_one_file(self):
        other = "0500013M026"
        rows = [balance("01", "0{"), entry("1{"), balance("07", "1{")]
        rows += [
            balance("01", "0{", number=other),
            entry("2{", number=other),
            balance("07", "2{", number=other),
        ]
        first, second = read(file(*rows))
        assert first.account == ACCOUNT
        assert second.account[4:25] == "30006000010500013M026"
        assert IBAN(second.account, validate_bban=True).is_valid
        assert {check_statement(s).outcome for s in (first, second)} == {"balanced"}

    def test_the_keys_of_an_account_with_a_letter(self):
        fixed = {3: "20041", 12: "01005", 22: "0500013M026"}
        line = balance("01", "0{")
        for first, text in fixed.items():
            line = line[: first - 1] + text + line[first - 1 + len(text) :]
        assert read(file(line))[0].account == "FR1420041010050500013M02606"

    def test_an_account_without_its_numbers_is_what_is_there(self):
        line = balance("01", "0{")
        assert read(file(line[:2] + "     " + line[7:]))[0].account == "0000112345678901"

    def test_a_rejected_payment_is_a_return(self):
        assert one(entry("100}", more={41: "12"})).return_reason == "MS03"
        assert one(entry("100}", more={41: "00"})).return_reason is None

    def test_days_without_a_value_date(self):
        assert str(one(entry("1{", more={43: "000000"})).value_date) == "2026-03-02"
        assert str(one(entry("1{", more={43: "      "})).value_date) == "2026-03-02"
        assert str(one(entry("1{", more={35: "311299"})).booking_date) == "1999-12-31"


class TestComplements:
    def test_all_of_a_transfer(self):
        found = one(
            entry("1234E"),
            complement("NPY", "SARL DUPONT ET FILS"),
            complement("CPY", "DE89370400440532013000"),
            complement("LCC", f"{'FACTURE FA-2026-000123 DU 2 MARS':<70}"),
            complement("RCN", f"{'E2E-2026-118':<35}{'SALAIRE':<35}"),
            complement("REF", "BANQUE-REF-7"),
            complement("LIB", "TEXTE DE LA BANQUE"),
            complement("IPY", "12345"),
            complement("ZZZ", "UNKNOWN"),
        )
        assert (found.counterparty_name, found.counterparty_iban) == (
            "SARL DUPONT ET FILS",
            "DE89370400440532013000",
        )
        assert found.remittance == "FACTURE FA-2026-000123 DU 2 MARS TEXTE DE LA BANQUE"
        assert (found.end_to_end_id, found.bank_ref) == ("E2E-2026-118", "BANQUE-REF-7")

    def test_a_text_of_140_characters_is_cut_in_a_word(self):
        text = "REGLEMENT DES FACTURES FA-2026-000101 FA-2026-000102 FA-2026-000103 FA-2026-000104 ET MERCI"
        assert text[:70].endswith("FA")
        assert one(entry("1{"), complement("LCC", text[:70]), complement("LC2", text[70:])).remittance == text

    def test_the_payee_of_a_debit(self):
        rows = (
            complement("NPY", "NOUS"),
            complement("NBE", "FOURNISSEUR SA"),
            complement("CBE", "FR1420041010050500013M02606"),
        )
        assert one(entry("1}"), *rows).counterparty_name == "FOURNISSEUR SA"
        assert one(entry("1}"), complement("NPY", "ELEC ERDF")).counterparty_name == "ELEC ERDF"
        assert one(entry("1{"), complement("NBE", "NOUS")).counterparty_name is None

    def test_a_mandate_a_return_and_a_charge(self):
        found = one(
            entry("1050}"),
            complement("RUM", f"{'MANDAT-1':<35}RCUR"),
            complement("RET", "AC04COMPTE CLOS"),
            complement("FEE", "EUR200000000000740"),
        )
        assert (found.mandate_id, found.return_reason, found.charges) == ("MANDAT-1", "AC04", Decimal("7.40"))
        assert one(entry("1}"), complement("RET", "MOTIF LIBRE")).return_reason == "MS03"
        assert one(entry("1}"), complement("FEE", "USD200000000000740")).charges is None
        assert one(entry("1}"), complement("FEE", "EUR300000000000001")).charges is None

    def test_a_structured_reference(self):
        assert (
            one(entry("1{"), complement("LCS", "RF18 5390 0754 7034")).structured_reference
            == "RF18539007547034"
        )
        assert (
            one(entry("1{"), complement("LCC", "RF18539007547034")).structured_reference == "RF18539007547034"
        )
        assert one(entry("1{"), complement("LCS", "DOSSIER 7")).structured_reference == "DOSSIER 7"

    def test_fillers_are_nothing(self):
        found = one(
            entry("1{"), complement("RCN", "NOTPROVIDED"), complement("REF", "NONREF"), complement("LCC", " ")
        )
        assert (found.end_to_end_id, found.bank_ref, found.remittance) == (None, None, "VIR SEPA RECU")
        assert one(entry("1{", more={105: "0" * 16})).bank_ref is None


class TestForms:
    ROWS = (balance("01", "100{"), entry("234E", "CAFÉ"), complement("LIB", "X"), balance("07", "334E"))

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n\n", "  \r\n"])
    def test_line_ends_as_they_come(self, end):
        (statement,) = read(file(*self.ROWS, end=end))
        assert check_statement(statement).outcome == "balanced"
        assert statement.transactions[0].remittance == "CAFÉ X"

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
    @pytest.mark.parametrize("end", ["", "\r\n", "\x1a"])
    def test_no_line_ends_at_all(self, encoding, end):
        (statement,) = read(("".join(self.ROWS) + end).encode(encoding))
        assert check_statement(statement).outcome == "balanced"
        assert statement.transactions[0].remittance == "CAFÉ X"

    def test_a_record_without_its_blanks_at_the_end(self):
        (statement,) = read(file(*(line.rstrip() for line in self.ROWS)))
        assert check_statement(statement).outcome == "balanced"

    def test_a_mark_at_the_beginning_and_one_at_the_end(self):
        (statement,) = read(b"\xef\xbb\xbf" + file(*self.ROWS) + b"\r\n\x1a")
        assert len(statement.transactions) == 1

    def test_a_control_character_takes_its_column(self):
        """Guard: left out, it would move the amount."""
        line = entry("234E", "CA\x00FE")
        assert one(line).remittance == "CA FE"


class TestRefusals:
    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            (["0231 not a statement"], "line 1: unknown kind of record '02', none of 01, 04, 05, 07"),
            (
                [balance("01", "0{"), complement("LIB", "X")],
                "line 2: a complement (05) without an entry (04)",
            ),
            (
                [balance("01", "0{"), entry("1{", number="99999999999")],
                "line 2: a record 04 of account 00001/99999999999 in the statement of account 00001/12345678901",
            ),
            (
                [balance("01", "0{"), entry("1{"), balance("07", "0{", number="X2345678901")],
                "line 3: a record 07 of",
            ),
            ([balance("01", "12*")], "line 1: wrong amount"),
            ([balance("01", "1 2{")], "line 1: wrong amount"),
            ([balance("01", "0{"), entry("1{", more={91: " " * 14})], "line 2: wrong amount"),
            ([balance("01", "0{"), entry("1{", more={35: "320326"})], "line 2: wrong booking date '320326'"),
            ([balance("01", "0{"), entry("1{", more={43: "300226"})], "line 2: wrong value date '300226'"),
            (
                [balance("01", "0{"), entry("1{", more={35: "      "})],
                "line 2: no booking date (columns 35 to 40)",
            ),
            ([balance("01", "0{", "  CART")], "line 1: wrong date '  CART' (columns 35 to 40)"),
            (
                [balance("01", "0{"), entry("1{", more={20: "X"})],
                "line 2: wrong number of decimals 'X' (column 20)",
            ),
            (
                [balance("01", "1A")[:19] + "3" + balance("01", "1A")[20:]],
                "has more decimals than EUR has (2)",
            ),
            ([balance("01", "0{"), entry("1{", more={17: "E1R"})], "wrong currency 'E1R' (columns 17 to 19)"),
            ([head("01", "020326", {17: "   ", 91: "0000000000000{"})], "no currency in any record"),
            ([balance("01", "0{") + "SURPLUS"], "line 1: a record of 127 characters, more than 120"),
            (["", " "], "line 1: no record in the file"),
            ([balance("01", "0{")[:95]], "line 1: wrong amount"),
        ],
    )
    def test_refused_with_line_and_reason(self, rows, reason):
        """Guard: each of these would be an amount, a day or an account made up."""
        found = refusal(*rows)
        assert found.startswith("bank.cfo: line ")
        assert reason in found

    def test_a_place_in_a_file_without_lines(self):
        data = "".join([balance("01", "0{"), entry("12*")]).encode()
        with pytest.raises(UnreadableFile, match=r"line 1, record 2: wrong amount"):
            read(data)

    def test_limits(self):
        rows = [balance("01", "0{"), *[entry("1{")] * 3]
        assert "line 4: more than 2 transactions" in refusal(*rows, limits=Limits(transactions_max=2))
        assert "is larger than 200 bytes" in refusal(*rows, limits=Limits(bytes_max=200))
        many = [balance("01", "0{"), entry("1{"), *[complement("LIB", "X")] * 201]
        assert "line 203: more than 200 complements (05) of one entry" in refusal(*many)
