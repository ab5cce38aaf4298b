"""When a statement is due, and when it is missing: what the close of a day says of an account's feed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from lettra_events.contracts import Event
from lettra_events.contracts.payments import FeedStale, StatementMissing
from lettra_payment_ingest.bank.exact import shown
from lettra_payment_ingest.domain import Account, StatementRow

NEVER = "none"


def look_at_feed(account: Account, waiting: Sequence[StatementRow], day: date) -> list[Event]:
    """What is to be said of the account at the close of a day: each once for the same end of its line."""
    return [*_stale(account, day), *_missing(account, waiting, day)]


def line_end(account: Account) -> str:
    """The end of the account's line, as it is remembered for what was said of it."""
    return account.through_date.isoformat() if account.through_date else NEVER


def due_by(account: Account, day: date) -> date:
    """The day by whose close the next statement should have come.

    It tells of the day that follows the end of the line by the account's cadence, or of the next business day; and it
    comes on the business day after that. Of a line that has not begun, the first day that was closed counts.
    """
    known = account.through_date or account.watched_from or day
    told = known + timedelta(days=account.cadence_days)
    while not is_business_day(told):
        told += timedelta(days=1)
    comes = told + timedelta(days=1)
    while not is_business_day(comes):
        comes += timedelta(days=1)
    return comes


def is_business_day(day: date) -> bool:
    """Whether payments are booked on it: no Saturday, no Sunday, no holiday of TARGET."""
    easter = _easter(day.year)
    holidays = (easter - timedelta(days=2), easter + timedelta(days=1))
    fixed = (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26))
    return day.weekday() < 5 and not fixed and day not in holidays


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, before = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, before + 1)


def _stale(account: Account, day: date) -> list[Event]:
    due = due_by(account, day)
    if day < due or account.stale_for == line_end(account):
        return []
    return [
        FeedStale(
            entity_id=account.entity_id,
            account=account.account,
            currency=account.currency,
            business_date=day,
            through_date=account.through_date,
            due_by=due,
        )
    ]


def _missing(account: Account, waiting: Sequence[StatementRow], day: date) -> list[Event]:
    behind = sorted(
        (row for row in waiting if _is_behind(account, row)), key=lambda r: (_begins(r), r.content_digest)
    )
    if not behind or account.missing_after == line_end(account):
        return []
    first = behind[0]
    begins = _begins(first)
    assert begins is not None
    return [
        StatementMissing(
            entity_id=account.entity_id,
            account=account.account,
            currency=account.currency,
            business_date=day,
            after=account.through_date,
            before=begins,
            reason=_difference(account, first),
        )
    ]


def _is_behind(account: Account, row: StatementRow) -> bool:
    """Whether the line has not come to the statement; those that it has passed are still among the waiting ones."""
    ends, line_ends = row.through_date, account.through_date
    return ends is not None and _begins(row) is not None and (line_ends is None or ends > line_ends)


def _begins(row: StatementRow) -> date | None:
    return row.from_date or row.first_booking_date or row.through_date


def _difference(account: Account, row: StatementRow) -> str:
    if account.closing_balance is None or row.opening_balance is None:
        return f"statement {row.statement_id} is behind a gap"
    if account.closing_balance == row.opening_balance:
        return f"between lies a statement that is unverified or in quarantine, before statement {row.statement_id}"
    difference = row.opening_balance - account.closing_balance
    return (
        f"the account closes with {shown(account.closing_balance)} {account.currency}, statement {row.statement_id}"
        f" opens with {shown(row.opening_balance)}: difference {shown(difference)}"
    )
