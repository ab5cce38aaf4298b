"""What the demo company pays itself: suppliers every week, the bank's fees every month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from lettra_tools.demo.days import business_day, fridays, month_starts
from lettra_tools.demo.model import Debit

_SUPPLIERS = ("PAPETERIE DU QUAI", "TRANSPORTS VELMONT", "ENERGIE SOLVENNE", "LOCATION BRUNARD")
_SHARE_OF_INCOME = Decimal("0.6")


def plan_debits(random: Random, first_day: date, last_day: date, income: Decimal) -> tuple[Debit, ...]:
    """The debits in the order of their booking; in all, less than what comes in."""
    made = [*_suppliers(random, first_day, last_day, income), *_fees(first_day, last_day)]
    made.sort(key=lambda debit: (debit[0], debit[2]))
    return tuple(Debit(f"DT{number:07d}", *debit) for number, debit in enumerate(made, 1))


def _suppliers(
    random: Random, first_day: date, last_day: date, income: Decimal
) -> Iterator[tuple[date, Decimal, str, str]]:
    weeks = fridays(first_day, last_day)
    a_week = int(income * _SHARE_OF_INCOME * 100) // len(weeks)
    for week, friday in enumerate(weeks, 1):
        amount = Decimal(random.randint(a_week // 2, a_week)) / 100
        if amount > 0:
            yield friday, amount, random.choice(_SUPPLIERS), f"VOS FACTURES SEMAINE {week}"


def _fees(first_day: date, last_day: date) -> Iterator[tuple[date, Decimal, str, str]]:
    for month in month_starts(first_day, last_day):
        day = business_day(month + timedelta(days=27))
        if first_day <= day <= last_day:
            yield day, Decimal("14.50"), "BANQUE DU PORT", "FRAIS DE TENUE DE COMPTE"
