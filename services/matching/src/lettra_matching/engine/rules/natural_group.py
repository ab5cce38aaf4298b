"""Rule 6: what a payer would settle together: everything due, a month, the oldest, a whole statement.

Each with and without the open credit notes, and with and without the discounts that are still valid. Two groups
of different items that give the same amount are no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.model import ZERO, Item, RuleName
from lettra_matching.engine.undesignated import doubts, net, pools, settled

RULE: RuleName = "natural_group"


@dataclass(frozen=True, slots=True)
class Group:
    """Invoices that are settled together, and the credit notes taken off them."""

    title: str
    invoices: Sequence[Item]
    notes: Sequence[Item]
    discounted: bool
    instead: Item | None = None
    """An invoice that is left out, and is as much as one that is not."""

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.invoices, *self.notes)


def find(case: Case) -> Finding | None:
    """The group of this amount, if there is only one."""
    for pool in pools(case):
        groups = groups_in(case, pool)
        named = [group for group in groups if all(map(case.is_of_named_month, group.invoices))]
        if groups:
            return _judged(case, named or groups)
    return None


def groups_in(case: Case, pool: Sequence[Item]) -> list[Group]:
    """The groups of this amount among these items, each set of items once."""
    return _distinct(group for part in _by_customer(pool) for group in _fitting(case, part))


def _by_customer(pool: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """All items together, then each customer's own."""
    yield pool
    customers = sorted({item.customer_id for item in pool})
    if len(customers) > 1:
        for customer in customers:
            yield [item for item in pool if item.customer_id == customer]


def _judged(case: Case, groups: Sequence[Group]) -> Finding:
    group = groups[0]
    numbers = ", ".join(item.document_number for item in group.items[:8])
    more = f" and {len(group.items) - 8} more" if len(group.items) > 8 else ""
    how = f"{group.title} is exactly what was paid: {numbers}{more}"
    settlement = settled(case, group.items, group.discounted, how)
    evidence = (case.who.evidence, how)
    if len(groups) > 1:
        words = f"but so is {groups[1].title}, which is not the same"
        return Finding(RULE, settlement, False, "ambiguous", (*evidence, words), len(groups))
    reasons = doubts(case, settlement)
    if group.instead is not None:
        reasons.append(f"but {group.instead.document_number} is as much as one of these")
    confidence = "weak" if reasons else "natural_group"
    return Finding(RULE, settlement, not reasons, confidence, (*evidence, *reasons))


def _distinct(groups: Iterator[Group]) -> list[Group]:
    """One group for each set of items, the most natural title first."""
    seen: dict[frozenset[str], Group] = {}
    for group in groups:
        seen.setdefault(frozenset(item.item_id for item in group.items), group)
    return list(seen.values())


def _fitting(case: Case, pool: Sequence[Item]) -> Iterator[Group]:
    invoices = [item for item in pool if item.kind == "invoice"]
    notes = [item for item in pool if item.kind == "credit_note"]
    discounts = [False, True] if any(item.discount_on(case.payment.day) > 0 for item in invoices) else [False]
    for deducted in [notes, []] if notes else [[]]:
        for discounted in discounts:
            yield from _of_amount(case, invoices, deducted, discounted)


def _of_amount(
    case: Case, invoices: Sequence[Item], notes: Sequence[Item], discounted: bool
) -> Iterator[Group]:
    wanted = case.payment.amount + sum((note.open for note in notes), ZERO)
    day = case.payment.day

    def value(item: Item) -> Decimal:
        return net(item, case) if discounted else item.open

    least = 1 if notes else 2
    named = [item for item in invoices if case.is_of_named_month(item)]
    parts = [("what was invoiced in the months of the text", named)]
    parts += [(title, part) for title, key in _PARTS for part in _parts(invoices, key, day)]
    for title, part in parts:
        if len(part) >= least and sum(map(value, part), ZERO) == wanted:
            yield Group(title, part, notes, discounted)
    for title, order in _ORDERS:
        ordered = sorted(invoices, key=order)
        count = _how_many(ordered, value, wanted)
        if count >= least:
            instead = _instead(ordered[:count], ordered[count:], value, day)
            yield Group(title, ordered[:count], notes, discounted, instead)


def _instead(
    taken: Sequence[Item], left: Sequence[Item], value: Callable[[Item], Decimal], day: date
) -> Item | None:
    """Of those left out, one in whose place one that is taken may stand as well: as much, and due if that is due."""
    due = {value(item) for item in taken if item.due_date <= day}
    later = {value(item) for item in taken if item.due_date > day}
    for item in left:
        if value(item) in later or (item.due_date <= day and value(item) in due):
            return item
    return None


def _parts(invoices: Sequence[Item], key: Callable[[Item, date], object], day: date) -> Iterator[list[Item]]:
    parts: dict[object, list[Item]] = {}
    for item in invoices:
        part = key(item, day)
        if part is not None:
            parts.setdefault(part, []).append(item)
    yield from parts.values()


def _how_many(ordered: Sequence[Item], value: Callable[[Item], Decimal], wanted: Decimal) -> int:
    """How many of the first ones give the sum; 0 where none do."""
    total = ZERO
    for count, item in enumerate(ordered, start=1):
        total += value(item)
        if total == wanted:
            return count
        if total > wanted:
            break
    return 0


_PARTS: tuple[tuple[str, Callable[[Item, date], object]], ...] = (
    ("everything that is open", lambda item, day: True),
    ("everything that is due", lambda item, day: True if item.due_date <= day else None),
    ("what falls due in one month", lambda item, day: (item.due_date.year, item.due_date.month)),
    ("what was invoiced in one month", lambda item, day: (item.issue_date.year, item.issue_date.month)),
    ("what falls due on one day", lambda item, day: item.due_date),
    ("what was invoiced on one day", lambda item, day: item.issue_date),
)
_ORDERS: tuple[tuple[str, Callable[[Item], tuple[date, date, str]]], ...] = (
    ("the oldest by due date", lambda item: (item.due_date, item.issue_date, item.item_id)),
    ("the oldest by date of invoice", lambda item: (item.issue_date, item.due_date, item.item_id)),
)
"""The oldest first include every statement of what was issued, or due, up to some day."""
