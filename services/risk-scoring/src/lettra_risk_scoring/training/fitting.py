"""Fitting a contender with scikit-learn, and taking from it the numbers that scoring needs.

The library is imported here, inside the functions, and nowhere else: it takes seconds, and no request waits for it.
One thread and a seed: the same samples give the same model with the same pinned libraries on the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any, Literal

from lettra_risk_scoring.engine.features import NAMES
from lettra_risk_scoring.engine.model import Answer, CustomerMean, Linear, Tree, Trees
from lettra_risk_scoring.training.samples import Sample, must_be_settled_before

Contender = Literal["always_on_time", "customer_mean", "scorecard", "logistic", "boosting"]
BASELINES: tuple[Contender, ...] = ("always_on_time", "customer_mean")
UNTRAINED: tuple[Contender, ...] = ("always_on_time", "scorecard")
MODELS: tuple[Contender, ...] = ("logistic", "boosting")
SAMPLES_MIN = 200
EACH_MIN = 30
_GROWTH = {
    "n_estimators": 100,
    "max_depth": 2,
    "learning_rate": 0.05,
    "subsample": 0.7,
    "min_samples_leaf": 20,
}
_INVERSE_PENALTY = 0.3
_RIDGE_PENALTY = 10.0


class NotEnoughHistory(ValueError):
    """Says how much more is needed."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What answers whether an item is paid late, and on which day."""

    late: Answer
    days: Answer


def is_enough(samples: Sequence[Sample]) -> bool:
    late = sum(sample.late for sample in samples)
    return len(samples) >= SAMPLES_MIN and min(late, len(samples) - late) >= EACH_MIN


def fit(contender: Contender, samples: Sequence[Sample], before: date, seed: int) -> Fitted:
    """A contender that knows what was settled before that day. `SeesLater`: a sample was settled later."""
    must_be_settled_before(samples, before)
    if not is_enough(samples):
        raise NotEnoughHistory(
            f"{len(samples)} items settled before {before} do not make a model: {SAMPLES_MIN} are needed,"
            f" {EACH_MIN} of them late and {EACH_MIN} in time"
        )
    if contender == "customer_mean":
        count = len(samples)
        return Fitted(
            CustomerMean(overall=sum(sample.late for sample in samples) / count),
            CustomerMean(overall=sum(sample.days for sample in samples) / count),
        )
    if contender in UNTRAINED:
        raise ValueError(f"{contender} learns nothing")
    return _with_library(contender, samples, seed)


def _with_library(contender: Contender, samples: Sequence[Sample], seed: int) -> Fitted:
    from threadpoolctl import threadpool_limits

    values = [list(sample.features.values) for sample in samples]
    late = [sample.late for sample in samples]
    days = [sample.days for sample in samples]
    with threadpool_limits(1):
        if contender == "logistic":
            return Fitted(_logistic(values, late, seed), _ridge(values, days))
        return Fitted(_grown_for_late(values, late, seed), _grown_for_days(values, days, seed))


def _logistic(values: list[list[float]], late: list[bool], seed: int) -> Linear:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1_000, random_state=seed)
    model.fit(scaler.transform(values), late)
    return _linear(scaler, model.coef_[0], float(model.intercept_[0]))


def _ridge(values: list[list[float]], days: list[int]) -> Linear:
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    model = Ridge(_RIDGE_PENALTY).fit(scaler.transform(values), days)
    return _linear(scaler, model.coef_, float(model.intercept_))


def _linear(scaler: Any, weights: Any, intercept: float) -> Linear:
    return Linear(
        intercept=intercept,
        weights=tuple(map(float, weights)),
        means=tuple(map(float, scaler.mean_)),
        scales=tuple(map(float, scaler.scale_)),
    )


def _grown_for_late(values: list[list[float]], late: list[bool], seed: int) -> Trees:
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(random_state=seed, **_GROWTH).fit(values, late)
    share = sum(late) / len(late)
    return _trees(model, log(share / (1 - share)))


def _grown_for_days(values: list[list[float]], days: list[int], seed: int) -> Trees:
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(loss="absolute_error", random_state=seed, **_GROWTH).fit(values, days)
    return _trees(model, float(model.init_.constant_[0][0]))


def _trees(model: Any, base: float) -> Trees:
    assert model.n_features_in_ == len(NAMES)
    return Trees(
        base=base,
        rate=float(model.learning_rate),
        trees=tuple(_tree(each.tree_) for each in model.estimators_[:, 0]),
    )


def _tree(grown: Any) -> Tree:
    return Tree(
        feature=tuple(map(int, grown.feature)),
        threshold=tuple(map(float, grown.threshold)),
        left=tuple(map(int, grown.children_left)),
        right=tuple(map(int, grown.children_right)),
        value=tuple(float(value) for value in grown.value[:, 0, 0]),
    )
