"""Documents, their numbers and the calendar, as invoicing's own events fold them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from lettra_events.decisions.tables import Table

ZERO = Decimal(0)


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note, and how much of an invoice is not as it was issued any more.

    `net`, `vat`: unknown of what was open at the beginning. `payable`: the gross less the deposits that it deducts.
    `instalments`: `<due date> <amount>` each, in order.
    `credited`: what its credit notes take back; `deducted`: what final invoices deduct of this deposit invoice;
    `disputed`: what is contested now; `written_off`: what was given up. `status`: its last
    one of electronic invoicing. `followed`: how many disputes and requests it had, so that no id comes twice.
    """

    entity_id: str
    document_number: str
    kind: str
    customer_id: str
    issue_date: date
    due_date: date | None
    currency: str
    net: Decimal | None
    vat: Decimal | None
    gross: Decimal
    credited: Decimal
    corrects: str | None
    payment_reference: str | None
    origin: str
    payable: Decimal
    terms: str | None
    instalments: tuple[str, ...]
    discount_amount: Decimal | None
    discount_until: date | None
    deposit: bool
    deducted: Decimal = ZERO
    disputed: Decimal = ZERO
    written_off: Decimal = ZERO
    status: int | None = None
    status_at: datetime | None = None
    followed: int = 0

    @property
    def left(self) -> Decimal:
        """How much of an invoice can be credited, contested or given up."""
        return self.gross - self.credited - self.deducted - self.written_off

    @property
    def as_issued(self) -> Document:
        """Without what happened since."""
        return replace(
            self,
            credited=ZERO,
            deducted=ZERO,
            disputed=ZERO,
            written_off=ZERO,
            status=None,
            status_at=None,
            followed=0,
        )


@dataclass(frozen=True)
class Series:
    """How far a continuous number series is."""

    entity_id: str
    series: str
    last_number: int
    last_issue_date: date


@dataclass(frozen=True)
class Calendar:
    """The last business date that was closed, and the legal entities that it concerned. One row."""

    name: str
    closed_date: date | None
    entities: tuple[str, ...]


@dataclass(frozen=True)
class OpeningItem:
    """What was open when its entity began here, as it was imported; `number` counts the items of its document."""

    entity_id: str
    item_id: str
    customer_id: str
    kind: str
    document_number: str
    number: int
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    original_amount: Decimal
    reminder_step: int
    payment_reference: str | None
    discount_amount: Decimal | None
    discount_until: date | None


OPENING_ITEMS: Table[OpeningItem] = Table(
    "opening_items",
    OpeningItem,
    key=("entity_id", "item_id"),
    guard=lambda key: f"opening:{key[0]}:{key[1]}",
)
DOCUMENTS: Table[Document] = Table(
    "documents",
    Document,
    key=("entity_id", "document_number"),
    guard=lambda key: f"invoice:{key[0]}:{key[1]}",
)
SERIES: Table[Series] = Table(
    "series", Series, key=("entity_id", "series"), guard=lambda key: f"series:{key[0]}:{key[1]}"
)
CALENDAR: Table[Calendar] = Table("calendar", Calendar, key=("name",), guard=lambda _key: "days")


@dataclass(frozen=True)
class DocumentContent:
    """Lines and parties of an invoice as JSON: beside the history, which has their digest."""

    entity_id: str
    document_number: str
    content: bytes


DOCUMENT_CONTENTS: Table[DocumentContent] = Table(
    "document_contents",
    DocumentContent,
    key=("entity_id", "document_number"),
    guard=lambda key: f"invoice:{key[0]}:{key[1]}",
)

CALENDAR_KEY = "invoicing"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None, ())
