"""What matching's events say happened to items and money: folded from Kafka, beside what its API answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashRefunded,
    CashTakenFromAccount,
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    ItemOpened,
    ItemWrittenOff,
    MatchProposed,
    PaymentSentBack,
    PaymentSplit,
    PaymentTaken,
    PaymentTransferredIn,
    PaymentTransferredOut,
    PaymentUnmatched,
    ProposalConfirmed,
    ProposalRefused,
    ProposalWithdrawn,
    WriteOffReversed,
)
from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    DebitBooked,
    PaymentReceived,
    PaymentReturned,
)

ZERO = Decimal(0)


@dataclass
class Item:
    """An open item; `open` counts down."""

    customer_id: str
    entity_id: str
    kind: str
    document_number: str
    currency: str
    amount: Decimal
    open: Decimal


@dataclass
class Money:
    """A payment: what of it settles which item, by which rules (by item), and what does not.

    `less`: what is settled beside it, by kind: written off, or by credit notes that were deducted. `gone`: returned,
    refunded, transferred, or become payments of their own.
    """

    entity_id: str
    currency: str
    amount: Decimal
    applied: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rules: dict[str, str] = field(default_factory=dict)
    less: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    on_account: Decimal = ZERO
    gone: Decimal = ZERO
    proposal: MatchProposed | None = None
    reason: str | None = None

    @property
    def applied_in_all(self) -> Decimal:
        """What of it settles items."""
        return sum(self.applied.values(), ZERO)

    @property
    def unapplied(self) -> Decimal:
        """What is nobody's."""
        return self.amount - self.applied_in_all - self.on_account - self.gone

    @property
    def is_held(self) -> bool:
        """Whether it settles nothing, and nothing is proposed for it either."""
        return not self.applied and self.proposal is None and self.gone < self.amount

    @property
    def outcome(self) -> str:
        """In the report's words."""
        if self.applied_in_all == self.amount:
            return "applied in full"
        if self.applied_in_all > 0:
            return "applied, the rest on account"
        if self.proposal is not None:
            return "proposed to a person"
        if self.gone == self.amount:
            return "sent back"
        return "on account, settling nothing" if self.on_account > 0 else "unapplied, payer unknown"


@dataclass
class Tally:
    """Items and money of all entities; what credit notes settled and what was given up, by currency."""

    items: dict[str, Item] = field(default_factory=dict)
    money: dict[str, Money] = field(default_factory=dict)
    credit_applied: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    written_off: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def open_balance(self, entity_id: str) -> dict[str, Decimal]:
        """Open invoices, open credit notes and money on account of an entity."""
        items = [item for item in self.items.values() if item.entity_id == entity_id]
        return {
            "invoices": sum((item.open for item in items if item.kind == "invoice"), ZERO),
            "credit notes": sum((item.open for item in items if item.kind != "invoice"), ZERO),
            "on account": sum((m.on_account for m in self.money.values() if m.entity_id == entity_id), ZERO),
        }


def owed_on(events: Iterable[Event], entity_id: str, day: date) -> Decimal:
    """What customers owe an entity by the movements up to and on a day: items, less what settles them and what is on
    account.
    """
    moved = (_moved(event) for event in events if getattr(event, "entity_id", None) == entity_id)
    return sum((amount for on, amount in moved if on <= day), ZERO)


def _moved(event: Event) -> tuple[date, Decimal]:
    """On which day an event changes what its customer owes, and by how much."""
    match event:
        case ItemOpened():
            return event.issue_date, event.amount if event.kind == "invoice" else -event.amount
        case CashApplied() | ItemWrittenOff() | CashPutOnAccount():
            return event.date, -event.amount
        case CashUnapplied() | WriteOffReversed() | CashTakenFromAccount() | CashRefunded():
            return event.date, event.amount
    return date.min, ZERO  # credit notes settle as much as is used of them


@dataclass
class Booked:
    """What payment-ingest booked: the payments received by their bank's reference, and the sums of both ways.

    `announced_first`: how many were announced before they were booked.
    """

    payments: dict[tuple[str, str], PaymentReceived]
    received: dict[str, Decimal]
    spent: dict[str, Decimal]
    announced_first: int = 0


def fold_matching(events: Iterable[Event]) -> Tally:
    """Matching's own events, in their order."""
    tally = Tally()
    for event in events:
        _take(tally, event)
    return tally


def _take(tally: Tally, event: Event) -> None:
    _take_item(tally, event)
    _take_money(tally, event)
    _take_proposal(tally, event)


def _take_item(tally: Tally, event: Event) -> None:
    match event:
        case ItemOpened():
            names = Item.__dataclass_fields__.keys() - {"open"}
            tally.items[event.item_id] = Item(**event.model_dump(include=set(names)), open=event.amount)
        case CashApplied():
            tally.items[event.item_id].open -= event.amount
        case CashUnapplied():
            tally.items[event.item_id].open += event.amount
        case CreditApplied() | CreditUnapplied():
            amount = event.amount if isinstance(event, CreditApplied) else -event.amount
            tally.items[event.item_id].open -= amount
            tally.items[event.credit_item_id].open -= amount
            tally.credit_applied[event.currency] += amount
            if event.payment_id is not None:
                tally.money[event.payment_id].less["credit note"] += amount
        case ItemWrittenOff() | WriteOffReversed():
            amount = event.amount if isinstance(event, ItemWrittenOff) else -event.amount
            tally.items[event.item_id].open -= amount
            tally.written_off[event.currency] += amount
            if event.payment_id is not None:
                tally.money[event.payment_id].less[event.write_off_type] += amount


def _take_money(tally: Tally, event: Event) -> None:
    match event:
        case PaymentTaken() | PaymentTransferredIn():
            tally.money[event.payment_id] = Money(event.entity_id, event.currency, event.amount)
        case CashApplied():
            money = tally.money[event.payment_id]
            money.applied[event.item_id] += event.amount
            money.rules[event.item_id] = event.rule
        case CashUnapplied():
            money = tally.money[event.payment_id]
            money.applied[event.item_id] -= event.amount
            if not money.applied[event.item_id]:
                del money.applied[event.item_id], money.rules[event.item_id]
        case CashPutOnAccount():
            money = tally.money[event.payment_id]
            money.on_account += event.amount
            money.reason = event.evidence
        case CashTakenFromAccount():
            tally.money[event.payment_id].on_account -= event.amount
        case CashRefunded():
            tally.money[event.payment_id].on_account -= event.amount
            tally.money[event.payment_id].gone += event.amount
        case PaymentSentBack() | PaymentTransferredOut() | PaymentSplit():
            tally.money[event.payment_id].gone += event.amount


def _take_proposal(tally: Tally, event: Event) -> None:
    match event:
        case MatchProposed():
            tally.money[event.payment_id].proposal = event
            tally.money[event.payment_id].reason = event.evidence
        case ProposalConfirmed() | ProposalRefused() | ProposalWithdrawn():
            tally.money[event.payment_id].proposal = None
        case PaymentUnmatched() if event.payment_id in tally.money:
            tally.money[event.payment_id].reason = event.reason


def fold_bookings(events: Iterable[Event]) -> Booked:
    """Payment-ingest's events: what came in and went out, by account."""
    booked = Booked({}, defaultdict(Decimal), defaultdict(Decimal))
    for event in events:
        match event:
            case PaymentReceived():
                booked.payments[event.account or "", event.entry_ref] = event
                booked.received[event.account or ""] += event.amount
            case DebitBooked():
                booked.spent[event.account or ""] += event.amount
            case PaymentReturned():
                booked.spent[event.account or ""] += event.amount + (event.charges or ZERO)
            case AnnouncementReplaced():
                booked.announced_first += 1
    return booked


def differences(tally: Tally, payments: Iterable[dict[str, Any]]) -> list[str]:
    """Where matching's API says something else than its events."""
    found: list[str] = []
    seen = set()
    for shown in payments:
        came = Decimal(shown["received"]) + Decimal(shown["transferred_in"])
        if not came:  # announced, and not booked
            continue
        seen.add(shown["payment_id"])
        money = tally.money.get(shown["payment_id"])
        if money is None:
            found.append(f"payment {shown['payment_id']} is in no event")
            continue
        says = (came, *(Decimal(shown[name]) for name in ("applied", "on_account", "unapplied")))
        if says != (money.amount, money.applied_in_all, money.on_account, money.unapplied):
            found.append(f"payment {shown['payment_id']}: the API says {says}")
    return found + [f"payment {payment} is not in the API" for payment in tally.money.keys() - seen]
