"""How good predictions were. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 2_000


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was predicted for an item, and what came. `within`: None while there was no interval to hold."""

    customer_id: str
    probability: float
    days: float
    late: bool
    actual_days: int
    within: bool | None = None


def accuracy(predictions: Sequence[Prediction]) -> float:
    """The share of items called rightly late (above one half) or in time."""
    return sum((each.probability > 0.5) == each.late for each in predictions) / len(predictions)


def auc(predictions: Sequence[Prediction]) -> float:
    """How often a late item has a higher probability than one in time; ties count by half. 0.5 if all are alike."""
    ranked = sorted(predictions, key=lambda each: each.probability)
    late = sum(each.late for each in ranked)
    if late in (0, len(ranked)):
        return 0.5
    ranks, start = 0.0, 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end].probability == ranked[start].probability:
            end += 1
        ranks += (start + 1 + end) / 2 * sum(each.late for each in ranked[start:end])
        start = end
    return (ranks - late * (late + 1) / 2) / (late * (len(ranked) - late))


def brier(predictions: Sequence[Prediction]) -> float:
    """The mean squared error of the probability."""
    return sum(_brier(each) for each in predictions) / len(predictions)


def days_of_error(predictions: Sequence[Prediction]) -> float:
    """The mean of the days between the predicted and the actual day of payment."""
    return sum(_days(each) for each in predictions) / len(predictions)


def coverage(predictions: Sequence[Prediction]) -> float | None:
    """The share of payments inside their interval; None where there was none."""
    held = [each.within for each in predictions if each.within is not None]
    return sum(held) / len(held) if held else None


def figures(predictions: Sequence[Prediction]) -> dict[str, float]:
    return {
        "accuracy": round(accuracy(predictions), 4),
        "auc": round(auc(predictions), 4),
        "brier": round(brier(predictions), 4),
        "days_of_error": round(days_of_error(predictions), 3),
    }


def is_better(figure: str, ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    """More accuracy and AUC, less Brier score and days of error."""
    more_is_better = figure in {"accuracy", "auc"}
    return ours[figure] > theirs[figure] if more_is_better else ours[figure] < theirs[figure]


def _brier(each: Prediction) -> float:
    return (each.probability - each.late) ** 2


def _days(each: Prediction) -> float:
    return abs(each.days - each.actual_days)


def gains(
    ours: Sequence[Prediction], theirs: Sequence[Prediction], seed: int
) -> dict[str, tuple[float, float]]:
    """Between which bounds the gain in Brier score and days of error lies, 95 of 100 times (above 0: ours is better).

    Customers are drawn again with replacement, for invoices of one customer are alike.
    """
    sums: dict[str, list[float]] = {}
    for our, their in zip(ours, theirs, strict=True):
        row = sums.setdefault(our.customer_id, [0.0, 0.0, 0.0])
        row[0] += 1
        row[1] += _brier(their) - _brier(our)
        row[2] += _days(their) - _days(our)
    rows = [sums[name] for name in sorted(sums)]
    chance = random.Random(seed)  # noqa: S311 - resampling, no secret
    drawn = [
        [sum(column) for column in zip(*chance.choices(rows, k=len(rows)), strict=True)]
        for _ in range(ROUNDS)
    ]
    return {
        name: _middle(sorted(row[place] / row[0] for row in drawn))
        for place, name in ((1, "brier"), (2, "days_of_error"))
    }


def _middle(ascending: Sequence[float]) -> tuple[float, float]:
    return ascending[len(ascending) * 25 // 1000], ascending[len(ascending) * 975 // 1000 - 1]
