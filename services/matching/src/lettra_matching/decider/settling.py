"""From what a payment is to settle to the events that say so, ledger by ledger. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_matching.domain import OpenItem, Payment

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """So much of an item is settled, `write_off` included. Of a credit note: so much of it is deducted."""

    item: OpenItem
    settled: Decimal
    write_off: Decimal = ZERO
    write_off_type: said.WriteOffType | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Why it is settled: by which rule of which version on what evidence, or by whom."""

    rule: str
    evidence: str
    confidence: Decimal
    solutions: int
    rules_version: int
    who: str | None = None


def lettrage(cause: str) -> str:
    """The code of what one cause settles (lettrage): 8 letters and digits, the same in every rebuild."""
    return base64.b32encode(hashlib.sha256(cause.encode()).digest()[:5]).decode()


def movement(item: OpenItem, on: date) -> dict[str, Any]:
    """What every movement of an item says: where it belongs, and on which date."""
    return {
        "customer_id": item.customer_id,
        "entity_id": item.entity_id,
        "currency": item.currency,
        "date": on,
        "item_id": item.item_id,
    }


def settle(payment: Payment, shares: Sequence[Share], basis: Basis, on: date) -> list[Event]:
    """Settle the shares with the payment's money: credit notes first, each within its customer's ledger.

    `ValueError` where the money does not suffice or a credit note is deducted from nobody's invoice.
    """
    work = _Settling(payment, basis, on)
    work.deduct(share for share in shares if share.item.kind == "credit_note")
    for share in shares:
        if share.item.kind != "credit_note":
            work.settle(share)
    work.finish()
    return work.events


def where_notes_exceed(shares: Iterable[Share]) -> str | None:
    """The customer of whose credit notes more is deducted than its own invoices take; None: each ledger adds up."""
    left: dict[str, Decimal] = {}
    for share in shares:
        customer = share.item.customer_id
        left[customer] = left.get(customer, ZERO) + cash_of([share])
    return min((customer for customer, cash in left.items() if cash < 0), default=None)


def cash_of(shares: Iterable[Share]) -> Decimal:
    """The money that the shares take: invoices less what is written off of them, less credit notes."""
    return sum(
        (-s.settled if s.item.kind == "credit_note" else s.settled - s.write_off for s in shares), ZERO
    )


@dataclass
class _Settling:
    payment: Payment
    basis: Basis
    on: date
    events: list[Event] = field(default_factory=list)
    notes: list[tuple[Share, Decimal]] = field(default_factory=list)
    line: int = 0
    cash: Decimal = ZERO

    def __post_init__(self) -> None:
        self.line = self.payment.lines

    def deduct(self, shares: Iterable[Share]) -> None:
        self.notes = [(share, share.settled) for share in shares]

    def settle(self, share: Share) -> None:
        """One invoice: what credit notes of its customer give, then cash, then what is given up of it."""
        item, left = share.item, share.settled - share.write_off
        open_now = item.open
        for index, (note, remaining) in enumerate(self.notes):
            part = min(left, remaining)
            if part > 0 and note.item.customer_id == item.customer_id:
                open_now -= part
                left -= part
                self.notes[index] = note, remaining - part
                self._credit(note, share, part, open_now, note.item.open - note.settled + remaining - part)
        if left > 0:
            open_now -= left
            self._cash(item, left, open_now)
        if share.write_off > 0:
            open_now -= share.write_off
            self._give_up(share, open_now)
        if open_now == 0:
            self._settled(item)

    def finish(self) -> None:
        for note, remaining in self.notes:
            if remaining > 0:
                raise ValueError(
                    f"{note.item.item_id}: {remaining} of the credit note is deducted from no invoice"
                )
            if note.settled == note.item.open:
                self._settled(note.item)
        if self.cash > self.payment.available:
            raise ValueError(f"payment {self.payment.payment_id}: {self.cash} is more than is available")

    def _credit(
        self, note: Share, share: Share, part: Decimal, open_after: Decimal, note_after: Decimal
    ) -> None:
        self.line += 1
        self.events.append(
            said.CreditApplied(
                **movement(share.item, self.on),
                credit_item_id=note.item.item_id,
                amount=part,
                open_after=open_after,
                credit_open_after=note_after,
                payment_id=self.payment.payment_id,
                line=self.line,
            )
        )

    def _cash(self, item: OpenItem, amount: Decimal, open_after: Decimal) -> None:
        self.line += 1
        self.cash += amount
        basis = self.basis
        self.events.append(
            said.CashApplied(
                **movement(item, self.on),
                payment_id=self.payment.payment_id,
                line=self.line,
                amount=amount,
                open_after=open_after,
                rule=basis.rule,
                evidence=basis.evidence,
                confidence=basis.confidence,
                solutions=basis.solutions,
                rules_version=basis.rules_version,
                who=basis.who,
            )
        )

    def _give_up(self, share: Share, open_after: Decimal) -> None:
        assert share.write_off_type is not None, "a write-off is typed"
        self.events.append(
            said.ItemWrittenOff(
                **movement(share.item, self.on),
                write_off_type=share.write_off_type,
                amount=share.write_off,
                open_after=open_after,
                evidence=self.basis.evidence,
                payment_id=self.payment.payment_id,
                line=self.line,
            )
        )

    def _settled(self, item: OpenItem) -> None:
        code = lettrage(self.payment.payment_id)
        self.events.append(said.ItemSettled(**movement(item, self.on), lettrage=code))
