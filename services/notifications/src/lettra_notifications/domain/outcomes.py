"""What a channel says of one attempt to hand a message over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class HandedOver:
    """The provider has taken the message; `reference` is what it calls it."""

    reference: str | None = None


@dataclass(frozen=True)
class Refused:
    """The provider does not take it, and never will: another address or another message would be needed."""

    reason: str
    about: Literal["address", "message"]


@dataclass(frozen=True)
class FailedForNow:
    """Certainly not taken, and worth another try. `provider_down`: other messages would fare no better."""

    reason: str
    provider_down: bool
    retry_after_seconds: int | None = None


@dataclass(frozen=True)
class InDoubt:
    """It may have been taken, or not: the answer did not come."""

    reason: str


Outcome = HandedOver | Refused | FailedForNow | InDoubt
REASON_MAX = 300


def short(reason: str) -> str:
    """A provider's words as a reason: one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    return line[:REASON_MAX] or "no reason given"
