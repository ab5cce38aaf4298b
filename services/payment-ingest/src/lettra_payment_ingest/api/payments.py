"""Payments: those that people tell, payouts, announced money, returns to be recognised."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, UploadFile

from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import SearchedText
from lettra_payment_ingest import handlers, queries
from lettra_payment_ingest.api.values import Limit, number
from lettra_payment_ingest.domain import RecordPayment, RegisterPayout, SayReturned
from lettra_payment_ingest.handlers import Collected, Recorded, Returned
from lettra_payment_ingest.linking import link_advices
from lettra_payment_ingest.money_files import read_payments, read_payouts
from lettra_payment_ingest.taking import (
    Imported,
    check_payments,
    check_payouts,
    read_checked,
    take_all,
    take_payouts,
)

router = APIRouter()


@router.post("/payments", response_model=Recorded, status_code=201, tags=["payments"])
async def record_payment(request: Request, body: RecordPayment, command: Command) -> Response:
    """Record money that comes by no account whose statements are read: a cheque, cash. It counts at once.

    What the bank will book as a deposit is a payout (`POST /payouts`), or it would count twice.
    """
    answer = await command.run(lambda w: handlers.record_payment(w, body), status=201)
    await link_advices(request.app.state.commands, request.state.correlation_id)
    return answer


@router.post("/payouts", response_model=Collected, status_code=201, tags=["payments"])
async def register_payout(request: Request, body: RegisterPayout, command: Command) -> Response:
    """Register many payments that come as one credit, less fees: a provider's payout, a deposit of cheques.

    Until its credit is booked they are announced money; then they are received, and the credit is no payment.
    """
    credits = await queries.credits_of(request.app.state.pool, body)
    answer = await command.run(lambda w: handlers.register_payout(w, body, credits), status=201)
    await link_advices(request.app.state.commands, request.state.correlation_id)
    return answer


@router.post("/imports/payments", response_model=Imported, tags=["payments"])
async def import_payments(request: Request, file: UploadFile) -> Imported:
    """Record cheques and cash from CSV: all rows, or none, with line and column of each that is wrong."""
    checked, digest = await read_checked(file, read_payments)
    commands, correlation_id = request.app.state.commands, request.state.correlation_id
    await check_payments(commands.pool, checked)
    created = await take_all(
        commands, correlation_id, checked.commands, lambda w, each: handlers.record_payment(w, each).created
    )
    linked = await link_advices(commands, correlation_id)
    return Imported(digest=digest, rows=len(checked.commands), created=created, linked=linked)


@router.post("/imports/payouts", response_model=Imported, tags=["payments"])
async def import_payouts(request: Request, file: UploadFile) -> Imported:
    """Register payouts from CSV, a row a payment: all rows, or none, with line and column of each that is wrong."""
    checked, digest = await read_checked(file, read_payouts)
    commands, correlation_id = request.app.state.commands, request.state.correlation_id
    await check_payouts(commands.pool, checked)
    created = await take_payouts(commands, correlation_id, checked.commands)
    linked = await link_advices(commands, correlation_id)
    return Imported(digest=digest, rows=len(checked.commands), created=created, linked=linked)


@router.get("/payouts", response_model=queries.PayoutPage, tags=["payments"])
async def list_payouts(
    request: Request, account: str, after: SearchedText = "", limit: Limit = 100
) -> queries.PayoutPage:
    """The payouts of an account by expected day, a page at a time; `entry_id` is null while the credit is awaited."""
    return await queries.list_payouts(request.app.state.pool, number(account), after, limit)


@router.get("/announcements", response_model=queries.AnnouncementPage, tags=["payments"])
async def list_announcements(
    request: Request, account: str, after: SearchedText = "", limit: Limit = 100
) -> queries.AnnouncementPage:
    """The open announced money of an account by day, a page at a time."""
    return await queries.list_announcements(request.app.state.pool, number(account), after, limit)


@router.get("/review", response_model=queries.ReviewPage, tags=["payments"])
async def list_review(request: Request, after: SearchedText = "", limit: Limit = 100) -> queries.ReviewPage:
    """What waits for a person: returns whose payment was not found, statements in quarantine."""
    return await queries.list_review(request.app.state.pool, after, limit)


@router.post("/payments/{payment_id}/returned", response_model=Returned, tags=["payments"])
async def say_returned(payment_id: SearchedText, body: SayReturned, command: Command) -> Response:
    """Say which payment went back by this debit."""
    return await command.run(lambda w: handlers.say_returned(w, payment_id, body))


@router.get("/payments/{payment_id}", response_model=queries.PaymentView, tags=["payments"])
async def read_payment(request: Request, payment_id: SearchedText) -> queries.PaymentView:
    """One payment, and what became of it as far as matching's events have been read."""
    found = await queries.read_payment(request.app.state.pool, payment_id)
    if found is None:
        raise Rejected("unknown-payment", f"there is no payment {payment_id}", status=404)
    return found


@router.get("/payments", response_model=queries.PaymentPage, tags=["payments"])
async def list_payments(
    request: Request, account: str, after: SearchedText = "", limit: Limit = 100
) -> queries.PaymentPage:
    """The payments of an account by booking date, a page at a time."""
    return await queries.list_payments(request.app.state.pool, number(account), after, limit)
