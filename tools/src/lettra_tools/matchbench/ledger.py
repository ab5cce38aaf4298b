"""The open items as a perfect clerk sees them while the payments come in: what is left, of whom, and who may be meant.

Where a payment names nothing, it is certain only if one reading of it is left. So that the truth does not hang on
conventions that nobody wrote down, "certain" is asked in the widest view (all entities, all customers that the payer
could be taken for, also items issued later), and "ambiguous" in the narrowest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from lettra_tools.matchbench.populating import Population
from lettra_tools.matchbench.world import Customer, Draft, Item

SUBSET_ITEMS_MAX = 16
"""Up to so many items all their subsets are counted; with more, a sum proves nothing."""


class Ledger:
    """What is open. `left` has the cents of every item, zero where it is settled."""

    def __init__(self, population: Population) -> None:
        self.customers = {one.customer_id: one for one in population.customers}
        self.recurring = population.recurring
        self.items = population.items
        self.left = {item: item.cents for item in population.items}
        self.past: list[tuple[date, Draft]] = []
        self.returned: list[Draft] = []
        self.at_value: Counter[tuple[str, int]] = Counter((i.currency, i.cents) for i in population.items)
        self._of: dict[str, list[Item]] = defaultdict(list)
        self._near: dict[str, list[str]] = defaultdict(list)
        self.by_printed: dict[str, list[Item]] = defaultdict(list)
        for item in population.items:
            self._of[item.customer_id].append(item)
            self.by_printed[item.number.printed].append(item)
        for customer in population.customers:
            self._near[customer.root].append(customer.customer_id)

    def settle(self, day: date, draft: Draft) -> None:
        """Take what a payment settles off what is left, or give back what one settled that is returned; remember it."""
        for item, cents in draft.settles.items():
            self.left[item] -= cents
            if not 0 <= self.left[item] <= item.cents:
                raise ValueError(f"{item.item_id} would be left with {self.left[item]} of {item.cents} cents")
        if draft.returns is not None:
            self._reopen(draft.returns)
        self.past.append((day, draft))

    def _reopen(self, returned: Draft) -> None:
        for item, cents in returned.settles.items():
            self.left[item] += cents
        self.returned.append(returned)

    def open_of(self, customer_id: str, currency: str, day: date | None = None) -> list[Item]:
        """His open items, invoices and credit notes; of a day: those issued by then."""
        return [
            item
            for item in self._of[customer_id]
            if self.left[item] and item.currency == currency and (day is None or item.issued <= day)
        ]

    def taken_for(self, customer: Customer) -> list[Customer]:
        """Himself and all whom a name or an account could mean as well: his group, and who bears nearly his name."""
        return [self.customers[one] for one in self._near[customer.root]]

    def widest(self, customer: Customer, currency: str) -> list[Item]:
        """The open items of all whom the payer could be taken for, also those issued later."""
        return [item for one in self.taken_for(customer) for item in self.open_of(one.customer_id, currency)]

    def is_only_reading(self, customer: Customer, item: Item, cents: int) -> bool:
        """Whether of all that may be meant only this invoice is of exactly that amount, discounts tried as well."""
        fits = [
            one
            for one in self.widest(customer, item.currency)
            if one.is_invoice and cents in (self.left[one], self.left[one] - one.discount_cents)
        ]
        return fits == [item]

    def is_only_subset(self, customer: Customer, chosen: Sequence[Item], cents: int) -> bool:
        """Whether of all sets of items, credit notes deducted, only this one has that sum."""
        wide = self.widest(customer, chosen[0].currency)
        if len(wide) > SUBSET_ITEMS_MAX or any(one.discount_cents for one in wide):
            return False
        return self.subsets(wide, cents) == 1

    def subsets(self, items: Iterable[Item], cents: int) -> int:
        """How many sets of these items have that sum."""
        sums: Counter[int] = Counter({0: 1})
        for item in items:
            step = self.left[item] if item.is_invoice else -self.left[item]
            longer = Counter(sums)
            for total, ways in sums.items():
                longer[total + step] += ways
            sums = longer
        return sums[cents]
