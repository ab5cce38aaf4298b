"""What the API reads of money that is expected, of advices, and of what waits for a person; a page at a time."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_payment_ingest.decider.payouts import DAYS_AFTER, DAYS_BEFORE
from lettra_payment_ingest.domain import RegisterPayout
from lettra_payment_ingest.queries.cursors import by_day

CREDITS_MAX = 50


class AnnouncementView(BaseModel):
    """Announced money that is not booked."""

    announcement_id: str
    entity_id: str
    account: str
    currency: str
    source: str
    entry_ref: str
    announced_on: date
    booking_date: date | None
    value_date: date | None
    amount: Decimal
    end_to_end_id: str | None
    structured_reference: str | None
    remittance: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    payout_id: str | None


class AnnouncementPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    announcements: list[AnnouncementView]
    next: str | None


class PayoutView(BaseModel):
    """A payout; `entry_id` is its booked credit, null while that is awaited."""

    payout_id: str
    entity_id: str
    account: str
    currency: str
    provider: str
    reference: str
    method: str
    expected_date: date
    gross: Decimal
    fees: Decimal
    net: Decimal
    entry_id: str | None


class PayoutPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    payouts: list[PayoutView]
    next: str | None


class AdviceView(BaseModel):
    """A remittance advice; `payment_id` is the payment that it was linked to."""

    advice_id: str
    customer_id: str
    entity_id: str | None
    payment_date: date
    currency: str
    total: Decimal
    lines: list[str]
    reference: str | None
    payment_id: str | None


class AdvicePage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    advices: list[AdviceView]
    next: str | None


class ReviewView(BaseModel):
    """Something that waits for a person: `kind` is "return" (`id` is the debit's) or "quarantine" (the digest)."""

    kind: str
    id: str
    account: str | None
    currency: str
    day: date | None
    amount: Decimal | None
    text: str | None


class ReviewPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    review: list[ReviewView]
    next: str | None


_ANNOUNCEMENTS = """
select * from announcements
 where account = $1 and open_on is not null and (announced_on, announcement_id) > ($2, $3)
 order by announced_on, announcement_id limit $4"""
_PAYOUTS = """
select * from payouts where account = $1 and (expected_date, payout_id) > ($2, $3)
 order by expected_date, payout_id limit $4"""
_ADVICES = """
select * from advices where customer_id = $1 and (payment_date, advice_id) > ($2, $3)
 order by payment_date, advice_id limit $4"""
_REVIEW = """
select * from (
    select review as kind, payment_id as id, account, currency, booking_date as day, amount,
           concat_ws(' | ', return_reason, counterparty_name, remittance, end_to_end_id) as text
      from payments where review is not null
    union all
    select 'quarantine', content_digest, account, currency, through_date, null, reason
      from statements where outcome = 'quarantined') t
 where (kind, id) > ($1, $2) order by kind, id limit $3"""
_CREDITS = """
select payment_id from payments
 where account = $1 and currency = $2 and amount = $3 and direction = 'credit' and not detailed and returned = 0
   and part_of is null and booking_date between $4 and $5
 order by booking_date, payment_id limit $6"""


async def list_announcements(
    pool: asyncpg.Pool[Any], account: str, after: str, limit: int
) -> AnnouncementPage:
    """`after`: day and id of the last of the page before."""
    rows = await pool.fetch(_ANNOUNCEMENTS, account, *by_day(after), limit + 1)
    page = rows[:limit]
    last = f"{page[-1]['announced_on']}:{page[-1]['announcement_id']}" if len(rows) > limit else None
    return AnnouncementPage(announcements=[AnnouncementView(**dict(row)) for row in page], next=last)


async def list_payouts(pool: asyncpg.Pool[Any], account: str, after: str, limit: int) -> PayoutPage:
    """`after`: expected day and id of the last of the page before."""
    rows = await pool.fetch(_PAYOUTS, account, *by_day(after), limit + 1)
    page = rows[:limit]
    last = f"{page[-1]['expected_date']}:{page[-1]['payout_id']}" if len(rows) > limit else None
    return PayoutPage(payouts=[PayoutView(**dict(row)) for row in page], next=last)


async def list_advices(pool: asyncpg.Pool[Any], customer_id: str, after: str, limit: int) -> AdvicePage:
    """`after`: day and id of the last of the page before."""
    rows = await pool.fetch(_ADVICES, customer_id, *by_day(after), limit + 1)
    page = rows[:limit]
    last = f"{page[-1]['payment_date']}:{page[-1]['advice_id']}" if len(rows) > limit else None
    return AdvicePage(advices=[AdviceView(**dict(row)) for row in page], next=last)


async def list_review(pool: asyncpg.Pool[Any], after: str, limit: int) -> ReviewPage:
    """`after`: kind and id of the last of the page before."""
    kind, _, identity = after.partition(":")
    rows = await pool.fetch(_REVIEW, kind, identity, limit + 1)
    page = rows[:limit]
    last = f"{page[-1]['kind']}:{page[-1]['id']}" if len(rows) > limit else None
    return ReviewPage(review=[ReviewView(**dict(row)) for row in page], next=last)


async def credits_of(pool: asyncpg.Pool[Any], payout: RegisterPayout) -> list[str]:
    """The payments that may be a payout's credit: of its amount, on its account, about its day."""
    first = payout.expected_date - timedelta(days=DAYS_BEFORE)
    last = payout.expected_date + timedelta(days=DAYS_AFTER)
    rows = await pool.fetch(_CREDITS, payout.account, payout.currency, payout.net, first, last, CREDITS_MAX)
    return [row["payment_id"] for row in rows]
