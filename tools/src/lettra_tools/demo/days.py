"""Business days and weeks of the demo's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

_FRIDAY = 4
_WEEK = timedelta(weeks=1)


def business_day(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > _FRIDAY else 0)


def friday_before(day: date) -> date:
    """The day itself if it is a Friday, else the last one before it."""
    return day - timedelta(days=(day.weekday() - _FRIDAY) % 7)


def fridays(first: date, last: date) -> list[date]:
    """The Fridays from the week of the first day to the last day."""
    friday = first + timedelta(days=(_FRIDAY - first.weekday()) % 7)
    return [friday + _WEEK * week for week in range((last - friday) // _WEEK + 1)]


def business_days(friday: date) -> list[date]:
    """Monday to Friday of the week that ends on a Friday."""
    return [friday - timedelta(days=before) for before in range(_FRIDAY, -1, -1)]


def month_starts(first: date, last: date) -> Iterator[date]:
    """The first day of each month from the first day's month to the last day's."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
