"""A customer's history: the fold of what was known by a day, and of nothing later. Pure.

`fold(facts, as_of)` takes facts of any day and leaves out what was not known by `as_of`; so adding later facts changes
nothing. Facts of different topics may come in any order between them: what an item was reminded of is kept beside
the items, for its item may not be known yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lettra_risk_scoring.domain import facts as said
from lettra_risk_scoring.domain.facts import Fact, ItemKind, Means

ZERO = Decimal(0)
Pocket = tuple[str, str]
"""A legal entity and a currency: amounts of two pockets are never added."""


class SeesLater(ValueError):
    """A score of one day was about to be made from what was known later only."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """So much of an item was settled on that business date."""

    date: date
    amount: Decimal
    means: Means


@dataclass(slots=True)
class Item:
    """An item and what became of it; `ever_disputed` stays when the dispute is over.

    `settled_on`: the last business date that settled it; None while something is open. `is_paid`: it is settled, and
    money took part in it: a credit note or write-off alone is no payment.
    """

    item_id: str
    entity_id: str
    kind: ItemKind
    currency: str
    amount: Decimal
    issue_date: date
    due_date: date
    open: Decimal
    disputed: Decimal = ZERO
    ever_disputed: bool = False
    reductions: dict[str, Reduction] = field(default_factory=dict)
    settled_on: date | None = None
    is_paid: bool = False

    @property
    def undisputed(self) -> Decimal:
        """What is open and not contested."""
        return max(ZERO, self.open - self.disputed) if self.disputed else self.open

    @property
    def days_late(self) -> int | None:
        """Days from the due date to settlement, negative if before; None while something is open."""
        return None if self.settled_on is None else (self.settled_on - self.due_date).days


@dataclass(slots=True)
class History:
    """What was known of a customer at the close of `as_of`. `last_known_on`: of the latest fact that is in it."""

    as_of: date
    last_known_on: date | None = None
    items: dict[str, Item] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    returns: dict[str, date] = field(default_factory=dict)
    promises_broken: dict[str, date] = field(default_factory=dict)
    disputes: dict[str, date] = field(default_factory=dict)
    on_account: dict[Pocket, Decimal] = field(default_factory=dict)
    drafts: dict[Pocket, Decimal] = field(default_factory=dict)
    insolvent: bool = False

    def invoices(self) -> list[Item]:
        return [item for item in self.items.values() if item.kind == "invoice"]


def fold(facts: Iterable[Fact], as_of: date) -> History:
    """What was known at the close of `as_of`; what is known later is passed over.

    ValueError: a movement of an item that is unknown or does not have so much open, or one that is taken twice.
    """
    history = History(as_of)
    for fact in facts:
        if fact.known_on > as_of:
            continue
        if history.last_known_on is None or fact.known_on > history.last_known_on:
            history.last_known_on = fact.known_on
        _take(history, fact)
    return history


def must_not_see_beyond(history: History, day: date) -> None:
    """The guard of every feature: `SeesLater` if the history knows anything of after the close of `day`."""
    latest = max(history.as_of, history.last_known_on or history.as_of)
    if latest > day:
        raise SeesLater(f"a figure of {day} would see what was known on {latest} only")


def _take(history: History, fact: Fact) -> None:
    match fact:
        case said.ItemOpened():
            _open(history, fact)
        case said.ItemReduced():
            _reduce(history, fact)
        case said.ReductionUndone():
            _undo(history, fact)
        case said.ItemDisputed():
            _dispute(history, fact)
        case said.StepTaken():
            history.steps[fact.item_id] = max(fact.step, history.steps.get(fact.item_id, 0))
        case said.PaymentReturned():
            history.returns[fact.payment_id] = fact.known_on
        case said.PromiseBroken():
            history.promises_broken[fact.promise_id] = fact.known_on
        case said.AccountMoved():
            pocket = (fact.entity_id, fact.currency)
            history.on_account[pocket] = history.on_account.get(pocket, ZERO) + fact.change
        case said.DraftsStated():
            history.drafts[fact.entity_id, fact.currency] = fact.amount
        case said.InsolvencyStated():
            history.insolvent = fact.opened


def _open(history: History, fact: said.ItemOpened) -> None:
    if fact.item_id in history.items:
        raise ValueError(f"item {fact.item_id} is opened twice")
    history.items[fact.item_id] = Item(
        item_id=fact.item_id,
        entity_id=fact.entity_id,
        kind=fact.kind,
        currency=fact.currency,
        amount=fact.amount,
        issue_date=fact.issue_date,
        due_date=fact.due_date,
        open=fact.amount,
    )


def _item(history: History, item_id: str) -> Item:
    item = history.items.get(item_id)
    if item is None:
        raise ValueError(f"item {item_id} moves before it is opened")
    return item


def _reduce(history: History, fact: said.ItemReduced) -> None:
    item = _item(history, fact.item_id)
    if fact.movement in item.reductions:
        raise ValueError(f"movement {fact.movement} reduces item {fact.item_id} twice")
    if not 0 < fact.amount <= item.open:
        raise ValueError(f"{fact.amount} of item {fact.item_id} cannot be settled: {item.open} is open")
    item.open -= fact.amount
    item.reductions[fact.movement] = Reduction(fact.date, fact.amount, fact.means)
    if not item.open:
        item.settled_on = max(each.date for each in item.reductions.values())
        item.is_paid = any(each.means == "cash" for each in item.reductions.values())


def _undo(history: History, fact: said.ReductionUndone) -> None:
    item = _item(history, fact.item_id)
    undone = item.reductions.pop(fact.movement, None)
    if undone is None:
        raise ValueError(f"movement {fact.movement} of item {fact.item_id} is undone and never was")
    item.open += undone.amount
    item.settled_on, item.is_paid = None, False


def _dispute(history: History, fact: said.ItemDisputed) -> None:
    item = _item(history, fact.item_id)
    if fact.disputed > 0 and not item.disputed:
        history.disputes[f"{fact.item_id} {fact.known_on}"] = fact.known_on
    item.ever_disputed = item.ever_disputed or fact.disputed > 0
    item.disputed = fact.disputed
