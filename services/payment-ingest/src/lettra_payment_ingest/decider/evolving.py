"""What own events do to the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    BankAccountClosed,
    BankAccountRegistered,
    DebitBooked,
    PaymentReceived,
    PaymentsDayClosed,
    StatementBooked,
    StatementPartTaken,
    StatementQuarantined,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_payment_ingest.bank.exact import plain
from lettra_payment_ingest.domain import (
    ACCOUNTS,
    CALENDAR,
    CALENDAR_KEY,
    NO_DAY_CLOSED,
    PARTS,
    PAYMENTS,
    STATEMENTS,
    Account,
    Part,
    Payment,
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
        case PaymentReceived() | DebitBooked():
            yield put(PAYMENTS, _payment(event))
        case StatementPartTaken():
            yield put(PARTS, _part(event))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _part_taken(event, row))
        case StatementBooked():
            yield put(STATEMENTS, statement_row(event))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _booked(event, row))
        case StatementQuarantined():
            yield put(STATEMENTS, _quarantined_row(event))
            yield change(ACCOUNTS, (event.account, event.currency), lambda row: _quarantined(event, row))
        case PaymentsDayClosed():
            yield Change(
                CALENDAR,
                (CALENDAR_KEY,),
                lambda row: replace(row or NO_DAY_CLOSED, closed_date=event.business_date),
            )


def _registered(event: BankAccountRegistered, row: Account | None) -> Account:
    if row is not None:
        return replace(row, cadence_days=event.cadence_days, closed=False)
    return Account(
        account=event.account,
        currency=event.currency,
        entity_id=event.entity_id,
        cadence_days=event.cadence_days,
        closed=False,
        through_date=None,
        closing_balance=None,
        doubtful=(),
        unfinished=None,
        taken=0,
        statements=0,
    )


def _part_taken(event: StatementPartTaken, row: Account) -> Account:
    taken = event.taken_before + len(event.payments)
    return replace(row, unfinished=event.content_digest, taken=taken)


def _booked(event: StatementBooked, row: Account) -> Account:
    line = event.line
    doubtful = row.doubtful if event.verified else (*row.doubtful, event.through_date.isoformat())
    return replace(
        row,
        through_date=line.through_date if line else None,
        closing_balance=line.balance if line else None,
        doubtful=_behind(doubtful, line.through_date if line else None),
        unfinished=None,
        taken=0,
        statements=row.statements + 1,
    )


def _quarantined(event: StatementQuarantined, row: Account) -> Account:
    days = [event.through_date.isoformat()] if event.through_date else []
    doubtful = _behind((*row.doubtful, *days), row.through_date)
    return replace(row, doubtful=doubtful, statements=row.statements + 1)


def _behind(days: Iterable[str], line_end: date | None) -> tuple[str, ...]:
    """The days in doubt that the line has not passed, each once."""
    return tuple(sorted({day for day in days if line_end is None or day > line_end.isoformat()}))


def _part(event: StatementPartTaken) -> Part:
    return Part(
        account=event.account,
        currency=event.currency,
        content_digest=event.content_digest,
        taken_before=event.taken_before,
        payments=event.payments,
        balances=tuple(plain(balance) for balance in event.balances),
    )


def _payment(event: PaymentReceived | DebitBooked) -> Payment:
    direction = "credit" if isinstance(event, PaymentReceived) else "debit"
    nothing = {"method": None, "part_of": None, "payout_id": None}
    own = {"returned": Decimal(0), "detailed": False, "advice_id": None, "returns": None}
    return Payment(direction=direction, **(nothing | event.model_dump() | own))


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
        days=(),
        waiting=None,
    )
