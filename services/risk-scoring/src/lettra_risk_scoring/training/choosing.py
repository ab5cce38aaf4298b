"""Which contender is taken into use, by one rule: in all four figures better than both baselines, or the baseline.

What is judged is `chosen`: each month's predictions are those of the model that was better before, so nobody picked the
winner with the outcome in hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from lettra_risk_scoring.engine.model import Model
from lettra_risk_scoring.training.fitting import BASELINES, MODELS, Contender, NotEnoughHistory, fit
from lettra_risk_scoring.training.metrics import brier, coverage, figures, gains, is_better
from lettra_risk_scoring.training.samples import Sample, settled_before
from lettra_risk_scoring.training.walking import CHOSEN, Report, Walk, in_use, walk

FIGURES = ("accuracy", "auc", "brier", "days_of_error")
NAMES_IN_WORDS = {
    "always_on_time": "baseline: always on time",
    "customer_mean": "baseline: the customer's mean so far",
    "scorecard": "the scorecard: own delays, or the table by class",
    "logistic": "logistic regression (days: ridge)",
    "boosting": "gradient boosting",
    CHOSEN: "the better model of the months before",
}


@dataclass(frozen=True, slots=True)
class Trained:
    """The model that is taken into use, and the table that says why."""

    model: Model
    table: str


def lost(ours: Mapping[str, float], metrics: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str]]:
    """In which figure a model does not beat which baseline; none: it beats both in all."""
    return [
        (figure, baseline)
        for baseline in BASELINES
        for figure in FIGURES
        if not is_better(figure, ours, metrics[baseline])
    ]


def train(samples: Sequence[Sample], seed: int, report: Report) -> Trained:
    """Walk forward, choose, and fit the chosen one on everything settled. `NotEnoughHistory`: no month to foresee."""
    walked = walk(samples, seed, report)
    if not walked.months:
        raise NotEnoughHistory(
            f"{len(samples)} settled items leave no month to foresee; the scorecard serves until there are more"
        )
    metrics = {name: figures(predictions) for name, predictions in walked.predictions.items()}
    best = min(MODELS, key=lambda name: brier(walked.predictions[name]))
    short = lost(metrics[CHOSEN], metrics)
    used: Contender = "customer_mean" if short else best
    after = max(sample.settled_on for sample in samples) + timedelta(days=1)
    ready = in_use(
        used, fit(used, samples, after, seed), walked.residuals(used) or (0.0, 0.0), samples, seed, metrics
    )
    return Trained(ready.model, _table(walked, metrics, best, short, samples, seed))


def _table(
    walked: Walk,
    metrics: Mapping[str, Mapping[str, float]],
    best: Contender,
    short: list[tuple[str, str]],
    samples: Sequence[Sample],
    seed: int,
) -> str:
    foreseen = len(walked.predictions[best])
    before = len(settled_before(samples, walked.months[0]))
    lines = [
        f"{foreseen:,} invoices of {walked.months[0]:%Y-%m} to {walked.months[-1]:%Y-%m}, each foreseen on the"
        f" eve of its issue; {len(samples):,} settled items in all, {before:,} before the first month; seed {seed}.",
        "",
        "| foreseen by | accuracy | AUC | Brier score | days of error | inside the interval of 80 % |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_line(name, metrics[name], coverage(walked.predictions[name])) for name in NAMES_IN_WORDS),
        "",
        *_verdict(walked, best, short, seed),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, row: Mapping[str, float], inside: float | None) -> str:
    held = "·" if inside is None else f"{100 * inside:.1f} %"
    shown = (
        f"{100 * row['accuracy']:.1f} % | {row['auc']:.3f} | {row['brier']:.3f} | {row['days_of_error']:.2f}"
    )
    return f"| {NAMES_IN_WORDS[name]} | {shown} | {held} |"


def _verdict(walked: Walk, best: Contender, short: list[tuple[str, str]], seed: int) -> list[str]:
    spans = gains(walked.predictions[CHOSEN], walked.predictions["customer_mean"], seed)
    sure = "; ".join(
        f"{name.replace('_', ' ')} {low:+.4f} to {high:+.4f}" for name, (low, high) in spans.items()
    )
    gain = (
        f"Gain of {NAMES_IN_WORDS[CHOSEN]} over the customer's mean, in 95 of 100 draws of customers: {sure}."
    )
    if not short:
        return [
            f"Taken into use: {NAMES_IN_WORDS[best]}: {NAMES_IN_WORDS[CHOSEN]} beats both baselines in all four"
            " figures.",
            "",
            gain,
        ]
    where = ", ".join(
        f"{figure.replace('_', ' ')} ({NAMES_IN_WORDS[baseline]})" for figure, baseline in short
    )
    return [
        f"Taken into use: {NAMES_IN_WORDS['customer_mean']}. No model beats both baselines in all four figures:"
        f" {NAMES_IN_WORDS[CHOSEN]} falls short in {where}.",
        "",
        gain,
    ]
