"""Disputes, requests and statuses of invoices, a page at a time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel


class DisputeView(BaseModel):
    """A dispute; `outcome` is "open" until it is resolved."""

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


class DisputePage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    disputes: list[DisputeView]
    next: str | None


class RequestView(BaseModel):
    """A credit note (`kind` credit_note) or a write-off (bad_debt) that somebody asked for.

    `lines`: those of the invoice that a credit note takes back, `<line> <quantity>` each, or `<line>` for all of it.
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
    lines: list[str]


class RequestPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    requests: list[RequestView]
    next: str | None


class StatusView(BaseModel):
    """A status message of electronic invoicing."""

    reference: str
    status: int
    source: str
    occurred_at: datetime
    reason: str | None
    amount: Decimal | None


class StatusPage(BaseModel):
    """`next` is null: an invoice has few statuses."""

    statuses: list[StatusView]
    next: str | None = None


_DISPUTES = """
select * from disputes
 where outcome = $1 and ($2 = '' or owner = $2) and ($3 = '' or customer_id = $3) and dispute_id > $4
 order by dispute_id limit $5"""
_REQUESTS = """
select * from requests
 where state = $1 and ($2 = '' or kind = $2) and ($3 = '' or customer_id = $3) and request_id > $4
 order by request_id limit $5"""
_STATUSES = """
select reference, status, source, occurred_at, reason, amount from document_statuses
 where entity_id = $1 and document_number = $2 order by occurred_at, reference limit 500"""


async def list_disputes(
    pool: asyncpg.Pool[Any], outcome: str, owner: str, customer_id: str, after: str, limit: int
) -> DisputePage:
    """By id; `owner`, `customer_id`: of these alone where they are given."""
    rows = await pool.fetch(_DISPUTES, outcome, owner, customer_id, after, limit + 1)
    views = [DisputeView(**dict(row)) for row in rows[:limit]]
    return DisputePage(disputes=views, next=views[-1].dispute_id if len(rows) > limit else None)


async def list_requests(
    pool: asyncpg.Pool[Any], state: str, kind: str, customer_id: str, after: str, limit: int
) -> RequestPage:
    """By id; `kind`, `customer_id`: of these alone where they are given."""
    rows = await pool.fetch(_REQUESTS, state, kind, customer_id, after, limit + 1)
    views = [RequestView(**dict(row)) for row in rows[:limit]]
    return RequestPage(requests=views, next=views[-1].request_id if len(rows) > limit else None)


async def list_statuses(pool: asyncpg.Pool[Any], entity_id: str, document_number: str) -> StatusPage:
    """In the order in which they occurred; none for an unknown invoice."""
    rows = await pool.fetch(_STATUSES, entity_id, document_number)
    return StatusPage(statuses=[StatusView(**dict(row)) for row in rows])
