"""Key figures of a company's receivables that are risk-scoring's to give. Pure; amounts are of one currency.

Figures are exact Decimals, to be rounded where they are shown. None: there is nothing to divide by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Month:
    """Sales of a month, taxes included as receivables are, and its number of days."""

    sales: Decimal
    days: int


def dso(receivables: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Days sales outstanding: receivables / sales of N days x N."""
    return receivables / sales * days if sales > 0 else None


def count_back_dso(receivables: Decimal, months: Iterable[Month]) -> Decimal | None:
    """Months taken off backwards from the latest, the last one pro rata.

    A month of no sales, or less, counts its days and takes nothing off. None: more is owed than all months sold.
    """
    left, days = receivables, ZERO
    if left <= 0:
        return ZERO
    for month in months:
        if month.sales >= left:
            return days + left / month.sales * month.days
        left -= max(ZERO, month.sales)
        days += month.days
    return None


def best_possible_dso(not_due: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Not yet due / sales of N days x N: the DSO if everybody paid on the due date."""
    return dso(not_due, sales, days)


def average_days_delinquent(
    receivables: Decimal, not_due: Decimal, sales: Decimal, days: int
) -> Decimal | None:
    """ADD = DSO - best possible DSO."""
    whole, best = dso(receivables, sales, days), best_possible_dso(not_due, sales, days)
    return None if whole is None or best is None else whole - best


def collection_effectiveness(
    begin: Decimal, sales: Decimal, end_total: Decimal, end_not_due: Decimal
) -> Decimal | None:
    """CEI in per cent: what was collected of what could be, between begin and end of a period."""
    collectable = begin + sales - end_not_due
    return (begin + sales - end_total) / collectable * 100 if collectable > 0 else None


def amount_weighted_days_late(payments: Sequence[tuple[Decimal, int]]) -> Decimal | None:
    """Of (amount, days from the due date to payment); a payment before the due date counts 0 days."""
    weight = sum((amount for amount, _ in payments), ZERO)
    return sum((amount * max(0, days) for amount, days in payments), ZERO) / weight if weight > 0 else None
