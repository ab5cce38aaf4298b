"""The cash forecast by week, of what is open and not in dispute. Pure.

Of each item a quarter is expected at the earliest day, half on the expected day, a quarter at the latest, less its
expected loss. Nothing is lost or invented: weeks + later + lost + disputed = what is open, per currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lettra_risk_scoring.engine.expecting import Expectation
from lettra_risk_scoring.engine.losses import to_minor_unit
from lettra_risk_scoring.engine.periods import monday_of

ZERO = Decimal(0)
WEEKS_MAX = 53


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An open item; `lost` of its undisputed part is not expected to come. No expectation: all of it is disputed."""

    currency: str
    undisputed: Decimal
    disputed: Decimal
    lost: Decimal
    expectation: Expectation | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cash expected in one currency: `weeks` by their Mondays, the first is today's; `later`: beyond the last week."""

    currency: str
    weeks: tuple[tuple[date, Decimal], ...]
    later: Decimal
    lost: Decimal
    disputed: Decimal


def forecast(items: Iterable[Foreseen], today: date, weeks: int) -> tuple[Forecast, ...]:
    """By currency in their order, for so many weeks (1 to 53, else ValueError)."""
    if not 1 <= weeks <= WEEKS_MAX:
        raise ValueError(f"a forecast has 1 to {WEEKS_MAX} weeks, not {weeks}")
    by_currency: dict[str, list[Foreseen]] = {}
    for item in items:
        by_currency.setdefault(item.currency, []).append(item)
    return tuple(_of(currency, by_currency[currency], today, weeks) for currency in sorted(by_currency))


def _of(currency: str, items: list[Foreseen], today: date, weeks: int) -> Forecast:
    first = monday_of(today)
    sums = {first + timedelta(weeks=week): ZERO for week in range(weeks)}
    later = ZERO
    for item in items:
        what = item.expectation
        if what is None:
            continue
        coming = item.undisputed - item.lost
        quarter = to_minor_unit(coming / 4, currency)
        parts = (quarter, coming - 2 * quarter, quarter)
        for day, part in zip((what.earliest, what.expected_on, what.latest), parts, strict=True):
            monday = monday_of(day)
            if monday in sums:
                sums[monday] += part
            else:
                later += part
    lost = sum((item.lost for item in items), ZERO)
    return Forecast(currency, tuple(sums.items()), later, lost, sum((item.disputed for item in items), ZERO))
