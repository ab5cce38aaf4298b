"""Key figures against the worked examples of the field."""

from __future__ import annotations

from decimal import Decimal

from lettra_risk_scoring.engine.kpis import (
    Month,
    amount_weighted_days_late,
    average_days_delinquent,
    best_possible_dso,
    collection_effectiveness,
    count_back_dso,
    dso,
)

NOVEMBER, OCTOBER, SEPTEMBER = Month(Decimal(1200), 30), Month(Decimal(800), 31), Month(Decimal(700), 30)


def test_count_back_dso_takes_months_off_backwards() -> None:
    """2,500 owed: all of November (30 days) and October (31), 500 of September's 700: 21.4 days; 82.4 in all."""
    days = count_back_dso(Decimal(2500), [NOVEMBER, OCTOBER, SEPTEMBER])
    assert days is not None
    assert round(days, 1) == Decimal("82.4")


def test_count_back_dso_ends_inside_the_first_month_or_not_at_all() -> None:
    assert count_back_dso(Decimal(600), [NOVEMBER, OCTOBER]) == 15
    assert count_back_dso(Decimal(0), [NOVEMBER]) == 0
    assert count_back_dso(Decimal(2001), [NOVEMBER, OCTOBER]) is None


def test_a_month_of_credit_notes_takes_nothing_off() -> None:
    assert count_back_dso(Decimal(1200), [Month(Decimal(-50), 31), NOVEMBER]) == 61


def test_dso_best_possible_and_the_days_between() -> None:
    """300,000 owed of which 180,000 is not due, sales of 90 days 900,000: 30, 18 and 12 days."""
    assert dso(Decimal(300_000), Decimal(900_000), 90) == 30
    assert best_possible_dso(Decimal(180_000), Decimal(900_000), 90) == 18
    assert average_days_delinquent(Decimal(300_000), Decimal(180_000), Decimal(900_000), 90) == 12


def test_collection_effectiveness() -> None:
    """100k at first, 1M of sales, 120k owed at the end, 100k of it not due: 980 of 1,000 collected: 98."""
    cei = collection_effectiveness(Decimal(100_000), Decimal(1_000_000), Decimal(120_000), Decimal(100_000))
    assert cei == 98


def test_days_late_weighted_by_amount() -> None:
    assert amount_weighted_days_late([(Decimal(900), 10), (Decimal(100), 60)]) == 15
    assert amount_weighted_days_late([(Decimal(50), -30), (Decimal(50), 10)]) == 5


def test_without_sales_there_is_no_figure() -> None:
    assert dso(Decimal(100), Decimal(0), 90) is None
    assert average_days_delinquent(Decimal(100), Decimal(50), Decimal(0), 90) is None
    assert collection_effectiveness(Decimal(0), Decimal(0), Decimal(0), Decimal(0)) is None
    assert amount_weighted_days_late([]) is None
