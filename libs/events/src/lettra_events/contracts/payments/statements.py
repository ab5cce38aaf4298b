"""Statements: taken, booked, in quarantine."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import Amount, CurrencyCode


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
    content_digest: str = Field(description="identifies the statement, whichever file brings it")
    first_booking_date: date | None = None
    last_booking_date: date | None = None
    released: bool = Field(default=False, description="whether a person took it out of quarantine")
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
    content_digest: str = Field(description="identifies the statement, whichever file brings it")
    through_date: date | None = Field(default=None, description="up to which day it told")

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.StatementReleased")
class StatementReleased(Event):
    """A person takes a statement out of quarantine: it is taken as unverified, and nothing is known through it."""

    entity_id: str
    account: str
    currency: CurrencyCode
    statement_id: str
    content_digest: str
    file_digest: str
    who: str
    why: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.StatementDismissed")
class StatementDismissed(Event):
    """A person says that a statement in quarantine tells nothing: it is never taken, and stops nothing any longer."""

    entity_id: str
    account: str
    currency: CurrencyCode
    statement_id: str
    content_digest: str
    through_date: date | None = Field(default=None, description="up to which day it told")
    line: AccountLine | None = Field(
        default=None, description="the account's line without it; null: it has not begun"
    )
    who: str
    why: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"
