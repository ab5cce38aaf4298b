"""Bank accounts and business dates."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lettra_events.money import CurrencyCode
from lettra_events.service.http import Command
from lettra_events.values import IsoDate, SearchedText
from lettra_payment_ingest import handlers, queries
from lettra_payment_ingest.api.values import Limit, number
from lettra_payment_ingest.choosing import checked_mapping
from lettra_payment_ingest.decider.announcing import Policy
from lettra_payment_ingest.domain import RegisterAccount, RegisterMapping
from lettra_payment_ingest.handlers import AccountClosed, Closed, Mapped, Registered
from lettra_payment_ingest.settings import PaymentIngestSettings

router = APIRouter()


@router.post("/accounts", response_model=Registered, status_code=201, tags=["accounts"])
async def register_account(body: RegisterAccount, command: Command) -> Response:
    """Register a bank account whose statements are read, or open a closed one again."""
    return await command.run(lambda w: handlers.register_account(w, body), status=201)


@router.post("/accounts/{account:path}/{currency}/close", response_model=AccountClosed, tags=["accounts"])
async def close_account(account: str, currency: CurrencyCode, command: Command) -> Response:
    """Close a bank account: no further statement of it is expected, and none is taken."""
    known = number(account)
    return await command.run(lambda w: handlers.close_account(w, known, currency))


@router.post("/accounts/{account:path}/{currency}/mapping", response_model=Mapped, tags=["accounts"])
async def register_mapping(
    account: str, currency: CurrencyCode, body: RegisterMapping, command: Command
) -> Response:
    """Say how the columns of the account's CSV files are to be read; a mapping that names no account is of this one."""
    known = number(account)
    text = checked_mapping(body.mapping, known, currency)
    return await command.run(lambda w: handlers.register_mapping(w, known, currency, text))


@router.get("/accounts", response_model=queries.AccountPage, tags=["accounts"])
async def list_accounts(
    request: Request, after: SearchedText = "", limit: Limit = 100
) -> queries.AccountPage:
    """All accounts by number and currency, a page at a time, and up to which day each is known without a gap."""
    return await queries.list_accounts(request.app.state.pool, after, limit)


@router.post("/days/{business_date}/close", response_model=Closed, tags=["days"])
async def close_day(request: Request, business_date: IsoDate, command: Command) -> Response:
    """Close a business date: everything taken by then stands before this in every partition.

    Stale feeds, missing statements and announced money that was not booked in its time are said before it.
    """
    settings: PaymentIngestSettings = request.app.state.settings
    policy = Policy(settings.announcement_known_days, settings.announcement_days_max)
    return await command.run(lambda w: handlers.close_day(w, business_date, policy))
