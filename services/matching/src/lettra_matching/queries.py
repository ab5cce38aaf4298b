"""What the API reads: payments, proposals, holds and days, a page at a time. Ledgers are in `ledgers`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_events.contracts.matching import ProposedLine


class AllocationView(BaseModel):
    """What a payment settles of an item, in cash or by a credit note that it deducts."""

    line: int
    customer_id: str
    item_id: str
    credit_item_id: str | None
    amount: Decimal
    written_off: Decimal
    write_off_type: str | None
    date: date
    rule: str | None
    evidence: str | None
    confidence: Decimal | None
    rules_version: int | None
    who: str | None


class PaymentView(BaseModel):
    """A payment, and where its money is; `reason` says why something is not applied.

    received + transferred_in = applied + on_account + unapplied + returned + refunded + transferred_out.
    """

    payment_id: str
    entity_id: str
    booking_date: date
    value_date: date | None
    currency: str
    received: Decimal
    transferred_in: Decimal
    applied: Decimal
    on_account: Decimal
    unapplied: Decimal
    returned: Decimal
    refunded: Decimal
    transferred_out: Decimal
    announced: Decimal
    account_customer_id: str | None
    counterparty_name: str | None
    structured_reference: str | None
    remittance: str | None
    reason: str | None
    held_for: list[str]


class PaymentDetail(PaymentView):
    """With what it settles now."""

    allocations: list[AllocationView]


class PaymentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    payments: list[PaymentView]
    next: str | None


class ProposalView(BaseModel):
    """What a payment may settle, and why, for a person to confirm or refuse."""

    payment_id: str
    entity_id: str
    currency: str
    booking_date: date
    counterparty_name: str | None
    remittance: str | None
    unapplied: Decimal
    lines: list[ProposedLine]
    rule: str
    evidence: str
    confidence: Decimal
    solutions: int
    rules_version: int


class ProposalPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    proposals: list[ProposalView]
    next: str | None


class HoldView(BaseModel):
    """Money that may be a customer's, and why: it is not reminded of what that may settle."""

    payment_id: str
    entity_id: str
    amount: Decimal
    currency: str
    reason: str


class HoldPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    holds: list[HoldView]
    next: str | None


class SettledTogether(BaseModel):
    """An item that bears a lettrage code."""

    customer_id: str
    item_id: str
    kind: str
    document_number: str
    amount: Decimal
    currency: str
    settled_on: date


class Lettrage(BaseModel):
    """What was settled together, at most 1,000 items, and the payments that did it."""

    code: str
    items: list[SettledTogether]
    payments: list[str]


class DayView(BaseModel):
    """A business date that all partitions have passed."""

    business_date: date
    processed: list[str]
    held: bool


_PAYMENTS = {
    "all": "select * from payments where payment_id > $1 order by payment_id limit $2",
    "unapplied": "select * from payments where payment_id > $1 and unapplied > 0 order by payment_id limit $2",
    "announced": "select * from payments where payment_id > $1 and announced > 0 order by payment_id limit $2",
}
_ALLOCATIONS = """
select * from allocations where payment_id = $1 and (amount > 0 or written_off > 0) order by line"""
_PROPOSALS = """
select p.*, m.booking_date, m.counterparty_name, m.remittance, m.on_account + m.unapplied as unapplied
  from proposals p join payments m using (payment_id)
 where p.payment_id > $1 and ($2::text is null or p.entity_id = $2) order by p.payment_id limit $3"""
_HOLDS = "select * from holds where customer_id = $1 and payment_id > $2 order by payment_id limit $3"

_SETTLED = """
select customer_id, item_id, kind, document_number, amount, currency, settled_on
  from open_items where lettrage = $1 order by customer_id, item_id limit 1000"""
_BY_PAYMENTS = """
select distinct a.payment_id from allocations a join open_items i using (customer_id, item_id)
 where i.lettrage = $1 and a.amount > 0 order by 1 limit 1000"""


async def list_payments(pool: asyncpg.Pool[Any], after: str, limit: int, status: str) -> PaymentPage:
    """`after`: the last payment of the page before."""
    rows = await pool.fetch(_PAYMENTS[status], after, limit + 1)
    views = [PaymentView(**dict(row)) for row in rows[:limit]]
    return PaymentPage(payments=views, next=views[-1].payment_id if len(rows) > limit else None)


async def read_payment(pool: asyncpg.Pool[Any], payment_id: str) -> PaymentDetail | None:
    """One payment and what it settles, at one instant; None if there is none of this id."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow("select * from payments where payment_id = $1", payment_id)
        lines = await connection.fetch(_ALLOCATIONS, payment_id)
    if row is None:
        return None
    return PaymentDetail(**dict(row), allocations=[AllocationView(**dict(line)) for line in lines])


async def list_proposals(
    pool: asyncpg.Pool[Any], entity_id: str | None, after: str, limit: int
) -> ProposalPage:
    """What waits for a person, by payment."""
    rows = await pool.fetch(_PROPOSALS, after, entity_id, limit + 1)
    views = [_proposal(row) for row in rows[:limit]]
    return ProposalPage(proposals=views, next=views[-1].payment_id if len(rows) > limit else None)


def _proposal(row: asyncpg.Record) -> ProposalView:
    lines = [ProposedLine.model_validate_json(text) for text in row["lines"]]
    return ProposalView(**(dict(row) | {"lines": lines}))


async def list_holds(pool: asyncpg.Pool[Any], customer_id: str, after: str, limit: int) -> HoldPage:
    """Which money holds the customer's reminders, by payment."""
    rows = await pool.fetch(_HOLDS, customer_id, after, limit + 1)
    views = [HoldView(**dict(row)) for row in rows[:limit]]
    return HoldPage(holds=views, next=views[-1].payment_id if len(rows) > limit else None)


async def read_lettrage(pool: asyncpg.Pool[Any], code: str) -> Lettrage | None:
    """What bears the code now; None if nothing does."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        items = await connection.fetch(_SETTLED, code)
        payments = await connection.fetch(_BY_PAYMENTS, code)
    if not items:
        return None
    views = [SettledTogether(**dict(row)) for row in items]
    return Lettrage(code=code, items=views, payments=[row["payment_id"] for row in payments])


async def read_day(pool: asyncpg.Pool[Any], business_date: date) -> DayView | None:
    """One business date, None before all partitions have passed it."""
    row = await pool.fetchrow("select * from days where business_date = $1", business_date)
    return None if row is None else DayView(**(dict(row) | {"held": row["held"] is not None}))
