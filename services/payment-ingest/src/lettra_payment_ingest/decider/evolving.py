"""What own events do to the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    BankAccountClosed,
    BankAccountRegistered,
    CsvMappingRegistered,
    FeedStale,
    PaymentsDayClosed,
    StatementBooked,
    StatementDismissed,
    StatementMissing,
    StatementPartTaken,
    StatementQuarantined,
    StatementReleased,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_payment_ingest.bank.exact import plain
from lettra_payment_ingest.decider.evolving_money import evolve_money
from lettra_payment_ingest.decider.feeds import line_end
from lettra_payment_ingest.domain import (
    ACCOUNTS,
    CALENDAR,
    CALENDAR_KEY,
    NO_DAY_CLOSED,
    PARTS,
    STATEMENTS,
    Account,
    Part,
    StatementRow,
    account_stream,
    day_key,
)


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What an own event does to the state."""
    match event:
        case BankAccountRegistered():
            yield Change(ACCOUNTS, (event.account, event.currency), lambda row: _registered(event, row))
        case BankAccountClosed():
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: replace(row, closed=True))
        case CsvMappingRegistered():
            key = (event.account, event.currency)
            yield change(ACCOUNTS, key, lambda row: replace(row, mapping=event.mapping))
        case FeedStale():
            key = (event.account, event.currency)
            yield change(ACCOUNTS, key, lambda row: replace(row, stale_for=line_end(row)))
        case StatementMissing():
            key = (event.account, event.currency)
            yield change(ACCOUNTS, key, lambda row: replace(row, missing_after=line_end(row)))
        case StatementPartTaken():
            yield put(PARTS, _part(event))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _part_taken(event, row))
        case StatementBooked():
            own = (event.account, event.currency, event.content_digest)
            yield Change(STATEMENTS, own, partial(_ended, statement_row(event)))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _booked(event, row))
        case StatementQuarantined():
            yield put(STATEMENTS, _quarantined_row(event))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _quarantined(event, row))
        case StatementReleased():
            yield change(STATEMENTS, _statement_key(event), lambda row: _resolved(event, row, "released"))
        case StatementDismissed():
            yield change(STATEMENTS, _statement_key(event), lambda row: _resolved(event, row, "dismissed"))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _dismissed(event, row))
        case PaymentsDayClosed():
            yield Change(
                CALENDAR,
                (CALENDAR_KEY,),
                lambda row: replace(row or NO_DAY_CLOSED, closed_date=event.business_date),
            )
            for each in event.through_dates:
                yield change(ACCOUNTS, (each.account, each.currency), partial(_watched, event.business_date))
        case _:
            yield from evolve_money(event)


def _registered(event: BankAccountRegistered, row: Account | None) -> Account:
    if row is not None:
        watched = None if row.closed else row.watched_from
        return replace(row, cadence_days=event.cadence_days, closed=False, watched_from=watched)
    return Account(
        account=event.account,
        currency=event.currency,
        entity_id=event.entity_id,
        cadence_days=event.cadence_days,
        closed=False,
        known_from=None,
        through_date=None,
        closing_balance=None,
        doubtful=(),
        unfinished=None,
        unfinished_file=None,
        taken=0,
        statements=0,
        mapping=None,
        watched_from=None,
        stale_for=None,
        missing_after=None,
    )


def _watched(day: date, row: Account) -> Account:
    return replace(row, watched_from=row.watched_from or day)


def _ended(now: StatementRow, before: StatementRow | None) -> StatementRow:
    """A statement that was released keeps by whom."""
    return replace(now, resolved_by=before.resolved_by if before is not None else None)


def _part_taken(event: StatementPartTaken, row: Account) -> Account:
    taken = event.taken_before + len(event.payments)
    return replace(row, unfinished=event.content_digest, unfinished_file=event.file_digest, taken=taken)


def _booked(event: StatementBooked, row: Account) -> Account:
    line = event.line
    day = event.through_date.isoformat()
    # What was released from quarantine is in doubt already.
    doubtful = row.doubtful if event.verified or event.released else (*row.doubtful, day)
    return replace(
        row,
        known_from=_known_from(event, row),
        through_date=line.through_date if line else None,
        closing_balance=line.balance if line else None,
        doubtful=_behind(doubtful, line.through_date if line else None),
        unfinished=None,
        unfinished_file=None,
        taken=0,
        statements=row.statements + 1,
    )


def _known_from(event: StatementBooked, row: Account) -> date | None:
    """The first day of the line: that of its first statement, or of one that tells it again from further back."""
    if not event.on_line:
        return row.known_from
    begins = event.from_date or event.first_booking_date or event.through_date
    return min(begins, row.known_from) if row.known_from else begins


def _quarantined(event: StatementQuarantined, row: Account) -> Account:
    days = [event.through_date.isoformat()] if event.through_date else []
    doubtful = _behind((*row.doubtful, *days), row.through_date)
    return replace(row, doubtful=doubtful, statements=row.statements + 1)


def _dismissed(event: StatementDismissed, row: Account) -> Account:
    """Another statement may tell of the same day and be in doubt: the day is in `doubtful` once for each."""
    day = event.through_date.isoformat() if event.through_date else ""
    doubtful = list(row.doubtful)
    if day in doubtful:
        doubtful.remove(day)
    line = event.line
    return replace(
        row,
        through_date=line.through_date if line else None,
        closing_balance=line.balance if line else None,
        doubtful=_behind(doubtful, line.through_date if line else None),
        statements=row.statements + 1,
    )


def _statement_key(event: StatementReleased | StatementDismissed) -> tuple[str, str, str]:
    return event.account, event.currency, event.content_digest


def _resolved(event: StatementReleased | StatementDismissed, row: StatementRow, outcome: str) -> StatementRow:
    return replace(row, outcome=outcome, resolved_by=resolved_by(event.who, event.why))


def resolved_by(who: str, why: str) -> str:
    """Who decided on a statement in quarantine, and why, as its row keeps it."""
    return f"{who}: {why}"


def _behind(days: Iterable[str], line_end: date | None) -> tuple[str, ...]:
    """The days in doubt that the line has not passed."""
    return tuple(sorted(day for day in days if line_end is None or day > line_end.isoformat()))


def _part(event: StatementPartTaken) -> Part:
    return Part(
        account=event.account,
        currency=event.currency,
        content_digest=event.content_digest,
        taken_before=event.taken_before,
        payments=event.payments,
        balances=tuple(plain(balance) for balance in event.balances),
    )


def statement_row(event: StatementBooked) -> StatementRow:
    """The row of a statement that was booked."""
    return StatementRow(
        account=event.account,
        currency=event.currency,
        content_digest=event.content_digest,
        statement_id=event.statement_id,
        outcome="booked",
        reason=None,
        verified=event.verified,
        from_date=event.from_date,
        through_date=event.through_date,
        opening_balance=event.opening_balance,
        closing_balance=event.closing_balance,
        first_booking_date=event.first_booking_date,
        last_booking_date=event.last_booking_date,
        transactions=event.transactions,
        file_digest=event.file_digest,
        resolved_by=None,
        days=_days(event),
        waiting=account_stream(event.account, event.currency) if _waits(event) else None,
    )


def _waits(event: StatementBooked) -> bool:
    """Whether the account's line may still come to the statement."""
    behind = event.line is None or event.through_date >= event.line.through_date
    return event.verified and not event.on_line and behind


def _days(event: StatementBooked) -> tuple[str, ...]:
    first, last = event.first_booking_date, event.last_booking_date
    if first is None or last is None:
        return ()
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day_key(event.account, event.currency, day) for day in every)


def _quarantined_row(event: StatementQuarantined) -> StatementRow:
    return StatementRow(
        account=event.account,
        currency=event.currency,
        content_digest=event.content_digest,
        statement_id=event.statement_id,
        outcome="quarantined",
        reason=event.reason,
        verified=False,
        from_date=None,
        through_date=event.through_date,
        opening_balance=None,
        closing_balance=None,
        first_booking_date=None,
        last_booking_date=None,
        transactions=0,
        file_digest=event.file_digest,
        resolved_by=None,
        days=(),
        waiting=None,
    )
