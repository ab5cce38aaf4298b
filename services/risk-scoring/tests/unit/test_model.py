"""A model is data: asked without the library that trained it, and refused where it is not sound."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from datetime import timedelta
from math import exp
from struct import pack, unpack
from typing import Any

import payers as say
import pytest
from payers import TODAY, ago, history, regular

from lettra_risk_scoring.engine.assessing import assess
from lettra_risk_scoring.engine.features import NAMES, Features, features_of, known_of
from lettra_risk_scoring.engine.model import (
    CustomerMean,
    Linear,
    Model,
    Ready,
    Tree,
    Trees,
    raw,
    read,
    sigmoid,
    version_of,
    written,
)
from lettra_risk_scoring.engine.policy import DEFAULT

ZEROS, ONES = (0.0,) * len(NAMES), (1.0,) * len(NAMES)
# Left of 1.5 in feature 2 is -1; right of it, feature 0 decides at 10 between 2 and 4.
STUMP = Tree(
    feature=(2, -2, 0, -2, -2),
    threshold=(1.5, -2.0, 10.0, -2.0, -2.0),
    left=(1, -1, 3, -1, -1),
    right=(2, -1, 4, -1, -1),
    value=(0.0, -1.0, 3.0, 2.0, 4.0),
)


def model(**changes: Any) -> Model:
    content: dict[str, Any] = {
        "kind": "logistic",
        "seed": 1,
        "features": NAMES,
        "window": ("2025-01-01", "2026-01-01"),
        "samples": 500,
        "metrics": {},
        "late": Linear(intercept=0.5, weights=ZEROS, means=ZEROS, scales=ONES),
        "days": Trees(base=3.0, rate=1.0, trees=(STUMP,)),
        "residuals": (-4.0, 6.0),
    }
    return Model(**(content | changes))


def ready(**changes: Any) -> Ready:
    return read(written(model(**changes)))


def seen(*values: float) -> Features:
    return Features(array("f", values), None, None)


def test_a_linear_model_is_a_weighted_sum() -> None:
    """2 + (5 - 1) / 2 x 3 = 8."""
    answer = Linear(
        intercept=2.0, weights=(3.0, *ZEROS[1:]), means=(1.0, *ZEROS[1:]), scales=(2.0, *ONES[1:])
    )
    assert raw(answer, seen(5.0, *ZEROS[1:]).values) == 8.0


@pytest.mark.parametrize(
    ("first", "third", "says"), [(0, 1.5, -1.0), (10, 1.6, 2.0), (10.5, 1.6, 4.0), (0, 1.4, -1.0)]
)
def test_a_tree_sends_a_value_at_its_threshold_to_the_left(first: float, third: float, says: float) -> None:
    answer = Trees(base=100.0, rate=0.5, trees=(STUMP, STUMP))
    assert raw(answer, seen(first, 0.0, third, *ZEROS[3:]).values) == 100 + says


def test_probabilities_stay_between_0_and_1() -> None:
    assert sigmoid(0.0) == 0.5
    assert (sigmoid(1000.0), sigmoid(-1000.0)) == (1.0, 0.0)
    assert sigmoid(2.0) == pytest.approx(1 / (1 + exp(-2)))


def test_the_customers_mean_is_its_own_where_it_has_one() -> None:
    mean = ready(kind="customer_mean", late=CustomerMean(overall=0.3), days=CustomerMean(overall=2.0))
    assert mean.late_probability(seen(*ZEROS)) == 0.3
    own = replace(seen(*ZEROS), late_share=0.75, delay_mean=-4.0)
    assert (mean.late_probability(own), mean.days(own)) == (0.75, -4.0)


def test_a_model_that_is_written_is_read_with_its_version() -> None:
    kept = ready()
    assert kept.model == model()
    assert kept.version == version_of(model().model_dump(mode="json"))
    assert kept.version.startswith("late-logistic-")
    assert ready(seed=2).version != kept.version


def test_a_model_that_was_changed_is_refused() -> None:
    """Guard: the digest in the version."""
    document = json.loads(written(model()))
    document["content"]["residuals"] = [-40.0, 60.0]
    with pytest.raises(ValueError, match="it was changed"):
        read(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"features": NAMES[1:]}, "other features"),
        ({"residuals": (3.0, -3.0)}, "wrong way round"),
        (
            {"late": {"kind": "linear", "intercept": 0.0, "weights": [1.0], "means": [0.0], "scales": [1.0]}},
            "at least",
        ),
    ],
)
def test_a_model_that_does_not_fit_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        model(**changes)


@pytest.mark.parametrize(
    "columns",
    [
        {"left": (0, -1, 3, -1, -1)},
        {"right": (9, -1, 4, -1, -1)},
        {"feature": (99, -2, 0, -2, -2)},
        {"value": (0.0,)},
    ],
)
def test_a_tree_in_which_a_walk_would_not_end_is_refused(columns: dict[str, Any]) -> None:
    """Guard: `Tree._sound`."""
    with pytest.raises(ValueError, match="tree"):
        Tree(**(STUMP.model_dump() | columns))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "x", "content": {}}', '{"version": 1}'])
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a model"):
        read(text)


def test_features_are_what_was_known_then() -> None:
    """Ten items of 100 paid 7 days late, one open of 300, due on a Saturday in eleven days.

    Guard: the rounding to 32 bits, as the library rounds before it compares with a threshold.
    """
    due = TODAY + timedelta(days=11)
    told = history(*regular(10, 7), say.opened("O1", 300, issued=ago(19), due=due))
    known = known_of(told, TODAY)
    values = dict(zip(NAMES, features_of(known, told.items["O1"], among_open=True).values, strict=True))
    assert values["amount_relative"] == 3.0
    assert values["items_paid"] == 10.0
    assert values["late_share"] == pytest.approx((10 + 0.7) / 12)
    assert values["delay_mean"] == pytest.approx(70 / 12)
    assert values["delay_mean"] == unpack("f", pack("f", 70 / 12))[0]
    assert (values["delay_recent"], values["delay_longest"], values["delay_spread"]) == (7.0, 7.0, 0.0)
    assert (values["items_open"], values["items_overdue"], values["term_days"]) == (0.0, 0.0, 30.0)
    assert (values["due_weekday"], values["due_day"]) == (5.0, 11.0)


def test_an_amount_is_compared_with_its_own_currency_only() -> None:
    """300 USD beside 100 EUR: nothing in its currency was paid yet, so it is as large as itself."""
    told = history(*regular(10, 7), say.opened("O1", 300, issued=ago(19), due=TODAY, currency="USD"))
    features = features_of(known_of(told, TODAY), told.items["O1"], among_open=True)
    assert dict(zip(NAMES, features.values, strict=True))["amount_relative"] == 1.0


def test_a_model_answers_for_a_customer_with_a_history_and_the_table_for_others() -> None:
    """Three days and 4 for the tree: expected 7 days after the due date, within 4 less and 6 more."""
    due = TODAY + timedelta(days=11)
    owed = say.opened("O1", 30_000, issued=ago(19), due=due)
    judged = assess(history(*regular(10, 2), owed), DEFAULT, ready())
    (expected,) = judged.expectations
    assert [(day - due).days for day in (expected.earliest, expected.expected_on, expected.latest)] == [
        3,
        7,
        13,
    ]
    assert expected.late_probability == sigmoid(0.5)
    assert expected.basis == ready().version
    assert judged.model_version == f"scorecard-1 {ready().version}"
    (new,) = assess(history(owed), DEFAULT, ready()).expectations
    assert new.basis == "class B of scorecard-1"
