"""Commands on bank accounts and business dates."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from lettra_events.decisions.needs import for_each
from lettra_events.decisions.workspace import Workspace
from lettra_payment_ingest import decider
from lettra_payment_ingest.decider.announcing import Policy, withdraw
from lettra_payment_ingest.decider.feeds import look_at_feed
from lettra_payment_ingest.domain import (
    ACCOUNTS,
    ANNOUNCEMENTS,
    CALENDAR,
    CALENDAR_KEY,
    NO_DAY_CLOSED,
    STATEMENTS,
    Account,
    Announcement,
    RegisterAccount,
    StatementRow,
    account_stream,
)


class Registered(BaseModel):
    """`created` is false where the account was registered before with the same data."""

    account: str
    currency: str
    created: bool


class AccountClosed(BaseModel):
    """The account is closed; `created` is false where it was before."""

    account: str
    currency: str
    created: bool


class Mapped(BaseModel):
    """The account's CSV files are read so; `created` is false where they were before."""

    account: str
    currency: str
    created: bool


class Closed(BaseModel):
    """The business date is closed; `created` is false where it was before."""

    business_date: date
    created: bool


def register_account(workspace: Workspace, command: RegisterAccount) -> Registered:
    existing = workspace.get(ACCOUNTS, command.account, command.currency)
    events = decider.register_account(command, existing)
    workspace.append(*events)
    return Registered(account=command.account, currency=command.currency, created=bool(events))


def close_account(workspace: Workspace, account: str, currency: str) -> AccountClosed:
    events = decider.close_account(account, currency, workspace.get(ACCOUNTS, account, currency))
    workspace.append(*events)
    return AccountClosed(account=account, currency=currency, created=bool(events))


def register_mapping(workspace: Workspace, account: str, currency: str, mapping: str) -> Mapped:
    """`mapping` is a text that was read as one."""
    found = decider.need_open(workspace.get(ACCOUNTS, account, currency), account, currency)
    events = decider.register_mapping(found, mapping)
    workspace.append(*events)
    return Mapped(account=account, currency=currency, created=bool(events))


def close_day(workspace: Workspace, business_date: date, policy: Policy) -> Closed:
    """Locks every open account, so that each part of a statement stands wholly before the day's end or behind it.

    What the day shows of the feeds, and which announced money is withdrawn, stands before its end.
    """
    calendar = workspace.get(CALENDAR, CALENDAR_KEY) or NO_DAY_CLOSED
    accounts = workspace.find(ACCOUNTS, "closed", False)
    events = decider.close_day(business_date, calendar, accounts)
    if not events:
        return Closed(business_date=business_date, created=False)
    for account, waiting, announced in for_each(accounts, lambda each: _seen(workspace, each)):
        workspace.append(*look_at_feed(account, waiting, business_date))
        for each in announced:
            workspace.append(*withdraw(account, each, business_date, policy))
    workspace.append(*events)
    return Closed(business_date=business_date, created=True)


def _seen(workspace: Workspace, account: Account) -> tuple[Account, list[StatementRow], list[Announcement]]:
    """What of the account the close of a day looks at."""
    own = _stream(account)
    workspace.expect(finds=[(STATEMENTS, "waiting", own), (ANNOUNCEMENTS, "open_on", own)])
    waiting = workspace.find(STATEMENTS, "waiting", own)
    return account, waiting, workspace.find(ANNOUNCEMENTS, "open_on", own)


def _stream(account: Account) -> str:
    return account_stream(account.account, account.currency)
