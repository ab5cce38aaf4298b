"""What risk-scoring is told of a customer, each fact with the day from which it is known. Pure.

`known_on` is the business date at whose close the fact was known here, whatever dates stand in it: an invoice of
3 March that came on the 5th has `known_on` 5 March. It alone decides what a score of a given day may see. Facts of
one topic come in its order; those of different topics in any order between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

ItemKind = Literal["invoice", "credit_note"]
Means = Literal["cash", "credit", "write_off"]


@dataclass(frozen=True, slots=True)
class ItemOpened:
    """The customer owes an item (an invoice or an instalment), or is owed one (a credit note); `amount` is positive."""

    known_on: date
    item_id: str
    entity_id: str
    kind: ItemKind
    currency: str
    amount: Decimal
    issue_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class ItemReduced:
    """So much of an item is open no more; `movement` names this once, so that it can be undone."""

    known_on: date
    item_id: str
    movement: str
    date: date
    amount: Decimal
    means: Means


@dataclass(frozen=True, slots=True)
class ReductionUndone:
    """What `movement` had settled is open again: as if it had never been paid by it (délettrage, return)."""

    known_on: date
    item_id: str
    movement: str


@dataclass(frozen=True, slots=True)
class ItemDisputed:
    """So much of the item is in dispute now (litige); 0: none any more."""

    known_on: date
    item_id: str
    disputed: Decimal


@dataclass(frozen=True, slots=True)
class PaymentReturned:
    """A payment of the customer came back unpaid (impayé, rejet)."""

    known_on: date
    payment_id: str


@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """A promise to pay, or an instalment of a plan, was not kept."""

    known_on: date
    promise_id: str


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A reminder step was taken for the item; steps are counted from 1 in the order of their policy."""

    known_on: date
    item_id: str
    step: int


@dataclass(frozen=True, slots=True)
class AccountMoved:
    """Unapplied money of the customer rose by so much, or fell where it is negative."""

    known_on: date
    entity_id: str
    currency: str
    change: Decimal


@dataclass(frozen=True, slots=True)
class DraftsStated:
    """What is prepared for the customer and not issued yet, all of it, now."""

    known_on: date
    entity_id: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InsolvencyStated:
    """Insolvency proceedings (procédure collective) on the customer are open, or are not any more."""

    known_on: date
    opened: bool


OfItem = ItemOpened | ItemReduced | ReductionUndone | ItemDisputed | StepTaken
OfCustomer = PaymentReturned | PromiseBroken | AccountMoved | DraftsStated | InsolvencyStated
Fact = OfItem | OfCustomer
