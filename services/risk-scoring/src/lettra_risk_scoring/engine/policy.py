"""The rules of scoring as versioned data: what a company may set otherwise. Pure.

None of these figures is estimated from anyone's history: they are the opening assumptions of a credit manager, and
`version` stands on every score made by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

RiskClass = Literal["A", "B", "C", "D", "E"]
CLASSES: tuple[RiskClass, ...] = ("A", "B", "C", "D", "E")


@dataclass(frozen=True, slots=True)
class Delays:
    """Days from the due date to payment: one in ten pays by `early`, half by `middle`, nine in ten by `late`."""

    early: int
    middle: int
    late: int


def _floors() -> Mapping[RiskClass, int]:
    return {"A": 85, "B": 70, "C": 50, "D": 30, "E": 0}


def _delays() -> Mapping[RiskClass, Delays]:
    return {
        "A": Delays(-5, 0, 5),
        "B": Delays(-2, 4, 15),
        "C": Delays(0, 10, 30),
        "D": Delays(5, 25, 60),
        "E": Delays(15, 60, 150),
    }


def _late_of_class() -> Mapping[RiskClass, float]:
    return {"A": 0.05, "B": 0.2, "C": 0.4, "D": 0.65, "E": 0.85}


def _loss_of_age() -> tuple[tuple[int, Decimal], ...]:
    rates = ((0, "0.002"), (30, "0.005"), (60, "0.02"), (90, "0.05"), (120, "0.10"))
    return tuple((days, Decimal(rate)) for days, rate in rates)


def _loss_of_class() -> Mapping[RiskClass, Decimal]:
    factors: dict[RiskClass, str] = {"A": "0.5", "B": "0.8", "C": "1", "D": "2", "E": "4"}
    return {name: Decimal(factor) for name, factor in factors.items()}


def _limit_months() -> Mapping[RiskClass, Decimal]:
    months: dict[RiskClass, str] = {"A": "4", "B": "3", "C": "2", "D": "1", "E": "0"}
    return {name: Decimal(count) for name, count in months.items()}


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules of scoring. `loss_of_age`: days overdue up to which a rate of loss holds; beyond the last, `loss_beyond`.

    `items_min`: so many paid items make a history of its own. `block_over_limit`: blocked above so much of the limit;
    free again only at or below the limit, so that it does not flicker.
    """

    version: str = "scorecard-1"
    base_points: int = 72
    items_min: int = 5
    class_floors: Mapping[RiskClass, int] = field(default_factory=_floors)
    delays: Mapping[RiskClass, Delays] = field(default_factory=_delays)
    late_of_class: Mapping[RiskClass, float] = field(default_factory=_late_of_class)
    loss_of_age: tuple[tuple[int, Decimal], ...] = field(default_factory=_loss_of_age)
    loss_beyond: Decimal = Decimal("0.30")
    loss_insolvent: Decimal = Decimal("0.80")
    loss_of_class: Mapping[RiskClass, Decimal] = field(default_factory=_loss_of_class)
    limit_months: Mapping[RiskClass, Decimal] = field(default_factory=_limit_months)
    limit_least: Decimal = Decimal(1000)
    block_over_limit: Decimal = Decimal("1.10")
    block_overdue_days: int = 90
    concentration_above: Decimal = Decimal("0.50")

    def class_of(self, points: int) -> RiskClass:
        """The best class whose floor the points reach."""
        return next(name for name in CLASSES if points >= self.class_floors[name] or name == "E")

    def loss_rate(self, days_overdue: int) -> Decimal:
        """The share lost, in the long run, of an item so many days overdue (0 or less: not due yet)."""
        return next((rate for days, rate in self.loss_of_age if days_overdue <= days), self.loss_beyond)


DEFAULT = Policy()
