"""Promises to pay and payment plans (échéanciers): what was agreed on, and how much of it came. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from lettra_dunning.domain.calendar import bank_days_on
from lettra_events.money import Money

ZERO = Decimal(0)
AgreementState = Literal["open", "kept", "broken", "withdrawn"]
INSTALMENTS_MAX = 60


@dataclass(frozen=True, slots=True)
class Covered:
    """An item under an agreement: what was open of it when that was made, and how much of it was agreed on."""

    item_id: str
    open_then: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Due:
    """One payment that was agreed on; the first has number 1."""

    number: int
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Agreement:
    """A promise has one payment, a plan several; they sum to what the items are covered with.

    While it is `open`, no step is taken for its items. `settled`: how much of it had come when it was last judged.
    """

    agreement_id: str
    kind: Literal["promise", "plan"]
    currency: str
    made_on: date
    covered: tuple[Covered, ...]
    dues: tuple[Due, ...]
    state: AgreementState = "open"
    settled: Decimal = ZERO
    judged_on: date | None = None

    def __post_init__(self) -> None:
        if not self.covered or not self.dues:
            raise ValueError(f"{self.agreement_id}: an agreement is about items, and has a payment")
        agreed = sum((one.amount for one in self.covered), ZERO)
        paid = sum((due.amount for due in self.dues), ZERO)
        if agreed != paid:
            raise ValueError(
                f"{self.agreement_id}: the payments come to {paid}, what they are for to {agreed}"
            )
        dates = [due.on for due in self.dues]
        if dates != sorted(set(dates)) or min(due.amount for due in self.dues) <= 0:
            raise ValueError(f"{self.agreement_id}: the payments follow each other, and each is above 0")

    @property
    def amount(self) -> Decimal:
        """All that was agreed on."""
        return sum((due.amount for due in self.dues), ZERO)

    @property
    def last_day(self) -> date:
        """When the last payment is agreed on."""
        return self.dues[-1].on

    def due_by(self, day: date, grace_days: int) -> Decimal:
        """How much is to have come by the close of this day; a payment counts once its days of grace are over."""
        return sum((due.amount for due in self.dues if bank_days_on(due.on, grace_days) <= day), ZERO)

    def settled_of(self, open_now: Mapping[str, Decimal]) -> Decimal:
        """How much of it has come, by what is open of its items now; what is not open any more is settled.

        More than was agreed on for one item does not make up for another one.
        """
        came = ZERO
        for one in self.covered:
            gone = one.open_then - open_now.get(one.item_id, ZERO)
            came += min(max(gone, ZERO), one.amount)
        return came


def equal_dues(total: Money, count: int, first: date, every_days: int) -> tuple[Due, ...]:
    """So many payments of the same size, every so many days; what does not divide goes to the first ones.

    They sum to the total exactly. ValueError: fewer than one, more than 60, or less than the smallest coin for each.
    """
    if not 1 <= count <= INSTALMENTS_MAX or every_days < 1:
        raise ValueError(f"a plan has 1 to {INSTALMENTS_MAX} payments, at least a day apart")
    parts = total.allocate([1] * count)
    if min(part.amount for part in parts) <= 0:
        raise ValueError(f"{total} is too little for {count} payments")
    return tuple(
        Due(number, first + timedelta(days=every_days * (number - 1)), part.amount)
        for number, part in enumerate(parts, start=1)
    )


def by_item(agreements: Sequence[Agreement]) -> Mapping[str, Agreement]:
    """The open agreement of each item that is under one."""
    return {
        one.item_id: agreement
        for agreement in agreements
        if agreement.state == "open"
        for one in agreement.covered
    }
