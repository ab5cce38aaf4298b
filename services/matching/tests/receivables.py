"""Invoices, credit notes and payments in few words, and matching's decisions on them as sentences. All invented."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lettra_events.contracts import TOPICS, Event
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, InvoicingDayClosed
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashTakenFromAccount,
    CreditApplied,
    DayProcessed,
    ItemOpened,
    PaymentTaken,
    PaymentUnmatched,
)
from lettra_events.contracts.payments import PaymentReceived, PaymentsDayClosed, ThroughDate
from lettra_events.kafka.reading import Context
from lettra_events.testing.given import Outcome, given
from lettra_matching.decider import evolve
from lettra_matching.domain import OPEN_ITEMS, PAYMENTS, OpenItem, Payment
from lettra_matching.reactions import react

DAY = date(2026, 3, 16)
INVOICING, PAYMENTS_TOPIC = TOPICS["invoicing"], TOPICS["payments"]
CONTEXT = Context(INVOICING, 0, 1, {INVOICING: 1, PAYMENTS_TOPIC: 1})
RF = "RF18539007547034"


def invoice(
    number: str,
    gross: str | int | Decimal = 100,
    customer: str = "C1",
    *,
    entity: str = "FR01",
    currency: str = "EUR",
    reference: str | None = None,
) -> InvoiceIssued:
    return InvoiceIssued(
        customer_id=customer,
        entity_id=entity,
        document_number=number,
        issue_date=DAY,
        due_date=date(2026, 4, 15),
        currency=currency,
        net=Decimal(gross),
        vat=Decimal(0),
        gross=Decimal(gross),
        payment_reference=reference,
    )


def credit_note(
    number: str,
    corrects: str,
    gross: str | int | Decimal,
    customer: str = "C1",
    *,
    entity: str = "FR01",
    currency: str = "EUR",
) -> CreditNoteIssued:
    return CreditNoteIssued(
        customer_id=customer,
        entity_id=entity,
        document_number=number,
        corrects=corrects,
        issue_date=DAY,
        currency=currency,
        net=Decimal(gross),
        vat=Decimal(0),
        gross=Decimal(gross),
    )


def payment(
    name: str,
    amount: str | int | Decimal,
    text: str | None = None,
    *,
    reference: str | None = None,
    entity: str = "FR01",
    currency: str = "EUR",
    booked: date = DAY,
) -> PaymentReceived:
    return PaymentReceived(
        payment_id=name,
        entity_id=entity,
        account="FR1420041010050500013M02606",
        statement_id="2026-051",
        entry_ref=name,
        booking_date=booked,
        amount=Decimal(amount),
        currency=currency,
        structured_reference=reference,
        remittance=text,
    )


def invoicing_closed(day: date = DAY, *entities: str) -> InvoicingDayClosed:
    return InvoicingDayClosed(business_date=day, entities=entities or ("FR01",))


def payments_closed(day: date = DAY, *entities: str, through: date | None = DAY) -> PaymentsDayClosed:
    accounts = [
        ThroughDate(entity_id=entity, account=f"ACCOUNT-{entity}", currency="EUR", through_date=through)
        for entity in entities or ("FR01",)
    ]
    return PaymentsDayClosed(business_date=day, entities=entities or ("FR01",), through_dates=tuple(accounts))


def say(event: Event) -> str:
    """A decision of matching's as a sentence."""
    match event:
        case ItemOpened():
            return f"{event.document_number} is opened with {event.amount}"
        case PaymentTaken():
            return f"{event.payment_id} is taken with {event.amount}"
        case CashApplied():
            number = event.item_id.partition(":")[2]
            return f"{event.payment_id} settles {event.amount} of {number}, {event.open_after} open"
        case CreditApplied():
            note, number = event.credit_item_id.partition(":")[2], event.item_id.partition(":")[2]
            left = f"{event.open_after} open, {event.credit_open_after} left"
            return f"{note} settles {event.amount} of {number}, {left}"
        case CashPutOnAccount():
            return f"{event.payment_id} leaves {event.amount} on account of {event.customer_id}"
        case CashTakenFromAccount():
            return f"{event.payment_id} takes {event.amount} back from {event.customer_id}"
        case PaymentUnmatched():
            return f"{event.payment_id} is unmatched with {event.amount}: {event.reason}"
        case DayProcessed():
            held = f", held back: {' '.join(event.held_back)}" if event.held_back else ""
            return f"{event.business_date} is processed for {' '.join(event.entities) or 'nobody'}{held}"
    return repr(event)


class Story:
    """What came so far; each new event is decided on the state that matching's own events fold into."""

    def __init__(self, *before: Event) -> None:
        self.events: list[Event] = []
        self.when(*before)

    def when(self, *incoming: Event) -> list[str]:
        """What matching decides on these events, in sentences."""
        sentences = []
        for event in incoming:
            outcome = self._decide(event)
            self.events += outcome.events
            sentences += [say(one) for one in outcome.events]
        return sentences

    def _decide(self, event: Event) -> Outcome:
        outcome = given(evolve, *self.events).when(lambda workspace: react(workspace, event, CONTEXT))
        if outcome.error is not None:
            raise outcome.error
        return outcome

    def payment(self, name: str) -> Payment:
        found = given(evolve, *self.events).workspace.get(PAYMENTS, name)
        assert found is not None
        return found

    def item(self, number: str, customer: str = "C1") -> OpenItem:
        found = given(evolve, *self.events).workspace.get(OPEN_ITEMS, customer, f"FR01:{number}")
        assert found is not None
        return found


def after(*incoming: Event) -> Story:
    """A story in which this came already, in this order."""
    return Story(*incoming)
