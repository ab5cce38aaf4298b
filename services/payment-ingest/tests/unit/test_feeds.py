"""What the close of a day says of an account's feed: each gap once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from bank_files import Entry, Stmt, following

from lettra_events.contracts.payments import FeedStale, PaymentsDayClosed, StatementMissing
from lettra_payment_ingest.decider.announcing import Policy
from lettra_payment_ingest.decider.feeds import due_by, is_business_day
from lettra_payment_ingest.handlers import close_day

POLICY = Policy(5, 30)


def close(history, *days: int) -> None:
    for day in days:
        assert history.do(lambda w, d=day: close_day(w, date(2026, 3, d), POLICY)).error is None


@pytest.mark.parametrize(
    ("day", "booked"),
    [
        (date(2026, 3, 6), True),
        (date(2026, 3, 7), False),
        (date(2026, 3, 8), False),
        (date(2026, 4, 3), False),
        (date(2026, 4, 6), False),
        (date(2026, 4, 7), True),
        (date(2026, 5, 1), False),
        (date(2026, 12, 25), False),
        (date(2027, 3, 26), False),
        (date(2027, 3, 29), False),
        (date(2024, 4, 1), False),
    ],
)
def test_business_days_are_those_of_target(day, booked):
    """Good Friday and Easter Monday: 3 and 6 April 2026, 26 and 29 March 2027, 1 April 2024."""
    assert is_business_day(day) is booked


@pytest.mark.parametrize(
    ("through", "cadence", "due"),
    [
        (date(2026, 3, 4), 1, date(2026, 3, 6)),
        (date(2026, 3, 5), 1, date(2026, 3, 9)),
        (date(2026, 3, 6), 1, date(2026, 3, 10)),
        (date(2026, 3, 6), 7, date(2026, 3, 16)),
        (date(2026, 2, 28), 31, date(2026, 4, 1)),
    ],
)
def test_a_statement_is_due_on_the_business_day_after_the_one_it_tells_of(history, through, cadence, due):
    account = replace(history.account, through_date=through, cadence_days=cadence)
    assert due_by(account, date(2026, 3, 31)) == due


class TestStale:
    def test_it_is_said_at_the_close_of_the_day_it_was_due(self, history):
        """Thursday's statement is here; Friday's is due on Monday."""
        history.take(Stmt(5, "100"))
        close(history, 6)
        assert history.of(FeedStale) == []
        close(history, 9)
        (event,) = history.of(FeedStale)
        assert (event.business_date, event.through_date) == (date(2026, 3, 9), date(2026, 3, 5))
        assert event.due_by == date(2026, 3, 9)

    def test_once_for_a_gap(self, history):
        history.take(Stmt(5, "100"))
        close(history, 9, 10, 11)
        assert len(history.of(FeedStale)) == 1
        history.take(Stmt(6, "100"))
        close(history, 12)
        assert len(history.of(FeedStale)) == 2

    def test_a_feed_that_never_began_is_stale_from_the_first_closed_day_on(self, history):
        close(history, 2)
        assert history.of(FeedStale) == []
        close(history, 3, 4, 5)
        assert [e.due_by for e in history.of(FeedStale)] == [date(2026, 3, 4)]

    def test_it_stands_before_the_end_of_the_day(self, history):
        history.take(Stmt(5, "100"))
        close(history, 9)
        kinds = [type(event) for event in history.events]
        assert kinds.index(FeedStale) < kinds.index(PaymentsDayClosed)


class TestMissing:
    def test_a_gap_is_said_once(self, history):
        first, second, third = following("100", [Entry("10", "a")], [Entry("5", "b")], [Entry("7", "c")])
        history.take(first, third)
        close(history, 4, 5)
        (event,) = history.of(StatementMissing)
        assert (event.after, event.before) == (date(2026, 3, 2), date(2026, 3, 4))
        assert event.reason == (
            "the account closes with 110.00 EUR, statement S-4 opens with 115.00: difference 5.00"
        )
        history.take(second)
        close(history, 6)
        assert len(history.of(StatementMissing)) == 1

    def test_without_a_gap_nothing_is(self, history):
        history.take(*following("100", [Entry("10", "a")], [Entry("5", "b")]))
        close(history, 3)
        assert history.of(StatementMissing) == []
