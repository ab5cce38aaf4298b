"""Whether a customer is blocked: by the rules, or by a person for a time. Pure.

The decisions here are the events that the service will publish, without their envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from lettra_risk_scoring.domain.history import Pocket

Outcome = Literal["blocked", "free"]


@dataclass(frozen=True, slots=True)
class Override:
    """A person says otherwise than the rules, up to and including `until`."""

    outcome: Outcome
    who: str
    why: str
    until: date


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's standing. `by_rules`: what the rules last said, also while a person's word goes before it."""

    customer_id: str
    by_rules: Outcome = "free"
    reasons: tuple[str, ...] = ()
    override: Override | None = None

    def blocked_on(self, day: date) -> bool:
        """Whether nothing more is to be delivered on credit on that day."""
        if self.override is not None and day <= self.override.until:
            return self.override.outcome == "blocked"
        return self.by_rules == "blocked"


@dataclass(frozen=True, slots=True)
class CreditLimit:
    """A limit that a person granted, for one entity and currency."""

    pocket: Pocket
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CustomerBlocked:
    """The rules block the customer; every reason is a sentence."""

    customer_id: str
    as_of: date
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerUnblocked:
    """Nothing by which the rules block is left."""

    customer_id: str
    as_of: date


@dataclass(frozen=True, slots=True)
class BlockOverridden:
    """A person blocks or frees the customer for a time, whatever the rules say."""

    customer_id: str
    override: Override


@dataclass(frozen=True, slots=True)
class BlockOverrideEnded:
    """The time of a person's word is over: the rules hold again."""

    customer_id: str
    ended_on: date


Decided = CustomerBlocked | CustomerUnblocked | BlockOverridden | BlockOverrideEnded
