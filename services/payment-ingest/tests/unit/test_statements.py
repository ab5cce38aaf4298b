"""Statements: what is taken of them, once, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from bank_files import ACCOUNT, Entry, Stmt, following, prepared
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from lettra_events.contracts.payments import (
    AccountLine,
    BankAccountClosed,
    DebitBooked,
    PaymentReceived,
    StatementBooked,
    StatementPartTaken,
    StatementQuarantined,
)
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.domain import STATEMENTS
from lettra_payment_ingest.handlers import Memory, dismiss_statement, release_statement

from .conftest import History

COFFEE = Entry("10", "coffee")
RENT = Entry("-30.5", "rent")


def amounts(history: History) -> list[Decimal]:
    """What was received and spent, sorted."""
    return sorted(
        event.amount if isinstance(event, PaymentReceived) else -event.amount for event in history.payments
    )


class TestNewStatements:
    def test_each_transaction_is_one_event_and_the_statement_comes_last(self, history):
        (statement,) = prepared(Stmt(2, "100", [COFFEE, RENT]))
        received, spent = history.step(statement).events[1:3]
        assert isinstance(received, PaymentReceived)
        assert isinstance(spent, DebitBooked)
        assert (received.amount, received.remittance, received.entity_id) == (10, "coffee", "FR01")
        assert (spent.amount, spent.booking_date) == (Decimal("30.5"), date(2026, 3, 2))
        part, *_, booked = history.events[1:]
        assert isinstance(part, StatementPartTaken)
        assert part.payments == (received.payment_id, spent.payment_id)
        assert part.balances == (Decimal(110), Decimal("79.5"))
        assert isinstance(booked, StatementBooked)
        assert (booked.transactions, booked.verified, booked.on_line) == (2, True, True)
        assert booked.line == AccountLine(through_date=date(2026, 3, 2), balance=Decimal("79.5"))

    def test_a_statement_without_entries_is_booked(self, history):
        (step,) = history.take(Stmt(2, "100"))
        assert (step.outcome, history.account.through_date) == ("booked", date(2026, 3, 2))

    def test_announced_entries_are_kept_apart_and_zeros_left_out(self, history):
        entries = [COFFEE, Entry("5", status="PDNG"), Entry("6", status="INFO"), Entry("0")]
        (statement,) = prepared(Stmt(2, "100", entries))
        history.take_prepared(statement)
        assert (amounts(history), statement.left_out) == ([10], 2)
        assert statement.pending is not None
        assert [t.amount for t in statement.pending.announced] == [5]

    def test_an_unknown_account_is_refused(self, history):
        history.events.clear()
        history.step(*prepared(Stmt(2))).then_refused("unknown-account")

    def test_a_closed_account_is_refused(self, history):
        history.events.append(BankAccountClosed(account=ACCOUNT, currency="EUR", entity_id="FR01"))
        history.step(*prepared(Stmt(2))).then_refused("account-closed")


class TestOnce:
    """Guards: the row of the statement (`STATEMENTS`), and identities decided against what is known."""

    def test_a_statement_again_changes_nothing(self, history):
        statement = Stmt(2, "100", [COFFEE, RENT])
        history.take(statement)
        outcome = history.step(*prepared(statement)).then_nothing()
        assert (outcome.result.outcome, outcome.result.known_outcome) == ("known", "booked")

    def test_an_empty_statement_again_changes_nothing(self, history):
        history.take(Stmt(2, "100"))
        history.step(*prepared(Stmt(2, "100"))).then_nothing()

    def test_the_same_statement_by_another_name_changes_nothing(self, history):
        history.take(Stmt(2, "100", [COFFEE, RENT]))
        history.step(*prepared(Stmt(2, "100", [RENT, COFFEE], name="copy"))).then_nothing()

    def test_a_month_claims_what_its_days_brought(self, history):
        days = following("100", [COFFEE, COFFEE], [RENT], [COFFEE])
        history.take(*days)
        known = [event.payment_id for event in history.payments]
        entries = [Entry(e.amount, e.text, day.day) for day in days for e in day.entries]
        (step,) = history.take(Stmt(31, "100", entries, first=1, name="March"))
        assert (step.outcome, step.new) == ("booked", 0)
        assert [event.payment_id for event in history.payments] == known
        part = next(e for e in history.events[::-1] if isinstance(e, StatementPartTaken))
        assert sorted(part.payments) == sorted(known)

    def test_an_overlapping_statement_brings_only_what_is_new(self, history):
        history.take(Stmt(2, "100", [COFFEE]))
        (step,) = history.take(Stmt(3, "100", [Entry("10", "coffee", 2), RENT], first=2))
        assert (step.new, amounts(history)) == (1, [Decimal("-30.5"), 10])

    def test_two_identical_entries_of_a_day_are_two_payments(self, history):
        history.take(Stmt(2, "100", [COFFEE, COFFEE]))
        assert amounts(history) == [10, 10]
        assert len({event.payment_id for event in history.payments}) == 2

    def test_two_identical_entries_in_two_statements_of_a_day_are_two_payments(self, history):
        noon, evening = Stmt(2, "100", [COFFEE]), Stmt(2, "110", [COFFEE], name="evening")
        history.take(noon, evening)
        assert amounts(history) == [10, 10]
        (step,) = history.take(Stmt(2, "100", [COFFEE, COFFEE], name="whole"))
        assert step.new == 0

    def test_a_repeat_in_the_same_file_is_known(self, history):
        first, again = prepared(Stmt(2, "100", [COFFEE]), Stmt(2, "100", [COFFEE]))
        history.take_prepared(first)
        assert history.take_prepared(again).outcome == "known"


class TestQuarantine:
    WRONG = Stmt(2, "100", [COFFEE], closing="111")

    def test_what_does_not_add_up_is_refused_whole_with_a_reason(self, history):
        (event,) = history.step(*prepared(self.WRONG)).events
        assert isinstance(event, StatementQuarantined)
        assert "100.00 + entries 10.00 = 110.00, but closing is 111.00 EUR" in event.reason
        assert (event.through_date, history.payments) == (date(2026, 3, 2), [])

    def test_once(self, history):
        history.take(self.WRONG)
        outcome = history.step(*prepared(self.WRONG)).then_nothing()
        assert (outcome.result.known_outcome, outcome.result.reason[:7]) == ("quarantined", "does no")

    def test_the_corrected_statement_is_taken(self, history):
        history.take(self.WRONG, Stmt(2, "100", [COFFEE, Entry("1")]))
        assert (amounts(history), history.account.through_date) == ([1, 10], date(2026, 3, 2))


class TestParts:
    """Guards: `account.taken` says where to go on, `account.unfinished` keeps other statements away meanwhile."""

    FIVE = Stmt(2, "100", [COFFEE, COFFEE, RENT, Entry("3"), Entry("4")])

    def test_the_statement_is_booked_only_after_the_last_part(self, history):
        (statement,) = prepared(self.FIVE)
        memory = Memory()
        steps = [history.step(statement, 2, memory).result for _ in range(3)]
        assert [(s.outcome, s.new) for s in steps] == [("taking", 2), ("taking", 2), ("booked", 1)]
        kinds = [type(event).__name__ for event in history.events]
        assert kinds.index("StatementBooked") == len(kinds) - 1

    def test_nothing_is_known_through_a_half_taken_statement(self, history):
        history.step(*prepared(self.FIVE), size=4)
        assert history.account.through_date is None

    def test_another_statement_waits_for_a_half_taken_one(self, history):
        """Were it taken, its `coffee` could be one that the half taken statement is yet to bring."""
        history.step(*prepared(self.FIVE), size=1)
        outcome = history.step(*prepared(Stmt(2, "86.5", [COFFEE], name="next"))).then_nothing()
        assert outcome.result.outcome == "busy"

    @settings(deadline=None)
    @for_all(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans())
    def test_wherever_it_is_cut_and_resumed_the_payments_are_the_same(self, sizes, restarted):
        whole, cut = History(), History()
        whole.take(self.FIVE)
        (statement,) = prepared(self.FIVE)
        memory = None if restarted else Memory()
        for size in sizes:
            cut.step(statement, size, memory)
        cut.take_prepared(statement)
        assert cut.payments == whole.payments
        assert cut.account == whole.account

    def test_what_is_remembered_is_dropped_when_another_statement_came_to_its_end(self, history):
        """A memory of before would call the `coffee` new that the day has brought meanwhile."""
        (march,) = prepared(Stmt(31, "100", [Entry("10", "coffee", 2)], first=1))
        memory = Memory()
        given_up = History(list(history.events))
        given_up.step(march, 1, memory)
        history.take(Stmt(2, "100", [COFFEE]))
        assert history.step(march, 1, memory).result.new == 0


def test_a_refusal_is_one_of_the_rules():
    """`History.take` raises what a decision raises, so no test above passes on a refused statement."""
    with pytest.raises(Rejected):
        History([]).take(Stmt(2))


class TestResolved:
    """A person decides on a statement in quarantine. Guard: `released` in `take_statement`, and the day in doubt."""

    WRONG = Stmt(3, "100", [COFFEE], closing="111")

    def resolve(self, history: History, how) -> StatementQuarantined:
        quarantined = history.of(StatementQuarantined)[-1]
        key = (ACCOUNT, "EUR", quarantined.content_digest)
        row = history.do(lambda w: w.get(STATEMENTS, *key)).result
        history.do(lambda w: how(w, row, "Ann", "the bank says so"))
        return quarantined

    def test_released_it_is_taken_as_unverified(self, history):
        history.take(Stmt(2, "100"), self.WRONG)
        self.resolve(history, release_statement)
        (step,) = history.take(self.WRONG)
        assert (step.outcome, step.new, amounts(history)) == ("booked", 1, [10])
        booked = history.of(StatementBooked)[-1]
        assert (booked.verified, booked.released, booked.on_line) == (False, True, False)

    def test_the_line_does_not_pass_it(self, history):
        history.take(Stmt(2, "100"), self.WRONG)
        self.resolve(history, release_statement)
        history.take(self.WRONG, Stmt(4, "100", [RENT]))
        assert history.account.through_date == date(2026, 3, 2)
        history.take(Stmt(4, "100", [Entry("10", "coffee", 3), RENT, Entry("-10", "back")], first=1))
        assert history.account.through_date == date(2026, 3, 4)

    def test_meanwhile_it_is_known(self, history):
        history.take(self.WRONG)
        assert history.step(*prepared(self.WRONG)).then_nothing().result.known_outcome == "quarantined"

    def test_dismissed_it_stops_the_line_no_longer(self, history):
        history.take(Stmt(2, "100"), self.WRONG, Stmt(4, "100", [RENT]))
        assert history.account.through_date == date(2026, 3, 2)
        self.resolve(history, dismiss_statement)
        assert history.account.through_date == date(2026, 3, 4)
        assert history.step(*prepared(self.WRONG)).then_nothing().result.known_outcome == "dismissed"

    def test_another_doubt_of_the_same_day_stays(self, history):
        """Guard: a day is in `doubtful` once for each statement that is in doubt."""
        history.take(Stmt(2, "100"), self.WRONG, Stmt(3, None, [COFFEE]), Stmt(4, "100", [RENT]))
        self.resolve(history, dismiss_statement)
        assert history.account.through_date == date(2026, 3, 2)

    def test_only_what_is_in_quarantine(self, history):
        history.take(self.WRONG)
        self.resolve(history, dismiss_statement)
        row = history.do(
            lambda w: w.get(STATEMENTS, ACCOUNT, "EUR", prepared(self.WRONG)[0].content_digest)
        ).result
        history.do(lambda w: release_statement(w, row, "Ann", "so")).then_refused("not-in-quarantine")


class TestOtherTellings:
    """The same days, told by another message: nothing counts twice."""

    def told_otherwise(self, statement: Stmt) -> Stmt:
        """The same movements with other texts, as another format has them."""
        entries = [Entry(e.amount, f"{e.text} told otherwise", e.day) for e in statement.entries]
        return replace(statement, entries=entries, name="MT")

    def test_entries_at_the_same_places_are_the_same_money(self, history):
        """Guard: `_Others` in `bank.identity`."""
        statement = Stmt(2, "100", [COFFEE, RENT, COFFEE])
        history.take(statement)
        (step,) = history.take(self.told_otherwise(statement))
        assert (step.outcome, step.new, len(history.payments)) == ("booked", 0, 3)

    def test_statements_that_follow_each_other_are_not_mixed_up(self, history):
        """A swept account comes back to the same balance. Guard: `_Others` leaves out what is continued."""
        history.take(Stmt(2, "0", [Entry("10", "a"), Entry("-10", "sweep")]))
        (step,) = history.take(Stmt(2, "0", [Entry("10", "b"), Entry("-10", "swept")], name="evening"))
        assert step.new == 2

    def test_a_statement_of_known_days_with_other_money_is_quarantined(self, history):
        """Guard: `contradiction`: every day up to the line's end is explained by balances."""
        history.take(*following("100", [COFFEE], [COFFEE], [COFFEE]))
        assert history.take(Stmt(2, "90", [Entry("7", "before")], name="morning"))[0].outcome == "booked"
        other = Stmt(3, "50", [Entry("7", "unknown")], name="other")
        (step,) = history.take(other)
        assert step.outcome == "quarantined"
        assert history.of(StatementQuarantined)[-1].reason == (
            "the account is known through 2026-03-04, and 1 of its transactions are not known: together 7.00 EUR"
        )
        assert amounts(history) == [7, 10, 10, 10]
