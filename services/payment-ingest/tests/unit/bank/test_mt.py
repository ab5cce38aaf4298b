"""MT940 and MT942: the frame, statement lines and balances, each dialect's feature in an invented sample."""

import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mt import read_mt

ACCOUNT = "FR7630006000011234567890189"
HEAD = f":20:REF-1\n:25:{ACCOUNT}\n:28C:7/1\n:60F:C260301EUR100,00\n"


def read(text: str | bytes, limits: Limits | None = None):
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_mt(io.BytesIO(data), "bank.sta", *([limits] if limits else [])))


def refusal(text: str, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(text, limits)
    return str(caught.value)


def one(line: str, *details: str):
    """The transaction of a statement with this :61: and these :86: lines."""
    text = HEAD + f":61:{line}\n" + (":86:" + "\n".join(details) + "\n" if details else "")
    (statement,) = read(text)
    (transaction,) = statement.transactions
    return transaction


class TestFrame:
    def test_what_a_statement_says_of_itself(self):
        text = HEAD + ":61:2603020302C10,00NTRFNONREF//B1\n:62F:C260302EUR110,00\n:64:C260302EUR1,00\n-\n"
        (statement,) = read(text)
        assert (statement.statement_id, statement.account, statement.currency) == (
            "REF-1 7/1",
            ACCOUNT,
            "EUR",
        )
        assert statement.electronic_sequence_number == 7
        opening, closing = statement.opening, statement.closing
        assert opening is not None
        assert closing is not None
        assert (opening.kind, opening.date, opening.amount) == ("OPBD", date(2026, 3, 1), Decimal(100))
        assert (closing.kind, closing.date, closing.amount) == ("CLBD", date(2026, 3, 2), Decimal(110))
        assert (statement.message, statement.place) == ("statement", "line 1")
        assert check_statement(statement).outcome == "balanced"

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
    def test_line_ends_as_they_come(self, end):
        text = (HEAD + ":61:260302C10,NTRFNONREF\n:86:A\nB\n:62F:C260302EUR110,\n-").replace("\n", end)
        (statement,) = read(text)
        assert [t.remittance for t in statement.transactions] == ["A B"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("{1:F01BANKFRPPAXXX0000000000}{2:I940BANKFRPPXXXXN}{4:\n", "-}"),
            ("\x01{1:F01X}{2:O9400000260302X}{3:{108:X}}{4:\n", "-}{5:{MAC:0}{CHK:0}}\x03"),
            ("{1:F01X}\n{2:I940X}\n{4:\n", "-}\n"),
            ("{4:", "-}"),
            ("BANKFR2A\n940\nBANKFR2A\n", "-"),
            (":940:\n", ""),
            ("\n\n", "-XXX\n"),
            ("\ufeff", "\n\n"),
        ],
    )
    def test_wrappers_of_all_kinds(self, before, after):
        inside = HEAD + ":62F:C260301EUR100,00\n"
        first, second = read(before + inside + after + "\n" + before.strip("\ufeff") + inside + after)
        assert first.statement_id == second.statement_id == "REF-1 7/1"
        assert first.transactions == second.transactions == ()

    def test_statements_without_an_end_are_told_apart_by_their_reference(self):
        first, second = read(HEAD + ":62F:C260301EUR100,00\n" + HEAD.replace("REF-1", "REF-2"))
        assert (first.statement_id, second.statement_id) == ("REF-1 7/1", "REF-2 7/1")

    def test_a_number_of_zero_gives_way_to_the_day(self):
        text = HEAD.replace("7/1", "0") + ":62F:C260302EUR100,00\n"
        assert read(text)[0].statement_id == "REF-1 2026-03-02"

    @pytest.mark.parametrize(
        ("written", "account", "currency"),
        [
            ("FR76 3000 6000 0112 3456 7890 189", ACCOUNT, None),
            ("BANKFRPPXXX/" + ACCOUNT, ACCOUNT, None),
            ("37040044/0532013000EUR", "37040044/0532013000", "EUR"),
            ("1291.99.348EUR", "1291.99.348", "EUR"),
            ("BANKHUHB/12345ABC/HUF", "BANKHUHB/12345ABC", "HUF"),
            ("12345ABC", "12345ABC", None),
        ],
    )
    def test_accounts_are_written_in_many_ways(self, written, account, currency):
        (statement,) = read(
            f":20:X\n:25:{written}\n:28C:1\n:61:260302C1,00NTRFNONREF\n"
            if currency
            else f":20:X\n:25:{written}\n:28C:1\n:60F:C260301EUR1,00\n"
        )
        assert (statement.account, statement.currency) == (account, currency or "EUR")

    def test_the_bank_code_of_25p_is_left_out(self):
        (statement,) = read(":20:X\n:25P:" + ACCOUNT + "\nBANKFRPP\n:28C:1/1\n:60F:C260301EUR1,00\n")
        assert statement.account == ACCOUNT

    def test_pages_of_one_statement_are_one(self):
        first = HEAD + ":61:260302C10,NTRFNONREF//B1\n:62M:C260302EUR110,\n-\n"
        second = f":20:REF-1\n:25:{ACCOUNT}\n:28C:7/2\n:60M:C260302EUR110,\n:61:260302D30,NTRFNONREF//B2\n"
        last = f":20:REF-1\n:25:{ACCOUNT}\n:28C:7/3\n:60M:C260302EUR80,\n:62F:C260302EUR80,\n"
        (statement,) = read(first + second + ":62M:C260302EUR80,\n-\n" + last)
        assert [t.bank_ref for t in statement.transactions] == ["B1", "B2"]
        assert check_statement(statement).outcome == "balanced"
        assert (statement.opening.kind, statement.closing.kind) == ("OPBD", "CLBD")

    def test_a_page_alone_is_bounded_by_its_interim_balances(self):
        """Guard: pages are joined only where the balances and numbers meet."""
        first = HEAD + ":62M:C260302EUR100,\n-\n"
        for broken in (("7/2", "7/3"), ("7/2", "8/2"), ("EUR100,", "EUR99,"), (ACCOUNT, "OTHER")):
            page = f":20:REF-1\n:25:{ACCOUNT}\n:28C:7/2\n:60M:C260302EUR100,\n:62F:C260302EUR100,\n"
            statements = read(first + page.replace(*broken))
            assert [s.closing.kind for s in statements] == ["ITBD", "CLBD"]

    def test_information_behind_the_closing_balance_is_no_transactions(self):
        text = HEAD + ":61:260302C10,NTRFNONREF\n:62F:C260302EUR110,\n:86:GOOD NEWS OF YOUR BANK\n"
        assert read(text)[0].transactions[0].remittance is None

    def test_an_mt942_announces(self):
        text = (
            f":20:X\n:25:{ACCOUNT}\n:28C:3/1\n:34F:EURD0,00\n:34F:EURC0,00\n:13D:2603021815+0100\n"
            ":61:2603020302C10,00NTRFNONREF//B1\n:86:FA-1\n:90D:0EUR0,00\n:90C:1EUR10,00\n:86:END\n-\n"
        )
        (report,) = read(text)
        assert (report.message, report.currency) == ("report", "EUR")
        assert report.created_at == datetime(2026, 3, 2, 18, 15, tzinfo=timezone(timedelta(hours=1)))
        assert report.created_at.astimezone(UTC).hour == 17
        (transaction,) = report.transactions
        assert (transaction.kind, transaction.booked, transaction.remittance) == ("pending", False, "FA-1")
        assert check_statement(report).outcome == "unverified"

    def test_the_header_tells_an_mt942_too(self):
        (report,) = read("{1:F01X}{2:I942X}{4:\n" + HEAD + ":61:260302C1,00NTRFNONREF\n-}")
        assert report.message == "report"

    def test_expected_entries_of_an_mt942_are_pending(self):
        credit, debit = one("260302EC1,00NTRFNONREF"), one("260302ED1,00NTRFNONREF")
        assert (credit.status, credit.direction, credit.kind) == ("PDNG", "credit", "pending")
        assert (debit.status, debit.direction, debit.reversal) == ("PDNG", "debit", False)

    def test_a_time_of_day_cut_at_the_end_of_a_line_is_no_field(self):
        transaction = one("260302C1,00NTRFNONREF", "PAID 2026-03-02T16", ":20:37 AND", ":26:01 MORE")
        assert transaction.remittance == "PAID 2026-03-02T16 :20:37 AND :26:01 MORE"


class TestLine:
    @pytest.mark.parametrize(
        ("mark", "direction", "reversal"),
        [
            ("C", "credit", False),
            ("D", "debit", False),
            ("RC", "debit", True),
            ("RD", "credit", True),
            ("CR", "credit", False),
            ("DR", "debit", False),
            ("RCR", "debit", True),
            ("RDR", "credit", True),
            ("DD", "debit", False),
        ],
    )
    def test_marks_and_funds_codes(self, mark, direction, reversal):
        """A reversed credit takes money; the letter behind the mark is the third of the currency."""
        transaction = one(f"2603020302{mark}10,00NTRFNONREF")
        assert (transaction.direction, transaction.reversal) == (direction, reversal)

    @pytest.mark.parametrize(
        ("written", "amount"),
        [
            ("10,00", "10.00"),
            ("10,", "10"),
            ("10,5", "10.5"),
            ("10", "10"),
            ("000012,30", "12.30"),
            ("7.25", "7.25"),
        ],
    )
    def test_amounts(self, written, amount):
        assert one(f"260302C{written}NTRFNONREF").amount == Decimal(amount)

    @pytest.mark.parametrize(
        ("written", "booked", "value"),
        [
            ("2603020304", "2026-03-04", "2026-03-02"),
            ("260302", "2026-03-02", "2026-03-02"),
            ("260302    ", "2026-03-02", "2026-03-02"),
            ("2512311231", "2025-12-31", "2025-12-31"),
            ("2512310102", "2026-01-02", "2025-12-31"),
            ("2601011230", "2025-12-30", "2026-01-01"),
            ("2602300301", "2026-03-01", "2026-02-28"),
            ("991231", "1999-12-31", "1999-12-31"),
        ],
    )
    def test_days(self, written, booked, value):
        """The entry date has no year, and 30 February is the last day of that month."""
        transaction = one(f"{written}C1,00NTRFNONREF")
        assert (str(transaction.booking_date), str(transaction.value_date)) == (booked, value)

    @pytest.mark.parametrize(
        ("rest", "code", "end_to_end", "bank_ref"),
        [
            ("NTRFNONREF//BANK-1", "NTRF", None, "BANK-1"),
            ("NTRFMY-REF//BANK-1", "NTRF", "MY-REF", "BANK-1"),
            ("NTRFMY/REF/2//BANK/1", "NTRF", "MY/REF/2", "BANK/1"),
            ("NTRFNONREF", "NTRF", None, None),
            ("NTRFKREF+//NONREF", "NTRF", None, None),
            ("NTRF", "NTRF", None, None),
            ("S051", "S051", None, None),
            ("FMSC01916", "FMSC", "01916", None),
            ("NOV NONREF", "NOV", None, None),
            ("MCI0NONREF//B", "MCI0", None, "B"),
            ("", None, None, None),
        ],
    )
    def test_references(self, rest, code, end_to_end, bank_ref):
        transaction = one(f"260302C1,00{rest}")
        assert (transaction.bank_transaction_code, transaction.end_to_end_id, transaction.bank_ref) == (
            code,
            end_to_end,
            bank_ref,
        )

    def test_the_name_of_the_reference_is_the_banks_or_a_digest(self):
        assert one("260302C1,00NTRFNONREF//BANK-1").entry_ref == "BANK-1"
        text = HEAD + ":61:260302C1,00NTRFNONREF\n:86:SAME\n" * 2
        first, second = read(text)[0].transactions
        assert first.entry_ref == f"digest-{first.digest}-1"
        assert second.entry_ref == f"digest-{first.digest}-2"

    def test_further_lines_explain(self):
        transaction = one("260302D12,35NRTINONREF//B\n/OCMT/EUR11,85//CHGS/EUR0,50/")
        assert (transaction.charges, transaction.return_reason) == (Decimal("0.50"), "MS03")
        foreign = one("260302D12,35NTRFNONREF//B\n/OCMT/USD11,85//CHGS/USD0,50/")
        assert foreign.charges is None

    def test_without_information_the_further_line_is_the_text(self):
        assert one("260302C1,00NTRFNONREF\nCARD PAYMENT").remittance == "CARD PAYMENT"

    def test_the_other_partys_account_and_name_in_the_line(self):
        dutch = one("2603020302D65,00NOVBNL47INGB9999999999\nJ JANSEN", "SIERADEN")
        assert (dutch.counterparty_iban, dutch.counterparty_name) == ("NL47INGB9999999999", "J JANSEN")
        assert dutch.end_to_end_id is None
        old = one("260302D65,00N0600733959555      T-MOBILE NETHERLANDS BV", "SIERADEN")
        assert old.counterparty_name == "T-MOBILE NETHERLANDS BV"
        below = one("260302D65,00N102EREF            \nNL70ABNA0987654321", "/EREF/E-1/REMI/FA-1")
        assert (below.counterparty_iban, below.end_to_end_id) == ("NL70ABNA0987654321", "E-1")

    def test_a_balance_may_lack_its_currency_after_the_first(self):
        (statement,) = read(HEAD + ":62F:C260302100,00\n")
        assert (statement.closing.amount, statement.closing.currency) == (Decimal(100), "EUR")

    def test_an_overdraft_is_negative(self):
        (statement,) = read(HEAD.replace(":60F:C", ":60F:D") + ":62F:D260302EUR0,00\n")
        assert (statement.opening.amount, statement.closing.amount) == (Decimal(-100), Decimal(0))


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (":28C:1\n", "line 1: no account (:25:) in the statement"),
            (":20:X\n:28C:1\n-\n", "line 1: no account (:25:) in the statement"),
            (":20:X\n:25:A\n:28C:1\n", "line 1: the statement has neither a balance nor an entry"),
            ("hello\n", "line 1: no statement (:20:) in the file"),
            ("", "line 1: no statement (:20:) in the file"),
            (":61:260302C1,00NTRF\n", "line 1: a statement line (:61:) outside a statement"),
            (":60F:C260301EUR1,\n", "line 1: a balance (:60F:) outside a statement"),
            (HEAD + ":25:B\n", "line 5: a second account (:25:) in the statement"),
            (HEAD + ":60F:C260301EUR1,\n", "line 5: a second opening balance (:60F:) in the statement"),
            (HEAD + ":62F:C260301EUR1,\n:62M:C260301EUR1,\n", "line 6: a second closing balance (:62M:)"),
            (HEAD + ":62F:C260301EUR1,\n:61:oops\n", "line 6: wrong statement line :61: 'oops'"),
            (HEAD + ":61:260302C10,0,0NTRF\n", "line 5: wrong amount '10,0,0'"),
            (HEAD + ":61:260302C1.000,00NTRF\n", "line 5: wrong amount '1.000,00'"),
            (HEAD + ":61:260302C,50NTRF\n", "line 5: wrong amount ',50'"),
            (HEAD + ":61:260302X10,00NTRF\n", "line 5: wrong statement line :61: '260302X10,00NTRF'"),
            (HEAD + ":61:260302C10,005NTRF\n", "line 5: amount '10,005' has more decimals than EUR has (2)"),
            (HEAD + ":61:261302C10,00NTRF\n", "line 5: wrong value date '261302' in :61:"),
            (HEAD + ":61:2603021302C10,00NTRF\n", "line 5: wrong entry date '1302' in :61:"),
            (HEAD + ":61:260302C1234567890123456789,00NTRF\n", "has more than 18 digits"),
            (HEAD + ":62F:X260301EUR1,\n", "line 5: wrong balance :62F: 'X260301EUR1,'"),
            (HEAD + ":62F:C261301EUR1,\n", "line 5: wrong date '261301' in the balance :62F:"),
            (":20:X\n:25:A\n:62F:C2603011,\n", "line 3: no currency in the balance :62F:"),
            (":20:X\n:25:A\n:61:260301C1,00NTRF\n", "line 3: no currency: neither a balance nor the account"),
            (
                ":20:X\n:25:A\n:61:260301C1,50NTRF\n:62F:C260301JPY1,\n",
                "line 3: amount '1.50' has more decimals",
            ),
            (
                ":20:X\n:25:A\n:61:260301C1,00NTRF\n:60F:C260301EUR1,\n",
                "line 4: an opening balance (:60F:) behind",
            ),
            (":20:X\n:25:\n", "line 2: no account number in :25:"),
        ],
    )
    def test_refused_with_line_and_reason(self, text, reason):
        """Guard: each of these would be an amount, an account or a balance made up."""
        found = refusal(text)
        assert found.startswith("bank.sta: line ")
        assert reason in found

    @pytest.mark.parametrize("after", ["", "{1:F01X}{2:I940X}{4:\n" + HEAD + "-}"])
    def test_a_wrapped_message_without_its_end_was_cut(self, after):
        """Guard: cut inside an amount, it would be a smaller amount."""
        cut = "{1:F01X}{2:I940X}{4:\n" + HEAD + ":61:260302C1234\n"
        assert "the message ends too soon: its wrapper {4: has no end -}" in refusal(cut + after)

    def test_a_second_field_of_two_pages_is_not_one(self):
        assert "a second closing" in refusal(HEAD + ":62F:C260302EUR1,\n:62F:C260302EUR1,\n")

    def test_limits(self):
        text = HEAD + ":61:260302C1,00NTRF\n" * 3
        assert refusal(text, Limits(transactions_max=2)) == "bank.sta: line 7: more than 2 transactions"
        assert refusal(text, Limits(bytes_max=50)) == "bank.sta: line 3: is larger than 50 bytes"
        long = HEAD + ":61:260302C1,00NTRF\n:86:" + "X" * 30
        assert "text of more than 20 characters" in refusal(long, Limits(text_chars_max=20))
        assert "line 1: is longer than 65536 bytes" in refusal("X" * 70_000)
        assert "field :86: of more than 500 lines" in refusal(long + "\nA" * 600)
