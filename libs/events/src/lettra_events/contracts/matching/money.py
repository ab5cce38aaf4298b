"""Payments: taken, proposed, undone, returned, transferred, announced."""

from __future__ import annotations

import datetime
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import contract
from lettra_events.contracts.matching._streams import (
    Decided,
    OnPayment,
    WriteOffType,
)
from lettra_events.contracts.payments import AdviceLine
from lettra_events.money import Amount, CurrencyCode


@contract("matching.PaymentTaken")
class PaymentTaken(OnPayment):
    """Matching knows this payment; all of it is unapplied until later events say otherwise."""

    entity_id: str
    booking_date: date
    value_date: date | None = None
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    end_to_end_id: str | None = None
    part_of: str | None = Field(default=None, description="the payment that turned out to be several")


@contract("matching.PaymentUnmatched")
class PaymentUnmatched(OnPayment):
    """This money settles nothing and is on nobody's account: nothing ties it to one customer, or it is announced only.

    It is looked at again when one of `waiting_for` comes.
    """

    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    reason: str
    waiting_for: tuple[str, ...] = Field(
        default=(), description="canonical references, numbers, payers' marks"
    )


class ProposedLine(BaseModel):
    """So much of an item that a proposal would settle; `write_off` is a part of `settled`."""

    model_config = ConfigDict(frozen=True)

    customer_id: str
    item_id: str
    settled: Amount = Field(gt=0)
    write_off: Amount = Field(default=Decimal(0), ge=0)
    write_off_type: WriteOffType | None = None


@contract("matching.MatchProposed")
class MatchProposed(OnPayment, Decided):
    """What the payment may settle, for a person to confirm or refuse. It replaces an earlier proposal."""

    entity_id: str
    currency: CurrencyCode
    lines: tuple[ProposedLine, ...] = Field(min_length=1)
    waiting_for: tuple[str, ...] = ()


@contract("matching.ProposalConfirmed")
class ProposalConfirmed(OnPayment):
    """A person confirmed what was proposed; what it settles follows on the ledgers."""

    who: str
    why: str


@contract("matching.ProposalRefused")
class ProposalRefused(OnPayment):
    """A person refused it: the rules never put this payment to these items again."""

    items: tuple[str, ...]
    who: str
    why: str


@contract("matching.ProposalWithdrawn")
class ProposalWithdrawn(OnPayment):
    """The proposal no longer stands: something else was decided, or its items are settled."""

    reason: str


@contract("matching.MatchUndone")
class MatchUndone(OnPayment):
    """Someone undid what the payment had settled (délettrage); the rules never put it to these items again."""

    items: tuple[str, ...]
    date: datetime.date
    who: str
    why: str


@contract("matching.PaymentSentBack")
class PaymentSentBack(OnPayment):
    """So much of the payment was returned by the bank (rejet, impayé); what it had settled is open again before."""

    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    date: datetime.date
    reason: str


@contract("matching.PaymentSplit")
class PaymentSplit(OnPayment):
    """The payment turned out to be several, which are payments of their own; nothing of this one is left."""

    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    parts: tuple[str, ...] = Field(description="payment ids")


@contract("matching.AdviceTaken")
class AdviceTaken(OnPayment):
    """What a payer said that this payment is for (avis de paiement); credit notes are negative."""

    advice_id: str
    customer_id: str
    lines: tuple[AdviceLine, ...] = ()
    text: str | None = None


@contract("matching.PaymentTransferredOut")
class PaymentTransferredOut(OnPayment):
    """So much of the payment is another legal entity's money (virement interne): it goes on as `to_payment_id`."""

    entity_id: str
    to_entity_id: str
    to_payment_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    date: datetime.date
    who: str
    why: str


@contract("matching.PaymentTransferredIn")
class PaymentTransferredIn(OnPayment):
    """Money that another legal entity had received for this one; nothing was received at a bank for it here."""

    entity_id: str
    from_payment_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    booking_date: date
    value_date: date | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    end_to_end_id: str | None = None


@contract("matching.MoneyAnnounced")
class MoneyAnnounced(OnPayment):
    """Money that a bank announced and did not book yet: it is never applied, and holds reminders."""

    entity_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    date: datetime.date
    value_date: datetime.date | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    end_to_end_id: str | None = None


@contract("matching.AnnouncementClosed")
class AnnouncementClosed(OnPayment):
    """The announced money was booked, or will not come."""

    reason: Literal["booked", "withdrawn"]
