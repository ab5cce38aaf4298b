"""What payment-ingest publishes on `ar.payments.events`."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import Amount, CurrencyCode


@contract("payments.BankAccountRegistered")
class BankAccountRegistered(Event):
    """A bank account of a legal entity whose statements are read; `cadence_days`: how often one comes."""

    account: str
    currency: CurrencyCode
    entity_id: str
    cadence_days: int = Field(default=1, ge=1, le=92)

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.BankAccountClosed")
class BankAccountClosed(Event):
    """No further statement of this account is expected."""

    account: str
    currency: CurrencyCode
    entity_id: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


class _Transaction(Event):
    payment_id: str
    entity_id: str
    account: str
    statement_id: str
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
    charges: Amount | None = None

    def stream_id(self) -> str:
        return f"payment:{self.payment_id}"

    def key(self) -> str:
        return f"payment:{self.payment_id}"


@contract("payments.PaymentReceived")
class PaymentReceived(_Transaction):
    """Money was booked on an account of ours (encaissement); one event a transaction, batches are split."""


@contract("payments.DebitBooked")
class DebitBooked(_Transaction):
    """Money left an account of ours: charges, transfers, returned direct debits."""


@contract("payments.StatementPartTaken")
class StatementPartTaken(Event):
    """Some transactions of a statement are taken; the rest follows, `StatementBooked` after the last.

    `payments` are their payment ids in the bank's order: those that stand just behind this in the log, and those
    that another statement had told of before, for which nothing is published again. `balances` are the account's
    behind each of them; none where the statement has no opening balance.
    """

    entity_id: str
    account: str
    currency: CurrencyCode
    statement_id: str
    content_digest: str = Field(description="identifies the statement, whichever file brings it")
    taken_before: int = Field(ge=0, description="how many of the statement's transactions earlier parts took")
    payments: tuple[str, ...]
    balances: tuple[Amount, ...] = ()
    file_digest: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


class AccountLine(BaseModel):
    """Where an account's unbroken line of verified statements ends: its last day, and the balance it ends with."""

    model_config = ConfigDict(frozen=True)

    through_date: date
    balance: Amount


@contract("payments.StatementBooked")
class StatementBooked(Event):
    """All transactions of a statement stand before this in the log; `verified`: its balances add up."""

    entity_id: str
    account: str
    currency: CurrencyCode
    statement_id: str
    from_date: date | None = None
    through_date: date
    opening_balance: Amount | None = None
    closing_balance: Amount | None = None
    transactions: int = Field(ge=0)
    verified: bool
    file_digest: str = Field(description="SHA-256 of the file, in hexadecimal")
    content_digest: str = Field(default="", description="identifies the statement, whichever file brings it")
    first_booking_date: date | None = None
    last_booking_date: date | None = None
    on_line: bool = Field(default=False, description="whether it continues the account's line")
    line: AccountLine | None = Field(
        default=None, description="the account's line once this statement is taken; null: it has not begun"
    )

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.StatementQuarantined")
class StatementQuarantined(Event):
    """A statement was refused whole: `reason` says in words what does not add up. None of it was taken."""

    entity_id: str
    account: str
    currency: CurrencyCode
    statement_id: str
    reason: str
    file_digest: str
    content_digest: str = Field(default="", description="identifies the statement, whichever file brings it")
    through_date: date | None = Field(default=None, description="up to which day it told")

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


class ThroughDate(BaseModel):
    """Up to which day an account's statements are known without a gap; null: none came yet."""

    model_config = ConfigDict(frozen=True)

    entity_id: str
    account: str
    currency: CurrencyCode
    through_date: date | None


@contract("payments.DayClosed", broadcast=True)
class PaymentsDayClosed(Event):
    """Everything payment-ingest took by the close of the business date stands before this in every partition."""

    business_date: date
    entities: tuple[str, ...]
    through_dates: tuple[ThroughDate, ...]

    def stream_id(self) -> str:
        return "days"
