"""Matching's HTTP API: ledgers, payments and days, to read. What it reads is in `queries`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from lettra_events.service.rejection import Rejected
from lettra_events.values import IsoDate, SearchedText
from lettra_matching import queries

router = APIRouter()

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


@router.get("/customers/{customer_id}/ledger", response_model=queries.Ledger, tags=["ledgers"])
async def read_ledger(
    request: Request,
    customer_id: SearchedText,
    after: SearchedText = "",
    limit: Limit = 100,
    settled: bool = False,
) -> queries.Ledger:
    """A customer's ledger (compte client): open items by number, settled ones too where asked.

    `on_account` lists at most 500 payments; the balance counts all.
    """
    found = await queries.read_ledger(request.app.state.pool, customer_id, after, limit, settled)
    if found is None:
        raise Rejected("unknown-customer", f"matching knows no customer {customer_id}", status=404)
    return found


@router.get("/payments", response_model=queries.PaymentPage, tags=["payments"])
async def list_payments(
    request: Request,
    status: Literal["all", "unapplied"] = "all",
    after: SearchedText = "",
    limit: Limit = 100,
) -> queries.PaymentPage:
    """Payments by id; `status=unapplied`: those whose payer nobody knows."""
    return await queries.list_payments(request.app.state.pool, after, limit, status == "unapplied")


@router.get("/payments/{payment_id}", response_model=queries.PaymentView, tags=["payments"])
async def read_payment(request: Request, payment_id: SearchedText) -> queries.PaymentView:
    """One payment."""
    found = await queries.read_payment(request.app.state.pool, payment_id)
    if found is None:
        raise Rejected("unknown-payment", f"matching knows no payment {payment_id}", status=404)
    return found


@router.get("/days/{business_date}", response_model=queries.DayView, tags=["days"])
async def read_day(request: Request, business_date: IsoDate) -> queries.DayView:
    """Whether every decision about what was received by a date is taken, and for which entities."""
    found = await queries.read_day(request.app.state.pool, business_date)
    if found is None:
        raise Rejected("day-not-processed", f"{business_date} is not processed yet", status=404)
    return found
