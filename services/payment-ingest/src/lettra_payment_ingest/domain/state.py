"""State that payment-ingest's own events fold into: rows and tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.decisions.tables import Key, Table


@dataclass(frozen=True)
class Account:
    """A bank account, and where its unbroken line of verified statements ends.

    `through_date` is the line's last day and the date of `closing_balance`, `known_from` its first day; null before the
    first statement.
    `doubtful`: days behind it up to which a statement told that was unverified or quarantined. `unfinished`: the
    content digest of the statement that is being taken, and `taken` how many of its transactions are.
    `unfinished_file` is the digest of the file that brought it. `statements` counts those that came to an end, booked
    or quarantined. `mapping` is how its CSV files are read. `watched_from`: the first business date that was closed
    since it is open; `stale_for` and `missing_after`: for which end of the line (a day, or "none") it was said that the
    feed is stale, or that a statement is missing.
    """

    account: str
    currency: str
    entity_id: str
    cadence_days: int
    closed: bool
    known_from: date | None
    through_date: date | None
    closing_balance: Decimal | None
    doubtful: tuple[str, ...]
    unfinished: str | None
    unfinished_file: str | None
    taken: int
    statements: int
    mapping: str | None
    watched_from: date | None
    stale_for: str | None
    missing_after: str | None


@dataclass(frozen=True)
class StatementRow:
    """A statement that came to an end, or that a person released from quarantine (then its end is to come).

    `outcome`: booked, quarantined, released, dismissed; `resolved_by` says who released or dismissed it, and why.
    `days`: every day on which it may have booked something, as `day_key`.

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
    resolved_by: str | None
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
    remittance advice that says what it pays. Of a debit: `returns` is the payment that went back by it, and `review` is
    "return" where a person is to say which one that is.
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
    review: str | None

    @property
    def left(self) -> Decimal:
        """What of it has not gone back."""
        return self.amount - self.returned


@dataclass(frozen=True)
class Announcement:
    """Announced money. `state`: open, replaced (by `payment_id`), withdrawn; `open_on`: its account, while open."""

    announcement_id: str
    entity_id: str
    account: str
    currency: str
    source: str
    entry_ref: str
    announced_on: date
    booking_date: date | None
    value_date: date | None
    amount: Decimal
    end_to_end_id: str | None
    structured_reference: str | None
    remittance: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    mandate_id: str | None
    batch_ref: str | None
    method: str | None
    payout_id: str | None
    state: str
    open_on: str | None
    payment_id: str | None


@dataclass(frozen=True)
class EntryKey:
    """What an account's entries are found by (see `keys`): the last few announcements and payments of this key."""

    account: str
    currency: str
    key: str
    announcements: tuple[str, ...]
    payments: tuple[str, ...]


@dataclass(frozen=True)
class Payout:
    """A collected credit that is expected, or booked as `entry_id`; `open_on` is the account until then."""

    payout_id: str
    entity_id: str
    account: str
    currency: str
    provider: str
    reference: str
    method: str
    expected_date: date
    gross: Decimal
    fees: Decimal
    net: Decimal
    open_on: str | None
    entry_id: str | None


@dataclass(frozen=True)
class Advice:
    """A remittance advice, and the payment that it was linked to. `lines`: number and amount of each document."""

    advice_id: str
    customer_id: str
    entity_id: str | None
    payment_date: date
    currency: str
    total: Decimal
    lines: tuple[str, ...]
    reference: str | None
    text: str | None
    payment_id: str | None


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
ANNOUNCEMENTS: Table[Announcement] = Table(
    "announcements",
    Announcement,
    key=("announcement_id",),
    finds=("open_on", "payout_id"),
    guard=lambda key: f"payment:{key[0]}",
)
ENTRY_KEYS: Table[EntryKey] = Table(
    "entry_keys", EntryKey, key=("account", "currency", "key"), guard=_of_account
)
PAYOUTS: Table[Payout] = Table(
    "payouts", Payout, key=("payout_id",), finds=("open_on",), guard=lambda key: f"payout:{key[0]}"
)
ADVICES: Table[Advice] = Table("advices", Advice, key=("advice_id",), guard=lambda key: f"advice:{key[0]}")
CALENDAR: Table[Calendar] = Table("calendar", Calendar, key=("name",), guard=lambda _key: "days")
STATE: tuple[Table[Any], ...] = (
    ACCOUNTS,
    STATEMENTS,
    PARTS,
    PAYMENTS,
    ANNOUNCEMENTS,
    ENTRY_KEYS,
    PAYOUTS,
    ADVICES,
    CALENDAR,
)

CALENDAR_KEY = "payment-ingest"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None)
