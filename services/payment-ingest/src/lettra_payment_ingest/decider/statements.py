"""Decisions on statements: to quarantine, release or dismiss one, to take a part of it, to book it after the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from lettra_events.contracts.payments import (
    StatementBooked,
    StatementDismissed,
    StatementPartTaken,
    StatementQuarantined,
    StatementReleased,
)
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.bank.checks import Verdict, check_continuity
from lettra_payment_ingest.bank.exact import shown
from lettra_payment_ingest.bank.model import Balance
from lettra_payment_ingest.decider.evolving import statement_row
from lettra_payment_ingest.decider.identities import Identities, Told
from lettra_payment_ingest.decider.lines import blocking_day, reach
from lettra_payment_ingest.domain import Account, StatementRow
from lettra_payment_ingest.preparing import Prepared


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


def quarantine_for(account: Account, prepared: Prepared, reason: str) -> StatementQuarantined:
    """The statement contradicts what is known of the account."""
    return quarantine(account, replace(prepared, verdict=Verdict("quarantined", reason)))


def contradiction(account: Account, prepared: Prepared, identities: Identities) -> str | None:
    """Why a statement cannot be true that tells again what is known, and more; None where nothing speaks against it.

    From the day after its first one to its end every day of the line is explained by balances: what is new there cannot
    change the balance. (It may be a missing statement whose entries sum to nothing, which no balance shows.)
    """
    booked = prepared.booked
    line_end, known_from = account.through_date, account.known_from
    if not booked.verified or line_end is None or known_from is None or identities.new_sum == 0:
        return None
    begins = booked.from_date or booked.first_booking_date or booked.through_date
    if begins <= known_from or not _lies_before(account, booked, line_end):
        return None
    return (
        f"the account is known through {line_end}, and {identities.new} of its transactions are not known:"
        f" together {shown(identities.new_sum)} {booked.currency}"
    )


def release(account: Account, row: StatementRow, who: str, why: str) -> StatementReleased:
    """A statement in quarantine is to be taken as it is."""
    need_quarantined(row)
    return StatementReleased(
        entity_id=account.entity_id,
        account=row.account,
        currency=row.currency,
        statement_id=row.statement_id,
        content_digest=row.content_digest,
        file_digest=row.file_digest,
        who=who,
        why=why,
    )


def dismiss(
    account: Account, row: StatementRow, waiting: Sequence[StatementRow], who: str, why: str
) -> StatementDismissed:
    """A statement in quarantine tells nothing: the line goes on over what waited behind it."""
    need_quarantined(row)
    day = row.through_date.isoformat() if row.through_date else ""
    doubtful = list(account.doubtful)
    if day in doubtful:
        doubtful.remove(day)
    reached = reach(replace(account, doubtful=tuple(doubtful)), waiting)
    return StatementDismissed(
        entity_id=account.entity_id,
        account=row.account,
        currency=row.currency,
        statement_id=row.statement_id,
        content_digest=row.content_digest,
        through_date=row.through_date,
        line=reached.line,
        who=who,
        why=why,
    )


def need_quarantined(row: StatementRow) -> None:
    """Refuse whatever is not in quarantine (any longer)."""
    if row.outcome != "quarantined":
        raise Rejected(
            "not-in-quarantine",
            f"statement {row.statement_id} of {row.account} is not in quarantine: it is {row.outcome}",
            status=409,
        )


def part_taken(account: Account, prepared: Prepared, told: Sequence[Told]) -> StatementPartTaken:
    """The record of the next transactions of a statement."""
    booked = prepared.booked
    return StatementPartTaken(
        entity_id=account.entity_id,
        account=booked.account,
        currency=booked.currency,
        statement_id=booked.statement_id,
        content_digest=booked.content_digest,
        taken_before=account.taken,
        payments=tuple(each.payment_id for each in told),
        balances=tuple(each.balance for each in told if each.balance is not None),
        file_digest=booked.file_digest,
    )


def is_taken(account: Account, prepared: Prepared) -> bool:
    """Whether no transaction is left, so that the statement can be booked."""
    return account.taken == len(prepared.statement.transactions)


def book(
    account: Account, prepared: Prepared, waiting: Sequence[StatementRow], released: bool = False
) -> StatementBooked:
    """All is taken. `waiting` are the account's verified statements that its line has not reached.

    One that was released from quarantine is unverified.
    """
    verified = prepared.booked.verified and not released
    booked = prepared.booked.model_copy(
        update={"entity_id": account.entity_id, "verified": verified, "released": released}
    )
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
