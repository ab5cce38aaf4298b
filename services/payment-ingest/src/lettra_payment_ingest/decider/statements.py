"""Decisions on statements: to quarantine one, to take a part of one, to book it after its last transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from lettra_events.contracts.payments import StatementBooked, StatementPartTaken, StatementQuarantined
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.bank.checks import check_continuity
from lettra_payment_ingest.bank.model import Balance
from lettra_payment_ingest.decider.evolving import statement_row
from lettra_payment_ingest.decider.identities import Identities
from lettra_payment_ingest.decider.lines import blocking_day, reach
from lettra_payment_ingest.domain import Account, StatementRow
from lettra_payment_ingest.preparing import Draft, Prepared


@dataclass(frozen=True, slots=True)
class Continuity:
    """How a statement lies to the account's line.

    `ok`: it goes on with it. `earlier`: all that it tells was before the line's end. `gap`: something between is
    missing or in doubt. `unknown`: its balances are not verified.
    """

    outcome: Literal["ok", "earlier", "gap", "unknown"]
    reason: str = ""


def need_open(account: Account | None, number: str, currency: str) -> Account:
    """The account; refused if it is unknown or closed."""
    if account is None:
        raise Rejected(
            "unknown-account", f"account {number} in {currency} is not registered: register it first"
        )
    if account.closed:
        raise Rejected(
            "account-closed", f"account {number} in {currency} is closed: register it again to open it"
        )
    return account


def quarantine(account: Account, prepared: Prepared) -> StatementQuarantined:
    """The statement contradicts itself: none of it is taken."""
    booked = prepared.booked
    return StatementQuarantined(
        entity_id=account.entity_id,
        account=booked.account,
        currency=booked.currency,
        statement_id=booked.statement_id,
        reason=prepared.verdict.reason,
        file_digest=booked.file_digest,
        content_digest=booked.content_digest,
        through_date=booked.through_date,
    )


def take_part(
    account: Account, prepared: Prepared, identities: Identities, size: int
) -> tuple[list[Draft], StatementPartTaken]:
    """The next transactions of a statement: the events of the new ones, and the record of the part."""
    begin, end = account.taken, account.taken + size
    payments = identities.payments[begin:end]
    drafts = zip(prepared.drafts[begin:end], payments, identities.new[begin:end], strict=True)
    events = [
        draft.model_copy(update={"payment_id": payment, "entity_id": account.entity_id})
        for draft, payment, new in drafts
        if new
    ]
    booked = prepared.booked
    part = StatementPartTaken(
        entity_id=account.entity_id,
        account=booked.account,
        currency=booked.currency,
        statement_id=booked.statement_id,
        content_digest=booked.content_digest,
        taken_before=begin,
        payments=payments,
        balances=prepared.balances[begin:end],
        file_digest=booked.file_digest,
    )
    return events, part


def is_taken(account: Account, prepared: Prepared) -> bool:
    """Whether no transaction is left, so that the statement can be booked."""
    return account.taken == len(prepared.drafts)


def book(account: Account, prepared: Prepared, waiting: Sequence[StatementRow]) -> StatementBooked:
    """All is taken. `waiting` are the account's verified statements that its line has not reached."""
    booked = prepared.booked.model_copy(update={"entity_id": account.entity_id})
    ours = [statement_row(booked)] if booked.verified else []
    reached = reach(account, [*waiting, *ours])
    on_line = booked.content_digest in reached.through
    return booked.model_copy(update={"line": reached.line, "on_line": on_line})


def continuity(account: Account, prepared: Prepared, booked: StatementBooked) -> Continuity:
    """In words, how a statement that was booked just now lies to the line as it was before, `account`."""
    if booked.on_line:
        return Continuity("ok")
    if not booked.verified:
        return Continuity("unknown", _standing(account.through_date))
    line_end = account.through_date
    if line_end is not None and _lies_before(account, booked, line_end):
        return Continuity("earlier", f"the account is known through {line_end} already")
    blocking = blocking_day(account, booked.line, statement_row(booked))
    if blocking is not None:
        reason = f"a statement up to {blocking} is unverified or quarantined"
    else:
        reason = check_continuity(_end(account), prepared.statement).reason
    return Continuity("gap", f"{reason}; {_standing(line_end)}")


def _lies_before(account: Account, booked: StatementBooked, line_end: date) -> bool:
    """Whether the statement ends before the line does, or at the very same place, as a month does after its days."""
    if booked.through_date == line_end:
        return booked.closing_balance == account.closing_balance
    return booked.through_date < line_end


def _standing(line_end: date | None) -> str:
    return f"through_date stays at {line_end}" if line_end else "the account has no through_date yet"


def _end(account: Account) -> Balance | None:
    if account.closing_balance is None:
        return None
    return Balance("CLBD", account.through_date, account.closing_balance, account.currency)
