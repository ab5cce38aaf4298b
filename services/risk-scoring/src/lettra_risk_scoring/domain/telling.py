"""What the events of other services tell of a customer, as facts. Pure.

`known_on` is given by whoever reads: the business date at whose `matching.DayProcessed` the event was behind it. An
event that tells nothing of how a customer pays gives no fact. Reminder steps, broken promises, drafts and returned
payments have no event yet that a customer's key carries: README.md says what is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lettra_events.contracts import Event, invoicing, matching
from lettra_risk_scoring.domain.facts import (
    AccountMoved,
    Fact,
    InsolvencyStated,
    ItemDisputed,
    ItemOpened,
    ItemReduced,
    ReductionUndone,
)


def facts_of(event: Event, known_on: date) -> Iterator[Fact]:
    """The facts of one event; the order of its topic is that of the facts."""
    match event:
        case matching.ItemOpened():
            yield _opened(event, known_on)
        case matching.ItemDisputed():
            yield ItemDisputed(known_on, event.item_id, event.disputed)
        case invoicing.InsolvencyOpened():
            yield InsolvencyStated(known_on, True)
        case invoicing.InsolvencyClosed():
            yield InsolvencyStated(known_on, False)
        case _:
            yield from _settling(event, known_on)
            yield from _account(event, known_on)


def _opened(event: matching.ItemOpened, known_on: date) -> ItemOpened:
    return ItemOpened(
        known_on=known_on,
        item_id=event.item_id,
        entity_id=event.entity_id,
        kind=event.kind,
        currency=event.currency,
        amount=event.amount,
        issue_date=event.issue_date,
        due_date=event.due_date,
    )


def _settling(event: Event, known_on: date) -> Iterator[Fact]:
    """A movement is named by the allocation that made it, so that its undoing names the same."""
    match event:
        case matching.CashApplied():
            yield ItemReduced(known_on, event.item_id, _cash(event), event.date, event.amount, "cash")
        case matching.CashUnapplied():
            yield ReductionUndone(known_on, event.item_id, _cash(event))
        case matching.CreditApplied():
            for item_id in (event.item_id, event.credit_item_id):
                yield ItemReduced(known_on, item_id, _credit(event), event.date, event.amount, "credit")
        case matching.CreditUnapplied():
            for item_id in (event.item_id, event.credit_item_id):
                yield ReductionUndone(known_on, item_id, f"credit {event.payment_id} {event.line}")
        case matching.ItemWrittenOff():
            yield ItemReduced(
                known_on, event.item_id, _given_up(event), event.date, event.amount, "write_off"
            )
        case matching.WriteOffReversed():
            movement = f"{event.write_off_type} {event.payment_id} {event.line}"
            yield ReductionUndone(known_on, event.item_id, movement)


def _account(event: Event, known_on: date) -> Iterator[Fact]:
    match event:
        case matching.CashPutOnAccount():
            yield AccountMoved(known_on, event.entity_id, event.currency, event.amount)
        case matching.CashTakenFromAccount() | matching.CashRefunded():
            yield AccountMoved(known_on, event.entity_id, event.currency, Decimal(0) - event.amount)


def _cash(event: matching.CashApplied | matching.CashUnapplied) -> str:
    return f"cash {event.payment_id} {event.line}"


def _credit(event: matching.CreditApplied) -> str:
    """A credit note that a payment deducted is undone with it; one that was set off alone never is."""
    if event.payment_id is not None:
        return f"credit {event.payment_id} {event.line}"
    return f"credit {event.credit_item_id} {event.item_id} {event.credit_open_after}"


def _given_up(event: matching.ItemWrittenOff) -> str:
    """A write-off that belongs to a payment is reversed with it; bad debt never is, and may be given up again later."""
    if event.payment_id is not None:
        return f"{event.write_off_type} {event.payment_id} {event.line}"
    return f"{event.write_off_type} {event.date} {event.amount} {event.open_after}"
