"""Quiet hours: when nobody is written to or called, by the clock of the customer's place. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lettra_notifications.domain.values import Channel

_DAYS_MAX = 30
_SUNDAY = 6


@dataclass(frozen=True)
class QuietHours:
    """Messages of `channels` leave from `begins` to `ends` of a day that is no Sunday and none of `holidays`."""

    zone: ZoneInfo
    begins: time = time(8, 0)
    ends: time = time(19, 0)
    channels: frozenset[Channel] = frozenset({"email", "sms", "call"})
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.begins >= self.ends:
            raise ValueError("the hours in which messages leave begin before they end, on one day")

    def quiet_until(self, channel: Channel, now: datetime) -> datetime | None:
        """When messages of the channel leave again, in UTC; None: now. Exact where clocks change."""
        if channel not in self.channels:
            return None
        here = now.astimezone(self.zone)
        if self._is_a_day(here.date()) and self.begins <= here.time() < self.ends:
            return None
        day = here.date() if here.time() < self.begins else here.date() + timedelta(days=1)
        for _ in range(_DAYS_MAX):
            if self._is_a_day(day):
                return datetime.combine(day, self.begins, self.zone).astimezone(UTC)
            day += timedelta(days=1)
        raise ValueError(f"no day of {_DAYS_MAX} is one on which messages leave")

    def _is_a_day(self, day: date) -> bool:
        return day.weekday() != _SUNDAY and day not in self.holidays
