"""An account's line: the verified statements that follow each other without a gap, and the day that it reaches.

A statement goes on with the line where it opens with the balance that the line ends with, or where it began before
the line's end, and so tells that end again. It does not where an unverified or quarantined statement lies between:
what that one told is not known, even if the balances meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_events.contracts.payments import AccountLine
from lettra_payment_ingest.domain import Account, StatementRow


@dataclass(frozen=True, slots=True)
class Reached:
    """The line's end, null where it has not begun, and the digests of the statements that brought it there."""

    line: AccountLine | None
    through: frozenset[str]


def reach(account: Account, waiting: Iterable[StatementRow]) -> Reached:
    """How far the line goes with these verified statements, of which some may lie behind a gap."""
    end = _line(account.through_date, account.closing_balance)
    left = sorted(waiting, key=lambda row: (row.through_date or date.min, row.content_digest))
    passed: set[str] = set()
    while (row := next((r for r in left if _goes_on(account, end, r)), None)) is not None:
        left.remove(row)
        passed.add(row.content_digest)
        end = _line(row.through_date, row.closing_balance)
    return Reached(end, frozenset(passed))


def blocking_day(account: Account, end: AccountLine | None, row: StatementRow) -> str | None:
    """The first day between the line's end and the statement that is in doubt; None where there is none."""
    start = (row.from_date or row.through_date or date.min).isoformat()
    after = end.through_date.isoformat() if end else ""
    return next((day for day in account.doubtful if after < day < start), None)


def _line(through_date: date | None, balance: Decimal | None) -> AccountLine | None:
    if through_date is None or balance is None:
        return None
    return AccountLine(through_date=through_date, balance=balance)


def _goes_on(account: Account, end: AccountLine | None, row: StatementRow) -> bool:
    if row.through_date is None or blocking_day(account, end, row) is not None:
        return False
    if end is None:
        return True
    if row.through_date < end.through_date:
        return False
    return row.opening_balance == end.balance or _tells_again(row, end.through_date)


def _tells_again(row: StatementRow, day: date) -> bool:
    """Whether the statement tells a whole day that is known, and more. Period and entries must both say so: banks
    leave old dates in the one, and date the others back.
    """
    first, begins, ends = row.first_booking_date, row.from_date, row.through_date
    return first is not None and begins is not None and ends is not None and max(first, begins) < day < ends
