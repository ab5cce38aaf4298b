"""What is at risk, the limit that is proposed, and who is too much of all sales."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import payers as say
import pytest
from payers import TODAY, ago, history

from lettra_risk_scoring.engine.exposure import (
    Concentration,
    Exposure,
    concentration,
    exposures_of,
    proposed_limit,
    sales_of,
)
from lettra_risk_scoring.engine.policy import DEFAULT, RiskClass

POCKET = ("FR01", "EUR")
FUTURE = TODAY + timedelta(days=20)


def test_drafts_open_overdue_disputed_and_credits_stand_apart() -> None:
    told = history(
        say.opened("I1", 1000, issued=ago(20), due=FUTURE),
        say.opened("I2", 400, issued=ago(60), due=ago(30)),
        say.disputed("I2", 150, known=ago(10)),
        say.opened("A1", 70, issued=ago(9), due=ago(9), kind="credit_note"),
        say.on_account(30, known=ago(5)),
        say.drafts(500, known=ago(1)),
    )
    exposure = exposures_of(told)[POCKET]
    assert exposure == Exposure(Decimal(500), Decimal(1250), Decimal(250), Decimal(150), Decimal(100))
    assert exposure.total == 1800


def test_currencies_and_entities_are_never_added() -> None:
    told = history(
        say.opened("I1", 10, issued=ago(20), due=FUTURE),
        say.opened("I2", 20, issued=ago(20), due=FUTURE, currency="USD"),
        say.opened("I3", 40, issued=ago(20), due=FUTURE, entity="DE01"),
    )
    totals = {pocket: exposure.total for pocket, exposure in exposures_of(told).items()}
    assert totals == {("DE01", "EUR"): 40, ("FR01", "EUR"): 10, ("FR01", "USD"): 20}


def test_more_credits_than_debts_are_no_exposure() -> None:
    assert exposures_of(history(say.on_account(30, known=ago(5))))[POCKET].total == 0


def test_sales_are_invoices_less_credit_notes_of_the_months() -> None:
    told = history(
        say.opened("I1", 1000, issued=ago(20), due=FUTURE),
        say.opened("A1", 70, issued=ago(9), due=ago(9), kind="credit_note"),
        say.opened("I0", 5000, issued=ago(400), due=ago(370)),
    )
    assert sales_of(told, 12) == {POCKET: Decimal(930)}


@pytest.mark.parametrize(
    ("yearly", "risk_class", "limit"),
    [
        (123_456, "A", 41_000),
        (123_456, "B", 30_000),
        (123_456, "D", 10_000),
        (123_456, "E", 0),
        (0, "C", 1_000),
        (0, "E", 0),
    ],
)
def test_the_proposed_limit_is_some_months_of_sales(yearly: int, risk_class: RiskClass, limit: int) -> None:
    """10,288 a month: 4 months 41,152; 3 months 30,864; 1 month 10,288; down to two digits."""
    assert proposed_limit(Decimal(yearly), risk_class, DEFAULT) == limit


def test_one_customer_above_half_of_sales_is_told() -> None:
    sales = {"C1": Decimal(501), "C2": Decimal(300), "C3": Decimal(199)}
    assert concentration(sales, DEFAULT) == Concentration("C1", Decimal(501), Decimal(1000), Decimal("0.501"))


def test_exactly_half_is_not_above_half() -> None:
    assert concentration({"C1": Decimal(500), "C2": Decimal(500)}, DEFAULT) is None
    assert concentration({}, DEFAULT) is None


def test_a_customer_of_credit_notes_makes_nobody_else_too_large() -> None:
    sales = {"C1": Decimal(500), "C2": Decimal(500), "C3": Decimal(-100)}
    assert concentration(sales, DEFAULT) is None
