"""What people ask of matching: each act says who, why and on which business date. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lettra_events.contracts.matching import ProposedLine
from lettra_events.money import Amount
from lettra_events.values import Identifier, IsoDate

Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]
LINES_MAX = 1_000


class Act(BaseModel):
    """A person's decision: `business_date` is the date of the movements that follow from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Words
    why: Words
    business_date: IsoDate


class Allocate(Act):
    """Settle these items with the payment; a credit note is deducted with its positive amount."""

    lines: tuple[ProposedLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class Refund(Act):
    """Pay so much of a customer's unapplied cash back."""

    amount: Amount = Field(gt=0)


class Transfer(Act):
    """Give unapplied money to another customer's account, or to another legal entity: one of the two."""

    amount: Amount = Field(gt=0)
    to_customer_id: Identifier | None = None
    to_entity_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Transfer:
        if (self.to_customer_id is None) == (self.to_entity_id is None):
            raise ValueError("say either to_customer_id or to_entity_id")
        return self


class ChangeRules(BaseModel):
    """The entity's matching rules from here on, where they differ from the defaults; by name, as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Words
    why: Words
    rules: dict[str, str] = Field(default_factory=dict, max_length=50)
