"""Business days by country, bank days of TARGET, and the moments at which a customer may be written to. Pure.

Holidays are those of the pinned release of `holidays`: a later release may know others, so a decision records the
moment that it found, and no replay looks for it again.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

ONE_DAY = timedelta(days=1)
SEARCH_DAYS_MAX = 60
"""No country rests longer than this; whoever looks further has a calendar that is wrong."""
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nobody is disturbed: from `start` until before `end`, over midnight if it is later.

    Equal times: no hour is quiet.
    """

    start: time
    end: time

    def cover(self, at: time) -> bool:
        """Whether this local time is quiet."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


NO_QUIET_HOURS = QuietHours(time(0), time(0))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer is: ISO 3166-1 country, part of it with holidays of its own (FR: `57`), IANA time zone."""

    country: str
    time_zone: str
    part: str | None = None


@lru_cache(maxsize=256)
def _holidays(country: str, part: str | None) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(country, subdiv=part)
    except NotImplementedError:
        return None


@lru_cache(maxsize=1)
def _target() -> holidays.HolidayBase:
    return holidays.financial_holidays("XECB")


def knows_holidays(country: str, part: str | None = None) -> bool:
    """Whether the holidays of this country, and of this part of it, are known."""
    return _holidays(country, part) is not None


@lru_cache(maxsize=65_536)
def is_business_day(day: date, country: str, part: str | None = None) -> bool:
    """Whether people work there on that day; where no holidays are known, from Monday to Friday."""
    known = _holidays(country, part)
    return day.weekday() <= FRIDAY if known is None else known.is_working_day(day)


@lru_cache(maxsize=8_192)
def is_bank_day(day: date) -> bool:
    """Whether euro payments are booked on it: a day on which TARGET is open."""
    return _target().is_working_day(day)


@lru_cache(maxsize=8_192)
def bank_days_back(day: date, count: int) -> date:
    """The bank day that is `count` bank days before the last one not after `day`; 0: that one itself."""
    found = day
    while not is_bank_day(found):
        found -= ONE_DAY
    for _ in range(count):
        found -= ONE_DAY
        while not is_bank_day(found):
            found -= ONE_DAY
    return found


def bank_days_on(day: date, count: int) -> date:
    """The day that lies `count` bank days after `day`; 0: the day itself, whether or not banks are open."""
    found = day
    for _ in range(count):
        found += ONE_DAY
        while not is_bank_day(found):
            found += ONE_DAY
    return found


@lru_cache(maxsize=65_536)
def next_allowed(moment: datetime, place: Place, quiet: QuietHours, business_days_only: bool) -> datetime:
    """The first moment from `moment` on at which the customer may be written to, in UTC.

    `moment` has a time zone. A local time that the clock leaves out in spring counts as it is shown afterwards; of one
    that comes twice in autumn the first is meant. ValueError: no day within 60 is a business day.
    """
    zone = ZoneInfo(place.time_zone)
    if _allowed(moment.astimezone(zone), place, quiet, business_days_only):
        return moment.astimezone(UTC)
    for candidate in _openings(moment.astimezone(zone).date(), zone, quiet):
        if candidate >= moment and _allowed(candidate.astimezone(zone), place, quiet, business_days_only):
            return candidate
    raise ValueError(f"no business day in {place.country} within {SEARCH_DAYS_MAX} days of {moment.date()}")


def _allowed(local: datetime, place: Place, quiet: QuietHours, business_days_only: bool) -> bool:
    if quiet.cover(local.time()):
        return False
    return not business_days_only or is_business_day(local.date(), place.country, place.part)


def _openings(first: date, zone: ZoneInfo, quiet: QuietHours) -> Iterator[datetime]:
    """The moments at which it may become allowed, in UTC: midnight, and the end of the quiet hours."""
    for offset in range(SEARCH_DAYS_MAX):
        day = first + offset * ONE_DAY
        for at in sorted({time(0), quiet.end}):
            yield datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def after_close(business_date: date, place: Place, quiet: QuietHours, business_days_only: bool) -> datetime:
    """When what was decided at the close of a business date may go out, in UTC: no earlier than the next local day."""
    midnight = datetime.combine(business_date + ONE_DAY, time(0), tzinfo=ZoneInfo(place.time_zone))
    return next_allowed(midnight.astimezone(UTC), place, quiet, business_days_only)


def local_date(moment: datetime, place: Place) -> date:
    """The customer's own date at that moment."""
    return moment.astimezone(ZoneInfo(place.time_zone)).date()


def day_of_month(year: int, month: int, day: int) -> date:
    """This day of the month, or its last one where it has fewer: 29 February only every fourth year."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def months_on(day: date, count: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + count, 12)
    return day_of_month(day.year + years, month + 1, day.day)


def is_time_zone(name: str) -> bool:
    """Whether this is the name of an IANA time zone, such as Europe/Paris."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True
