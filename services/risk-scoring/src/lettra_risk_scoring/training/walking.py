"""Walking forward through a history: learn from what was settled before a month, foresee what is issued in it.

Each month every contender is trained anew on what had been settled when the month began, and predicts each invoice of
the month from what was known on the eve of its issue. `chosen` is the model that was better in the months before, so
that the choice too knows nothing of the month that it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from lettra_risk_scoring.engine.features import NAMES, Features
from lettra_risk_scoring.engine.model import Model, Ready
from lettra_risk_scoring.training.fitting import BASELINES, MODELS, Contender, Fitted, fit, is_enough
from lettra_risk_scoring.training.metrics import Prediction, brier
from lettra_risk_scoring.training.samples import Sample, settled_before

Residuals = tuple[float, float]
Report = Callable[[str], None]
CONTENDERS: tuple[Contender, ...] = (*BASELINES, "scorecard", *MODELS)
CHOSEN = "chosen"
_RESIDUALS_MIN = 200


@dataclass(slots=True)
class Walk:
    """Predictions by contender and `chosen`, all of the same items in the same order; the months in theirs."""

    months: list[date] = field(default_factory=list)
    predictions: dict[str, list[Prediction]] = field(default_factory=dict)

    def residuals(self, contender: str) -> Residuals | None:
        """Within which days of the prediction eight of ten payments came, so far; None: too few to tell."""
        errors = sorted(each.actual_days - each.days for each in self.predictions.get(contender, []))
        if len(errors) < _RESIDUALS_MIN:
            return None
        return errors[len(errors) // 10], errors[len(errors) * 9 // 10]

    def better_model(self) -> Contender:
        """Of the models, the one with the lower Brier score so far; the plainer one where neither was tried."""
        tried = [name for name in MODELS if self.predictions.get(name)]
        return min(tried, key=lambda name: brier(self.predictions[name]), default=MODELS[0])


def walk(samples: Sequence[Sample], seed: int, report: Report) -> Walk:
    """All months from the first that has enough before it. Empty: there is no such month."""
    walked = Walk()
    for begin, end in months_of(samples):
        past = settled_before(samples, begin)
        issued = [sample for sample in samples if begin <= sample.issued_on < end]
        if not issued or not is_enough(past):
            continue
        report(f"{begin:%Y-%m}: learns from {len(past)} items, foresees {len(issued)}")
        chosen = walked.better_model()
        foreseen = {name: _foresee(name, past, issued, begin, seed, walked) for name in CONTENDERS}
        for name, predictions in (*foreseen.items(), (CHOSEN, foreseen[chosen])):
            walked.predictions.setdefault(name, []).extend(predictions)
        walked.months.append(begin)
    return walked


def months_of(samples: Sequence[Sample]) -> Iterator[tuple[date, date]]:
    """Each month in which something was issued or lies between, as its first day and that of the next."""
    if not samples:
        return
    month = min(sample.issued_on for sample in samples).replace(day=1)
    last = max(sample.issued_on for sample in samples)
    while month <= last:
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        yield month, following
        month = following


def _foresee(
    name: Contender, past: list[Sample], issued: list[Sample], begin: date, seed: int, walked: Walk
) -> list[Prediction]:
    if name == "always_on_time":
        return [_prediction(sample, 0.0, 0.0, None) for sample in issued]
    if name == "scorecard":
        return [_of_scorecard(sample) for sample in issued]
    residuals = walked.residuals(name)
    ready = in_use(name, fit(name, past, begin, seed), residuals or (0.0, 0.0), past, seed)
    return [_prediction(sample, *_asked(ready, sample.features), residuals) for sample in issued]


def _of_scorecard(sample: Sample) -> Prediction:
    expected = sample.scorecard
    due_date = sample.settled_on - timedelta(days=sample.days)
    days, within = (
        (expected.expected_on - due_date).days,
        expected.earliest <= sample.settled_on <= expected.latest,
    )
    return Prediction(sample.customer_id, expected.late_probability, days, sample.late, sample.days, within)


def _asked(ready: Ready, features: Features) -> tuple[float, float]:
    return ready.late_probability(features), ready.days(features)


def _prediction(sample: Sample, probability: float, days: float, residuals: Residuals | None) -> Prediction:
    within = None if residuals is None else residuals[0] <= sample.days - days <= residuals[1]
    return Prediction(sample.customer_id, probability, days, sample.late, sample.days, within)


def in_use(
    name: Contender,
    fitted: Fitted,
    residuals: Residuals,
    past: Sequence[Sample],
    seed: int,
    metrics: dict[str, dict[str, float]] | None = None,
) -> Ready:
    """A fitted contender as scoring reads it."""
    assert name != "always_on_time"
    assert name != "scorecard"
    model = Model(
        kind=name,
        seed=seed,
        features=NAMES,
        window=(
            min(sample.issued_on for sample in past).isoformat(),
            max(sample.settled_on for sample in past).isoformat(),
        ),
        samples=len(past),
        metrics=metrics or {},
        late=fitted.late,
        days=fitted.days,
        residuals=residuals,
    )
    return Ready(model, "")
