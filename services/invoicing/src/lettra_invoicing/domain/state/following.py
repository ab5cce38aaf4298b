"""Disputes, requests and statuses of invoices, as invoicing's own events fold them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lettra_events.decisions.tables import Table


@dataclass(frozen=True)
class Dispute:
    """`outcome`: "open", or how it ended; `credited`: how much a credit note took back."""

    dispute_id: str
    customer_id: str
    entity_id: str
    document_number: str
    reason: str
    amount: Decimal
    currency: str
    owner: str
    due_date: date
    opened_on: date
    opened_by: str
    outcome: str
    credited: Decimal
    credit_note: str | None
    resolved_on: date | None


@dataclass(frozen=True)
class Request:
    """A credit note or a write-off that somebody asked for. `state`: "open", "approved" or "refused".

    `lines`: those that a credit note takes back, `<line> <quantity>` each, or `<line>` for all of it.
    """

    request_id: str
    kind: str
    customer_id: str
    entity_id: str
    document_number: str
    reason: str | None
    amount: Decimal
    currency: str
    requested_on: date
    requested_by: str
    why: str
    state: str
    decided_on: date | None
    decided_by: str | None
    credit_note: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentStatus:
    """A status message of electronic invoicing; `reference` is its own."""

    entity_id: str
    document_number: str
    reference: str
    status: int
    source: str
    occurred_at: datetime
    reason: str | None
    amount: Decimal | None


DISPUTES: Table[Dispute] = Table(
    "disputes", Dispute, key=("dispute_id",), guard=lambda key: f"dispute:{key[0]}"
)
REQUESTS: Table[Request] = Table(
    "requests", Request, key=("request_id",), guard=lambda key: f"request:{key[0]}"
)
DOCUMENT_STATUSES: Table[DocumentStatus] = Table(
    "document_statuses",
    DocumentStatus,
    key=("entity_id", "document_number", "reference"),
    guard=lambda key: f"invoice:{key[0]}:{key[1]}",
)
