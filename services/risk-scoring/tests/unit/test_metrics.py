"""The figures by which predictions are judged, against values worked out by hand."""

from __future__ import annotations

import pytest

from lettra_risk_scoring.training.choosing import lost
from lettra_risk_scoring.training.metrics import (
    Prediction,
    accuracy,
    auc,
    brier,
    coverage,
    days_of_error,
    gains,
    is_better,
)


def foreseen(*rows: tuple[float, bool], days: float = 0.0, actual: int = 0) -> list[Prediction]:
    return [
        Prediction(f"C{number}", probability, days, late, actual)
        for number, (probability, late) in enumerate(rows)
    ]


FOUR = foreseen((0.9, True), (0.4, True), (0.6, False), (0.1, False))


def test_accuracy_counts_above_one_half_as_late() -> None:
    assert accuracy(FOUR) == 0.5
    assert accuracy(foreseen((0.5, False))) == 1.0


def test_auc_is_how_often_late_ranks_above_in_time() -> None:
    """Of four pairs three are right: 0.9 above both, 0.4 above 0.1 and below 0.6."""
    assert auc(FOUR) == 0.75
    assert auc(foreseen((0.5, True), (0.5, False), (0.5, False))) == 0.5
    assert auc(foreseen((0.1, True), (0.9, False))) == 0.0
    assert auc(foreseen((0.9, True))) == 0.5


def test_brier_is_the_mean_squared_error() -> None:
    """0.01 + 0.36 + 0.36 + 0.01 by four."""
    assert brier(FOUR) == pytest.approx(0.185)


def test_days_of_error_have_no_sign() -> None:
    both = [*foreseen((0.5, True), days=3.0, actual=5), *foreseen((0.5, True), days=3.0, actual=-1)]
    assert days_of_error(both) == 3.0


def test_coverage_is_of_those_that_had_an_interval() -> None:
    rows = [Prediction("C1", 0.5, 0.0, True, 1, within) for within in (True, True, False, None)]
    assert coverage(rows) == pytest.approx(2 / 3)
    assert coverage(FOUR) is None


def test_gains_are_by_customer_and_the_same_for_a_seed() -> None:
    """Every item gains 0.24 in Brier score, so every draw does."""
    ours, theirs = foreseen((0.9, True), (0.1, False)), foreseen((0.5, True), (0.5, False))
    low, high = gains(ours, theirs, seed=3)["brier"]
    assert (low, high) == (pytest.approx(0.24), pytest.approx(0.24))
    assert gains(FOUR, ours + theirs, seed=3) == gains(FOUR, ours + theirs, seed=3)


def test_better_is_strictly_more_or_strictly_less() -> None:
    ours = {"accuracy": 0.8, "auc": 0.9, "brier": 0.1, "days_of_error": 5.0}
    assert is_better("accuracy", ours, {"accuracy": 0.7})
    assert not is_better("accuracy", ours, {"accuracy": 0.8})
    assert is_better("brier", ours, {"brier": 0.2})
    assert not is_better("days_of_error", ours, {"days_of_error": 5.0})


def test_a_model_must_beat_both_baselines_in_all_four_figures() -> None:
    """Guard: `lost`. One figure of one baseline as good as the model's is enough to ship the baseline."""
    weak = {"accuracy": 0.6, "auc": 0.5, "brier": 0.3, "days_of_error": 9.0}
    ours = {"accuracy": 0.8, "auc": 0.9, "brier": 0.1, "days_of_error": 5.0}
    assert lost(ours, {"always_on_time": weak, "customer_mean": weak}) == []
    as_accurate = weak | {"accuracy": 0.8}
    assert lost(ours, {"always_on_time": weak, "customer_mean": as_accurate}) == [
        ("accuracy", "customer_mean")
    ]
