"""Invoices, credit notes and payments in few words, and matching's decisions on them as sentences. All invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import TOPICS, Event
from lettra_events.contracts import matching as said
from lettra_events.contracts.invoicing import (
    BadDebtWrittenOff,
    CreditNoteIssued,
    CustomerRegistered,
    InvoiceIssued,
    InvoicingDayClosed,
)
from lettra_events.contracts.payments import PaymentReceived, PaymentReturned, PaymentsDayClosed, ThroughDate
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context
from lettra_events.testing.given import Outcome, given
from lettra_matching.decider import evolve
from lettra_matching.domain import HOLDS, OPEN_ITEMS, PAYMENTS, OpenItem, Payment
from lettra_matching.domain.commands import Act
from lettra_matching.reactions import react

DAY = date(2026, 3, 16)
LATER = date(2026, 3, 19)
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
    issued: date = DAY,
    due: date = date(2026, 4, 15),
    discount: tuple[int, date] | None = None,
) -> InvoiceIssued:
    return InvoiceIssued(
        customer_id=customer,
        entity_id=entity,
        document_number=number,
        issue_date=issued,
        due_date=due,
        currency=currency,
        net=Decimal(gross),
        vat=Decimal(0),
        gross=Decimal(gross),
        payment_reference=reference,
        discount_amount=Decimal(discount[0]) if discount else None,
        discount_until=discount[1] if discount else None,
    )


def customer(name: str = "C1", called: str = "Boulangerie Martin", **more: Any) -> CustomerRegistered:
    return CustomerRegistered(customer_id=name, name=called, **more)


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
    **more: Any,
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
        **more,
    )


def returned(name: str, amount: int | Decimal, on: date = LATER) -> PaymentReturned:
    return PaymentReturned(
        payment_id=name,
        return_id=f"R-{name}",
        entry_ref="R1",
        booking_date=on,
        amount=Decimal(amount),
        reason="AM04",
        evidence="the end-to-end id",
        entity_id="FR01",
        currency="EUR",
    )


def bad_debt(amount: int) -> BadDebtWrittenOff:
    return BadDebtWrittenOff(
        customer_id="C1",
        entity_id="FR01",
        document_number="FA-1001",
        request_id="B1",
        amount=Decimal(amount),
        currency="EUR",
        proposed_by="Paul",
        decided_on=LATER,
        who="Anne",
        why="liquidation",
    )


def act(why: str = "the customer called", day: date = DAY) -> Act:
    return Act(who="Anne", why=why, business_date=day)


def invoicing_closed(day: date = DAY, *entities: str) -> InvoicingDayClosed:
    return InvoicingDayClosed(business_date=day, entities=entities or ("FR01",))


def payments_closed(day: date = DAY, *entities: str, through: date | None = DAY) -> PaymentsDayClosed:
    accounts = [
        ThroughDate(entity_id=entity, account=f"ACCOUNT-{entity}", currency="EUR", through_date=through)
        for entity in entities or ("FR01",)
    ]
    return PaymentsDayClosed(business_date=day, entities=entities or ("FR01",), through_dates=tuple(accounts))


def _number(item_id: str) -> str:
    return item_id.partition(":")[2]


def say(event: Event) -> str:
    """A decision of matching's as a sentence."""
    for family in (_of_items, _of_money, _of_people):
        sentence = family(event)
        if sentence is not None:
            return sentence
    return repr(event)


def _of_items(event: Event) -> str | None:
    match event:
        case said.ItemOpened():
            return f"{event.document_number} is opened with {event.amount}"
        case said.ItemDisputed():
            return f"{_number(event.item_id)} is disputed with {event.disputed}"
        case said.ItemSettled():
            return f"{_number(event.item_id)} is settled"
        case said.ItemReopened():
            return f"{_number(event.item_id)} is open again with {event.open_after}"
        case said.CashApplied():
            return f"{event.payment_id} settles {event.amount} of {_number(event.item_id)}, {event.open_after} open"
        case said.CashUnapplied():
            return f"{event.payment_id} gives {event.amount} of {_number(event.item_id)} back"
        case said.CreditApplied():
            note, number = _number(event.credit_item_id), _number(event.item_id)
            left = f"{event.open_after} open, {event.credit_open_after} left"
            return f"{note} settles {event.amount} of {number}, {left}"
        case said.CreditUnapplied():
            return f"{_number(event.credit_item_id)} gives {event.amount} of {_number(event.item_id)} back"
        case said.ItemWrittenOff():
            return f"{event.amount} of {_number(event.item_id)} is given up: {event.write_off_type}"
        case said.WriteOffReversed():
            return f"{event.amount} of {_number(event.item_id)} is owed again: {event.write_off_type}"
    return None


def _of_money(event: Event) -> str | None:
    match event:
        case said.PaymentTaken():
            return f"{event.payment_id} is taken with {event.amount}"
        case said.CashPutOnAccount():
            return f"{event.payment_id} leaves {event.amount} on account of {event.customer_id}"
        case said.CashTakenFromAccount():
            return f"{event.payment_id} takes {event.amount} back from {event.customer_id}"
        case said.CashRefunded():
            return f"{event.payment_id} gives {event.amount} back to {event.customer_id}"
        case said.PaymentUnmatched():
            return f"{event.payment_id} is unmatched with {event.amount}: {event.reason}"
        case said.MatchProposed():
            lines = ", ".join(f"{line.settled} of {_number(line.item_id)}" for line in event.lines)
            return f"{event.payment_id} may settle {lines}"
        case said.ProposalWithdrawn():
            return f"{event.payment_id}'s proposal is withdrawn"
        case said.PaymentSentBack():
            return f"{event.amount} of {event.payment_id} is returned"
        case said.PaymentSplit():
            return f"{event.payment_id} is {', '.join(event.parts)}"
        case said.AdviceTaken():
            return f"{event.payment_id} is advised"
        case said.MoneyAnnounced():
            return f"{event.payment_id} is announced with {event.amount}"
        case said.AnnouncementClosed():
            return f"{event.payment_id} is {event.reason}"
        case said.HoldPlaced():
            return f"{event.payment_id} holds {event.customer_id}"
        case said.HoldReleased():
            return f"{event.payment_id} releases {event.customer_id}"
    return None


def _of_people(event: Event) -> str | None:
    match event:
        case said.ProposalConfirmed():
            return f"{event.who} confirms {event.payment_id}"
        case said.ProposalRefused():
            return f"{event.who} refuses {event.payment_id}"
        case said.MatchUndone():
            return f"{event.who} undoes {event.payment_id}"
        case said.PaymentTransferredOut():
            return f"{event.payment_id} gives {event.amount} to {event.to_entity_id}"
        case said.PaymentTransferredIn():
            return f"{event.entity_id} gets {event.amount}"
        case said.PayerStated():
            return f"{event.customer_id} is {event.name}"
        case said.PayerLearned():
            return f"{event.customer_id} pays by {event.iban or event.alias} from {event.serves_from}"
        case said.PayerForgotten():
            return f"{event.payment_id} taught nothing of {event.customer_id}"
        case said.RulesChanged():
            return f"{event.entity_id} has rules {event.version}"
        case said.DayProcessed():
            held = f", held back: {' '.join(event.held_back)}" if event.held_back else ""
            return f"{event.business_date} is processed for {' '.join(event.entities) or 'nobody'}{held}"
    return None


class Story:
    """What came so far; each new event is decided on the state that matching's own events fold into."""

    def __init__(self, *before: Event) -> None:
        self.events: list[Event] = []
        self.when(*before)

    def when(self, *incoming: Event) -> list[str]:
        """What matching decides on these events, in sentences."""
        sentences = []
        for event in incoming:
            sentences += self.doing(lambda workspace, event=event: react(workspace, event, CONTEXT))
        return sentences

    def doing(self, decide: Callable[[Workspace], Any]) -> list[str]:
        """What a person's act decides, in sentences; what refuses it is raised."""
        outcome = self.trying(decide)
        if outcome.error is not None:
            raise outcome.error
        self.events += outcome.events
        return [say(one) for one in outcome.events]

    def trying(self, decide: Callable[[Workspace], Any]) -> Outcome:
        """An act, of which nothing is kept."""
        return given(evolve, *self.events).when(decide)

    def payment(self, name: str) -> Payment:
        found = given(evolve, *self.events).workspace.get(PAYMENTS, name)
        assert found is not None
        return found

    def item(self, number: str, customer: str = "C1") -> OpenItem:
        found = given(evolve, *self.events).workspace.get(OPEN_ITEMS, customer, f"FR01:{number}")
        assert found is not None
        return found

    def last(self, kind: type[Any]) -> Any:
        """The last event of this kind."""
        return next(event for event in reversed(self.events) if isinstance(event, kind))

    def held(self, *customers: str) -> list[str]:
        """Which of these customers are held by which payment, each as `<customer> by <payment>`."""
        workspace = given(evolve, *self.events).workspace
        placed = {event.payment_id for event in self.events if isinstance(event, said.HoldPlaced)}
        return [
            f"{customer} by {payment}"
            for customer in customers
            for payment in sorted(placed)
            if workspace.get(HOLDS, customer, payment) is not None
        ]


def after(*incoming: Event) -> Story:
    """A story in which this came already, in this order."""
    return Story(*incoming)
