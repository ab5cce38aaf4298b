"""What the API reads: ledgers, payments and days, a page at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

ON_ACCOUNT_MAX = 500
"""How many payments on account a ledger lists; its balance counts all."""


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
_PAYMENTS = """
select * from payments where payment_id > $1 and (not $2 or unapplied > 0) order by payment_id limit $3"""


async def read_ledger(
    pool: asyncpg.Pool[Any], customer_id: str, after: str, limit: int, settled: bool
) -> Ledger | None:
    """All of it at one instant; None if nothing is known of the customer. `after`: the last item of the page before."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        name = await connection.fetchval(_NAME, customer_id)
        balances = await connection.fetch(_BALANCES, customer_id)
        items = await connection.fetch(_ITEMS, customer_id, after, settled, limit + 1)
        money = await connection.fetch(_ON_ACCOUNT, customer_id, ON_ACCOUNT_MAX)
    if name is None and not balances:
        return None
    return Ledger(
        customer_id=customer_id,
        name=name,
        balances=[Balance(**dict(row)) for row in balances],
        items=[ItemView(**dict(row)) for row in items[:limit]],
        on_account=[PaymentView(**dict(row)) for row in money],
        next=items[limit - 1]["item_id"] if len(items) > limit else None,
    )


async def list_payments(pool: asyncpg.Pool[Any], after: str, limit: int, unapplied: bool) -> PaymentPage:
    """`after`: the last payment of the page before; `unapplied`: only those of which something is nobody's."""
    rows = await pool.fetch(_PAYMENTS, after, unapplied, limit + 1)
    views = [PaymentView(**dict(row)) for row in rows[:limit]]
    return PaymentPage(payments=views, next=views[-1].payment_id if len(rows) > limit else None)


async def read_payment(pool: asyncpg.Pool[Any], payment_id: str) -> PaymentView | None:
    """One payment, None if there is none of this id."""
    row = await pool.fetchrow("select * from payments where payment_id = $1", payment_id)
    return None if row is None else PaymentView(**dict(row))


async def read_day(pool: asyncpg.Pool[Any], business_date: date) -> DayView | None:
    """One business date, None before all partitions have passed it."""
    row = await pool.fetchrow("select * from days where business_date = $1", business_date)
    return None if row is None else DayView(**(dict(row) | {"held": row["held"] is not None}))
