"""What became of a payment, from matching's events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashRefunded,
    CashTakenFromAccount,
    CashUnapplied,
    PaymentTransferredOut,
)
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context
from lettra_payment_ingest.projections.payment_uses import (
    PAYMENT_TRANSFERS,
    PAYMENT_USES,
    READS,
    PaymentTransfer,
    PaymentUse,
    project,
)

ON = {"payment_id": "P-1", "entity_id": "FR01", "currency": "EUR", "date": date(2026, 3, 16)}


def applied(customer: str, amount: str) -> CashApplied:
    return CashApplied(
        customer_id=customer,
        item_id="FR01:FA-1",
        amount=amount,
        open_after=Decimal(0),
        line=1,
        confidence="0.99",
        solutions=1,
        rules_version=0,
        rule="document_number",
        evidence="FA-1",
        **ON,
    )


def put(customer: str, amount: str) -> CashPutOnAccount:
    return CashPutOnAccount(customer_id=customer, amount=amount, evidence="IBAN", **ON)


def taken(customer: str, amount: str) -> CashTakenFromAccount:
    return CashTakenFromAccount(customer_id=customer, amount=amount, **ON)


def unapplied(customer: str, amount: str) -> CashUnapplied:
    return CashUnapplied(
        customer_id=customer, item_id="FR01:FA-1", line=1, amount=amount, open_after=amount, **ON
    )


def refunded(customer: str, amount: str) -> CashRefunded:
    return CashRefunded(customer_id=customer, amount=amount, who="Anne", why="asked", **ON)


def transferred(amount: str, to: str = "P-2") -> PaymentTransferredOut:
    return PaymentTransferredOut(
        to_entity_id="FR02", to_payment_id=to, amount=amount, who="Anne", why="theirs", **ON
    )


def uses(*events) -> list[PaymentUse | None]:
    """The rows of customers A and B after these events."""
    workspace = folded(*events)
    return [workspace.get(PAYMENT_USES, "P-1", customer) for customer in "AB"]


def folded(*events) -> Workspace:
    workspace = Workspace(everything_loaded=True)
    for event in events:
        for change in project(event, Context("ar.matching.events", 0, 1, {})):
            workspace.apply(change)
    return workspace


def test_cash_is_summed_up_by_customer():
    a, b = uses(applied("A", "10"), put("A", "4"), applied("A", "2.5"), applied("B", "1"))
    assert a == PaymentUse("P-1", "A", "EUR", Decimal("12.5"), Decimal(4), Decimal(0))
    assert b == PaymentUse("P-1", "B", "EUR", Decimal(1), Decimal(0), Decimal(0))


def test_what_is_taken_from_the_account_is_no_longer_on_it():
    a, b = uses(put("A", "10"), taken("A", "6"), applied("A", "6"))
    assert a == PaymentUse("P-1", "A", "EUR", Decimal(6), Decimal(4), Decimal(0))
    assert b is None


def test_what_is_undone_is_applied_no_longer_and_what_is_refunded_is_not_on_account():
    """Guard: CashUnapplied and CashRefunded (payment_uses.project)."""
    a, _b = uses(applied("A", "10"), unapplied("A", "10"), put("A", "10"), refunded("A", "4"))
    assert a == PaymentUse("P-1", "A", "EUR", Decimal(0), Decimal(6), Decimal(4))


def test_what_another_entity_has_is_summed_up():
    """Guard: `_transfer`; without it the money would be told as nobody's for ever."""
    workspace = folded(transferred("5"), transferred("2.5", to="P-3"))
    assert workspace.get(PAYMENT_TRANSFERS, "P-1") == PaymentTransfer("P-1", Decimal("7.5"))


def test_it_reads_what_it_folds():
    read = [make("A", "1") for make in (applied, unapplied, put, taken, refunded)]
    assert {event.event_type for event in [*read, transferred("1")]} == READS
