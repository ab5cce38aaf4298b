"""Where a page of a list goes on."""

from __future__ import annotations

from datetime import date

from lettra_events.service.rejection import Rejected


def by_day(after: str) -> tuple[date, str]:
    """The day and the id that a page goes on behind."""
    day, _, rest = after.partition(":")
    try:
        return (date.fromisoformat(day), rest) if after else (date.min, "")
    except ValueError:
        raise Rejected("wrong-cursor", "after is the `next` of a page before", field="after") from None
