"""Commands on statements: to take a part, to release one from quarantine, to dismiss it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from lettra_events.decisions.workspace import Workspace
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest import decider
from lettra_payment_ingest.domain import (
    ACCOUNTS,
    PARTS,
    STATEMENTS,
    Account,
    StatementRow,
    account_stream,
)
from lettra_payment_ingest.drafting import draft
from lettra_payment_ingest.handlers.entries import Booking, book_entries
from lettra_payment_ingest.preparing import Prepared, Report


@dataclass(frozen=True, slots=True)
class Step:
    """What one decision did to a statement; `account` as it is behind it.

    `taking`: a part of it was taken, more follows. `booked` or `quarantined`: it came to its end now; `known`: it
    had before, as `known_outcome` says. `busy`: another statement of the account, `unfinished`, is half taken.
    `new` counts the transactions of this step that nobody had told of before.
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
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a statement, worked out: `told` all of its transactions, `new` those that nobody told of before."""

    begin: int
    told: list[decider.Told]
    new: list[Booking]


class Resolved(BaseModel):
    """What a person decided on a statement in quarantine."""

    statement_id: str
    account: str
    currency: str
    content_digest: str
    outcome: Literal["released", "dismissed"]


def why_refused(workspace: Workspace, told: Prepared | Report) -> str | None:
    """Why the account takes no statement and no announcement; None where it does."""
    try:
        _account(workspace, told)
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
    released = row is not None and row.outcome == "released"
    if row is not None and not released:
        return Step("known", account, 0, row.outcome, row.reason, row.verified)
    if account.unfinished not in (None, prepared.content_digest):
        return Step("busy", account)
    if prepared.verdict.outcome == "quarantined" and not released:
        workspace.append(decider.quarantine(account, prepared))
        return Step("quarantined", _account(workspace, prepared), reason=prepared.verdict.reason)
    if memory.identities is None or memory.identities.after != account.statements:
        memory.identities = _identify(workspace, account, prepared)
        memory.part = None
    if account.unfinished is None and not released:
        reason = decider.contradiction(account, prepared, memory.identities)
        if reason is not None:
            workspace.append(decider.quarantine_for(account, prepared, reason))
            return Step("quarantined", _account(workspace, prepared), reason=reason)
    if memory.part is None or memory.part.begin != account.taken:
        memory.part = _part(account, prepared, memory.identities, size)
    return _take_part(workspace, prepared, memory.part, released)


def _part(account: Account, prepared: Prepared, identities: decider.Identities, size: int) -> Part:
    here = slice(account.taken, account.taken + size)
    told = list(identities.told[here])
    both = zip(told, prepared.statement.transactions[here], strict=True)
    new = [Booking.of(draft(t, each.payment_id, account.entity_id)) for each, t in both if each.new]
    return Part(account.taken, told, new)


def identify_ahead(workspace: Workspace, prepared: Prepared, memory: Memory) -> None:
    """Find out what is new, without deciding: of a large statement that takes its time, and can be done beside."""
    own = (prepared.account, prepared.currency)
    account = workspace.get(ACCOUNTS, *own)
    if account is not None and workspace.get(STATEMENTS, *own, prepared.content_digest) is None:
        memory.identities = _identify(workspace, account, prepared)


def release_statement(workspace: Workspace, found: StatementRow, who: str, why: str) -> Resolved:
    """A statement in quarantine is to be taken as it is."""
    account, row = _locked(workspace, found)
    event = decider.release(account, row, who, why)
    workspace.append(event)
    return _resolved(row, "released")


def dismiss_statement(workspace: Workspace, found: StatementRow, who: str, why: str) -> Resolved:
    """A statement in quarantine tells nothing."""
    account, row = _locked(workspace, found)
    event = decider.dismiss(account, row, _waiting(workspace, account), who, why)
    workspace.append(event)
    return _resolved(row, "dismissed")


def _resolved(row: StatementRow, outcome: Literal["released", "dismissed"]) -> Resolved:
    return Resolved(
        statement_id=row.statement_id,
        account=row.account,
        currency=row.currency,
        content_digest=row.content_digest,
        outcome=outcome,
    )


def _locked(workspace: Workspace, found: StatementRow) -> tuple[Account, StatementRow]:
    own = STATEMENTS.key_of(found)
    workspace.expect((ACCOUNTS, own[:2]), (STATEMENTS, own))
    account = decider.need_open(workspace.get(ACCOUNTS, *own[:2]), found.account, found.currency)
    row = workspace.get(STATEMENTS, *own)
    assert row is not None, "it was found before, and statements stay"
    return account, row


def _account(workspace: Workspace, told: Prepared | Report) -> Account:
    account = workspace.get(ACCOUNTS, told.account, told.currency)
    return decider.need_open(account, told.account, told.currency)


def _waiting(workspace: Workspace, account: Account) -> Sequence[StatementRow]:
    return workspace.find(STATEMENTS, "waiting", account_stream(account.account, account.currency))


def _identify(workspace: Workspace, account: Account, prepared: Prepared) -> decider.Identities:
    days = decider.statement_row(prepared.booked).days
    rows = workspace.find(STATEMENTS, "days", *days)
    parts = workspace.find(PARTS, "content_digest", *(row.content_digest for row in rows))
    return decider.identify_transactions(prepared.statement, account.statements, rows, parts, prepared.keep)


def _take_part(workspace: Workspace, prepared: Prepared, part: Part, released: bool) -> Step:
    account = _account(workspace, prepared)
    new = 0
    if not decider.is_taken(account, prepared):
        # The part comes first: what it still has to lock is known before any payment was decided for nothing.
        workspace.append(decider.part_taken(account, prepared, part.told))
        book_entries(workspace, account, part.new)
        new = len(part.new)
        account = _account(workspace, prepared)
    if not decider.is_taken(account, prepared):
        return Step("taking", account, new)
    booked = decider.book(account, prepared, _waiting(workspace, account), released)
    workspace.append(booked)
    return Step(
        "booked",
        _account(workspace, prepared),
        new,
        reason=prepared.verdict.reason or None,
        verified=booked.verified,
        continuity=decider.continuity(account, prepared, booked),
    )
