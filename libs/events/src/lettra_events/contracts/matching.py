"""What matching publishes on `ar.matching.events`: items, money and how the one settles the other (lettrage)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.contracts.payments import ThroughDate
from lettra_events.money import Amount, CurrencyCode


class _OnLedger(Event):
    customer_id: str

    def stream_id(self) -> str:
        return f"ledger:{self.customer_id}"

    def key(self) -> str:
        return self.customer_id


class _OnPayment(Event):
    payment_id: str

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"


@contract("matching.ItemOpened")
class ItemOpened(_OnLedger):
    """An open item (poste ouvert) of a customer: matching re-states what it took from invoicing.

    `item_id` is `<entity>:<document number>`; the amount is positive for both kinds.
    """

    entity_id: str
    item_id: str
    kind: Literal["invoice", "credit_note"]
    document_number: str
    issue_date: date
    due_date: date
    currency: CurrencyCode
    amount: Amount = Field(gt=0)
    payment_reference: str | None = None


@contract("matching.PaymentTaken")
class PaymentTaken(_OnPayment):
    """Matching knows this payment; all of it is unapplied until later events say otherwise."""

    entity_id: str
    booking_date: date
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    counterparty_name: str | None = None
    counterparty_iban: str | None = None


@contract("matching.CashApplied")
class CashApplied(_OnLedger):
    """So much of a payment settles so much of an item. `rule` and `evidence` say why, in words."""

    entity_id: str
    payment_id: str
    item_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    open_after: Amount = Field(ge=0, description="what is left open of the item")
    rule: str = Field(description="name of the matching rule; more rules come without a new version")
    evidence: str


@contract("matching.CreditApplied")
class CreditApplied(_OnLedger):
    """So much of a credit note settles so much of the invoice that it names."""

    entity_id: str
    credit_item_id: str
    item_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    open_after: Amount = Field(ge=0, description="what is left open of the invoice")
    credit_open_after: Amount = Field(ge=0, description="what is left of the credit note")


@contract("matching.CashPutOnAccount")
class CashPutOnAccount(_OnLedger):
    """Money of a known payer that settles no item yet: unapplied cash of this customer (trop-perçu, acompte)."""

    entity_id: str
    payment_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    evidence: str
    waiting_for: tuple[str, ...] = Field(
        default=(),
        description="the names in its text; looked at again when an item with one of these comes",
    )


@contract("matching.CashTakenFromAccount")
class CashTakenFromAccount(_OnLedger):
    """Unapplied cash of this customer goes back to its payment, to be applied elsewhere."""

    entity_id: str
    payment_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode


@contract("matching.PaymentUnmatched")
class PaymentUnmatched(_OnPayment):
    """Nothing ties this money to one customer. It is looked at again when an item with one of these comes."""

    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    reason: str
    waiting_for: tuple[str, ...] = Field(default=(), description="canonical references and document numbers")


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
