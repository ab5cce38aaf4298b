"""How a customer has paid: weighted by amount, disputes left out, by currency, within the twelve months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import payers as say
from payers import TODAY, ago, history, settled

from lettra_risk_scoring.engine.periods import months_before
from lettra_risk_scoring.engine.profile import profile_of


def test_days_late_are_weighted_by_amount() -> None:
    """900 paid 10 days late and 100 paid 60 days late: (9,000 + 6,000) / 1,000 = 15 days."""
    facts = settled("I1", 10, due=ago(100), amount=900) + settled("I2", 60, due=ago(100), amount=100)
    assert profile_of(history(*facts)).days_late_12m == Decimal("15.0")


def test_each_part_of_a_payment_counts_by_its_own_day() -> None:
    """Half on the due date, half 20 days later: 10 days."""
    profile = profile_of(
        history(
            say.opened("I1", issued=ago(130), due=ago(100)),
            say.paid("I1", 50, on=ago(100)),
            say.paid("I1", 50, on=ago(80), movement="P2:1"),
        )
    )
    assert profile.days_late_12m == Decimal("10.0")
    assert profile.on_time_share == Decimal("0.50")


def test_an_early_payment_does_not_make_up_for_a_late_one() -> None:
    facts = settled("I1", -20, due=ago(100)) + settled("I2", 20, due=ago(100))
    profile = profile_of(history(*facts))
    assert profile.days_late_12m == Decimal("10.0")
    assert profile.delays == (-20, 20)


def test_items_that_were_in_dispute_are_left_out() -> None:
    """Guard: `ever_disputed`; the dispute is over, and still the item says nothing of how the customer pays."""
    facts = [
        *settled("I1", 90, due=ago(100)),
        say.disputed("I1", 100, known=ago(95)),
        say.disputed("I1", 0, known=ago(40)),
        *settled("I2", 4, due=ago(100)),
    ]
    profile = profile_of(history(*facts))
    assert (profile.days_late_12m, profile.items_paid, profile.disputes) == (Decimal("4.0"), 1, 1)
    assert profile.delays == (4, 90), "when the next item is paid, a dispute may be part of it"


def test_six_months_twelve_months_and_the_trend() -> None:
    """Payments of the last half year 12 days late, of the half before 2: 10 days worse; older ones count no more."""
    facts = [
        *settled("I1", 12, due=ago(60)),
        *settled("I2", 2, due=ago(300)),
        *settled("I3", 300, due=ago(800)),
    ]
    profile = profile_of(history(*facts))
    assert (profile.days_late_6m, profile.days_late_12m, profile.trend) == (
        Decimal(12),
        Decimal(7),
        Decimal(10),
    )


def test_amounts_of_two_currencies_are_not_added() -> None:
    """One item of 1,000,000 JPY paid in time and three of 100 EUR paid 8 days late: (0 + 3 x 8) / 4 = 6 days."""
    facts = settled("J1", 0, due=ago(100), amount=1_000_000, currency="JPY")
    for name in ("E1", "E2", "E3"):
        facts += settled(name, 8, due=ago(100))
    assert profile_of(history(*facts)).days_late_12m == Decimal("6.0")


def test_what_is_overdue_and_open_is_not_on_time() -> None:
    facts = [*settled("I1", 0, due=ago(100), amount=300), say.opened("I2", issued=ago(90), due=ago(60))]
    profile = profile_of(history(*facts))
    assert (profile.on_time_share, profile.oldest_overdue_days) == (Decimal("0.75"), 60)


def test_incidents_of_more_than_a_year_ago_count_no_more() -> None:
    facts = [
        say.returned("P1", known=ago(400)),
        say.returned("P2", known=ago(30)),
        say.broken("B1", known=ago(400)),
        say.broken("B2", known=ago(20)),
        say.broken("B3", known=ago(10)),
    ]
    profile = profile_of(history(*facts))
    assert (profile.returns, profile.broken_promises) == (1, 2)


def test_steps_needed_are_the_highest_of_each_paid_item() -> None:
    facts = settled("I1", 30, due=ago(100)) + settled("I2", 0, due=ago(100))
    facts += [say.reminded("I1", 1, known=ago(90)), say.reminded("I1", 3, known=ago(80))]
    assert profile_of(history(*facts)).steps_needed == Decimal("1.5")


def test_nothing_is_told_of_a_customer_without_payments() -> None:
    profile = profile_of(history())
    assert (profile.days_late_12m, profile.trend, profile.on_time_share, profile.delays) == (
        None,
        None,
        None,
        (),
    )


def test_months_back_end_on_a_day_that_exists() -> None:
    assert months_before(date(2024, 8, 31), 6) == date(2024, 2, 29)
    assert months_before(date(2025, 8, 31), 6) == date(2025, 2, 28)
    assert months_before(date(2026, 1, 15), 12) == date(2025, 1, 15)
    assert months_before(TODAY, 6) == date(2025, 12, 30)
