"""Payouts of providers, and what customers say they pay."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.contracts.payments.transactions import Method
from lettra_events.money import Amount, CurrencyCode


@contract("payments.PayoutRegistered")
class PayoutRegistered(Event):
    """A payment provider or a bank collects many payments into one credit: `net` = `gross` - `fees`.

    Its payments are announced, and received when the credit is booked: that one is then no payment of its own.
    """

    payout_id: str
    entity_id: str
    account: str
    currency: CurrencyCode
    provider: str
    reference: str
    method: Method
    expected_date: date
    gross: Amount = Field(gt=0)
    fees: Amount = Field(ge=0)
    net: Amount = Field(gt=0)
    payments: int = Field(gt=0)

    def stream_id(self) -> str:
        return f"payout:{self.payout_id}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.PayoutSettled")
class PayoutSettled(Event):
    """The credit of a payout is booked: `entry_id` is its identity, and its fees are spent."""

    payout_id: str
    entity_id: str
    account: str
    currency: CurrencyCode
    entry_id: str
    booking_date: date
    gross: Amount
    fees: Amount
    net: Amount
    evidence: str

    def stream_id(self) -> str:
        return f"payout:{self.payout_id}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


class AdviceLine(BaseModel):
    """A document that a payer says he pays; a credit note's amount is negative."""

    model_config = ConfigDict(frozen=True)

    document_number: str
    amount: Amount


@contract("payments.RemittanceAdviceReceived")
class RemittanceAdviceReceived(Event):
    """A customer says what he pays with one payment (avis de paiement). The payment may come before or after it."""

    advice_id: str
    customer_id: str
    entity_id: str | None = None
    payment_date: date
    currency: CurrencyCode
    total: Amount = Field(gt=0)
    lines: tuple[AdviceLine, ...] = ()
    reference: str | None = Field(default=None, description="what the payer says stands on his payment")
    text: str | None = Field(default=None, description="the message, where it came as one")

    def stream_id(self) -> str:
        return f"advice:{self.advice_id}"

    def key(self) -> str:
        return self.customer_id


@contract("payments.RemittanceAdviceLinked")
class RemittanceAdviceLinked(Event):
    """This payment is the only one that the advice can mean, and the advice the only one for this payment."""

    advice_id: str
    payment_id: str
    entity_id: str
    customer_id: str
    currency: CurrencyCode
    total: Amount
    lines: tuple[AdviceLine, ...] = ()
    text: str | None = None
    evidence: str

    def stream_id(self) -> str:
        return f"advice:{self.advice_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"
