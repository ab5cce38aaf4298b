"""When a business date may be closed: the same rule for every service that publishes day ticks. Pure."""

from __future__ import annotations

from datetime import date

from lettra_events.service.rejection import Rejected

DAYS_AHEAD_MAX = 366
"""A closed date cannot be opened again, so a mistyped year must not close all dates before it."""


def is_closed(business_date: date, last_closed: date | None) -> bool:
    """Whether the date is the one that was closed last. Refused: an earlier date, and one far ahead of the last."""
    if last_closed is None:
        return False
    if business_date < last_closed:
        raise _refused("day-already-closed", f"{business_date} is before {last_closed}, which is closed")
    if (business_date - last_closed).days > DAYS_AHEAD_MAX:
        raise _refused(
            "day-too-far-ahead",
            f"{business_date} is more than {DAYS_AHEAD_MAX} days after {last_closed}, the last date that was closed",
        )
    return business_date == last_closed


def _refused(kind: str, detail: str) -> Rejected:
    return Rejected(kind, detail, status=409, field="business_date")
