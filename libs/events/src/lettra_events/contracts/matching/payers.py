"""Who pays, the rules of each entity, and processed days."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.contracts.matching._streams import (
    OnPayer,
)
from lettra_events.contracts.payments import ThroughDate


@contract("matching.PayerStated")
class PayerStated(OnPayer):
    """By what a customer is known when it pays: matching re-states what it took from invoicing."""

    name: str
    siren: str | None = None
    vat_number: str | None = None
    ibans: tuple[str, ...] = ()
    group_id: str | None = None


@contract("matching.PayerLearned")
class PayerLearned(OnPayer):
    """A match taught an account or a name by which this customer pays; it serves from `serves_from` on."""

    iban: str | None = None
    alias: str | None = None
    serves_from: date
    payment_id: str


@contract("matching.PayerForgotten")
class PayerForgotten(OnPayer):
    """What this payment taught of who pays is no longer believed: what it had settled was undone by a person."""

    payment_id: str


class ChangedRule(BaseModel):
    """A rule that differs from its default: `value` as text, as a person writes it."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: str


@contract("matching.RulesChanged")
class RulesChanged(Event):
    """The matching rules of a legal entity from here on: tolerances, thresholds, which are on."""

    entity_id: str
    version: int = Field(ge=1)
    rules: tuple[ChangedRule, ...] = Field(description="only what differs from the defaults, by name")
    who: str
    why: str

    def stream_id(self) -> str:
        return f"rules:{self.entity_id}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("matching.DayProcessed", broadcast=True)
class DayProcessed(Event):
    """Every decision about what these entities received by the date stands before this in every partition.

    An entity with a parked key is left out and comes with a later event of the same date.
    """

    business_date: date
    entities: tuple[str, ...]
    held_back: tuple[str, ...] = Field(default=(), description="entities whose day waits for a parked key")
    through_dates: tuple[ThroughDate, ...]

    def stream_id(self) -> str:
        return f"day:{self.business_date.isoformat()}"
