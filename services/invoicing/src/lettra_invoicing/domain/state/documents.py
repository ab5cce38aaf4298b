"""Documents, their numbers and the calendar, as invoicing's own events fold them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_events.decisions.tables import Table


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note; `credited` is how much of an invoice its credit notes take back."""

    entity_id: str
    document_number: str
    kind: str
    customer_id: str
    issue_date: date
    due_date: date | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    credited: Decimal
    corrects: str | None
    payment_reference: str | None
    origin: str


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

CALENDAR_KEY = "invoicing"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None, ())
