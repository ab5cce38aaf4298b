"""Documents, with how much of each is settled, a page at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import asyncpg
from pydantic import BaseModel

from lettra_events.service.rejection import Rejected


class InstalmentView(BaseModel):
    """A part of what is to be paid."""

    due_date: date
    amount: Decimal


class DocumentView(BaseModel):
    """An invoice or a credit note. `settled`, `open`: as far as matching's events have been read, null before.

    `settlement` follows them, back to open as well. `payable`: the gross less the deposits that it deducts.
    `status`: its last one of electronic invoicing.
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
    instalments: list[InstalmentView]
    discount_amount: Decimal | None
    discount_until: date | None
    deposit: bool
    deducted: Decimal
    disputed: Decimal
    written_off: Decimal
    status: int | None
    settled: Decimal | None
    open: Decimal | None
    settlement: Literal["open", "partly_settled", "settled"] | None


class DocumentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    documents: list[DocumentView]
    next: str | None


_SETTLED = """
select d.*, s.settled, s.open
  from documents d
  left join lateral (
    select sum(settled) as settled, sum(open) as open from settlements s
     where s.customer_id = d.customer_id and s.entity_id = d.entity_id and s.document_number = d.document_number
  ) s on true"""
_ONE = f"{_SETTLED} where d.entity_id = $1 and d.document_number = $2"
_PAGE = f"""{_SETTLED}
 where d.customer_id = $1 and (d.entity_id, d.document_number) > ($2, $3)
 order by d.entity_id, d.document_number limit $4"""


async def read_document(pool: asyncpg.Pool[Any], entity_id: str, document_number: str) -> DocumentView | None:
    """One document."""
    row = await pool.fetchrow(_ONE, entity_id, document_number)
    return None if row is None else _view(row)


async def list_documents(pool: asyncpg.Pool[Any], customer_id: str, after: str, limit: int) -> DocumentPage:
    """`after`: entity and number of the last document of the page before, as its `next` gave them."""
    rows = await pool.fetch(_PAGE, customer_id, *_cursor(after), limit + 1)
    views = [_view(row) for row in rows[:limit]]
    last = f"{views[-1].entity_id}:{views[-1].document_number}" if len(rows) > limit else None
    return DocumentPage(documents=views, next=last)


def _view(row: asyncpg.Record) -> DocumentView:
    parts = (written.split(" ") for written in row["instalments"])
    instalments = [
        InstalmentView(due_date=date.fromisoformat(due), amount=Decimal(sum_)) for due, sum_ in parts
    ]
    settlement = settlement_of(row["payable"], row["settled"], row["open"])
    return DocumentView(**(dict(row) | {"instalments": instalments, "settlement": settlement}))


def settlement_of(
    payable: Decimal, settled: Decimal | None, open_: Decimal | None
) -> Literal["open", "partly_settled", "settled"] | None:
    """Of what matching says of all items of a document; None before it said anything."""
    if not payable:
        return "settled"
    if open_ is None:
        return None
    return "settled" if not open_ else "partly_settled" if settled else "open"


def _cursor(after: str) -> tuple[str, str]:
    entity_id, colon, number = after.partition(":")
    if (after and not colon) or "\0" in after:
        raise Rejected("wrong-cursor", "after is the `next` of a page before", field="after")
    return entity_id, number


async def read_content(pool: asyncpg.Pool[Any], entity_id: str, document_number: str) -> bytes | None:
    """The content of an invoice that was issued here with lines, as JSON; None where there is none."""
    sql = "select content from document_contents where entity_id = $1 and document_number = $2"
    found = await pool.fetchval(sql, entity_id, document_number)
    return None if found is None else bytes(found)
