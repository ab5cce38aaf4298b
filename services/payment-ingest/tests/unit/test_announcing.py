"""Announced money: held until it is booked, once; and what a notification tells of a booked entry."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from bank_files import Entry, Stmt, announcing, prepared

from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentReceived,
)
from lettra_payment_ingest.decider.announcing import Policy
from lettra_payment_ingest.handlers import close_day

from .conftest import History

ANNA = Entry("50", "FA-1", ref="B-1", e2e="E-1", name="Anna")
BERT = Entry("70", "FA-2", ref="B-2", e2e="E-2", name="Bert")
BATCH = Entry("120", ref="B-9", batch=2)
DETAILED = Entry("120", ref="B-9", parts=(Entry("50", "FA-1", name="Anna"), Entry("70", "FA-2", name="Bert")))
POLICY = Policy(known_days=5, days_max=30)


def replaced(history: History) -> list[tuple[str, str]]:
    return [(e.announcement_id, e.payment_id) for e in history.of(AnnouncementReplaced)]


class TestAnnounced:
    def test_a_report_announces_credits_alone(self, history):
        done = history.announce(announcing("Rpt", ANNA, Entry("-5", "fee"), Entry("9", status="INFO")))
        (event,) = history.of(PaymentAnnounced)
        assert (event.source, event.amount, event.remittance) == ("report", 50, "FA-1")
        assert event.announced_on == date(2026, 3, 2)
        assert (done.new, history.payments) == (1, [])

    def test_pending_entries_of_a_statement_are_announced(self, history):
        (statement,) = prepared(Stmt(2, "100", [Entry("10", "a"), Entry("5", "b", status="PDNG")]))
        assert statement.pending is not None
        history.take_prepared(statement)
        history.announce_report(statement.pending)
        (event,) = history.of(PaymentAnnounced)
        assert (event.source, event.amount, len(history.payments)) == ("statement", 5, 1)

    def test_twice_is_once_and_two_equal_ones_are_two(self, history):
        """Guard: the ordinal among equal ones of one message."""
        twins = announcing("Rpt", Entry("10", "coffee"), Entry("10", "coffee"))
        assert history.announce(twins).new == 2
        again = history.announce(twins)
        assert (again.new, again.known) == (0, 2)

    def test_the_next_report_of_the_day_tells_it_again_and_more(self, history):
        history.announce(announcing("Rpt", ANNA))
        done = history.announce(announcing("Rpt", ANNA, BERT))
        assert (done.new, done.known) == (1, 1)

    def test_pending_first_and_booked_later_is_the_same_money(self, history):
        """The day of booking is another one then, so the reference tells. Guard: `told_before`."""
        history.announce(announcing("Rpt", Entry("50", "FA-1", ref="B-1", status="PDNG", day=3)))
        done = history.announce(announcing("Rpt", ANNA))
        assert (done.new, done.known) == (0, 1)

    def test_what_is_booked_is_not_announced(self, history):
        history.take(Stmt(2, "100", [ANNA]))
        assert history.announce(announcing("Rpt", ANNA)).known == 1
        assert history.of(PaymentAnnounced) == []

    def test_a_day_that_is_known_announces_nothing(self, history):
        """Whatever its texts say, it is booked, or it is not coming. Guard: `is_known_day`."""
        history.take(Stmt(3, "100", [Entry("50", "other words")]))
        assert history.announce(announcing("Rpt", Entry("50", "some words"), day=2)).known == 1
        pending = announcing("Rpt", Entry("50", "some words", status="PDNG"), day=2)
        assert history.announce(pending).new == 1


class TestReplaced:
    @pytest.mark.parametrize(
        ("announced", "booked"),
        [
            (ANNA, Entry("50", "x", 3, ref="B-1")),
            (ANNA, Entry("50", "x", 3, e2e="E-1")),
            (Entry("50", "FA-1", name="Anna"), Entry("50", "FA-1", 3, name="Anna")),
            (Entry("50"), Entry("50", "x", 2)),
        ],
        ids=["bank reference", "end-to-end reference", "texts", "amount and day"],
    )
    def test_by_the_booked_entry(self, history, announced, booked):
        history.announce(announcing("Rpt", announced))
        history.take(Stmt(3, "100", [Entry("1", "other"), booked], first=2))
        (event,) = history.of(PaymentAnnounced)
        payment = next(p for p in history.payments if p.amount == 50)
        assert replaced(history) == [(event.announcement_id, payment.payment_id)]

    def test_another_amount_replaces_nothing(self, history):
        history.announce(announcing("Rpt", ANNA))
        history.take(Stmt(2, "100", [Entry("51", "FA-1", ref="B-1", e2e="E-1")]))
        assert replaced(history) == []

    def test_amount_alone_replaces_nothing_where_two_were_announced(self, history):
        """Guard: the last key counts only where one announcement bears it."""
        history.announce(announcing("Rpt", Entry("50", "a"), Entry("50", "b")))
        history.take(Stmt(2, "100", [Entry("50", "c")]))
        assert replaced(history) == []

    def test_of_two_equal_ones_each_booked_entry_replaces_one(self, history):
        coffee = Entry("10", "coffee")
        history.announce(announcing("Rpt", coffee, coffee))
        history.take(Stmt(2, "100", [coffee]))
        assert len(replaced(history)) == 1
        history.take(Stmt(2, "110", [coffee], name="evening"))
        assert len(set(replaced(history))) == 2

    def test_report_and_notification_of_one_payment_are_both_replaced(self, history):
        history.announce(announcing("Rpt", ANNA))
        history.announce(announcing("Ntfctn", Entry("50", "more words", ref="B-1", status="PDNG", day=3)))
        assert len(history.of(PaymentAnnounced)) == 2
        history.take(Stmt(2, "100", [ANNA]))
        assert len(replaced(history)) == 2

    def test_it_is_replaced_once(self, history):
        history.announce(announcing("Rpt", ANNA))
        history.take(Stmt(2, "100", [ANNA]), Stmt(3, "150", [Entry("50", "x", ref="B-1")]))
        assert len(replaced(history)) == 1

    def test_the_entry_learns_who_pays_from_the_announcement(self, history):
        history.announce(announcing("Ntfctn", ANNA))
        history.take(Stmt(2, "100", [Entry("50", ref="B-1")]))
        (payment,) = history.of(PaymentReceived)
        assert (payment.remittance, payment.counterparty_name, payment.end_to_end_id) == (
            "FA-1",
            "Anna",
            "E-1",
        )


class TestWithdrawn:
    def close(self, history: History, day: date) -> None:
        assert history.do(lambda w: close_day(w, day, POLICY)).error is None

    def test_it_is_where_the_account_is_known_beyond_it_for_days(self, history):
        history.take(Stmt(1, "100"))
        history.announce(announcing("Rpt", ANNA, day=2))
        history.take(Stmt(6, "100"))
        self.close(history, date(2026, 3, 6))
        assert history.of(AnnouncementWithdrawn) == []
        history.take(Stmt(7, "100"))
        self.close(history, date(2026, 3, 7))
        (event,) = history.of(AnnouncementWithdrawn)
        assert event.reason == (
            "expected on 2026-03-02, and not booked up to 2026-03-07, to which the account is known"
        )

    def test_a_feed_that_tells_nothing_keeps_it_for_longer(self, history):
        history.announce(announcing("Rpt", ANNA, day=2))
        self.close(history, date(2026, 3, 31))
        assert history.of(AnnouncementWithdrawn) == []
        self.close(history, date(2026, 3, 2) + timedelta(days=30))
        assert len(history.of(AnnouncementWithdrawn)) == 1


class TestDetails:
    """The batch that a statement books without details, and the notification that tells its parts."""

    def shares(self, history: History) -> dict[str, Decimal]:
        """What each payer paid, by payments that nothing stands in the place of."""
        gone = {event.payment_id for event in history.of(PaymentDetailed)}
        return {
            p.counterparty_name: p.amount for p in history.of(PaymentReceived) if p.payment_id not in gone
        }

    def test_before_the_statement(self, history):
        history.announce(announcing("Ntfctn", DETAILED))
        history.take(Stmt(2, "100", [BATCH]))
        assert self.shares(history) == {"Anna": 50, "Bert": 70}
        assert len(replaced(history)) == 2
        assert history.of(PaymentDetailed) == []

    def test_behind_the_statement(self, history):
        history.take(Stmt(2, "100", [BATCH]))
        (whole,) = history.of(PaymentReceived)
        done = history.announce(announcing("Ntfctn", DETAILED))
        assert (done.detailed, done.new) == (2, 0)
        assert self.shares(history) == {"Anna": 50, "Bert": 70}
        (event,) = history.of(PaymentDetailed)
        assert (event.payment_id, event.amount) == (whole.payment_id, 120)
        assert sum(part.amount for part in event.parts) == 120

    def test_both_orders_give_the_same_payments(self):
        before, behind = History(), History()
        before.announce(announcing("Ntfctn", DETAILED))
        before.take(Stmt(2, "100", [BATCH]))
        behind.take(Stmt(2, "100", [BATCH]))
        behind.announce(announcing("Ntfctn", DETAILED))
        assert {p.remittance for p in before.of(PaymentReceived)} == {"FA-1", "FA-2"}
        ids = [
            {p.payment_id for p in h.of(PaymentReceived) if p.part_of is not None} for h in (before, behind)
        ]
        assert ids[0] == ids[1]

    @pytest.mark.parametrize("before", [True, False])
    def test_again_changes_nothing(self, history, before):
        """Guard: the statement's part names the entry, whatever it was split into."""
        steps = [
            lambda: history.announce(announcing("Ntfctn", DETAILED)),
            lambda: history.take(Stmt(2, "100", [BATCH])),
        ]
        for step in steps if before else reversed(steps):
            step()
        history.announce(announcing("Ntfctn", DETAILED))
        count = len(history.of(PaymentReceived))
        history.announce(announcing("Ntfctn", DETAILED))
        history.take(Stmt(31, "100", [Entry("120", ref="B-9", batch=2, day=2)], first=1, name="March"))
        assert len(history.of(PaymentReceived)) == count
        assert len(history.of(PaymentDetailed)) == (0 if before else 1)

    def test_parts_that_are_not_all_of_it_split_nothing(self, history):
        """Guard: the sum in `split_batch` and in `detail`."""
        history.announce(announcing("Ntfctn", DETAILED))
        history.take(Stmt(2, "100", [Entry("121", ref="B-9", batch=2)]))
        assert [p.amount for p in history.payments] == [121]
        later = History()
        later.take(Stmt(2, "100", [Entry("121", ref="B-9", batch=2)]))
        later.announce(announcing("Ntfctn", DETAILED))
        assert [p.amount for p in later.payments] == [121]

    def test_one_payment_of_which_the_statement_says_nothing(self, history):
        history.take(Stmt(2, "100", [Entry("50", ref="B-1")]))
        assert history.announce(announcing("Ntfctn", ANNA)).detailed == 1
        assert self.shares(history) == {"Anna": 50}

    def test_a_payment_that_says_enough_is_left(self, history):
        history.take(Stmt(2, "100", [ANNA]))
        assert history.announce(announcing("Ntfctn", ANNA)).known == 1
        assert history.of(PaymentDetailed) == []
