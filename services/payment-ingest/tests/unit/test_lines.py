"""An account's line: through_date never passes what is missing, unverified or in quarantine."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest
from bank_files import Entry, Stmt, following

from .conftest import History

IN, OUT = Entry("10", "in"), Entry("-10", "out")


def day(number: int) -> date:
    return date(2026, 3, number)


class TestGaps:
    """Guard: a statement goes on with the line only where it opens with the balance that the line ends with."""

    def test_days_that_follow_each_other_move_it(self, history):
        history.take(*following("100", [IN], [OUT], []))
        assert history.account.through_date == day(4)
        assert history.account.closing_balance == 100

    def test_a_missing_day_stops_it(self, history):
        first, _, third = following("100", [IN], [IN], [IN])
        history.take(first)
        step = history.answer(third)
        assert step.continuity.outcome == "gap"
        assert step.continuity.reason == (
            "the statement before closed with 110.00 EUR, this one opens with 120.00 EUR: difference 10.00;"
            " through_date stays at 2026-03-02"
        )
        assert history.account.through_date == day(2)

    def test_the_missing_day_moves_it_over_all_that_waited(self, history):
        first, second, third, fourth = following("100", [IN], [IN], [IN], [OUT])
        history.take(first, fourth, third)
        assert history.account.through_date == day(2)
        assert history.answer(second).continuity.outcome == "ok"
        assert (history.account.through_date, history.account.closing_balance) == (day(5), 120)

    def test_any_order_of_days_ends_on_the_same_day(self):
        """The first one that comes begins the line; what is before it does not count."""
        days = following("100", [IN], [IN], [IN], [Entry("7")])
        for order in permutations(days[1:]):
            history = History()
            history.take(days[0], *order)
            assert history.account.through_date == day(5)

    def test_the_evening_before_noon(self, history):
        """Both end on one day: the evening waits for noon although that day is known through already."""
        morning = Stmt(2, "100", [IN], name="morning")
        noon = Stmt(2, "110", [Entry("5", "noon")], name="noon")
        evening = Stmt(2, "115", [Entry("7", "evening")], name="evening")
        history.take(morning, evening, noon)
        assert history.account.closing_balance == 122

    def test_a_statement_of_the_whole_period_closes_the_gap(self, history):
        first, second, third = following("100", [IN], [IN], [IN])
        history.take(first, second)
        entries = [Entry("10", "in", n) for n in (2, 3, 4, 5)]
        step = history.answer(Stmt(5, "100", entries, first=2, name="period"))
        assert (step.continuity.outcome, step.new) == ("ok", 2)
        assert history.account.through_date == day(5)
        assert history.answer(third).new == 0

    @pytest.mark.parametrize(
        ("first", "entries"),
        [(5, [Entry("10", "in", 20)]), (11, [Entry("10", "dated back", 1), Entry("10", "in", 20)])],
        ids=["period", "entry"],
    )
    def test_an_old_date_alone_proves_nothing(self, history, first, entries):
        """A bank left an old date in the period, or dated an entry back: the balances do not meet, so it is a gap."""
        history.take(Stmt(10, "100", [IN]))
        stale = Stmt(20, "500", entries, first=first)
        assert history.answer(stale).continuity.outcome == "gap"
        assert history.account.through_date == day(10)

    def test_what_lies_before_the_line_changes_nothing(self, history):
        history.take(Stmt(10, "100", [IN]))
        step = history.answer(Stmt(5, "70", [Entry("30")]))
        assert (step.continuity.outcome, history.account.through_date) == ("earlier", day(10))

    def test_the_line_does_not_go_back(self, history):
        """The earlier statement opens with the balance that the line ends with, by chance."""
        history.take(Stmt(10, "100", [IN]), Stmt(5, "110", [OUT]))
        assert (history.account.through_date, history.account.closing_balance) == (day(10), 110)

    def test_a_month_after_its_days_is_no_gap(self, history):
        history.take(*following("100", [IN], [IN]))
        month = Stmt(3, "90", [Entry("10", "old", 1), Entry("10", "in", 2), Entry("10", "in", 3)], first=1)
        assert history.answer(month).continuity.outcome == "earlier"


class TestDoubt:
    """Guard: `account.doubtful`. In these, the doubtful day sums to nothing, so that balances alone see no gap."""

    @pytest.mark.parametrize(
        "doubtful",
        [Stmt(3, None, [IN, OUT]), Stmt(3, "110", [IN, OUT], closing="111")],
        ids=["unverified", "quarantined"],
    )
    def test_it_does_not_pass_a_statement_in_doubt(self, history, doubtful):
        history.take(Stmt(2, "100", [IN]), doubtful)
        step = history.answer(Stmt(4, "110", [IN]))
        assert step.continuity.outcome == "gap"
        assert "up to 2026-03-03 is unverified or quarantined" in step.continuity.reason
        assert history.account.through_date == day(2)
        history.take(Stmt(3, "110", [IN, OUT], name="corrected"))
        assert history.account.through_date == day(4)
        assert history.account.doubtful == ()

    def test_an_unverified_statement_is_taken_and_moves_nothing(self, history):
        history.take(Stmt(2, "100", [IN]))
        step = history.answer(Stmt(3, None, [IN]))
        assert (step.outcome, step.verified, step.continuity.outcome) == ("booked", False, "unknown")
        assert (len(history.payments), history.account.through_date) == (2, day(2))

    @pytest.mark.parametrize("missing", ["OPBD", "CLBD"])
    def test_one_balance_verifies_nothing(self, history, missing):
        history.take(Stmt(2, "100", [IN], leave_out=missing))
        assert history.account.through_date is None
        other = History()
        other.take(Stmt(2, "100", [IN]), Stmt(3, "110", [IN], leave_out=missing))
        assert (other.account.through_date, other.account.closing_balance) == (day(2), 110)

    def test_an_unverified_beginning_is_no_beginning(self, history):
        history.take(Stmt(2, None, [IN]), Stmt(3, "110", [IN]))
        assert history.account.through_date is None
        history.take(Stmt(2, "100", [IN], name="verified"))
        assert history.account.through_date == day(3)

    def test_doubt_about_what_the_line_has_passed_is_none(self, history):
        history.take(Stmt(2, "100", [IN]), Stmt(2, "100", [IN], closing="999"))
        assert history.account.doubtful == ()
        history.take(Stmt(3, "110", [IN]))
        assert history.account.through_date == day(3)
