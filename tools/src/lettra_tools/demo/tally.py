"""What matching's events say happened to items and money: folded from Kafka, beside what its API answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
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
from lettra_events.contracts.payments import DebitBooked, PaymentReceived

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
    """A payment: what of it settles which item, by which rules, and what does not.

    `gone`: returned, refunded, transferred, or become payments of their own.
    """

    entity_id: str
    currency: str
    amount: Decimal
    applied: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rules: list[str] = field(default_factory=list)
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
    def outcome(self) -> str:
        """In the report's words."""
        if self.applied_in_all == self.amount:
            return "applied in full"
        if self.applied_in_all > 0:
            return "applied, the rest on account"
        if self.proposal is not None:
            return "proposed to a person"
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


@dataclass(frozen=True)
class Booked:
    """What payment-ingest booked: the payments received by their bank's reference, and the sums of both ways."""

    payments: dict[tuple[str, str], PaymentReceived]
    received: dict[str, Decimal]
    spent: dict[str, Decimal]


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
        case ItemWrittenOff() | WriteOffReversed():
            amount = event.amount if isinstance(event, ItemWrittenOff) else -event.amount
            tally.items[event.item_id].open -= amount
            tally.written_off[event.currency] += amount


def _take_money(tally: Tally, event: Event) -> None:
    match event:
        case PaymentTaken() | PaymentTransferredIn():
            tally.money[event.payment_id] = Money(event.entity_id, event.currency, event.amount)
        case CashApplied():
            money = tally.money[event.payment_id]
            money.applied[event.item_id] += event.amount
            money.rules.append(event.rule)
        case CashUnapplied():
            applied = tally.money[event.payment_id].applied
            applied[event.item_id] -= event.amount
            if not applied[event.item_id]:
                del applied[event.item_id]
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
    return booked


def differences(tally: Tally, payments: Iterable[dict[str, Any]]) -> list[str]:
    """Where matching's API says something else than its events."""
    found: list[str] = []
    seen = set()
    for shown in payments:
        if Decimal(shown["announced"]):
            continue
        seen.add(shown["payment_id"])
        money = tally.money.get(shown["payment_id"])
        if money is None:
            found.append(f"payment {shown['payment_id']} is in no event")
            continue
        came = Decimal(shown["received"]) + Decimal(shown["transferred_in"])
        says = (came, *(Decimal(shown[name]) for name in ("applied", "on_account", "unapplied")))
        if says != (money.amount, money.applied_in_all, money.on_account, money.unapplied):
            found.append(f"payment {shown['payment_id']}: the API says {says}")
    return found + [f"payment {payment} is not in the API" for payment in tally.money.keys() - seen]
