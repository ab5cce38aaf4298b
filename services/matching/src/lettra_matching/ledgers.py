"""Ledgers and the aged balance (balance âgée), now or as of any business date.

As of a date: every movement up to and on it, and none after. What is open of an item is its amount with its moves, so
the total of the aged balance is that of the ledgers on the same date, whatever the date.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_matching.queries import PaymentView

ON_ACCOUNT_MAX = 500
"""How many payments on account a ledger lists; its balance counts all."""
_END_OF_TIME = date(9999, 12, 31)


class ItemView(BaseModel):
    """An open item; amounts in its currency, positive for both kinds. `open` and `lettrage` as of the ledger's date."""

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
    lettrage: str | None
    settled_on: date | None


class Balance(BaseModel):
    """A customer's balance in one currency: open invoices less open credit notes less money on account."""

    currency: str
    invoices: Decimal
    credit_notes: Decimal
    on_account: Decimal
    balance: Decimal


class Ledger(BaseModel):
    """A customer's open items, the first page of them, the money on account now, and the balance by currency."""

    customer_id: str
    name: str | None
    as_of: date | None
    balances: list[Balance]
    items: list[ItemView]
    on_account: list[PaymentView]
    next: str | None


class Aged(BaseModel):
    """What customers owe in one currency, by days overdue; credit notes and unapplied cash apart, as positive sums.

    total = not_due + all the days overdue - credit_notes - unapplied.
    """

    currency: str
    not_due: Decimal
    days_1_30: Decimal
    days_31_60: Decimal
    days_61_90: Decimal
    days_91_120: Decimal
    days_over_120: Decimal
    credit_notes: Decimal
    unapplied: Decimal
    total: Decimal


class AgedOfCustomer(Aged):
    """One customer's line."""

    customer_id: str


class AgedBalance(BaseModel):
    """The totals by currency as of a date; of each customer on request, a page at a time."""

    as_of: date
    totals: list[Aged]
    customers: list[AgedOfCustomer]
    next: str | None


_ITEMS_AS_OF = """
select i.customer_id, i.item_id, i.entity_id, i.kind, i.document_number, i.issue_date, i.due_date, i.currency,
       i.amount, i.disputed,
       i.amount + (select coalesce(sum(split_part(move, ' ', 2)::numeric), 0) from unnest(i.moves) as move
                    where split_part(move, ' ', 1)::date <= $2) as open,
       case when i.settled_on <= $2 then i.lettrage end as lettrage,
       case when i.settled_on <= $2 then i.settled_on end as settled_on
  from open_items i
 where i.issue_date <= $2 and ($1::text is null or i.customer_id = $1)"""
_LEDGER_ITEMS = f"""
select * from ({_ITEMS_AS_OF}) items where item_id > $3 and (open > 0 or $4) order by item_id limit $5"""  # noqa: S608 - all parts are constants of this file
_BALANCES = f"""
select currency, sum(invoices) as invoices, sum(credit_notes) as credit_notes, sum(on_account) as on_account,
       sum(invoices) - sum(credit_notes) - sum(on_account) as balance
  from (select currency, case kind when 'invoice' then open else 0 end as invoices,
               case kind when 'invoice' then 0 else open end as credit_notes, 0 as on_account
          from ({_ITEMS_AS_OF}) items
        union all
        select currency, 0, 0, change from account_days where customer_id = $1 and date <= $2) parts
 group by currency order by currency"""  # noqa: S608
_NAME = "select name from payers where customer_id = $1"
_ON_ACCOUNT = """
select * from payments where account_customer_id = $1 and on_account > 0 order by payment_id limit $2"""

_BUCKETS = """
       coalesce(sum(owed) filter (where late <= 0), 0) as not_due,
       coalesce(sum(owed) filter (where late between 1 and 30), 0) as days_1_30,
       coalesce(sum(owed) filter (where late between 31 and 60), 0) as days_31_60,
       coalesce(sum(owed) filter (where late between 61 and 90), 0) as days_61_90,
       coalesce(sum(owed) filter (where late between 91 and 120), 0) as days_91_120,
       coalesce(sum(owed) filter (where late > 120), 0) as days_over_120,
       coalesce(sum(credit), 0) as credit_notes,
       coalesce(sum(cash), 0) as unapplied,
       coalesce(sum(owed), 0) - coalesce(sum(credit), 0) - coalesce(sum(cash), 0) as total"""
_PARTS = f"""
select customer_id, currency, $2::date - due_date as late,
       case kind when 'invoice' then open else 0 end as owed,
       case kind when 'invoice' then 0 else open end as credit, 0 as cash
  from ({_ITEMS_AS_OF}) items where open <> 0 and ($3::text is null or entity_id = $3)
union all
select customer_id, currency, null, 0, 0, change from account_days
 where date <= $2 and ($1::text is null or customer_id = $1) and ($3::text is null or entity_id = $3)"""  # noqa: S608
_AGED = f"select currency, {_BUCKETS} from ({_PARTS}) parts group by currency order by currency"  # noqa: S608
_AGED_CUSTOMERS = f"""
select customer_id, currency, {_BUCKETS} from ({_PARTS}) parts
 where (customer_id, currency) > ($4, $5) group by customer_id, currency order by customer_id, currency limit $6"""  # noqa: S608
_SEPARATOR = "|"


async def read_ledger(
    pool: asyncpg.Pool[Any], customer_id: str, as_of: date | None, after: str, limit: int, settled: bool
) -> Ledger | None:
    """All of it at one instant; None if nothing is known of the customer. `after`: the last item of the page before."""
    day = as_of or _END_OF_TIME
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        name = await connection.fetchval(_NAME, customer_id)
        balances = await connection.fetch(_BALANCES, customer_id, day)
        items = await connection.fetch(_LEDGER_ITEMS, customer_id, day, after, settled, limit + 1)
        money = await connection.fetch(_ON_ACCOUNT, customer_id, ON_ACCOUNT_MAX)
    if name is None and not balances:
        return None
    return Ledger(
        customer_id=customer_id,
        name=name or None,
        as_of=as_of,
        balances=[Balance(**dict(row)) for row in balances],
        items=[ItemView(**dict(row)) for row in items[:limit]],
        on_account=[PaymentView(**dict(row)) for row in money],
        next=items[limit - 1]["item_id"] if len(items) > limit else None,
    )


async def read_aged_balance(
    pool: asyncpg.Pool[Any],
    as_of: date,
    entity_id: str | None,
    customer_id: str | None,
    after: str,
    limit: int,
) -> AgedBalance:
    """Totals and, with `limit` above 0, a page of customers, all at one instant."""
    after_customer, _, after_currency = after.rpartition(_SEPARATOR)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        totals = await connection.fetch(_AGED, customer_id, as_of, entity_id)
        rows = await connection.fetch(
            _AGED_CUSTOMERS, customer_id, as_of, entity_id, after_customer, after_currency, limit + 1
        )
    customers = [AgedOfCustomer(**dict(row)) for row in rows[:limit]]
    last = customers[-1] if customers and len(rows) > limit else None
    return AgedBalance(
        as_of=as_of,
        totals=[Aged(**dict(row)) for row in totals],
        customers=customers,
        next=f"{last.customer_id}{_SEPARATOR}{last.currency}" if last is not None else None,
    )
