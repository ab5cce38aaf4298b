"""Payment-ingest's HTTP API. Lists are in `queries`."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, UploadFile

from lettra_events.money import CurrencyCode
from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import IsoDate, SearchedText
from lettra_payment_ingest import handlers, importing, queries
from lettra_payment_ingest.bank.errors import one_line
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.domain import RegisterAccount, account_number
from lettra_payment_ingest.handlers import AccountClosed, Closed, Registered
from lettra_payment_ingest.settings import PaymentIngestSettings

router = APIRouter()

PAGE_MAX = 500
FILE_NAME_CHARS_MAX = 200
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


@router.post("/accounts", response_model=Registered, status_code=201, tags=["accounts"])
async def register_account(body: RegisterAccount, command: Command) -> Response:
    """Register a bank account whose statements are read, or open a closed one again."""
    return await command.run(lambda w: handlers.register_account(w, body), status=201)


@router.post("/accounts/{account:path}/{currency}/close", response_model=AccountClosed, tags=["accounts"])
async def close_account(account: str, currency: CurrencyCode, command: Command) -> Response:
    """Close a bank account: no further statement of it is expected, and none is taken."""
    number = _number(account)
    return await command.run(lambda w: handlers.close_account(w, number, currency))


@router.get("/accounts", response_model=queries.AccountPage, tags=["accounts"])
async def list_accounts(
    request: Request, after: SearchedText = "", limit: Limit = 100
) -> queries.AccountPage:
    """All accounts by number and currency, a page at a time, and up to which day each is known without a gap."""
    return await queries.list_accounts(request.app.state.pool, after, limit)


@router.post("/statements", response_model=importing.TakenFile, tags=["statements"])
async def take_statements(request: Request, file: UploadFile) -> Any:
    """Take a bank file (CAMT.053): each statement of it whole or not at all; twice changes nothing."""
    settings: PaymentIngestSettings = request.app.state.settings
    data = await file.read()
    job = importing.Job(
        name=one_line(file.filename or "file")[:FILE_NAME_CHARS_MAX],
        digest=hashlib.sha256(data).hexdigest(),
        chunk=settings.import_chunk_transactions,
        wait_seconds=settings.import_wait_seconds,
        correlation_id=request.state.correlation_id,
    )
    limits = Limits(bytes_max=settings.upload_bytes_max, transactions_max=settings.import_transactions_max)
    statements = await importing.read(data, job.name, limits)
    return await importing.take(request.app.state.commands, job, statements)


@router.get("/statements", response_model=queries.StatementPage, tags=["statements"])
async def list_statements(
    request: Request, account: str, after: SearchedText = "", limit: Limit = 100
) -> queries.StatementPage:
    """The statements of an account by day, booked and quarantined, a page at a time."""
    return await queries.list_statements(request.app.state.pool, _number(account), after, limit)


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
    return await queries.list_payments(request.app.state.pool, _number(account), after, limit)


@router.post("/days/{business_date}/close", response_model=Closed, tags=["days"])
async def close_day(business_date: IsoDate, command: Command) -> Response:
    """Close a business date: everything taken by then stands before this in every partition."""
    return await command.run(lambda w: handlers.close_day(w, business_date))


def _number(account: str) -> str:
    try:
        return account_number(account)
    except ValueError as error:
        raise Rejected("invalid-account", str(error), field="account") from None
