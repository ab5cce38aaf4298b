"""What the API reads of accounts and statements, a page at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.domain import STATEMENTS, StatementRow
from lettra_payment_ingest.queries.cursors import by_day


class AccountView(BaseModel):
    """An account. `through_date`: up to which day it is known without a gap, and its closing balance on that day.

    `unfinished`: a statement of it is being taken. `mapped`: its CSV files have a mapping.
    """

    account: str
    currency: str
    entity_id: str
    cadence_days: int
    closed: bool
    mapped: bool
    through_date: date | None
    closing_balance: Decimal | None
    closing_date: date | None
    unfinished: bool


class AccountPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    accounts: list[AccountView]
    next: str | None


class StatementView(BaseModel):
    """A statement that came to its end; `reason` says why it is in quarantine, `resolved_by` who decided, and why."""

    account: str
    currency: str
    statement_id: str
    content_digest: str
    outcome: str
    reason: str | None
    resolved_by: str | None
    verified: bool
    from_date: date | None
    through_date: date | None
    opening_balance: Decimal | None
    closing_balance: Decimal | None
    transactions: int
    file_digest: str


class StatementPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    statements: list[StatementView]
    next: str | None


_ACCOUNTS = """
select *, through_date as closing_date, unfinished is not null as unfinished_now, mapping is not null as mapped
  from accounts where (account, currency) > ($1, $2) order by account, currency limit $3"""
_STATEMENTS = """
select * from statements
 where account = $1 and (coalesce(through_date, date '0001-01-01'), content_digest) > ($2, $3)
 order by coalesce(through_date, date '0001-01-01'), content_digest limit $4"""
_STATEMENT = "select * from statements where content_digest = $1"


async def list_accounts(pool: asyncpg.Pool[Any], after: str, limit: int) -> AccountPage:
    """`after`: number and currency of the last account of the page before."""
    account, _, currency = after.rpartition(":")
    rows = await pool.fetch(_ACCOUNTS, account, currency, limit + 1)
    views = [AccountView(**(dict(row) | {"unfinished": row["unfinished_now"]})) for row in rows[:limit]]
    last = f"{views[-1].account}:{views[-1].currency}" if len(rows) > limit else None
    return AccountPage(accounts=views, next=last)


async def list_statements(pool: asyncpg.Pool[Any], account: str, after: str, limit: int) -> StatementPage:
    """`after`: day and digest of the last statement of the page before."""
    rows = await pool.fetch(_STATEMENTS, account, *by_day(after), limit + 1)
    page = rows[:limit]
    last = (
        f"{page[-1]['through_date'] or date.min}:{page[-1]['content_digest']}" if len(rows) > limit else None
    )
    return StatementPage(statements=[StatementView(**dict(row)) for row in page], next=last)


async def find_statement(pool: asyncpg.Pool[Any], content_digest: str) -> StatementRow:
    """The statement of this digest; `Rejected` where there is none."""
    row = await pool.fetchrow(_STATEMENT, content_digest)
    if row is None:
        raise Rejected("unknown-statement", f"there is no statement {content_digest}", status=404)
    values = {column: row[column] for column in STATEMENTS.columns}
    return StatementRow(**(values | {"days": tuple(row["days"])}))
