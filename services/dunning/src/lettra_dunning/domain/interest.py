"""Late interest (pénalités de retard): exact, segmented by half-years, additive over any split of the period. Pure.

Law: C. com. art. L441-10, II: between companies, ECB + 10 points unless the contract says otherwise, and then not
below three times the legal rate; due without a reminder from the day after the due date. A half-year has the rate of
its first day. Public buyers: ECB + 8 points, the rate of the half-year in which interest began to run, for all of it
(CCP art. L2192-13, R2192-31). Private persons: none of this. Interest stops where insolvency is opened (C. com. art.
L622-28): the day of the judgment has none any more (R621-4: a judgment takes effect from its date).

Day count: real days over 365, also in leap years, on what is open including VAT. No text says so; it is what the
administration and trade compute by (amount x rate x days late / 365). The day of payment counts, the due date does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from lettra_dunning.domain.rates import HalfYear, Rates, half_years
from lettra_events.money import exponent_of

POINTS_OF_COMPANIES = Decimal(10)
POINTS_OF_PUBLIC_BUYERS = Decimal(8)
LEGAL_RATES_AT_LEAST = 3
DAYS_OF_A_YEAR = 365
ONE_DAY = timedelta(days=1)
PenaltyKind = Literal["ecb+10", "ecb+8", "contract", "none"]


@dataclass(frozen=True, slots=True)
class Penalty:
    """What an invoice says of late interest, as in its mentions; `percent`: a year, by contract only."""

    kind: PenaltyKind
    percent: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.kind == "contract") != (self.percent is not None):
            raise ValueError("a contract has a rate, and nothing else has")


@dataclass(frozen=True, slots=True)
class AnnualRate:
    """A rate in per cent a year, and in words where it comes from."""

    percent: Decimal
    basis: str


@dataclass(frozen=True, slots=True)
class Debt:
    """An item as interest sees it. `amount`: owed at first, in its currency; `stops_on`: the first day without.

    `moves`: by how much what is open changed on each day (negative: paid), in any order. What is paid on a day bears
    interest for that day; what is open again from a day on bears it from the day after.
    """

    due_date: date
    currency: str
    amount: Decimal
    penalty: Penalty
    moves: tuple[tuple[date, Decimal], ...] = ()
    stops_on: date | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of one half-year with one principal: `first` to `last`, both included; the interest is exact."""

    first: date
    last: date
    principal: Decimal
    rate: AnnualRate

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def interest(self) -> Fraction:
        return Fraction(self.principal) * Fraction(self.rate.percent) * self.days / (100 * DAYS_OF_A_YEAR)


def annual_rate(penalty: Penalty, half: HalfYear, began: HalfYear, rates: Rates) -> AnnualRate | None:
    """The rate of a half-year for interest that began to run in `began`; None: there is none to pay."""
    if penalty.kind == "none":
        return None
    if penalty.kind == "ecb+8":
        return AnnualRate(
            rates.ecb.percent(began) + POINTS_OF_PUBLIC_BUYERS, f"ECB on {began.first_day} + 8 points"
        )
    if penalty.percent is None:
        return AnnualRate(
            rates.ecb.percent(half) + POINTS_OF_COMPANIES, f"ECB on {half.first_day} + 10 points"
        )
    least = LEGAL_RATES_AT_LEAST * rates.legal.percent(half)
    if penalty.percent < least:
        return AnnualRate(
            least, f"3 x the legal rate of {half}, for the contract's {penalty.percent} % is below it"
        )
    return AnnualRate(penalty.percent, "the contract")


def segments(debt: Debt, first: date, last: date, rates: Rates) -> tuple[Segment, ...]:
    """The interest of the days from `first` to `last`, both included, as far as they are late.

    So the segments of two periods that meet come to those of the whole: nothing is rounded here.
    """
    return tuple(_segments(debt, first, last, rates))


def _segments(debt: Debt, first: date, last: date, rates: Rates) -> Iterator[Segment]:
    begins = debt.due_date + ONE_DAY
    first = max(first, begins)
    if debt.stops_on is not None:
        last = min(last, debt.stops_on - ONE_DAY)
    began = HalfYear.of(begins)
    for half, start, end in half_years(first, last):
        rate: AnnualRate | None = None
        for start_of, end_of, principal in _principals(debt, start, end):
            if principal <= 0:
                continue
            # Asked for only where something bears interest: a rate that nobody needs need not be known.
            rate = rate or annual_rate(debt.penalty, half, began, rates)
            if rate is None:
                return
            yield Segment(start_of, end_of, principal, rate)


def _principals(debt: Debt, first: date, last: date) -> Iterator[tuple[date, date, Decimal]]:
    """What is open through each run of days without a change; what moves on a day counts from the next one on."""
    changes: dict[date, Decimal] = {}
    principal = debt.amount
    for day, change in debt.moves:
        if day < first:
            principal += change
        elif day < last:
            changes[day] = changes.get(day, Decimal(0)) + change
    start = first
    for day in sorted(changes):
        yield start, day, principal
        principal += changes[day]
        start = day + ONE_DAY
    yield start, last, principal


def total_interest(parts: Iterable[Segment]) -> Fraction:
    """Exact."""
    return sum((part.interest for part in parts), Fraction(0))


def rounded(exact: Fraction, currency: str) -> Decimal:
    """To the currency's smallest coin, half up: once, at the end."""
    unit = Decimal(1).scaleb(-exponent_of(currency))
    coins = Fraction(exact) / Fraction(unit)
    whole = (2 * coins.numerator + coins.denominator) // (2 * coins.denominator)
    return whole * unit


def was_late(debt: Debt, day: date) -> bool:
    """Whether something of it was still open after the due date, as seen at the close of a day."""
    if day <= debt.due_date:
        return False
    on_time = sum((change for when, change in debt.moves if when <= debt.due_date), Decimal(0))
    return debt.amount + on_time > 0
