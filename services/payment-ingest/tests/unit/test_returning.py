"""Money that came back: the debit returns the payment that its references designate, or waits for a person."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from bank_files import Entry, Stmt, announcing, following

from lettra_events.contracts.payments import DebitBooked, PaymentReceived, PaymentReturned
from lettra_payment_ingest.domain import PAYMENTS, Payment, SayReturned
from lettra_payment_ingest.handlers import say_returned

PAID = Entry("100", "FA-1", ref="B-1", e2e="E-1", name="Anna", mandate="M-1")
OTHER = Entry("100", "FA-2", ref="B-2", e2e="E-2", name="Bert", mandate="M-2")


def row(history, payment_id: str) -> Payment:
    found = history.do(lambda w: w.get(PAYMENTS, payment_id)).result
    assert isinstance(found, Payment)
    return found


def take(history, *returns: Entry) -> None:
    history.take(*following("100", [PAID, OTHER], [Entry("1", "x"), *returns]))


@pytest.mark.parametrize(
    "debit",
    [
        Entry("-100", "rejet", e2e="E-1", reason="AC04"),
        Entry("-100", "rejet", e2e="E-1", code="PMNT-IDDT-UPDD"),
        Entry("-100", "rejet", ref="B-1", reason="AM04"),
        Entry("-100", "rejet", mandate="M-1", reason="MD06"),
        Entry("-105", "rejet", e2e="E-1", reason="AC04", charges="5"),
    ],
    ids=["end-to-end", "code of the bank", "bank reference", "mandate", "with charges"],
)
def test_it_returns_the_payment_that_a_reference_designates(history, debit):
    take(history, debit)
    (event,) = history.of(PaymentReturned)
    original = next(p for p in history.of(PaymentReceived) if p.remittance == "FA-1")
    assert (event.payment_id, event.amount) == (original.payment_id, 100)
    assert event.reason == (debit.reason or "MS03")
    assert event.charges == (5 if debit.charges else None)
    assert row(history, original.payment_id).left == 0
    assert row(history, event.return_id).returns == original.payment_id
    assert history.of(DebitBooked) == []


def test_the_reason_and_what_it_was_found_by_are_told(history):
    take(history, Entry("-100", "rejet", e2e="E-1", reason="AC04"))
    (event,) = history.of(PaymentReturned)
    assert (event.reason, event.evidence) == ("AC04", "end-to-end reference E-1 and amount 100")


def test_a_part_may_come_back(history):
    take(history, Entry("-40", "rejet", e2e="E-1", reason="AC04"))
    (event,) = history.of(PaymentReturned)
    assert (event.amount, row(history, event.payment_id).left) == (40, 60)


def test_no_more_comes_back_than_was_received(history):
    """Guard: what is left of the payment, in `take_back`."""
    debit = Entry("-100", "rejet", e2e="E-1", reason="AC04")
    take(history, debit, replace(debit, text="again"))
    assert [e.amount for e in history.of(PaymentReturned)] == [100]
    (left_over,) = history.of(DebitBooked)
    assert row(history, left_over.payment_id).review == "return"


@pytest.mark.parametrize(
    "debit",
    [
        Entry("-100", "loyer", e2e="E-1"),
        Entry("-100", "loyer", e2e="E-9", reason="AC04"),
        Entry("-250", "loyer", e2e="E-1", reason="AC04"),
    ],
    ids=["no return at all", "unknown reference", "more than was received"],
)
def test_other_debits_are_debits(history, debit):
    take(history, debit)
    assert history.of(PaymentReturned) == []
    (event,) = history.of(DebitBooked)
    assert row(history, event.payment_id).review == ("return" if debit.reason else None)


def test_two_payments_of_one_reference_are_not_told_apart(history):
    history.take(
        *following(
            "100", [PAID, replace(PAID, ref="B-3")], [Entry("-100", "rejet", e2e="E-1", reason="AC04")]
        )
    )
    assert history.of(PaymentReturned) == []


def test_a_payment_that_is_booked_later_is_not_what_came_back(history):
    later = replace(PAID, day=3)
    history.take(Stmt(3, "200", [later, Entry("-100", "rejet", day=2, e2e="E-1", reason="AC04")], first=2))
    assert history.of(PaymentReturned) == []


def test_what_others_stand_in_the_place_of_does_not_come_back(history):
    """Guard: `detailed` in `_may_return`: a part of it may come back, it cannot itself."""
    parts = (Entry("40", "FA-1", name="Anna"), Entry("60", "FA-2", name="Bert"))
    history.take(Stmt(2, "100", [Entry("100", ref="B-9", batch=2)]))
    history.announce(announcing("Ntfctn", Entry("100", ref="B-9", parts=parts)))
    history.take(Stmt(3, "200", [Entry("-100", "rejet", ref="B-9", reason="AC04")]))
    assert history.of(PaymentReturned) == []


def test_money_of_ours_that_came_back_is_received_and_says_so(history):
    history.take(Stmt(2, "100", [Entry("30", "refund failed", reason="AC01", e2e="E-7")]))
    (event,) = history.of(PaymentReceived)
    assert (event.return_reason, event.amount) == ("AC01", 30)


class TestToldByAPerson:
    def test_the_debit_returns_the_payment_that_is_named(self, history):
        take(history, Entry("-105", "rejet", reason="AC04"))
        (debit,) = history.of(DebitBooked)
        original = history.of(PaymentReceived)[0]
        command = SayReturned(payment_id=original.payment_id, who="Ann", why="asked the bank")
        history.do(lambda w: say_returned(w, debit.payment_id, command))
        (event,) = history.of(PaymentReturned)
        assert (event.amount, event.charges, event.evidence) == (100, 5, "Ann: asked the bank")
        assert row(history, debit.payment_id).review is None
        assert row(history, original.payment_id).returned == Decimal(100)

    def test_once(self, history):
        take(history, Entry("-100", "rejet", reason="AC04"))
        (debit,) = history.of(DebitBooked)
        command = SayReturned(payment_id=history.of(PaymentReceived)[0].payment_id, who="Ann", why="so")
        history.do(lambda w: say_returned(w, debit.payment_id, command))
        history.do(lambda w: say_returned(w, debit.payment_id, command)).then_refused("returned-before")

    def test_what_is_no_debit_or_no_payment_is_refused(self, history):
        take(history, Entry("-100", "rejet", reason="AC04"))
        debit, payment = history.of(DebitBooked)[0].payment_id, history.of(PaymentReceived)[0].payment_id
        command = SayReturned(payment_id="nobody", who="Ann", why="so")
        history.do(lambda w: say_returned(w, debit, command)).then_refused("unknown-payment", "payment_id")
        history.do(lambda w: say_returned(w, payment, command)).then_refused("unknown-debit")
