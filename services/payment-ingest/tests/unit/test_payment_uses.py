"""What became of a payment, from matching's events."""

from __future__ import annotations

from decimal import Decimal

from lettra_events.contracts.matching import CashApplied, CashPutOnAccount, CashTakenFromAccount
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context
from lettra_payment_ingest.projections.payment_uses import PAYMENT_USES, READS, PaymentUse, project

ON = {"payment_id": "P-1", "entity_id": "FR01", "currency": "EUR"}


def applied(customer: str, amount: str) -> CashApplied:
    return CashApplied(
        customer_id=customer,
        item_id="FR01:FA-1",
        amount=amount,
        open_after=Decimal(0),
        rule="document_number",
        evidence="FA-1",
        **ON,
    )


def put(customer: str, amount: str) -> CashPutOnAccount:
    return CashPutOnAccount(customer_id=customer, amount=amount, evidence="IBAN", **ON)


def taken(customer: str, amount: str) -> CashTakenFromAccount:
    return CashTakenFromAccount(customer_id=customer, amount=amount, **ON)


def uses(*events) -> list[PaymentUse | None]:
    """The rows of customers A and B after these events."""
    workspace = Workspace(everything_loaded=True)
    for event in events:
        for change in project(event, Context("ar.matching.events", 0, 1, {})):
            workspace.apply(change)
    return [workspace.get(PAYMENT_USES, "P-1", customer) for customer in "AB"]


def test_cash_is_summed_up_by_customer():
    a, b = uses(applied("A", "10"), put("A", "4"), applied("A", "2.5"), applied("B", "1"))
    assert a == PaymentUse("P-1", "A", "EUR", Decimal("12.5"), Decimal(4))
    assert b == PaymentUse("P-1", "B", "EUR", Decimal(1), Decimal(0))


def test_what_is_taken_from_the_account_is_no_longer_on_it():
    a, b = uses(put("A", "10"), taken("A", "6"), applied("A", "6"))
    assert a == PaymentUse("P-1", "A", "EUR", Decimal(6), Decimal(4))
    assert b is None


def test_it_reads_what_it_folds():
    assert {applied("A", "1").event_type, put("A", "1").event_type, taken("A", "1").event_type} == READS
