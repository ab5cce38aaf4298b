"""What a caller asks for. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from lettra_events.contracts.payments import Method
from lettra_events.money import Amount, CurrencyCode
from lettra_events.values import Identifier, IsoDate

PAYMENTS_OF_A_PAYOUT_MAX = 1_000
LINES_OF_AN_ADVICE_MAX = 1_000
TEXT_CHARS_MAX = 20_000

_LIKE_AN_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{7,30}")
_OTHER_NUMBER = re.compile(r"[A-Za-z0-9](?:[ ._/-]?[A-Za-z0-9]){0,33}")


def account_number(value: str) -> str:
    """An IBAN without blanks, in capitals, its check digits verified; else a number of another kind, as it is.

    Whatever looks like an IBAN must be one: a typing error in it would be an account whose statements never come.
    """
    compact = re.sub(r"\s", "", value).upper()
    if _LIKE_AN_IBAN.fullmatch(compact):
        try:
            return str(IBAN(compact).compact)
        except SchwiftyException as error:
            raise ValueError(f"{value!r} is not a valid IBAN: {error}") from None
    if _OTHER_NUMBER.fullmatch(value):
        return value
    raise ValueError(f"{value!r} is neither an IBAN nor another account number: at most 34 letters or digits")


AccountNumber = Annotated[str, AfterValidator(account_number)]


class RegisterAccount(BaseModel):
    """A bank account of a legal entity; `cadence_days` is how often a statement of it comes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: AccountNumber
    currency: CurrencyCode
    entity_id: Identifier
    cadence_days: int = Field(default=1, ge=1, le=92)


Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
LongText = Annotated[
    str, Field(min_length=1, max_length=TEXT_CHARS_MAX, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")
]
Positive = Annotated[Amount, Field(gt=0)]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegisterMapping(_Asked):
    """How the columns of an account's CSV files are to be read, as TOML."""

    mapping: Annotated[str, Field(min_length=1, max_length=100_000)]


class Resolve(_Asked):
    """Who decides on a statement in quarantine, and why."""

    who: Text
    why: Text


class SayReturned(Resolve):
    """Which payment went back by a debit."""

    payment_id: Text


class _Told(_Asked):
    amount: Positive
    counterparty_name: Text | None = None
    counterparty_iban: Text | None = None
    structured_reference: Text | None = None
    end_to_end_id: Text | None = None
    remittance: LongText | None = None


class RecordPayment(_Told):
    """Money that came by no account whose feed is read: a cheque, cash. It counts at once."""

    entity_id: Identifier
    currency: CurrencyCode
    method: Literal["cheque", "cash", "card", "other"]
    received_on: IsoDate
    value_date: IsoDate | None = None
    reference: Annotated[Text, Field(description="the cheque's number, the receipt's")]


class PayoutPayment(_Told):
    """One payment of a payout: what the payer paid, before fees."""

    reference: Text


class RegisterPayout(_Asked):
    """Many payments that come as one credit, less fees: of a payment provider, or a deposit of cheques at the bank."""

    account: AccountNumber
    currency: CurrencyCode
    provider: Text
    reference: Annotated[Text, Field(description="what stands on the credit")]
    method: Method = "card"
    expected_date: IsoDate
    fees: Annotated[Amount, Field(ge=0)] = Decimal(0)
    payments: Annotated[tuple[PayoutPayment, ...], Field(min_length=1, max_length=PAYMENTS_OF_A_PAYOUT_MAX)]

    @model_validator(mode="after")
    def _pays(self) -> Self:
        references = [each.reference for each in self.payments]
        if len(set(references)) < len(references):
            raise ValueError("two payments have the same reference")
        if self.gross <= self.fees:
            raise ValueError(f"the fees {self.fees} leave nothing of {self.gross}")
        return self

    @property
    def gross(self) -> Decimal:
        return sum((each.amount for each in self.payments), Decimal(0))

    @property
    def net(self) -> Decimal:
        return self.gross - self.fees


class DocumentLine(_Asked):
    """A document and what of it is paid; a credit note's amount is negative."""

    document_number: Text
    amount: Amount


class AdviseRemittance(_Asked):
    """What a customer says that he pays with one payment."""

    customer_id: Identifier
    entity_id: Identifier | None = None
    payment_date: IsoDate
    currency: CurrencyCode
    total: Positive
    lines: Annotated[tuple[DocumentLine, ...], Field(max_length=LINES_OF_AN_ADVICE_MAX)] = ()
    reference: Text | None = None
    text: LongText | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        told = sum((line.amount for line in self.lines), Decimal(0))
        if self.lines and told != self.total:
            raise ValueError(f"the lines sum to {told}, and not to the total {self.total}")
        if not self.lines and self.text is None:
            raise ValueError("lines or a text say what is paid")
        return self


class AdviseByMessage(_Asked):
    """The same as the plain text of a message: its total and its lines are read from it."""

    customer_id: Identifier
    entity_id: Identifier | None = None
    received_on: IsoDate
    currency: CurrencyCode = "EUR"
    total: Positive | None = None
    text: LongText
