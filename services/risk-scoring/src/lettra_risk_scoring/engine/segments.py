"""The segment that is proposed to dunning: how firmly a customer is to be reminded. Pure.

Dunning decides; its policy may name its segments otherwise, and a person may have put the customer into one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lettra_risk_scoring.engine.policy import Policy, RiskClass
from lettra_risk_scoring.engine.profile import Profile

Segment = Literal["new", "reliable", "standard", "watched", "critical"]
_FORGETFUL_STEPS = Decimal("1.5")


@dataclass(frozen=True, slots=True)
class SegmentProposal:
    """`why` is for the person who reads it."""

    segment: Segment
    why: str


def propose_segment(profile: Profile, risk_class: RiskClass, policy: Policy) -> SegmentProposal:
    """By class, but a customer without a history is new, and one that needs many reminders is watched."""
    if profile.insolvent or risk_class == "E":
        return SegmentProposal(
            "critical", "insolvency proceedings are open" if profile.insolvent else "class E"
        )
    if risk_class == "D" or profile.broken_promises > 1:
        return SegmentProposal("watched", f"class {risk_class}, {profile.broken_promises} promises broken")
    if profile.items_paid < policy.items_min:
        return SegmentProposal("new", f"{profile.items_paid} items paid in twelve months")
    if profile.steps_needed > _FORGETFUL_STEPS:
        return SegmentProposal("watched", f"{profile.steps_needed} reminder steps an item")
    if risk_class == "A":
        return SegmentProposal("reliable", "class A with a history of its own")
    return SegmentProposal("standard", f"class {risk_class}")
