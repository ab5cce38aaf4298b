"""What of a file can be wrong is found before anything of it is decided, with its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from bank_files import ACCOUNT, Entry, Stmt, camt, prepared, prepared_file

from lettra_payment_ingest import preparing
from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.model import Balance, Statement
from lettra_payment_ingest.preparing import DRAFT_BYTES_MAX, prepare_statement

DAY = date(2026, 3, 2)


def through_date(statement: Statement) -> date:
    return prepare_statement(statement, "bank.xml", "digest").booked.through_date


def content_digest(statement: Statement) -> str:
    return prepare_statement(statement, "bank.xml", "digest").content_digest


def read(statement: Stmt) -> Statement:
    (found,) = read_camt(camt(statement), "bank.xml")
    return found


@pytest.fixture
def statement() -> Statement:
    return read(Stmt(2, "100", [Entry("10", "coffee"), Entry("5", "tea")]))


class TestThroughDate:
    def test_the_day_of_the_closing_balance(self, statement):
        assert through_date(replace(statement, to_date=date(2026, 3, 9))) == DAY

    def test_an_interim_balance_does_not_end_its_day(self, statement):
        page = replace(statement, closing=Balance("ITBD", DAY, Decimal(115), "EUR"))
        assert through_date(page) == date(2026, 3, 1)

    @pytest.mark.parametrize(
        ("known", "expected"),
        [
            ({"to_date": date(2026, 3, 5)}, date(2026, 3, 5)),
            ({"to_date": None}, DAY),
            (
                {"to_date": None, "transactions": (), "created_at": datetime(2026, 3, 7, tzinfo=UTC)},
                date(2026, 3, 7),
            ),
        ],
        ids=["period", "entries", "creation"],
    )
    def test_without_a_closing_balance_what_comes_nearest(self, statement, known, expected):
        assert through_date(replace(statement, closing=None, **known)) == expected


class TestContentDigest:
    def test_order_and_names_are_not_in_it(self, statement):
        turned = replace(statement, statement_id="other", transactions=statement.transactions[::-1])
        assert content_digest(turned) == content_digest(statement)

    def test_the_way_of_writing_an_amount_is_not_in_it(self, statement):
        written = replace(statement, opening=Balance("OPBD", DAY, Decimal("1.00E+2"), "EUR"))
        assert content_digest(written) == content_digest(statement)

    @pytest.mark.parametrize(
        "other",
        [
            {"account": "another"},
            {"currency": "USD"},
            {"opening": None},
            {"closing": Balance("CLBD", date(2026, 3, 3), Decimal(115), "EUR")},
            {"to_date": date(2026, 3, 3)},
            {"transactions": ()},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_what_it_tells_is_in_it(self, statement, other):
        assert content_digest(replace(statement, **other)) != content_digest(statement)

    def test_how_often_it_tells_it_is_in_it(self):
        once, twice = (read(Stmt(2, None, [Entry("10")] * n)) for n in (1, 2))
        assert content_digest(once) != content_digest(twice)


class TestRefused:
    """Guard: events are made and measured in `prepare`, before the first of them is appended."""

    def refused(self, statement: Statement) -> UnreadableFile:
        with pytest.raises(UnreadableFile) as caught:
            prepare_statement(statement, "bank.xml", "digest")
        return caught.value

    def changed(self, statement: Statement, **what) -> Statement:
        """With the second transaction changed."""
        first, second = statement.transactions
        return replace(statement, opening=None, closing=None, transactions=(first, replace(second, **what)))

    def test_an_amount_with_more_decimals_than_money_has(self, statement):
        error = self.refused(self.changed(statement, amount=Decimal("1.234567")))
        assert error.place.endswith("transaction 2")
        assert error.reason.startswith("amount: ")

    def test_a_currency_that_does_not_exist(self, statement):
        error = self.refused(replace(statement, currency="ABC", opening=None, closing=None, transactions=()))
        assert error.reason == "currency: 'ABC' is not an ISO 4217 currency code such as 'EUR'"

    def test_an_entry_without_a_day(self, statement):
        error = self.refused(self.changed(statement, booking_date=None))
        assert error.reason == "no booking date (BookgDt) and no value date (ValDt)"

    def test_texts_that_no_event_can_hold(self, statement):
        error = self.refused(self.changed(statement, remittance="\N{EURO SIGN}" * (DRAFT_BYTES_MAX // 3)))
        assert error.reason == f"texts of more than {DRAFT_BYTES_MAX} bytes"

    def test_a_statement_of_no_day(self, statement):
        nowhere = replace(statement, closing=None, to_date=None, created_at=None, transactions=())
        assert "names no day" in self.refused(nowhere).reason

    def test_a_statement_of_no_currency(self, statement):
        assert "names no currency" in self.refused(replace(statement, currency=None)).reason

    def test_a_statement_of_years(self):
        wide = Stmt(2, None, [Entry("10")])
        data = camt(wide).replace(b"<Dt>2026-03-02</Dt></BookgDt>", b"<Dt>2020-03-02</Dt></BookgDt>")
        mixed = data.replace(b"</Stmt>", Entry("5").xml(2).encode() + b"</Stmt>")
        with pytest.raises(UnreadableFile, match="from 2020-03-02 to 2026-03-02: more than 1100 days"):
            prepared_file(mixed)

    def test_more_statements_than_allowed(self, monkeypatch):
        monkeypatch.setattr(preparing, "STATEMENTS_MAX", 2)
        assert len(prepared(Stmt(2), Stmt(3))) == 2
        with pytest.raises(UnreadableFile, match=r"Stmt\[3\].*more than 2 statements"):
            prepared(Stmt(2), Stmt(3), Stmt(4))

    def test_balances_that_no_event_can_hold(self):
        """Each amount is within the limits, what they sum to is not."""
        huge = Stmt(2, "9999999999999.99", [Entry("9000000000000.01")], closing="1")
        with pytest.raises(UnreadableFile, match="digits"):
            prepared(huge)


def test_a_file_is_prepared_in_its_order():
    first, second = prepared(Stmt(2, "100", [Entry("1")]), Stmt(3, "101"))
    assert (first.account, first.currency) == (ACCOUNT, "EUR")
    assert [p.booked.statement_id for p in (first, second)] == ["S-2", "S-3"]
    assert first.booked.file_digest == second.booked.file_digest
