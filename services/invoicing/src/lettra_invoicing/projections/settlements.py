"""How much of each document is settled, from matching's events. One row a customer and item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.matching import CashApplied, CreditApplied, ItemOpened
from lettra_events.decisions.tables import Change, Table, change, put
from lettra_events.kafka.reading import Context, types

ZERO = Decimal(0)


@dataclass(frozen=True)
class Settlement:
    """What is settled and what is open of an item, in its currency, as matching sees it.

    A document has one item, or one for each instalment. `credited`: so much of what is settled is by credit notes.
    """

    customer_id: str
    item_id: str
    entity_id: str
    document_number: str
    settled: Decimal
    open: Decimal
    credited: Decimal = ZERO


SETTLEMENTS: Table[Settlement] = Table("settlements", Settlement, key=("customer_id", "item_id"))
READS = types(ItemOpened, CashApplied, CreditApplied)


def project(event: Event, _context: Context) -> Iterable[Change[Any]]:
    """Fold one of matching's events."""
    match event:
        case ItemOpened():
            yield put(SETTLEMENTS, _opened(event))
        case CashApplied():
            yield _settle(event.customer_id, event.item_id, event.amount, event.open_after)
        case CreditApplied():
            yield _settle(
                event.customer_id, event.item_id, event.amount, event.open_after, credited=event.amount
            )
            yield _settle(event.customer_id, event.credit_item_id, event.amount, event.credit_open_after)


def _opened(event: ItemOpened) -> Settlement:
    return Settlement(
        event.customer_id, event.item_id, event.entity_id, event.document_number, ZERO, event.amount
    )


def _settle(
    customer_id: str, item_id: str, amount: Decimal, open_after: Decimal, *, credited: Decimal = ZERO
) -> Change[Any]:
    return change(
        SETTLEMENTS,
        (customer_id, item_id),
        lambda row: replace(
            row, settled=row.settled + amount, open=open_after, credited=row.credited + credited
        ),
    )
