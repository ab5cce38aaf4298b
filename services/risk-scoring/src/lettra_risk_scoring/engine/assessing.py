"""The whole judgement of a customer at the close of a day: one pure function of its history, policy and model.

The same history, policy and model give the same assessment, digit for digit; their versions stand on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_risk_scoring.domain import History, Item, Pocket
from lettra_risk_scoring.engine.expecting import Expectation, Payer, expect
from lettra_risk_scoring.engine.exposure import Exposure, exposures_of, proposed_limit, sales_of
from lettra_risk_scoring.engine.features import known_of
from lettra_risk_scoring.engine.forecast import Forecast, Foreseen, forecast
from lettra_risk_scoring.engine.losses import expected_loss, loss_rate, to_minor_unit
from lettra_risk_scoring.engine.model import Ready
from lettra_risk_scoring.engine.policy import Policy
from lettra_risk_scoring.engine.profile import Profile, profile_of
from lettra_risk_scoring.engine.scorecard import Score, score
from lettra_risk_scoring.engine.segments import SegmentProposal, propose_segment

ZERO = Decimal(0)
FORECAST_WEEKS = 13


@dataclass(frozen=True, slots=True)
class Assessment:
    """What risk-scoring says of a customer on a day. `limits`: what is proposed; a person's limit goes before.

    `model_version`: of the policy, and of the trained model where one took part.
    """

    as_of: date
    model_version: str
    profile: Profile
    score: Score
    expectations: tuple[Expectation, ...]
    expected_losses: dict[Pocket, Decimal]
    forecast: tuple[Forecast, ...]
    exposures: dict[Pocket, Exposure]
    limits: dict[Pocket, Decimal]
    segment: SegmentProposal


def assess(history: History, policy: Policy, model: Ready | None = None) -> Assessment:
    """Judge a customer by what was known at the close of the history's day."""
    today = history.as_of
    profile = profile_of(history)
    verdict = score(profile, policy)
    payer = Payer(verdict.risk_class, profile.delays, known_of(history, today) if model else None)
    still_open = [item for item in history.invoices() if item.open]
    expectations = {
        item.item_id: expect(item, payer, today, policy, model) for item in still_open if item.undisputed
    }
    rates = {
        item.item_id: loss_rate(item, verdict.risk_class, history.insolvent, today, policy)
        for item in still_open
    }
    exposures = exposures_of(history)
    sales = sales_of(history, 12)
    return Assessment(
        as_of=today,
        model_version=policy.version if model is None else f"{policy.version} {model.version}",
        profile=profile,
        score=verdict,
        expectations=tuple(expectations.values()),
        expected_losses=_losses(still_open, rates),
        forecast=forecast(_foreseen(still_open, expectations, rates), today, FORECAST_WEEKS),
        exposures=exposures,
        limits={
            pocket: proposed_limit(sales.get(pocket, ZERO), verdict.risk_class, policy)
            for pocket in sorted(exposures.keys() | sales.keys())
        },
        segment=propose_segment(profile, verdict.risk_class, policy),
    )


def _losses(items: list[Item], rates: dict[str, Decimal]) -> dict[Pocket, Decimal]:
    sums: dict[Pocket, Decimal] = {}
    for item in items:
        pocket = (item.entity_id, item.currency)
        sums[pocket] = sums.get(pocket, ZERO) + expected_loss(item, rates[item.item_id])
    return sums


def _foreseen(
    items: list[Item], expectations: dict[str, Expectation], rates: dict[str, Decimal]
) -> list[Foreseen]:
    return [
        Foreseen(
            currency=item.currency,
            undisputed=item.undisputed,
            disputed=item.open - item.undisputed,
            lost=to_minor_unit(item.undisputed * rates[item.item_id], item.currency),
            expectation=expectations.get(item.item_id),
        )
        for item in items
    ]
