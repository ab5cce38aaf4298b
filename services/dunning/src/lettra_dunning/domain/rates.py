"""Interest rates held as data: by the half-year whose first day fixes them; none is ever guessed. Pure.

Late interest follows the rate of the European Central Bank in force on 1 January for the first half-year, on 1 July
for the second (C. com. art. L441-10, II). The legal rate (taux de l'intérêt légal) is set anew for each half-year by
decree (C. mon. fin. art. L313-2, D313-1-A); here it is that of creditors who act for their business.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise

ECB = "main refinancing rate of the ECB"
LEGAL = "legal interest rate"
LINES_MAX = 10_000
PERCENT_MAX = Decimal(100)


class MissingRate(LookupError):
    """A rate that is needed is not known; the message says which one, of which half-year."""


class UnreadableRates(ValueError):
    """Rates that cannot be read; the message names the line."""


@dataclass(frozen=True, slots=True, order=True)
class HalfYear:
    """Half 1 is January to June, half 2 July to December; written 2024-H2."""

    year: int
    half: int

    def __post_init__(self) -> None:
        if self.half not in (1, 2):
            raise ValueError(f"a year has halves 1 and 2, not {self.half}")

    @staticmethod
    def of(day: date) -> HalfYear:
        return HalfYear(day.year, 1 if day.month <= 6 else 2)

    @staticmethod
    def read(text: str) -> HalfYear:
        """As it is written; ValueError otherwise."""
        if re.fullmatch(r"\d{4}-H[12]", text) is None:
            raise ValueError(f"{text!r} is no half-year: write 2024-H2")
        return HalfYear(int(text[:4]), int(text[-1]))

    @property
    def first_day(self) -> date:
        return date(self.year, 1 if self.half == 1 else 7, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 6, 30) if self.half == 1 else date(self.year, 12, 31)

    def next(self) -> HalfYear:
        return HalfYear(self.year, 2) if self.half == 1 else HalfYear(self.year + 1, 1)

    def __str__(self) -> str:
        return f"{self.year}-H{self.half}"


def half_years(first: date, last: date) -> Iterator[tuple[HalfYear, date, date]]:
    """The half-years from one day to another, both included, each with the days that lie in it."""
    while first <= last:
        half = HalfYear.of(first)
        end = min(half.last_day, last)
        yield half, first, end
        first = end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """From this day on the rate is so many per cent; None: from then on there was no such rate."""

    effective_from: date
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class RateTable:
    """One rate: the changes that are known until `known_until`, and what a person entered for single half-years.

    What was entered counts before what follows from the changes.
    """

    name: str
    changes: tuple[Change, ...] = ()
    known_until: date | None = None
    entered: Mapping[HalfYear, Decimal] = field(default_factory=dict)

    def percent(self, half: HalfYear) -> Decimal:
        """The rate of the whole half-year, fixed on its first day; `MissingRate` where that is not known."""
        if half in self.entered:
            return self.entered[half]
        day = half.first_day
        place = bisect_right([change.effective_from for change in self.changes], day)
        if self.known_until is None or day > self.known_until or place == 0:
            raise self._missing(half, "nobody entered it")
        found = self.changes[place - 1]
        if found.percent is None:
            raise self._missing(half, f"there was none from {found.effective_from} on")
        return found.percent

    def with_entered(self, half: HalfYear, percent: Decimal) -> RateTable:
        """The table with the rate of one more half-year, or another one for it; ValueError: it cannot be a rate."""
        if not percent.is_finite() or not 0 <= percent <= PERCENT_MAX:
            raise ValueError(f"{percent} is no rate in per cent a year: 0 to {PERCENT_MAX}")
        return RateTable(self.name, self.changes, self.known_until, {**self.entered, half: percent})

    def _missing(self, half: HalfYear, why: str) -> MissingRate:
        return MissingRate(
            f"the {self.name} on {half.first_day}, for {half}, is not known: {why}; enter it before interest of that"
            " half-year is computed"
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Both rates that late interest asks for."""

    ecb: RateTable
    legal: RateTable


def read_ecb_rates(text: str, known_until: date | None = None) -> RateTable:
    """The table of a CSV file `effective_from,rate_percent`; an empty rate says that there was none from then on.

    `known_until`: until when whoever made the file would have seen a change; without it, only until its last line,
    for a file of changes does not say how long the last one held. `UnreadableRates` names the line.
    """
    rows = list(csv.reader(text.splitlines()))
    if not rows or [cell.strip() for cell in rows[0]] != ["effective_from", "rate_percent"]:
        raise UnreadableRates("line 1: the columns are effective_from,rate_percent")
    if len(rows) > LINES_MAX:
        raise UnreadableRates(f"line {LINES_MAX}: a table of rates has fewer lines")
    changes = tuple(_change(row, number) for number, row in enumerate(rows[1:], start=2) if row)
    _check_order(changes)
    last = changes[-1].effective_from if changes else None
    if known_until is not None and last is not None and known_until < last:
        raise UnreadableRates(f"the file knows {last}, which is after {known_until}")
    return RateTable(ECB, changes, known_until or last)


def _change(row: Sequence[str], number: int) -> Change:
    if len(row) != 2:
        raise UnreadableRates(f"line {number}: two columns are wanted, {len(row)} are there")
    day, percent = (cell.strip() for cell in row)
    try:
        return Change(date.fromisoformat(day), _percent(percent) if percent else None)
    except (ValueError, InvalidOperation):
        raise UnreadableRates(
            f"line {number}: {','.join(row)!r} is no date with a rate in per cent"
        ) from None


def _percent(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or not 0 <= value <= PERCENT_MAX:
        raise ValueError(text)
    return value


def _check_order(changes: Sequence[Change]) -> None:
    for number, (before, after) in enumerate(pairwise(changes), start=3):
        if after.effective_from <= before.effective_from:
            raise UnreadableRates(
                f"line {number}: {after.effective_from} does not follow {before.effective_from}"
            )
