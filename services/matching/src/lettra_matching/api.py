"""Matching's HTTP API: ledgers, payments and days, to read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from lettra_events.service.rejection import Rejected
from lettra_events.values import IsoDate, SearchedText

router = APIRouter()

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


class ItemView(BaseModel):
    """An open item; amounts in its currency, positive for both kinds."""

    item_id: str
    entity_id: str
    kind: str
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    open: Decimal


class PaymentView(BaseModel):
    """A payment: amount = applied + on_account + unapplied. `reason` says why something is not applied."""

    payment_id: str
    entity_id: str
    booking_date: date
    currency: str
    amount: Decimal
    applied: Decimal
    on_account: Decimal
    unapplied: Decimal
    account_customer_id: str | None
    counterparty_name: str | None
    reason: str | None


class Balance(BaseModel):
    """A customer's balance in one currency: open invoices less open credit notes less money on account."""

    currency: str
    invoices: Decimal
    credit_notes: Decimal
    on_account: Decimal
    balance: Decimal


class Ledger(BaseModel):
    """A customer's open items, the first page of them, the money on account, and the balance by currency."""

    customer_id: str
    name: str | None
    balances: list[Balance]
    items: list[ItemView]
    on_account: list[PaymentView]
    next: str | None


class PaymentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    payments: list[PaymentView]
    next: str | None


class DayView(BaseModel):
    """A business date that all partitions have passed."""

    business_date: date
    processed: list[str]
    held: bool


_BALANCES = """
select currency, sum(invoices) as invoices, sum(credit_notes) as credit_notes, sum(on_account) as on_account,
       sum(invoices) - sum(credit_notes) - sum(on_account) as balance
  from (select currency, case kind when 'invoice' then open else 0 end as invoices,
               case kind when 'invoice' then 0 else open end as credit_notes, 0 as on_account
          from open_items where customer_id = $1
        union all
        select currency, 0, 0, on_account from payments where account_customer_id = $1 and on_account > 0) parts
 group by currency order by currency"""
_NAME = "select name from customer_names where customer_id = $1"
_ITEMS = """
select * from open_items where customer_id = $1 and item_id > $2 and (open > 0 or $3) order by item_id limit $4"""
_ON_ACCOUNT = """
select * from payments where account_customer_id = $1 and on_account > 0 order by payment_id limit $2"""


@router.get("/customers/{customer_id}/ledger", response_model=Ledger, tags=["ledgers"])
async def read_ledger(
    request: Request,
    customer_id: SearchedText,
    after: SearchedText = "",
    limit: Limit = 100,
    settled: bool = False,
) -> dict[str, Any]:
    """A customer's ledger (compte client): open items by number, settled ones too where asked.

    `on_account` lists at most 500 payments; the balance counts all.
    """
    async with (
        request.app.state.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        name = await connection.fetchval(_NAME, customer_id)
        balances = [dict(row) for row in await connection.fetch(_BALANCES, customer_id)]
        items = await connection.fetch(_ITEMS, customer_id, after, settled, limit + 1)
        money = await connection.fetch(_ON_ACCOUNT, customer_id, PAGE_MAX)
    if name is None and not balances:
        raise Rejected("unknown-customer", f"matching knows no customer {customer_id}", status=404)
    return {
        "customer_id": customer_id,
        "name": name,
        "balances": balances,
        "items": [dict(row) for row in items[:limit]],
        "on_account": [dict(row) for row in money],
        "next": items[limit - 1]["item_id"] if len(items) > limit else None,
    }


@router.get("/payments", response_model=PaymentPage, tags=["payments"])
async def list_payments(
    request: Request,
    status: Literal["all", "unapplied"] = "all",
    after: SearchedText = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Payments by id; `status=unapplied`: those whose payer nobody knows."""
    rows = await request.app.state.pool.fetch(
        "select * from payments where payment_id > $1 and ($2 = 'all' or unapplied > 0) order by payment_id limit $3",
        after,
        status,
        limit + 1,
    )
    more = rows[limit - 1]["payment_id"] if len(rows) > limit else None
    return {"payments": [dict(row) for row in rows[:limit]], "next": more}


@router.get("/payments/{payment_id}", response_model=PaymentView, tags=["payments"])
async def read_payment(request: Request, payment_id: SearchedText) -> dict[str, Any]:
    """One payment."""
    row = await request.app.state.pool.fetchrow("select * from payments where payment_id = $1", payment_id)
    if row is None:
        raise Rejected("unknown-payment", f"matching knows no payment {payment_id}", status=404)
    return dict(row)


@router.get("/days/{business_date}", response_model=DayView, tags=["days"])
async def read_day(request: Request, business_date: IsoDate) -> dict[str, Any]:
    """Whether every decision about what was received by a date is taken, and for which entities."""
    row = await request.app.state.pool.fetchrow("select * from days where business_date = $1", business_date)
    if row is None:
        raise Rejected("day-not-processed", f"{business_date} is not processed yet", status=404)
    return dict(row) | {"held": row["held"] is not None}
