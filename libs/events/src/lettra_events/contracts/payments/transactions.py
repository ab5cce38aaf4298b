"""Money received and spent, returned, and split."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import Amount, CurrencyCode

Method = Literal["cheque", "cash", "card", "direct_debit", "transfer", "other"]


class _Transaction(Event):
    payment_id: str
    entity_id: str
    account: str | None = Field(
        default=None, description="null: money that came by no account whose feed is read"
    )
    statement_id: str | None = None
    entry_ref: str = Field(
        description="the bank's reference of the transaction, else a digest with an ordinal"
    )
    booking_date: date
    value_date: date | None = None
    amount: Amount = Field(gt=0, description="unsigned")
    currency: CurrencyCode
    reversal: bool = False
    end_to_end_id: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    charges: Amount | None = Field(
        default=None, description="what the bank kept back or took besides, apart from `amount`"
    )
    original_amount: Amount | None = Field(
        default=None,
        description="what the payer sent, in `original_currency`, where that is another currency",
    )
    original_currency: str | None = None
    exchange_rate: str | None = Field(default=None, description="as the bank writes it")
    mandate_id: str | None = None
    return_reason: str | None = Field(
        default=None, description="ISO 20022 code of why it came back (AC04); MS03: the bank gives none"
    )
    bank_transaction_code: str | None = None
    batch_size: int | None = Field(
        default=None, description="how many transactions the entry holds, if it is a batch"
    )

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"


@contract("payments.PaymentReceived")
class PaymentReceived(_Transaction):
    """Money was received (encaissement): booked on an account of ours, or told by API (cheque, cash).

    One event a transaction: batches and payouts are split. With `reversal` or `return_reason` it is money of ours that
    came back, and no customer's.
    """

    method: Method | None = Field(default=None, description="null: as the bank transaction code says")
    part_of: str | None = Field(
        default=None,
        description="the booked entry that it is a part of; `PaymentDetailed` says so if that was received",
    )
    payout_id: str | None = None


@contract("payments.DebitBooked")
class DebitBooked(_Transaction):
    """Money left an account of ours: charges, transfers; and a return whose original payment was not found."""


@contract("payments.PaymentReturned")
class PaymentReturned(Event):
    """Money received came back to the payer: a returned transfer, an unpaid direct debit or cheque, a reversal.

    So much of `payment_id` is no longer there, and what it had paid is open again. `return_id` is the debit by which
    it left; the bank's charges for it are in `charges`, not in `amount`.
    """

    payment_id: str
    return_id: str
    entity_id: str
    account: str | None = None
    statement_id: str | None = None
    entry_ref: str
    booking_date: date
    value_date: date | None = None
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    charges: Amount | None = None
    reason: str = Field(
        description="ISO 20022 code (AC04 closed account, AM04 insufficient funds); MS03: none given"
    )
    evidence: str = Field(description="by what the original payment was found, or who said so and why")

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"


class PaymentPart(BaseModel):
    """A part of a payment, which is a payment of its own."""

    model_config = ConfigDict(frozen=True)

    payment_id: str
    amount: Amount


@contract("payments.PaymentDetailed")
class PaymentDetailed(Event):
    """What was received as one payment turned out to be several: `parts` stand in its place, and nothing of it is left.

    Each part is a `PaymentReceived` with `part_of`. The parts sum to `amount` and `fees`: what a payment provider
    kept back is part of what the payers paid.
    """

    payment_id: str
    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    fees: Amount = Decimal(0)
    parts: tuple[PaymentPart, ...]
    evidence: str

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"
