"""A message that somebody asked for: everything that it says, but for the person whom it reaches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lettra_events.money import Amount, CurrencyCode
from lettra_events.values import Identifier, IsoDate
from lettra_notifications.domain.values import (
    TONES,
    Channel,
    DebtorClass,
    Language,
    Line,
    Reference,
    Step,
    Tone,
)

ITEMS_MAX = 1_000
TEXT_MAX = 140
"""Characters of the free text of a transfer."""
ZERO = Decimal(0)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedItem(_Value):
    """An open item that the message names, with what is open and asked for (the disputed part left out)."""

    item_id: Annotated[str, Field(min_length=1, max_length=200)]
    document_number: Line
    issue_date: IsoDate
    due_date: IsoDate
    amount: Annotated[Amount, Field(gt=0)]
    payment_reference: Reference | None = None


class Account(_Value):
    """Where to pay: the seller's account, and a page on which the customer pays or asks."""

    name: Line
    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
    bic: Annotated[str, Field(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$")] | None = None
    link: Annotated[
        str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!#-;=?-~]*)?$", max_length=500)
    ]


class Sender(_Value):
    """The legal entity in whose name the message goes out."""

    name: Line
    address: Annotated[tuple[Line, ...], Field(max_length=6)] = ()
    siren: Annotated[str, Field(pattern=r"^[0-9]{9}$")] | None = None
    phone: Line | None = None


class Claims(_Value):
    """What the law adds by lateness: interest up to a date, and 40 EUR a late invoice of a company or public buyer."""

    interest: Annotated[Amount, Field(ge=0)] = ZERO
    interest_until: IsoDate | None = None
    indemnity: Annotated[Amount, Field(ge=0)] = ZERO


class Follows(_Value):
    """What follows where nothing is paid: the next step, and the date until which there is time."""

    next: Literal["nothing", "reminder", "call", "formal_notice", "handover"]
    pay_by: IsoDate


class Request(_Value):
    """One message to one customer in one currency. The request's id is that of the event that asked for it."""

    request_id: UUID
    case_id: Identifier
    customer_id: Identifier
    entity_id: Identifier
    contact_id: Annotated[str, Field(max_length=64)] | None = None
    step: Step
    tone: Tone = "neutral"
    language: Language
    debtor_class: DebtorClass
    customer_name: Line
    sender: Sender
    account: Account
    currency: CurrencyCode
    items: Annotated[tuple[ListedItem, ...], Field(max_length=ITEMS_MAX)] = ()
    credits: Annotated[tuple[ListedItem, ...], Field(max_length=ITEMS_MAX)] = ()
    claims: Claims = Claims()
    promised: Annotated[Amount, Field(gt=0)] | None = None
    promised_for: IsoDate | None = None
    received: Annotated[Amount, Field(gt=0)] | None = None
    follows: Follows
    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=5)]
    business_date: IsoDate
    """The date that was processed when the message was decided: it waits for this date's tick."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.tone not in TONES[self.step]:
            raise ValueError(f"a message of step {self.step} has no tone {self.tone}")
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel is named twice")
        if self.step == "thanks":
            lacks = self.received is None
        elif self.step in {"promise_confirmed", "promise_broken"}:
            lacks = self.promised is None or self.promised_for is None
        else:
            lacks = not (self.credits if self.step == "credit_note" else self.items)
        if lacks:
            raise ValueError(f"a message of step {self.step} lacks what it is about")
        if self.debtor_class == "private" and (self.claims.interest or self.claims.indemnity):
            raise ValueError("a private person owes neither interest of the commercial code nor the 40 EUR")
        return self

    @property
    def total(self) -> Decimal:
        """What the message is about: what is owed less the credits, what was promised, received or credited."""
        if self.step == "thanks" and self.received is not None:
            return self.received
        if self.promised is not None:
            return self.promised
        if self.step == "credit_note":
            return _sum(self.credits)
        return _sum(self.items) - _sum(self.credits) + self.claims.interest + self.claims.indemnity

    @property
    def due_date(self) -> date:
        """What was promised for, or the earliest due date of the items, or else the date to pay by."""
        if self.promised_for is not None:
            return self.promised_for
        return min((item.due_date for item in self.items), default=self.follows.pay_by)

    @property
    def reference(self) -> str | None:
        """The structured reference to quote, where one says it all: that of a single item."""
        if len(self.items) != 1 or self.credits:
            return None
        return self.items[0].payment_reference

    @property
    def transfer_text(self) -> str:
        """What to quote beside or instead of a reference: all numbers that are paid, or the customer's where they
        do not fit. Never some of them: money would be taken for those alone."""
        numbers = " ".join(item.document_number for item in (*self.items, *self.credits))
        return numbers if 0 < len(numbers) <= TEXT_MAX else self.customer_id


def _sum(items: tuple[ListedItem, ...]) -> Decimal:
    return sum((item.amount for item in items), ZERO)
