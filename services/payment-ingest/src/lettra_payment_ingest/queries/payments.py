"""What the API reads of payments, and what became of them, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_payment_ingest.queries.cursors import by_day


class UseView(BaseModel):
    """What of a payment a customer has: settling items, unapplied, and paid back."""

    customer_id: str
    applied: Decimal
    on_account: Decimal
    refunded: Decimal


class PaymentView(BaseModel):
    """A payment. `uses` say what became of it; `unassigned` is what is nobody's yet (null for money spent).

    `transferred_out`: what another legal entity has of it.
    """

    payment_id: str
    direction: str
    entity_id: str
    account: str | None
    currency: str
    statement_id: str | None
    entry_ref: str
    booking_date: date
    value_date: date | None
    amount: Decimal
    reversal: bool
    end_to_end_id: str | None
    structured_reference: str | None
    remittance: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    charges: Decimal | None
    original_amount: Decimal | None
    original_currency: str | None
    exchange_rate: str | None
    mandate_id: str | None
    return_reason: str | None
    bank_transaction_code: str | None
    batch_size: int | None
    method: str | None
    part_of: str | None
    payout_id: str | None
    returned: Decimal
    detailed: bool
    advice_id: str | None
    returns: str | None
    review: str | None
    uses: list[UseView]
    transferred_out: Decimal
    unassigned: Decimal | None


class PaymentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    payments: list[PaymentView]
    next: str | None


_PAYMENTS = """
select * from payments where account = $1 and (booking_date, payment_id) > ($2, $3)
 order by booking_date, payment_id limit $4"""
_USES = """
select payment_id, customer_id, applied, on_account, refunded from payment_uses
 where payment_id = any($1) order by customer_id"""
_TRANSFERS = "select payment_id, transferred_out from payment_transfers where payment_id = any($1)"


async def list_payments(pool: asyncpg.Pool[Any], account: str, after: str, limit: int) -> PaymentPage:
    """`after`: booking date and id of the last payment of the page before."""
    rows = await pool.fetch(_PAYMENTS, account, *by_day(after), limit + 1)
    page = rows[:limit]
    last = f"{page[-1]['booking_date']}:{page[-1]['payment_id']}" if len(rows) > limit else None
    return PaymentPage(payments=await _with_uses(pool, page), next=last)


async def read_payment(pool: asyncpg.Pool[Any], payment_id: str) -> PaymentView | None:
    """One payment, None if there is none of this id."""
    rows = await pool.fetch("select * from payments where payment_id = $1", payment_id)
    return next(iter(await _with_uses(pool, rows)), None)


async def _with_uses(pool: asyncpg.Pool[Any], rows: Sequence[asyncpg.Record]) -> list[PaymentView]:
    uses: dict[str, list[UseView]] = {row["payment_id"]: [] for row in rows}
    for use in await pool.fetch(_USES, list(uses)):
        uses[use["payment_id"]].append(UseView(**dict(use)))
    gone: dict[str, Decimal] = dict(await pool.fetch(_TRANSFERS, list(uses)))
    return [_view(row, uses[row["payment_id"]], gone.get(row["payment_id"], Decimal(0))) for row in rows]


def _view(row: asyncpg.Record, uses: list[UseView], transferred_out: Decimal) -> PaymentView:
    used = sum((use.applied + use.on_account + use.refunded for use in uses), transferred_out)
    left = Decimal(0) if row["detailed"] else row["amount"] - row["returned"]
    unassigned = left - used if row["direction"] == "credit" else None
    return PaymentView(**dict(row), uses=uses, transferred_out=transferred_out, unassigned=unassigned)
