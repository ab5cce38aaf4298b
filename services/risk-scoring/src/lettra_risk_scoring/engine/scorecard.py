"""The scorecard: points from a profile, each with its reason, and the class that they make. Pure.

It serves from the first day: a customer without a history has the base points, and says so. Points go from 0 to 100,
more is better; the same profile and policy always give the same score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lettra_risk_scoring.engine.policy import Policy, RiskClass
from lettra_risk_scoring.engine.profile import Profile

Steps = Sequence[tuple[str, int]]
"""Up to which value (the last is the rest) how many points."""
DAYS_LATE: Steps = (("0", 14), ("5", 8), ("15", 0), ("30", -14), ("60", -26), ("inf", -38))
TREND: Steps = (("-5", 3), ("5", 0), ("15", -4), ("inf", -9))
ON_TIME: Steps = (("0.2", -10), ("0.5", -6), ("0.8", 0), ("0.95", 5), ("inf", 10))
STEPS: Steps = (("0.5", 0), ("1.5", -3), ("2.5", -7), ("inf", -12))
OVERDUE: Steps = (("0", 0), ("30", -3), ("60", -10), ("90", -18), ("inf", -28))
INCIDENTS: Steps = (("0", 0), ("1", -6), ("2", -11), ("inf", -16))
DISPUTES: Steps = (("2", 0), ("5", -2), ("inf", -5))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is what it is: `code` names the sentence (see `words`), `value` fills it, `points` weighs it."""

    code: str
    value: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100 points, the class, and the reasons, the heaviest first. `version`: of the policy that made it."""

    points: int
    risk_class: RiskClass
    reasons: tuple[Reason, ...]
    version: str


def score(profile: Profile, policy: Policy) -> Score:
    """The score of a profile. Insolvency alone makes class E, whatever else there is."""
    reasons = [reason for reason in _reasons(profile, policy) if reason.points or reason.code in _ALWAYS]
    points = max(0, min(100, policy.base_points + sum(reason.points for reason in reasons)))
    if profile.insolvent:
        points = 0
    ordered = sorted(reasons, key=lambda reason: (-abs(reason.points), reason.code))
    return Score(points, policy.class_of(points), tuple(ordered), policy.version)


_ALWAYS = {"no_history", "short_history", "insolvent"}


def _reasons(profile: Profile, policy: Policy) -> Iterator[Reason]:
    if profile.insolvent:
        yield Reason("insolvent", "", -100)
    if profile.days_late_12m is None:
        yield Reason("no_history", "", 0)
    elif profile.items_paid < policy.items_min:
        yield Reason("short_history", str(profile.items_paid), 0)
    few = profile.items_paid < policy.items_min
    yield from _rated("days_late", profile.days_late_12m, DAYS_LATE, few)
    yield from _rated("trend", profile.trend, TREND, few)
    yield from _rated("on_time", profile.on_time_share, ON_TIME, few)
    yield from _rated("steps", profile.steps_needed, STEPS, False)
    yield from _rated("overdue", Decimal(profile.oldest_overdue_days), OVERDUE, False)
    yield from _rated("promises", Decimal(profile.broken_promises), INCIDENTS, False)
    yield from _rated("returns", Decimal(profile.returns), INCIDENTS, False)
    yield from _rated("disputes", Decimal(profile.disputes), DISPUTES, False)


def _rated(code: str, value: Decimal | None, steps: Steps, halved: bool) -> Iterator[Reason]:
    """One line of the card; a short history counts by half, rounded towards 0."""
    if value is not None:
        points = points_of(value, steps)
        yield Reason(code, str(value), int(points / 2) if halved else points)


def points_of(value: Decimal, steps: Steps) -> int:
    return next(points for limit, points in steps if value <= Decimal(limit))
