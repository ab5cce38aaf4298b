"""Ledgers: items, what settles them, money on account, and who is held by which money."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from lettra_events.contracts._registry import contract
from lettra_events.contracts.matching._streams import (
    Decided,
    Moved,
    OnLedger,
    WriteOffType,
)
from lettra_events.money import Amount, CurrencyCode


@contract("matching.ItemOpened")
class ItemOpened(OnLedger):
    """An open item (poste ouvert) of a customer: matching re-states what it took from invoicing.

    `item_id` is `<entity>:<document number>`, with `#n` for an instalment; the amount is positive for both kinds.
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
    discount_amount: Amount | None = Field(default=None, description="early-payment discount (escompte)")
    discount_until: date | None = Field(default=None, description="last value date for which it is due")


@contract("matching.ItemDisputed")
class ItemDisputed(OnLedger):
    """So much of an item is in dispute now (litige), all disputes together; 0: none of it any more."""

    entity_id: str
    item_id: str
    currency: CurrencyCode
    disputed: Amount = Field(ge=0)


@contract("matching.ItemSettled")
class ItemSettled(Moved):
    """Nothing is open of the item any more. What was settled together bears one `lettrage` code."""

    item_id: str
    lettrage: str


@contract("matching.ItemReopened")
class ItemReopened(Moved):
    """A settled item is open again; its lettrage code is void."""

    item_id: str
    open_after: Amount = Field(gt=0)


@contract("matching.CashApplied")
class CashApplied(Moved, Decided):
    """So much of a payment settles so much of an item. `rule` and `evidence` say why, in words."""

    payment_id: str
    line: int = Field(
        ge=1, description="which allocation of the payment, counted from 1 and never used again"
    )
    item_id: str
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0, description="what is left open of the item")


@contract("matching.CashUnapplied")
class CashUnapplied(Moved):
    """An application is undone (délettrage): the item is open by as much again, the money goes back to its payment."""

    payment_id: str
    line: int = Field(ge=1, description="the allocation of the payment that is undone")
    item_id: str
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0)


@contract("matching.CreditApplied")
class CreditApplied(Moved):
    """So much of a credit note settles so much of an invoice; `payment_id`: a payment deducted it."""

    credit_item_id: str
    item_id: str
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0, description="what is left open of the invoice")
    credit_open_after: Amount = Field(ge=0, description="what is left of the credit note")
    payment_id: str | None = None
    line: int | None = Field(default=None, ge=1, description="the allocation of that payment")


@contract("matching.CreditUnapplied")
class CreditUnapplied(Moved):
    """A credit note that a payment had deducted is open by as much again, and so is the invoice."""

    credit_item_id: str
    item_id: str
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0)
    credit_open_after: Amount = Field(ge=0)
    payment_id: str
    line: int = Field(ge=1, description="the allocation of the payment that is undone")


@contract("matching.ItemWrittenOff")
class ItemWrittenOff(Moved):
    """So much of an item is given up. No money moves: a write-off is on the item's side only."""

    item_id: str
    write_off_type: WriteOffType
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0)
    evidence: str
    payment_id: str | None = Field(default=None, description="the payment that came short by as much")
    line: int | None = Field(
        default=None, ge=1, description="the allocation of that payment that it belongs to"
    )


@contract("matching.WriteOffReversed")
class WriteOffReversed(Moved):
    """What was given up is owed again."""

    item_id: str
    write_off_type: WriteOffType
    amount: Amount = Field(gt=0)
    open_after: Amount = Field(ge=0)
    payment_id: str | None = None
    line: int | None = Field(default=None, ge=1)


@contract("matching.CashPutOnAccount")
class CashPutOnAccount(Moved):
    """Money of a known payer that settles no item yet: unapplied cash of this customer (trop-perçu, acompte)."""

    payment_id: str
    amount: Amount = Field(gt=0)
    evidence: str
    waiting_for: tuple[str, ...] = Field(
        default=(),
        description="what it is looked at again for: names in its text, who pays, a customer's next item",
    )
    who: str | None = Field(
        default=None,
        description="the person who said whose it is; null: the rules did, and may say otherwise",
    )


@contract("matching.CashTakenFromAccount")
class CashTakenFromAccount(Moved):
    """Unapplied cash of this customer goes back to its payment, to be applied elsewhere."""

    payment_id: str
    amount: Amount = Field(gt=0)


@contract("matching.CashRefunded")
class CashRefunded(Moved):
    """Unapplied cash of this customer is paid back (remboursement); `who` decided it, and `why`."""

    payment_id: str
    amount: Amount = Field(gt=0)
    who: str
    why: str


@contract("matching.HoldPlaced")
class HoldPlaced(OnLedger):
    """Money that is not matched may be this customer's: nobody reminds it of what that may settle."""

    entity_id: str
    payment_id: str
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    reason: str = Field(description="in words, for the person who reads why no reminder went out")


@contract("matching.HoldReleased")
class HoldReleased(OnLedger):
    """This money holds the customer no longer."""

    entity_id: str
    payment_id: str
