"""Open items: invoices and credit notes, and how much of them is open. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_events.decisions.tables import Key, Table


def ledger_of(key: Key) -> str:
    """The stream that guards what is a customer's: its id is the key's first column."""
    return f"ledger:{key[0]}"


@dataclass(frozen=True)
class OpenItem:
    """An invoice, an instalment of one, or a credit note, and how much of it is open, in its currency.

    `marks`: by what a payment may name it, the weak ones only while something is open. `payable_by`: its customer
    while something is open, so that what a customer owes is found without what it has paid. `reopened_on`: the
    business date on which something was last owed anew, the day of issue at first: nothing settles it before.
    `moves`: by how much what is open changed on each business date since, so that it is known as of any day.
    """

    customer_id: str
    item_id: str
    entity_id: str
    kind: str
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    open: Decimal
    disputed: Decimal
    payment_reference: str | None
    discount_amount: Decimal | None
    discount_until: date | None
    marks: tuple[str, ...]
    payable_by: str | None
    lettrage: str | None
    settled_on: date | None
    reopened_on: date
    moves: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.open <= self.amount:
            raise ValueError(f"{self.item_id}: {self.open} open of {self.amount}")

    @property
    def days(self) -> dict[date, Decimal]:
        """By how much what is open changed on each business date since it was opened."""
        parts = (move.split(" ") for move in self.moves)
        return {date.fromisoformat(day): Decimal(change) for day, change in parts}


def moves_with(moves: tuple[str, ...], day: date, change: Decimal) -> tuple[str, ...]:
    """The moves with one more: one entry a business date, `<date> <sum of its changes>`, in the order of dates."""
    changes = dict(move.split(" ") for move in moves)
    before = Decimal(changes.get(day.isoformat(), 0))
    changes[day.isoformat()] = f"{before + change:f}"
    return tuple(f"{when} {by}" for when, by in sorted(changes.items()))


OPEN_ITEMS: Table[OpenItem] = Table(
    "open_items",
    OpenItem,
    key=("customer_id", "item_id"),
    finds=("marks", "payable_by"),
    guard=ledger_of,
)
