"""Months that a text names: `LOYER MAI 2026`, `MAY 26`, `05/2026`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "JANVIER JANV JAN JANUARY JANUAR JAENNER GENNAIO ENERO JANUARI",
            "FEVRIER FEVR FEV FEBRUARY FEB FEBRUAR FEBBRAIO FEBRERO FEBRUARI",
            "MARS MARCH MAR MARZ MAERZ MARZO MAART",
            "AVRIL AVR APRIL APR APRILE ABRIL",
            "MAI MAY MAGGIO MAYO MEI",
            "JUIN JUNE JUN JUNI GIUGNO JUNIO",
            "JUILLET JUIL JULY JUL JULI LUGLIO JULIO",
            "AOUT AUGUST AUG AGOSTO AUGUSTUS",
            "SEPTEMBRE SEPT SEPTEMBER SEP SETTEMBRE SEPTIEMBRE",
            "OCTOBRE OCT OCTOBER OKTOBER OKT OTTOBRE OCTUBRE",
            "NOVEMBRE NOV NOVEMBER NOVIEMBRE",
            "DECEMBRE DEC DECEMBER DEZEMBER DEZ DICEMBRE DICIEMBRE",
        ),
        start=1,
    )
    for name in names.split()
}
_NAMED = re.compile(
    rf"(?<![A-Z])({'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?[ /-]?((?:20)?\d\d)?(?![A-Z0-9])"
)
_WRITTEN = re.compile(r"(?<![0-9/.-])(0[1-9]|1[0-2])[/.-]((?:20)\d\d)(?![0-9/.-])")


@dataclass(frozen=True, slots=True)
class Period:
    """A month, of any year where none is named."""

    month: int
    year: int | None

    def fits(self, day: date) -> bool:
        return day.month == self.month and self.year in (None, day.year)


def periods_in(text: str) -> Iterator[Period]:
    """The months that a folded text names."""
    for found in _NAMED.finditer(text):
        yield Period(_MONTHS[found[1]], _year(found[2]))
    for found in _WRITTEN.finditer(text):
        yield Period(int(found[1]), _year(found[2]))


def _year(digits: str | None) -> int | None:
    return 2000 + int(digits) % 100 if digits else None
