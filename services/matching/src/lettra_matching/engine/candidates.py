"""Where the engine finds items and payers: by index keys, in sets, so that a database answers each call at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lettra_matching.engine.model import Item, Payer

CROWD = 200
"""A key that more items or payers bear than this says nothing of any of them."""


class Candidates(Protocol):
    """One state of items and payers. All calls of one decision see the same state.

    An implementation over a database may raise to say that rows must be fetched first; then the whole decision is
    taken again. Answers are in the order of ids; the engine's decisions do not depend on it.
    """

    def items_named(self, keys: Collection[str], entity_id: str | None) -> Mapping[str, Sequence[Item]]:
        """Per key that some item of this entity (None: of any) bears: those items.

        Strong keys (`num:`, `ref:`) find settled items too. A key that more than `CROWD` bear is left out.
        """
        ...

    def payers(self, keys: Collection[str]) -> Mapping[str, Sequence[Payer]]:
        """Per key that some customer bears: those customers. A key that more than `CROWD` bear is left out."""
        ...

    def payers_of(self, customer_ids: Collection[str]) -> Mapping[str, Payer]:
        """These customers as payers; who is not known is left out."""
        ...

    def group_members(self, group_ids: Collection[str]) -> Sequence[Payer]:
        """All customers of these groups."""
        ...

    def open_items(
        self, customer_ids: Collection[str], entity_id: str | None, currency: str
    ) -> Sequence[Item]:
        """Everything open of these customers, at this entity (None: at any), in this currency."""
        ...
