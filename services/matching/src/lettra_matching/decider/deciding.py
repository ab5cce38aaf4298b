"""Matching's decisions (lettrage). Pure.

A payment designates items by a valid structured reference or by an exact document number. What it designates
without doubt is applied; whatever is left over stays with its payer, or unapplied where the payer is not known.
Uniqueness opens the door: a name that two items bear, or too little money for several items, is left to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, OpeningItemTaken
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashTakenFromAccount,
    CreditApplied,
    ItemOpened,
    PaymentTaken,
    PaymentUnmatched,
)
from lettra_events.contracts.payments import PaymentReceived
from lettra_matching.domain import OpenItem, Payment, is_reference, longest

Rule = Literal["structured_reference", "document_number"]
ZERO = Decimal(0)
_SHOWN_MAX = 10
"""How many documents or customers a sentence names."""


@dataclass(frozen=True, slots=True)
class Designated:
    """An item that a payment names, and how."""

    item: OpenItem
    rule: Rule
    evidence: str


def open_items(event: InvoiceIssued) -> list[ItemOpened]:
    """Re-state an invoice as one open item, or as one for each instalment; none where deposits cover all of it."""
    parts = event.owed()
    return [
        _item(
            event,
            "invoice",
            part_id(event.entity_id, event.document_number, part.number if len(parts) > 1 else None),
            part.due_date,
            part.amount,
        )
        for part in parts
    ]


def open_credit_note(event: CreditNoteIssued) -> ItemOpened:
    """Re-state a credit note as an open item, due at once."""
    item_id = part_id(event.entity_id, event.document_number)
    return _item(event, "credit_note", item_id, event.issue_date, event.gross)


def open_opening_item(event: OpeningItemTaken) -> ItemOpened:
    """Re-state what was open when its entity began here, as far as it was open then."""
    part = event.number if event.number > 1 else None
    item_id = part_id(event.entity_id, event.document_number, part)
    return _item(event, event.kind, item_id, event.due_date, event.amount)


def part_id(entity_id: str, document_number: str, part: int | None = None) -> str:
    """The id of a document's item, or of one of its parts."""
    whole = f"{entity_id}:{document_number}"
    return whole if part is None else f"{whole}#{part}"


def _item(
    event: InvoiceIssued | CreditNoteIssued | OpeningItemTaken,
    kind: Literal["invoice", "credit_note"],
    item_id: str,
    due_date: date,
    amount: Decimal,
) -> ItemOpened:
    return ItemOpened(
        customer_id=event.customer_id,
        entity_id=event.entity_id,
        item_id=item_id,
        kind=kind,
        document_number=event.document_number,
        issue_date=event.issue_date,
        due_date=due_date,
        currency=event.currency,
        amount=amount,
        payment_reference=event.payment_reference,
    )


def set_off(note: OpenItem, invoice: Iterable[OpenItem | None]) -> list[Event]:
    """A credit note against the items of the invoice that it names, in order; the rest of it stays open."""
    settled: list[Event] = []
    left = note.open
    for item in invoice:
        if item is None or item.kind != "invoice" or item.currency != note.currency:
            continue
        amount = min(left, item.open)
        if amount <= 0:
            continue
        left -= amount
        settled.append(
            CreditApplied(
                customer_id=note.customer_id,
                entity_id=note.entity_id,
                credit_item_id=note.item_id,
                item_id=item.item_id,
                amount=amount,
                currency=note.currency,
                open_after=item.open - amount,
                credit_open_after=left,
            )
        )
    return settled


def take_payment(event: PaymentReceived) -> PaymentTaken:
    """Re-state a payment."""
    return PaymentTaken(
        payment_id=event.payment_id,
        entity_id=event.entity_id,
        booking_date=event.booking_date,
        amount=event.amount,
        currency=event.currency,
        counterparty_name=event.counterparty_name,
        counterparty_iban=event.counterparty_iban,
    )


def designate(names: Iterable[str], items: Iterable[OpenItem], currency: str) -> list[Designated]:
    """The invoices that the names mean without doubt, by strength of the name, then by item.

    A name that several items bear means none of them; a name inside another one that was found means nothing.
    """
    bearers = _bearers(names, items)
    found: dict[str, Designated] = {}
    for name in sorted(longest(bearers), key=lambda n: (not is_reference(n), n)):
        item = bearers[name][0]
        if len(bearers[name]) == 1 and _payable(item, currency):
            found.setdefault(item.item_id, _designated(name, item))
    return list(found.values())


def _bearers(names: Iterable[str], items: Iterable[OpenItem]) -> dict[str, list[OpenItem]]:
    """Of the names that some items bear: which ones."""
    wanted = set(names)
    bearers: dict[str, list[OpenItem]] = {}
    for item in sorted(items, key=lambda i: (i.item_id, i.customer_id)):
        for name in wanted.intersection(item.names):
            bearers.setdefault(name, []).append(item)
    return bearers


def _payable(item: OpenItem, currency: str) -> bool:
    return item.kind == "invoice" and item.currency == currency


def _designated(name: str, item: OpenItem) -> Designated:
    value = _value(name)
    if is_reference(name):
        return Designated(
            item, "structured_reference", f"the reference {value} is that of {item.document_number}"
        )
    return Designated(item, "document_number", f"the text names {item.document_number} (as {value})")


def _value(name: str) -> str:
    return name.rpartition(":")[2]


def why_nothing(names: Iterable[str], items: Iterable[OpenItem], currency: str) -> str:
    """In words, why these names designate nothing."""
    bearers = _bearers(names, items)
    for name in longest(bearers):
        first, *others = bearers[name]
        if others:
            return f"{len(bearers[name])} items bear {_value(name)}"
        if first.kind != "invoice":
            return f"{first.document_number} is a credit note"
        if first.currency != currency:
            return f"{first.document_number} is in {first.currency}, the money in {currency}"
    return "no item bears a reference or number of its text"


def match(payment: Payment, names: Sequence[str], items: Sequence[OpenItem]) -> list[Event]:
    """What becomes of the payment's money that settles no item yet."""
    designated = designate(names, items, payment.currency)
    waiting = tuple(names)
    owed = [d for d in designated if d.item.open > 0]
    total = sum((d.item.open for d in owed), ZERO)
    customers = sorted({d.item.customer_id for d in designated})
    if not designated:
        why = why_nothing(names, items, payment.currency)
        return _unmatched(payment, payment.unapplied, why, waiting)
    if total > payment.available and len(owed) > 1:
        why = f"{payment.available} {payment.currency} is less than the {total} open of {_numbers(owed)}"
        return _left_over(payment, customers, payment.available, why, waiting)
    applied = _apply(payment, owed)
    rest = payment.available - sum((event.amount for event in applied), ZERO)
    why = f"more than is open of {_numbers(designated)}"
    return [*_take_back(payment, applied), *applied, *_rest(payment, applied, customers, rest, why, waiting)]


def _apply(payment: Payment, owed: Sequence[Designated]) -> list[CashApplied]:
    """Settle the items in order, as far as the money goes."""
    events, left = [], payment.available
    for one in owed:
        amount = min(left, one.item.open)
        if amount <= 0:
            break
        left -= amount
        events.append(
            CashApplied(
                customer_id=one.item.customer_id,
                entity_id=payment.entity_id,
                payment_id=payment.payment_id,
                item_id=one.item.item_id,
                amount=amount,
                currency=payment.currency,
                open_after=one.item.open - amount,
                rule=one.rule,
                evidence=one.evidence,
            )
        )
    return events


def _take_back(payment: Payment, applied: Sequence[CashApplied]) -> list[Event]:
    """Money on account goes back to its payment before it is applied."""
    if not applied or payment.on_account <= 0 or payment.account_customer_id is None:
        return []
    return [
        CashTakenFromAccount(
            customer_id=payment.account_customer_id,
            entity_id=payment.entity_id,
            payment_id=payment.payment_id,
            amount=payment.on_account,
            currency=payment.currency,
        )
    ]


def _rest(
    payment: Payment,
    applied: Sequence[CashApplied],
    customers: Sequence[str],
    rest: Decimal,
    why: str,
    waiting: tuple[str, ...],
) -> list[Event]:
    if rest <= 0:
        return []
    freed = replace(payment, on_account=ZERO, unapplied=payment.available) if applied else payment
    return _left_over(freed, customers, rest, why, waiting)


def _left_over(
    payment: Payment, customers: Sequence[str], rest: Decimal, why: str, waiting: tuple[str, ...]
) -> list[Event]:
    """Money of a known payer goes on that customer's account; of several, nobody can say whose it is."""
    if len(customers) != 1:
        names = ", ".join(customers[:_SHOWN_MAX])
        return _unmatched(payment, rest, f"{why}; {len(customers)} customers: {names}", waiting)
    if payment.on_account > 0:
        return []
    return [
        CashPutOnAccount(
            customer_id=customers[0],
            entity_id=payment.entity_id,
            payment_id=payment.payment_id,
            amount=rest,
            currency=payment.currency,
            evidence=why,
            waiting_for=waiting,
        )
    ]


def _unmatched(payment: Payment, amount: Decimal, reason: str, waiting: tuple[str, ...]) -> list[Event]:
    """Say that so much is nobody's, unless that is said already."""
    if payment.unapplied <= 0 or (payment.reason == reason and payment.waiting_for == waiting):
        return []
    return [
        PaymentUnmatched(
            payment_id=payment.payment_id,
            entity_id=payment.entity_id,
            amount=amount,
            currency=payment.currency,
            reason=reason,
            waiting_for=waiting,
        )
    ]


def _numbers(designated: Sequence[Designated]) -> str:
    return ", ".join(d.item.document_number for d in designated[:_SHOWN_MAX])
