"""Candidates in memory, for files and tests: indexes over items and customers, changed by what is decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from lettra_matching.engine.candidates import CROWD
from lettra_matching.engine.keys import item_keys, payer_keys
from lettra_matching.engine.learning import Learned, taught
from lettra_matching.engine.model import Decision, Item, Payer

_Index = dict[str, set[str]]


class InMemory:
    """Implements `Candidates`. Item ids and customer ids are unique."""

    def __init__(self, payers: Iterable[Payer] = (), items: Iterable[Item] = ()) -> None:
        self._payers: dict[str, Payer] = {}
        self._items: dict[str, Item] = {}
        self._by_item_key: _Index = {}
        self._by_payer_key: _Index = {}
        self._groups: _Index = {}
        self._ledgers: dict[str, set[str]] = {}
        for payer in payers:
            self.put_payer(payer)
        for item in items:
            self.put_item(item)

    # -- Candidates ------------------------------------------------------------------------------------------

    def items_named(self, keys: Collection[str], entity_id: str | None) -> dict[str, list[Item]]:
        found = {}
        for key in keys:
            ids = self._by_item_key.get(key)
            if not ids:
                continue
            items = [item for item in map(self._items.__getitem__, sorted(ids)) if _of(item, entity_id)]
            if items and len(items) <= CROWD:
                found[key] = items
        return found

    def payers(self, keys: Collection[str]) -> dict[str, list[Payer]]:
        found = {}
        for key in keys:
            ids = self._by_payer_key.get(key)
            if ids and len(ids) <= CROWD:
                found[key] = [self._payers[each] for each in sorted(ids)]
        return found

    def payers_of(self, customer_ids: Collection[str]) -> dict[str, Payer]:
        return {each: self._payers[each] for each in sorted(customer_ids) if each in self._payers}

    def group_members(self, group_ids: Collection[str]) -> list[Payer]:
        ids = set().union(*(self._groups.get(group, set()) for group in group_ids))
        return [self._payers[each] for each in sorted(ids)]

    def open_items(self, customer_ids: Collection[str], entity_id: str | None, currency: str) -> list[Item]:
        ids = sorted(set().union(*(self._ledgers.get(customer, set()) for customer in customer_ids)))
        items = map(self._items.__getitem__, ids)
        return [item for item in items if item.currency == currency and _of(item, entity_id)]

    # -- changes ---------------------------------------------------------------------------------------------

    def put_item(self, item: Item) -> None:
        """Add an item, or put it in the place of the one of the same id."""
        before = self._items.get(item.item_id)
        _reindex(self._by_item_key, item.item_id, before, item, item_keys)
        ledger = self._ledgers.setdefault(item.customer_id, set())
        (ledger.add if item.open > 0 else ledger.discard)(item.item_id)
        self._items[item.item_id] = item

    def put_payer(self, payer: Payer) -> None:
        """Add a customer, or put it in the place of the one of the same id."""
        before = self._payers.get(payer.customer_id)
        _reindex(self._by_payer_key, payer.customer_id, before, payer, payer_keys)
        if before is not None and before.group_id is not None:
            self._groups[before.group_id].discard(payer.customer_id)
        if payer.group_id is not None:
            self._groups.setdefault(payer.group_id, set()).add(payer.customer_id)
        self._payers[payer.customer_id] = payer

    def apply(self, decision: Decision) -> None:
        """Settle what an applied decision settles; others change nothing."""
        if decision.outcome != "applied":
            return
        for line in decision.lines:
            item = self._items[line.item.item_id]
            self.put_item(replace(item, open=item.open - line.settled))

    def undo(self, decision: Decision) -> None:
        """Open again what an applied decision had settled: its money went back."""
        for line in decision.lines:
            item = self._items[line.item.item_id]
            self.put_item(replace(item, open=item.open + line.settled))

    def learn(self, lessons: Iterable[Learned]) -> None:
        """Remember what confirmed matches teach."""
        for lesson in lessons:
            payer = self._payers.get(lesson.customer_id)
            if payer is not None and (after := taught(payer, lesson)) != payer:
                self.put_payer(after)


def _of(item: Item, entity_id: str | None) -> bool:
    return entity_id is None or item.entity_id == entity_id


def _reindex(
    index: _Index, row: str, before: object, after: object, keys: Callable[..., tuple[str, ...]]
) -> None:
    old = set(keys(before)) if before is not None else set()
    new = set(keys(after))
    for key in old - new:
        index[key].discard(row)
        if not index[key]:
            del index[key]
    for key in new - old:
        index.setdefault(key, set()).add(row)
