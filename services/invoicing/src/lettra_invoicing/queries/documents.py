"""Documents, with how much of each is settled, a page at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_events.service.rejection import Rejected


class DocumentView(BaseModel):
    """An invoice or a credit note. `settled`, `open`: as far as matching's events have been read, null before."""

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
    settled: Decimal | None
    open: Decimal | None


class DocumentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    documents: list[DocumentView]
    next: str | None


_ONE = """
select d.*, s.settled, s.open
  from documents d
  left join settlements s
    on s.customer_id = d.customer_id and s.item_id = d.entity_id || ':' || d.document_number
 where d.entity_id = $1 and d.document_number = $2"""
_PAGE = """
select d.*, s.settled, s.open
  from documents d
  left join settlements s
    on s.customer_id = d.customer_id and s.item_id = d.entity_id || ':' || d.document_number
 where d.customer_id = $1 and (d.entity_id, d.document_number) > ($2, $3)
 order by d.entity_id, d.document_number limit $4"""


async def read_document(pool: asyncpg.Pool[Any], entity_id: str, document_number: str) -> DocumentView | None:
    """One document."""
    row = await pool.fetchrow(_ONE, entity_id, document_number)
    return None if row is None else DocumentView(**dict(row))


async def list_documents(pool: asyncpg.Pool[Any], customer_id: str, after: str, limit: int) -> DocumentPage:
    """`after`: entity and number of the last document of the page before, as its `next` gave them."""
    rows = await pool.fetch(_PAGE, customer_id, *_cursor(after), limit + 1)
    views = [DocumentView(**dict(row)) for row in rows[:limit]]
    last = f"{views[-1].entity_id}:{views[-1].document_number}" if len(rows) > limit else None
    return DocumentPage(documents=views, next=last)


def _cursor(after: str) -> tuple[str, str]:
    entity_id, colon, number = after.partition(":")
    if (after and not colon) or "\0" in after:
        raise Rejected("wrong-cursor", "after is the `next` of a page before", field="after")
    return entity_id, number
