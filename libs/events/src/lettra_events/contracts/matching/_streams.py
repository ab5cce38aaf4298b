"""What matching's events have in common: the streams that they are on, and why something was decided."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from lettra_events.contracts._registry import Event
from lettra_events.money import CurrencyCode

WriteOffType = Literal["early_payment_discount", "bank_fees", "rounding", "bad_debt"]
"""Why so much of an item is given up (escompte, frais bancaires, écart d'arrondi, irrécouvrable)."""


class OnLedger(Event):
    customer_id: str

    def stream_id(self) -> str:
        return f"ledger:{self.customer_id}"

    def key(self) -> str:
        return self.customer_id


class Moved(OnLedger):
    """A movement on a ledger."""

    entity_id: str
    currency: CurrencyCode
    date: datetime.date = Field(description="the business date of the movement")


class OnPayment(Event):
    payment_id: str

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"


class OnPayer(Event):
    customer_id: str

    def stream_id(self) -> str:
        return f"payer:{self.customer_id}"

    def key(self) -> str:
        return self.customer_id


class Decided(Event):
    """Why: by which rule, on what evidence; or by whom."""

    rule: str = Field(
        description="name of the matching rule, or `by_hand`; more rules come without a new version"
    )
    evidence: str = Field(description="in words, for the person who reviews it")
    confidence: Decimal = Field(
        ge=0,
        max_digits=3,
        decimal_places=2,
        description="0 to 1: how sure such a decision is, by how it was found",
    )
    solutions: int = Field(
        ge=0, description="how many answers the rule found; more than one is never applied alone"
    )
    rules_version: int = Field(ge=0, description="the entity's matching rules in force; 0: the defaults")
    who: str | None = Field(default=None, description="the person who decided it; null: the rules did")
