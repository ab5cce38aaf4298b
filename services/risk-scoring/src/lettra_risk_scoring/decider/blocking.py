"""Who is blocked and why, what a person may say against it, and what these decisions do to a standing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from lettra_events.service.rejection import Rejected
from lettra_risk_scoring.domain import Pocket
from lettra_risk_scoring.domain.blocking import (
    BlockOverridden,
    BlockOverrideEnded,
    CreditLimit,
    CustomerBlocked,
    CustomerUnblocked,
    Decided,
    Override,
    Standing,
)
from lettra_risk_scoring.engine.policy import Policy, RiskClass

OVERRIDE_DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules look at: the class, the oldest undisputed overdue day, what is at risk, and granted limits."""

    risk_class: RiskClass
    insolvent: bool
    oldest_overdue_days: int
    at_risk: Mapping[Pocket, Decimal]
    limits: Sequence[CreditLimit]


def decide(standing: Standing, situation: Situation, today: date, policy: Policy) -> list[Decided]:
    """What the rules change at the close of `today`; nothing where they say what stands already.

    The rules go on to say what they think while a person's word goes before it, so that it holds when that ends.
    Only limits that a person granted block; a limit between the granted one and the policy's margin keeps a block
    and makes none.
    """
    decided: list[Decided] = []
    if standing.override is not None and standing.override.until < today:
        decided.append(BlockOverrideEnded(standing.customer_id, today))
    blocked = standing.by_rules == "blocked"
    reasons = tuple(_reasons(situation, policy, blocked))
    if reasons and (not blocked or reasons != standing.reasons):
        decided.append(CustomerBlocked(standing.customer_id, today, reasons))
    if blocked and not reasons:
        decided.append(CustomerUnblocked(standing.customer_id, today))
    return decided


def override(standing: Standing, command: Override, today: date) -> list[Decided]:
    """A person's word for a time. `Rejected`: without a reason, already over, or for more than a year."""
    if not command.who.strip() or not command.why.strip():
        raise Rejected("no-reason", "an override says who decided it, and why", status=422)
    if not today <= command.until <= today + timedelta(days=OVERRIDE_DAYS_MAX):
        raise Rejected(
            "invalid-until", f"an override ends from {today} on, within {OVERRIDE_DAYS_MAX} days", status=422
        )
    return [] if standing.override == command else [BlockOverridden(standing.customer_id, command)]


def evolve(standing: Standing, decided: Iterable[Decided]) -> Standing:
    """The standing after these decisions."""
    for one in decided:
        match one:
            case CustomerBlocked():
                standing = replace(standing, by_rules="blocked", reasons=one.reasons)
            case CustomerUnblocked():
                standing = replace(standing, by_rules="free", reasons=())
            case BlockOverridden():
                standing = replace(standing, override=one.override)
            case BlockOverrideEnded():
                standing = replace(standing, override=None)
    return standing


def _reasons(situation: Situation, policy: Policy, blocked: bool) -> Iterator[str]:
    """Sentences without figures that change daily: a block that goes on is not said again every day."""
    if situation.insolvent:
        yield "insolvency proceedings are open"
    elif situation.risk_class == "E":
        yield "class E"
    if situation.oldest_overdue_days > policy.block_overdue_days:
        yield f"an undisputed item is more than {policy.block_overdue_days} days overdue"
    for limit in sorted(situation.limits, key=lambda each: each.pocket):
        bound = limit.amount if blocked else limit.amount * policy.block_over_limit
        if situation.at_risk.get(limit.pocket, Decimal(0)) > bound:
            entity, currency = limit.pocket
            yield f"more is at risk at {entity} than the limit of {limit.amount} {currency}"
