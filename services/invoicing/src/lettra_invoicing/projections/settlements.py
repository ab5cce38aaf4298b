"""How much of each document is settled, from matching's events. One row a customer and item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.matching import (
    CashApplied,
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    ItemOpened,
    ItemWrittenOff,
    WriteOffReversed,
)
from lettra_events.decisions.tables import Change, Table, change, put
from lettra_events.kafka.reading import Context, types

ZERO = Decimal(0)


@dataclass(frozen=True)
class Settlement:
    """What is settled (paid, credited, given up) and what is open of an item, in its currency, as matching sees it.

    A document has one item, or one for each instalment. `credited`, `given_up`: so much of what is settled is
    by credit notes, and by write-offs of bad debt.
    """

    customer_id: str
    item_id: str
    entity_id: str
    document_number: str
    settled: Decimal
    open: Decimal
    credited: Decimal = ZERO
    given_up: Decimal = ZERO


SETTLEMENTS: Table[Settlement] = Table("settlements", Settlement, key=("customer_id", "item_id"))
READS = types(
    ItemOpened,
    CashApplied,
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    ItemWrittenOff,
    WriteOffReversed,
)


def project(event: Event, _context: Context) -> Iterable[Change[Any]]:
    """Fold one of matching's events."""
    match event:
        case ItemOpened():
            yield put(SETTLEMENTS, _opened(event))
        case CashApplied():
            yield _settle(event, event.amount)
        case CashUnapplied():
            yield _settle(event, -event.amount)
        case ItemWrittenOff():
            yield _settle(event, event.amount, given_up=_bad_debt(event))
        case WriteOffReversed():
            yield _settle(event, -event.amount, given_up=-_bad_debt(event))
        case CreditApplied():
            yield _settle(event, event.amount, credited=event.amount)
            yield _use(event, event.amount)
        case CreditUnapplied():
            yield _settle(event, -event.amount, credited=-event.amount)
            yield _use(event, -event.amount)


def _bad_debt(event: ItemWrittenOff | WriteOffReversed) -> Decimal:
    return event.amount if event.write_off_type == "bad_debt" else ZERO


def _opened(event: ItemOpened) -> Settlement:
    return Settlement(
        event.customer_id, event.item_id, event.entity_id, event.document_number, ZERO, event.amount
    )


_Settles = CashApplied | CashUnapplied | CreditApplied | CreditUnapplied | ItemWrittenOff | WriteOffReversed


def _settle(
    event: _Settles, amount: Decimal, *, credited: Decimal = ZERO, given_up: Decimal = ZERO
) -> Change[Any]:
    """So much more of the item is settled, or less where it is negative."""
    return change(
        SETTLEMENTS,
        (event.customer_id, event.item_id),
        lambda row: replace(
            row,
            settled=row.settled + amount,
            open=event.open_after,
            credited=row.credited + credited,
            given_up=row.given_up + given_up,
        ),
    )


def _use(event: CreditApplied | CreditUnapplied, amount: Decimal) -> Change[Any]:
    """So much more of the credit note is used, or less."""
    return change(
        SETTLEMENTS,
        (event.customer_id, event.credit_item_id),
        lambda row: replace(row, settled=row.settled + amount, open=event.credit_open_after),
    )
