"""When each open item is expected to be paid, between which days, and how sure that it is late. Pure.

What answers, in this order: a trained model, for a customer with a history; the customer's own delays, those longer
than the item has waited already; the table of its class. `basis` says which it was. An expectation is always after
the history's day. The interval is meant to hold in eight of ten cases; `docs/risk-scoring.md` says where that was
looked at, and where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor

from lettra_risk_scoring.domain import Item
from lettra_risk_scoring.engine.features import Known, features_of
from lettra_risk_scoring.engine.model import Ready
from lettra_risk_scoring.engine.policy import Delays, Policy, RiskClass

OWN = "own delays"
_LONGER_MIN = 3
_PATIENCE_DAYS = 7
DAYS_MAX = 3_650
"""Nothing is expected later than ten years from its due date: a longer prediction is none."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An open item's payment: half of such items are paid by `expected_on`, eight of ten between the other two."""

    item_id: str
    expected_on: date
    earliest: date
    latest: date
    late_probability: float
    basis: str


@dataclass(frozen=True, slots=True)
class Payer:
    """What expectations need of a customer: its class, its own delays in ascending order, and what a model sees.

    `known` is there where a model is.
    """

    risk_class: RiskClass
    delays: Sequence[int]
    known: Known | None


def expect(item: Item, payer: Payer, today: date, policy: Policy, model: Ready | None) -> Expectation:
    """The expectation of an item that is open at the close of `today`."""
    age = (today - item.due_date).days
    delays, late, basis = _foreseen(item, payer, age, policy, model)
    if delays.middle <= age:
        delays = overdue_beyond(delays, age)
    early = min(max(delays.early, age + 1), delays.middle)
    return Expectation(
        item_id=item.item_id,
        expected_on=_after(item.due_date, delays.middle),
        earliest=_after(item.due_date, early),
        latest=_after(item.due_date, max(delays.late, delays.middle)),
        late_probability=1.0 if age > 0 else late,
        basis=basis,
    )


def _foreseen(
    item: Item, payer: Payer, age: int, policy: Policy, model: Ready | None
) -> tuple[Delays, float, str]:
    if model is not None and payer.known is not None and payer.known.paid >= policy.items_min:
        features = features_of(payer.known, item, among_open=True)
        days, (low, high) = model.days(features), model.model.residuals
        delays = Delays(_whole(days + low), _whole(days), _whole(days + high))
        return delays, model.late_probability(features), model.version
    own = payer.delays
    if len(own) >= policy.items_min:
        longer = [delay for delay in own if delay > age]
        if len(longer) >= _LONGER_MIN:
            return quantiles(longer), sum(1 for delay in own if delay > 0) / len(own), OWN
    table = policy.delays[payer.risk_class]
    return table, policy.late_of_class[payer.risk_class], f"class {payer.risk_class} of {policy.version}"


def quantiles(ascending: Sequence[int]) -> Delays:
    """Three delays that were seen: the next one falls below the first, and above the last, once in ten at most.

    Of n delays and one more to come, each order is as likely: so places are counted in n + 1. With fewer than nine
    delays that is more than was seen, and the first and last of them are all there is to say.
    """
    count = len(ascending)
    first, last = (count + 1) // 10 - 1, (9 * (count + 1) + 9) // 10 - 1
    return Delays(ascending[max(0, first)], ascending[(count - 1) // 2], ascending[min(count - 1, last)])


def overdue_beyond(delays: Delays, age: int) -> Delays:
    """An item that should have been paid by now is expected after as long again as it has waited too long."""
    wait = max(_PATIENCE_DAYS, age - delays.middle)
    return Delays(age + 1, age + wait, max(delays.late, age + 3 * wait))


def _whole(days: float) -> int:
    return floor(max(-DAYS_MAX, min(DAYS_MAX, days)) + 0.5)


def _after(due_date: date, days: int) -> date:
    return due_date + timedelta(days=days)
