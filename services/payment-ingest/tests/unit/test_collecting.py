"""Payouts: many payments, one credit, less fees; nothing counts twice, whichever comes first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from bank_files import ACCOUNT, Entry, Stmt
from pydantic import ValidationError

from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentReceived,
    PayoutRegistered,
    PayoutSettled,
)
from lettra_payment_ingest.domain import PAYMENTS, RegisterPayout
from lettra_payment_ingest.handlers import register_payout

from .conftest import History


def payout(**changed) -> RegisterPayout:
    told = {
        "account": ACCOUNT,
        "currency": "EUR",
        "provider": "CARTES SA",
        "reference": "PO-77",
        "expected_date": "2026-03-03",
        "fees": "3.00",
        "payments": [
            {"amount": "60.00", "reference": "t-1", "remittance": "FA-1", "counterparty_name": "Anna"},
            {"amount": "43.00", "reference": "t-2", "remittance": "FA-2", "counterparty_name": "Bert"},
        ],
    }
    return RegisterPayout.model_validate(told | changed)


CREDIT = Entry("100", "VIREMENT CARTES SA PO-77", ref="B-1")


def register(history: History, command: RegisterPayout):
    """With every payment as a candidate, as if the query had found them all."""
    known = [p.payment_id for p in history.of(PaymentReceived)]
    return history.do(lambda w: register_payout(w, command, known))


def received(history: History) -> dict[str | None, Decimal]:
    gone = {event.payment_id for event in history.of(PaymentDetailed)}
    return {p.counterparty_name: p.amount for p in history.of(PaymentReceived) if p.payment_id not in gone}


class TestBeforeItsCredit:
    def test_its_payments_are_announced(self, history):
        register(history, payout())
        (event,) = history.of(PayoutRegistered)
        assert (event.gross, event.fees, event.net, event.payments) == (103, 3, 100, 2)
        assert [a.source for a in history.of(PaymentAnnounced)] == ["payout", "payout"]
        assert history.of(PaymentReceived) == []

    def test_the_credit_is_its_payments(self, history):
        register(history, payout())
        history.take(Stmt(3, "100", [CREDIT]))
        assert received(history) == {"Anna": 60, "Bert": 43}
        (event,) = history.of(PayoutSettled)
        assert (event.fees, event.net, event.evidence) == (3, 100, "reference PO-77 and amount 100")
        assert len(history.of(AnnouncementReplaced)) == 2

    def test_it_is_settled_once(self, history):
        """Guard: `open_on` of the payout."""
        register(history, payout())
        history.take(Stmt(3, "100", [CREDIT, CREDIT]), Stmt(4, "300", [CREDIT]))
        assert len(history.of(PayoutSettled)) == 1
        assert sum(p.amount for p in history.of(PaymentReceived)) == 303

    def test_a_credit_of_another_amount_is_another_one(self, history):
        register(history, payout())
        history.take(Stmt(3, "100", [Entry("100.01", "CARTES SA PO-77")]))
        assert history.of(PayoutSettled) == []

    def test_without_the_reference_the_provider_and_the_day_tell(self, history):
        register(history, payout())
        history.take(Stmt(3, "100", [Entry("100", "REMISE CARTES SA")]))
        assert len(history.of(PayoutSettled)) == 1

    @pytest.mark.parametrize(("text", "day"), [("REMISE AUTRE", 3), ("REMISE CARTES SA", 30)])
    def test_without_provider_or_day_nothing_does(self, history, text, day):
        register(history, payout())
        history.take(Stmt(day, "100", [Entry("100", text)]))
        assert history.of(PayoutSettled) == []

    def test_a_single_payment_of_the_same_amount_replaces_none_of_its_own(self, history):
        """Guard: what a payout announces has no keys of its own."""
        register(history, payout())
        history.take(Stmt(3, "100", [Entry("60", "FA-1", name="Anna")]))
        assert history.of(AnnouncementReplaced) == []


class TestBehindItsCredit:
    def test_its_payments_stand_in_the_place_of_the_credit(self, history):
        history.take(Stmt(3, "100", [CREDIT]))
        outcome = register(history, payout())
        assert outcome.result.entry_id == history.of(PaymentReceived)[0].payment_id
        assert received(history) == {"Anna": 60, "Bert": 43}
        (event,) = history.of(PaymentDetailed)
        assert sum(part.amount for part in event.parts) == event.amount + event.fees
        assert outcome.row(PAYMENTS, event.payment_id).detailed is True

    def test_both_orders_give_the_same_payments(self):
        before, behind = History(), History()
        register(before, payout())
        before.take(Stmt(3, "100", [CREDIT]))
        behind.take(Stmt(3, "100", [CREDIT]))
        register(behind, payout())
        assert received(before) == received(behind)

    def test_of_two_credits_that_it_may_be_none_is_taken(self, history):
        history.take(Stmt(3, "100", [Entry("100", "CARTES SA 1"), Entry("100", "CARTES SA 2")]))
        register(history, payout())
        assert history.of(PaymentDetailed) == []


def test_twice_is_once(history):
    register(history, payout())
    assert register(history, payout()).then_nothing().result.created is False


def test_the_same_reference_with_other_amounts_is_refused(history):
    register(history, payout())
    register(history, payout(fees="4.00")).then_refused("payout-exists", "reference")


@pytest.mark.parametrize(
    "wrong",
    [
        {"payments": []},
        {"fees": "103.00"},
        {"fees": "-1"},
        {"payments": [{"amount": "1", "reference": "t"}, {"amount": "2", "reference": "t"}]},
        {"expected_date": 20260303},
    ],
)
def test_what_cannot_be_a_payout_is_refused(wrong):
    with pytest.raises(ValidationError):
        payout(**wrong)


def test_the_expected_day_is_the_day_of_the_announcement(history):
    register(history, payout())
    assert {a.announced_on for a in history.of(PaymentAnnounced)} == {date(2026, 3, 3)}
