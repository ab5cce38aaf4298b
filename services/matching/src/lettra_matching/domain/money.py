"""Money received: where each payment's money is, what it settled, what is proposed, whom it holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_events.decisions.tables import Key, Table
from lettra_matching.domain.items import ledger_of


def payment_of(key: Key) -> str:
    """The stream that guards what is a payment's: its id is the key's first column."""
    return f"payment:{key[0]}"


@dataclass(frozen=True)
class Payment:
    """Money received, and where it is:

    received + transferred_in = applied + on_account + unapplied + returned + refunded + transferred_out, always.
    `announced`: a bank told of it and did not book it; it is in none of these. `lines`: how many allocations it has
    had. `moved_on`: the business date of its last movement; no later one is dated before it. `assigned_to`: a person
    said that it is this customer's. `barred`: items to which a person said that it does not belong. `held_for`:
    customers who are not reminded because of it.
    """

    payment_id: str
    entity_id: str
    booking_date: date
    value_date: date | None
    currency: str
    received: Decimal
    transferred_in: Decimal
    applied: Decimal
    on_account: Decimal
    unapplied: Decimal
    returned: Decimal
    refunded: Decimal
    transferred_out: Decimal
    announced: Decimal
    lines: int
    moved_on: date
    account_customer_id: str | None
    assigned_to: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    structured_reference: str | None
    remittance: str | None
    end_to_end_id: str | None
    advice: tuple[str, ...]
    advice_text: str | None
    reason: str | None
    waiting_for: tuple[str, ...]
    barred: tuple[str, ...]
    held_for: tuple[str, ...]

    def __post_init__(self) -> None:
        came = self.received + self.transferred_in
        went = (
            self.applied,
            self.on_account,
            self.unapplied,
            self.returned,
            self.refunded,
            self.transferred_out,
        )
        if sum(went) != came or min(went) < 0:
            raise ValueError(f"payment {self.payment_id}: {came} came in and is not {went} in all")
        if (self.on_account > 0) != (self.account_customer_id is not None):
            raise ValueError(
                f"payment {self.payment_id}: {self.on_account} on account of {self.account_customer_id}"
            )

    @property
    def available(self) -> Decimal:
        """What settles no item yet."""
        return self.on_account + self.unapplied


@dataclass(frozen=True)
class Allocation:
    """What a payment settles of an item: in cash, or by a credit note that it deducts (`credit_item_id`).

    `written_off` went with it. `amount` is 0 once it is undone.
    """

    payment_id: str
    line: int
    customer_id: str
    item_id: str
    credit_item_id: str | None
    amount: Decimal
    written_off: Decimal
    write_off_type: str | None
    date: date
    rule: str | None
    evidence: str | None
    confidence: Decimal | None
    rules_version: int | None
    who: str | None


@dataclass(frozen=True)
class Proposal:
    """What a payment may settle, for a person; `lines`: each a `ProposedLine` as JSON."""

    payment_id: str
    entity_id: str
    currency: str
    lines: tuple[str, ...]
    rule: str
    evidence: str
    confidence: Decimal
    solutions: int
    rules_version: int


@dataclass(frozen=True)
class Hold:
    """Money that may be this customer's: it is not reminded of what that may settle. `reason` in words."""

    customer_id: str
    payment_id: str
    entity_id: str
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True)
class AccountDay:
    """By how much a customer's unapplied cash changed on a business date, in one currency of one entity."""

    customer_id: str
    entity_id: str
    currency: str
    date: date
    change: Decimal


PAYMENTS: Table[Payment] = Table(
    "payments", Payment, key=("payment_id",), finds=("waiting_for",), guard=payment_of
)
ALLOCATIONS: Table[Allocation] = Table(
    "allocations", Allocation, key=("payment_id", "line"), guard=payment_of
)
PROPOSALS: Table[Proposal] = Table("proposals", Proposal, key=("payment_id",), guard=payment_of)
HOLDS: Table[Hold] = Table("holds", Hold, key=("customer_id", "payment_id"), guard=ledger_of)
ACCOUNT_DAYS: Table[AccountDay] = Table(
    "account_days", AccountDay, key=("customer_id", "entity_id", "currency", "date"), guard=ledger_of
)
