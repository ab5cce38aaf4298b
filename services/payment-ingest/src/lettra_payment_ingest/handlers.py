"""Payment-ingest's commands: load what the decision needs, decide, append. Synchronous, over a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel

from lettra_events.decisions.workspace import Workspace
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest import decider
from lettra_payment_ingest.domain import (
    ACCOUNTS,
    CALENDAR,
    CALENDAR_KEY,
    NO_DAY_CLOSED,
    PARTS,
    STATEMENTS,
    Account,
    RegisterAccount,
    account_stream,
)
from lettra_payment_ingest.preparing import Prepared


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


class Closed(BaseModel):
    """The business date is closed; `created` is false where it was before."""

    business_date: date
    created: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What one decision did to a statement; `account` as it is behind it.

    `taking`: a part of it was taken, more follows. `booked` or `quarantined`: it came to its end now; `known`: it
    had before, as `known_outcome` says. `busy`: another statement of the account, `unfinished`, is half taken.
    `new` counts the payments of this step.
    """

    outcome: Literal["taking", "booked", "quarantined", "known", "busy"]
    account: Account
    new: int = 0
    known_outcome: str | None = None
    reason: str | None = None
    verified: bool = False
    continuity: decider.Continuity | None = None


@dataclass(slots=True)
class Memory:
    """What decisions on one statement need not find out again, as long as it is still true (see `Identities`)."""

    identities: decider.Identities | None = None


def register_account(workspace: Workspace, command: RegisterAccount) -> Registered:
    existing = workspace.get(ACCOUNTS, command.account, command.currency)
    events = decider.register_account(command, existing)
    workspace.append(*events)
    return Registered(account=command.account, currency=command.currency, created=bool(events))


def close_account(workspace: Workspace, account: str, currency: str) -> AccountClosed:
    events = decider.close_account(account, currency, workspace.get(ACCOUNTS, account, currency))
    workspace.append(*events)
    return AccountClosed(account=account, currency=currency, created=bool(events))


def close_day(workspace: Workspace, business_date: date) -> Closed:
    """Locks every open account, so that each part of a statement stands wholly before the day's end or behind it."""
    calendar = workspace.get(CALENDAR, CALENDAR_KEY) or NO_DAY_CLOSED
    events = decider.close_day(business_date, calendar, workspace.find(ACCOUNTS, "closed", False))
    workspace.append(*events)
    return Closed(business_date=business_date, created=bool(events))


def why_refused(workspace: Workspace, prepared: Prepared) -> str | None:
    """Why the statement's account takes no statement; None where it does."""
    try:
        _account(workspace, prepared)
    except Rejected as refused:
        return refused.detail
    return None


def take_statement(workspace: Workspace, prepared: Prepared, memory: Memory, size: int) -> Step:
    """Take the next `size` transactions of a statement, and book it if these are the last.

    Everything is decided under the lock of the account's stream: which statements are known, which transactions are
    new, how far the statement is. So two imports at once, or one after a kill, never take a transaction twice.
    """
    own = (prepared.account, prepared.currency, prepared.content_digest)
    workspace.expect((ACCOUNTS, own[:2]), (STATEMENTS, own))
    account, row = _account(workspace, prepared), workspace.get(STATEMENTS, *own)
    if row is not None:
        return Step("known", account, 0, row.outcome, row.reason, row.verified)
    if account.unfinished not in (None, prepared.content_digest):
        return Step("busy", account)
    if prepared.verdict.outcome == "quarantined":
        workspace.append(decider.quarantine(account, prepared))
        return Step("quarantined", account, reason=prepared.verdict.reason)
    if memory.identities is None or memory.identities.after != account.statements:
        memory.identities = _identify(workspace, account, prepared)
    return _take_part(workspace, prepared, memory.identities, size)


def _account(workspace: Workspace, prepared: Prepared) -> Account:
    account = workspace.get(ACCOUNTS, prepared.account, prepared.currency)
    return decider.need_open(account, prepared.account, prepared.currency)


def _identify(workspace: Workspace, account: Account, prepared: Prepared) -> decider.Identities:
    days = decider.statement_row(prepared.booked).days
    rows = workspace.find(STATEMENTS, "days", *days)
    parts = workspace.find(PARTS, "content_digest", *(row.content_digest for row in rows))
    return decider.identify_transactions(prepared.statement, account.statements, rows, parts)


def _take_part(workspace: Workspace, prepared: Prepared, identities: decider.Identities, size: int) -> Step:
    account = _account(workspace, prepared)
    new = 0
    if not decider.is_taken(account, prepared):
        payments, part = decider.take_part(account, prepared, identities, size)
        # The part comes first: what it still has to lock is known before any payment was decided for nothing.
        workspace.append(part)
        for payment in payments:
            workspace.create(payment)
        new = len(payments)
        account = _account(workspace, prepared)
    if not decider.is_taken(account, prepared):
        return Step("taking", account, new)
    waiting = workspace.find(STATEMENTS, "waiting", account_stream(account.account, account.currency))
    booked = decider.book(account, prepared, waiting)
    workspace.append(booked)
    return Step(
        "booked",
        _account(workspace, prepared),
        new,
        reason=prepared.verdict.reason or None,
        verified=booked.verified,
        continuity=decider.continuity(account, prepared, booked),
    )
