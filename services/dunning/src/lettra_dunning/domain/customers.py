"""What dunning knows of a customer: what it owes, its money, what was agreed on, how often it was written to. Pure.

Items, disputed amounts, money and holds are known from matching's events alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from lettra_dunning.domain.agreements import Agreement
from lettra_dunning.domain.calendar import Place
from lettra_events.contracts.invoicing import DebtorClass

ZERO = Decimal(0)
MoneyState = Literal["on_account", "announced", "may_be"]
"""On the customer's account; announced by a bank; perhaps this customer's, as matching says."""
TouchKind = Literal["statement", "pre_due_reminder", "reminder", "call_task", "formal_notice", "handover"]
SILENT_KINDS = ("call_task", "handover")
"""What of it is no message to the customer."""


@dataclass(frozen=True, slots=True)
class Item:
    """An invoice, an instalment of one, or a credit note, with what is open of it; amounts are positive.

    `level`: of the last step that it had; `reminders_before`: how many it had had elsewhere. `escalated`: why the next
    step is due whatever its date. `dispute_told`: how much in dispute the sales representative knows of.
    """

    item_id: str
    entity_id: str
    kind: Literal["invoice", "credit_note"]
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    open: Decimal
    disputed: Decimal = ZERO
    undelivered: str | None = None
    level: int = 0
    reminders_before: int = 0
    escalated: str | None = None
    dispute_told: Decimal = ZERO

    @property
    def claimable(self) -> Decimal:
        """What may be asked for: what is open and not in dispute."""
        return max(self.open - self.disputed, ZERO)

    def days_late(self, day: date) -> int:
        """Days since the due date at the close of this day; negative before it."""
        return (day - self.due_date).days


@dataclass(frozen=True, slots=True)
class UnmatchedMoney:
    """Money that settles nothing yet and is, or may be, this customer's. `reason` in words, as matching said it."""

    payment_id: str
    entity_id: str
    currency: str
    amount: Decimal
    state: MoneyState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Insolvency:
    """Proceedings on the customer (procédure collective) that have not ended. `told`: a filing task is open."""

    proceeding: str
    opened_on: date
    claim_until: date | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """Events of this customer that wait behind one that failed: what is known of it may be old."""

    topic: str
    error: str


@dataclass(frozen=True, slots=True)
class Touch:
    """One step that was taken towards the customer. `on`: the customer's date on which it goes out."""

    decided_on: date
    on: date
    currency: str
    kind: TouchKind
    step: str
    items: tuple[str, ...]

    @property
    def is_message(self) -> bool:
        return self.kind not in SILENT_KINDS


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer and its case in each currency.

    `segment`: as a person or a score has it; None: by its class, where the policy has a segment of that name.
    `decided_on`: the last business date for which a run decided something.

    `held`: the reasons (codes) for which each item was last said to be held. `heard_on`: when it last paid, answered,
    promised or contested. `silence_told_on`: when the sales representative was last told that it does not answer.
    """

    customer_id: str
    place: Place
    debtor_class: DebtorClass = "company"
    segment: str | None = None
    collector: str | None = None
    sales_representative: str | None = None
    items: tuple[Item, ...] = ()
    money: tuple[UnmatchedMoney, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    insolvency: Insolvency | None = None
    parked: tuple[ParkedKey, ...] = ()
    touches: tuple[Touch, ...] = ()
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heard_on: date | None = None
    silence_told_on: date | None = None
    decided_on: date | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A bank account of an entity, and up to which day its statements are known without a gap."""

    account: str
    currency: str
    through_date: date | None


@dataclass(frozen=True, slots=True)
class ProcessedDay:
    """What matching's `DayProcessed` says of a business date, all events of that date together.

    `entities`: those whose day is processed; `held_back`: those whose day waits for a parked key.
    """

    business_date: date
    entities: frozenset[str]
    feeds: Mapping[str, tuple[Feed, ...]]
    held_back: frozenset[str] = frozenset()
