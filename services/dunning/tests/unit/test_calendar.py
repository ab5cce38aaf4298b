"""Business days, bank days, and the next moment at which a customer may be written to."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from dunning_stories import PARIS

from lettra_dunning.domain.calendar import (
    NO_QUIET_HOURS,
    Place,
    QuietHours,
    after_close,
    bank_days_back,
    bank_days_on,
    day_of_month,
    is_bank_day,
    is_business_day,
    is_time_zone,
    local_date,
    months_on,
    next_allowed,
)

NIGHT = QuietHours(time(18, 30), time(8, 30))


def utc(day: int, hour: int, minute: int = 0, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "country", "part", "works"),
    [
        (date(2026, 7, 14), "FR", None, False),
        (date(2026, 7, 14), "DE", None, True),
        (date(2026, 5, 25), "FR", None, False),
        (date(2026, 12, 26), "FR", None, False),
        (date(2025, 12, 26), "FR", None, True),
        (date(2025, 12, 26), "FR", "57", False),
        (date(2024, 2, 29), "FR", None, True),
        (date(2026, 3, 7), "FR", None, False),
        (date(2026, 3, 9), "KP", None, True),
        (date(2026, 3, 7), "KP", None, False),
    ],
)
def test_business_days_are_those_of_the_country(
    day: date, country: str, part: str | None, works: bool
) -> None:
    """Guard: the holidays; Moselle has the second day of Christmas; where none are known, Monday to Friday."""
    assert is_business_day(day, country, part) is works


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 4, 3), False),
        (date(2026, 4, 6), False),
        (date(2026, 5, 1), False),
        (date(2026, 5, 8), True),
        (date(2026, 12, 25), False),
        (date(2025, 12, 26), False),
        (date(2026, 7, 14), True),
    ],
)
def test_banks_follow_target_and_not_the_country(day: date, is_open: bool) -> None:
    assert is_bank_day(day) is is_open


def test_bank_days_are_counted_over_holidays_and_the_end_of_the_year() -> None:
    assert bank_days_back(date(2026, 4, 7), 1) == date(2026, 4, 2)
    assert bank_days_back(date(2026, 4, 5), 0) == date(2026, 4, 2)
    assert bank_days_back(date(2026, 1, 2), 1) == date(2025, 12, 31)
    assert bank_days_on(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert bank_days_on(date(2026, 4, 4), 0) == date(2026, 4, 4)
    assert bank_days_on(date(2024, 2, 28), 1) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("quiet", "at", "is_quiet"),
    [
        (NIGHT, time(18, 29), False),
        (NIGHT, time(18, 30), True),
        (NIGHT, time(0), True),
        (NIGHT, time(8, 29, 59), True),
        (NIGHT, time(8, 30), False),
        (QuietHours(time(12), time(14)), time(13), True),
        (QuietHours(time(12), time(14)), time(14), False),
        (QuietHours(time(12), time(14)), time(11, 59), False),
        (NO_QUIET_HOURS, time(0), False),
    ],
)
def test_quiet_hours_begin_with_their_start_and_end_before_their_end(
    quiet: QuietHours, at: time, is_quiet: bool
) -> None:
    assert quiet.cover(at) is is_quiet


def test_a_moment_that_is_allowed_is_its_own_next_one() -> None:
    assert next_allowed(utc(9, 10, 17), PARIS, NIGHT, True) == utc(9, 10, 17)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Evening: the next morning; Friday evening and Saturday noon: Monday. Paris is an hour ahead in winter.
        (utc(10, 17, 30), utc(11, 7, 30)),
        (utc(10, 3), utc(10, 7, 30)),
        (utc(13, 20), utc(16, 7, 30)),
        (utc(14, 11), utc(16, 7, 30)),
        # The clock goes forward on 29 March, and back on 25 October.
        (utc(27, 20), utc(30, 6, 30)),
        (utc(23, 20, month=10), utc(26, 7, 30, month=10)),
        # Good Friday is no holiday in France, Easter Monday is.
        (utc(2, 20, month=4), utc(3, 6, 30, month=4)),
        (utc(3, 20, month=4), utc(7, 6, 30, month=4)),
        # New Year's Eve in the evening, in 2025; 29 February in 2024, a Thursday.
        (utc(31, 20, month=12, year=2025), utc(2, 7, 30, month=1)),
        (utc(28, 20, month=2, year=2024), utc(29, 7, 30, month=2, year=2024)),
    ],
)
def test_the_next_allowed_moment(moment: datetime, expected: datetime) -> None:
    """Guard: next_allowed, in the customer's own time."""
    assert next_allowed(moment, PARIS, NIGHT, True) == expected


def test_on_any_day_where_the_policy_says_so() -> None:
    assert next_allowed(utc(14, 11), PARIS, NIGHT, False) == utc(14, 11)
    assert next_allowed(utc(13, 20), PARIS, NIGHT, False) == utc(14, 7, 30)


def test_an_hour_that_the_clock_leaves_out_is_as_it_is_shown_afterwards() -> None:
    """On 29 March 2026 there is no 02:30 in Paris: quiet until then means until 03:30 summer time."""
    quiet = QuietHours(time(22), time(2, 30))
    assert next_allowed(utc(28, 23), PARIS, quiet, False) == utc(29, 1, 30)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    """On 25 October 2026 it is 02:30 in Paris at 00:30 and again at 01:30 UTC."""
    quiet = QuietHours(time(22), time(2, 30))
    assert next_allowed(utc(24, 22, month=10), PARIS, quiet, False) == utc(25, 0, 30, month=10)


def test_quiet_hours_at_noon_let_go_after_lunch() -> None:
    lunch = QuietHours(time(12), time(14))
    assert next_allowed(utc(10, 11, 30), PARIS, lunch, True) == utc(10, 13)
    assert next_allowed(utc(7, 11, 30), PARIS, lunch, True) == utc(8, 23)


def test_what_is_decided_at_the_close_of_a_day_goes_out_no_earlier_than_the_next_one() -> None:
    """Guard: after_close; Auckland's next day begins while it is noon of the same day in London."""
    assert after_close(date(2026, 3, 10), PARIS, NO_QUIET_HOURS, True) == utc(10, 23)
    auckland = Place("NZ", "Pacific/Auckland")
    moment = after_close(date(2026, 3, 10), auckland, NIGHT, True)
    assert (moment, local_date(moment, auckland)) == (utc(10, 19, 30), date(2026, 3, 11))


def test_a_month_has_as_many_days_as_it_has() -> None:
    assert day_of_month(2024, 2, 31) == date(2024, 2, 29)
    assert day_of_month(2026, 2, 31) == date(2026, 2, 28)
    assert months_on(date(2025, 12, 31), 2) == date(2026, 2, 28)
    assert months_on(date(2023, 12, 31), 2) == date(2024, 2, 29)
    assert months_on(date(2026, 11, 15), 2) == date(2027, 1, 15)


def test_a_time_zone_is_known_by_its_name() -> None:
    assert is_time_zone("Indian/Reunion")
    assert not is_time_zone("Europe/Nowhere")
    assert not is_time_zone("../etc/passwd")
    assert not is_time_zone("")
