"""What a bank says: statements, their balances and their transactions, as plain facts of one file.

These are the facts before any judgement: nothing here says whether a statement balances (`checks`) or
whether a transaction was seen before (`identity`). Every format of bank file is read into these types. Money
is `Decimal`, with the digits that the bank wrote; what the file does not say is `None`.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from lettra_payment_ingest.bank.kept import Series

Direction = Literal["credit", "debit"]

Message = Literal["statement", "report", "notification"]
"""What tells of a movement: a statement of what was booked; an intraday report (CAMT.052, MT942); a notification
(CAMT.054) of single movements or of the details of a booked one.
"""

Kind = Literal["booked", "pending", "notification"]
"""What a movement is: `booked` is in the balance of a statement; the others are announced, and never allocated."""

BOOKED: Final = "BOOK"
INFORMATION: Final = "INFO"


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance of the account: `amount` is negative when the account is overdrawn. `kind` is the bank's
    code (OPBD...).
    """

    kind: str
    date: date | None
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of the account, or one part of a batch movement.

    `amount` is unsigned and in the account's movement currency: what was really added to the balance
    (`direction` "credit") or taken from it ("debit"); a reversal is already in `direction`, `reversal` only
    says that it is one. `charges` are those the bank names in the same currency. `batch_size` is the number
    of transactions of the entry this one stands in, absent where the entry is no batch. `status` is what the
    bank says (BOOK, PDNG, INFO), `message` in what it says so; `kind` is what follows from both. `bank_ref`
    is the bank's own reference, `batch_ref` that of the entry whose part it is, `digest` the content's;
    `entry_ref` is the one to show (see `entries`). Where the payer sent another currency, `original_amount` is what he
    sent, and `exchange_rate` what the bank writes.
    """

    statement_id: str
    account: str
    booking_date: date | None
    value_date: date | None
    amount: Decimal
    currency: str
    direction: Direction
    reversal: bool
    entry_ref: str
    end_to_end_id: str | None
    structured_reference: str | None
    remittance: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    charges: Decimal | None
    batch_size: int | None
    status: str
    return_reason: str | None
    bank_transaction_code: str | None
    mandate_id: str | None
    bank_ref: str | None
    digest: str
    message: Message = "statement"
    original_amount: Decimal | None = None
    original_currency: str | None = None
    exchange_rate: str | None = None
    batch_ref: str | None = None

    # Those of `dataclass` look all fields up again for each object, and a statement may have a million.
    def __getstate__(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in _NAMES])

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(_NAMES, state, strict=True):
            object.__setattr__(self, name, value)

    @property
    def kind(self) -> Kind:
        """An intraday report announces even what it calls booked: the statement of the day books it."""
        if self.message == "notification" or self.status == INFORMATION:
            return "notification"
        return "booked" if self.message == "statement" and self.status == BOOKED else "pending"

    @property
    def booked(self) -> bool:
        """Whether it is in the balance; only then may it ever be allocated."""
        return self.kind == "booked"

    @property
    def signed_amount(self) -> Decimal:
        """The amount as it changes the balance. (copy_negate, unlike minus, never rounds.)"""
        return self.amount if self.direction == "credit" else self.amount.copy_negate()


_NAMES: Final = tuple(field.name for field in fields(Transaction))


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account, whole. `place` says where in the file it stands.

    `currency` is the account's, else that of the opening or closing balance, else that of the first
    transaction. `transactions` are in the bank's order, booked and announced alike.
    """

    statement_id: str
    account: str
    currency: str | None
    from_date: date | None
    to_date: date | None
    electronic_sequence_number: int | None
    legal_sequence_number: int | None
    created_at: datetime | None
    opening: Balance | None
    closing: Balance | None
    transactions: Series[Transaction]
    place: str
    message: Message = "statement"
