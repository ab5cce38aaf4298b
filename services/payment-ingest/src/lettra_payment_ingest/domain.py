"""Payment-ingest's words: what a caller asks for, and the state that its own events fold into. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from lettra_events.decisions.tables import Key, Table
from lettra_events.money import CurrencyCode
from lettra_events.values import Identifier

# -- what a caller may say --------------------------------------------------------------------------------------

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


# -- state, folded from own events ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """A bank account, and where its unbroken line of verified statements ends.

    `through_date` is the line's last day and the date of `closing_balance`; null before the first statement.
    `doubtful`: days behind it up to which a statement told that was unverified or quarantined. `unfinished`: the
    content digest of the statement that is being taken, and `taken` how many of its transactions are.
    `statements` counts those that came to an end, booked or quarantined.
    """

    account: str
    currency: str
    entity_id: str
    cadence_days: int
    closed: bool
    through_date: date | None
    closing_balance: Decimal | None
    doubtful: tuple[str, ...]
    unfinished: str | None
    taken: int
    statements: int


@dataclass(frozen=True)
class StatementRow:
    """A statement that came to an end. `days`: every day on which it may have booked something, as `day_key`.

    `waiting` is the account's stream where the statement is verified, and lay behind the end of the account's line
    when it came: once what is missing between comes, the line goes on with it.
    """

    account: str
    currency: str
    content_digest: str
    statement_id: str
    outcome: str
    reason: str | None
    verified: bool
    from_date: date | None
    through_date: date | None
    opening_balance: Decimal | None
    closing_balance: Decimal | None
    first_booking_date: date | None
    last_booking_date: date | None
    transactions: int
    file_digest: str
    days: tuple[str, ...]
    waiting: str | None


@dataclass(frozen=True)
class Part:
    """A statement's transactions in the bank's order, from `taken_before` on: their payment ids, and the account's
    balance behind each (none where the statement has no opening balance).
    """

    account: str
    currency: str
    content_digest: str
    taken_before: int
    payments: tuple[str, ...]
    balances: tuple[str, ...]


@dataclass(frozen=True)
class Payment:
    """One transaction: money received (`credit`) or spent (`debit`).

    Of a credit: `returned` is how much of it went back, `detailed` that others stand in its place, `advice_id` the
    remittance advice that says what it pays. Of a debit: `returns` is the payment that went back by it.
    """

    payment_id: str
    direction: str
    entity_id: str
    account: str | None
    currency: str
    statement_id: str | None
    entry_ref: str
    booking_date: date
    value_date: date | None
    amount: Decimal
    reversal: bool
    end_to_end_id: str | None
    structured_reference: str | None
    remittance: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    charges: Decimal | None
    original_amount: Decimal | None
    original_currency: str | None
    exchange_rate: str | None
    mandate_id: str | None
    return_reason: str | None
    bank_transaction_code: str | None
    batch_size: int | None
    method: str | None
    part_of: str | None
    payout_id: str | None
    returned: Decimal
    detailed: bool
    advice_id: str | None
    returns: str | None


@dataclass(frozen=True)
class Calendar:
    """The last business date that was closed. One row."""

    name: str
    closed_date: date | None


def account_stream(account: str, currency: str) -> str:
    """The stream of the account: its lock protects all that is known of its statements."""
    return f"account:{account}:{currency}"


def _of_account(key: Key) -> str:
    return account_stream(key[0], key[1])


def day_key(account: str, currency: str, day: date) -> str:
    """What statements of an account that book on a day are found by."""
    return f"{account}:{currency}:{day.isoformat()}"


ACCOUNTS: Table[Account] = Table(
    "accounts", Account, key=("account", "currency"), finds=("closed",), guard=_of_account
)
STATEMENTS: Table[StatementRow] = Table(
    "statements",
    StatementRow,
    key=("account", "currency", "content_digest"),
    finds=("days", "waiting"),
    guard=_of_account,
)
PARTS: Table[Part] = Table(
    "statement_parts",
    Part,
    key=("account", "currency", "content_digest", "taken_before"),
    finds=("content_digest",),
    guard=_of_account,
)
PAYMENTS: Table[Payment] = Table(
    "payments", Payment, key=("payment_id",), guard=lambda key: f"payment:{key[0]}"
)
CALENDAR: Table[Calendar] = Table("calendar", Calendar, key=("name",), guard=lambda _key: "days")
STATE: tuple[Table[Any], ...] = (ACCOUNTS, STATEMENTS, PARTS, PAYMENTS, CALENDAR)

CALENDAR_KEY = "payment-ingest"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None)
