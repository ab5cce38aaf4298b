"""The candidates on PostgreSQL keep what the engine's contract of candidates promises, as those in memory do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "engine"))

from candidates_contract import CandidatesContract
from desk import Desk
from receivables import invoice, payment

from lettra_events.decisions.needs import for_each
from lettra_events.decisions.tables import put
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.kafka.topics import partition_of
from lettra_events.store.running import run_decisions
from lettra_matching.candidates import OverWorkspace, item_marks, payer_marks
from lettra_matching.decider import evolve
from lettra_matching.domain import OPEN_ITEMS, PAYERS, KnownPayer, OpenItem
from lettra_matching.engine import Candidates, Item, Payer
from lettra_matching.engine.candidates import CROWD

T = TypeVar("T")


def item_row(item: Item) -> OpenItem:
    values = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    row = OpenItem(
        **values,
        marks=(),
        payable_by=item.customer_id if item.open else None,
        lettrage=None,
        settled_on=None,
        reopened_on=item.issue_date,
        moves=(),
    )
    return OpenItem(**{**vars_of(row), "marks": item_marks(row)})


def payer_row(payer: Payer) -> KnownPayer:
    row = KnownPayer(
        customer_id=payer.customer_id,
        name=payer.name,
        siren=payer.siren,
        vat_number=payer.vat_number,
        ibans=tuple(known.iban for known in payer.ibans if known.serves_from is None),
        group_id=payer.group_id,
        learned_ibans=tuple(f"{k.serves_from} P0 {k.iban}" for k in payer.ibans if k.serves_from),
        learned_aliases=tuple(f"{k.serves_from} P0 {k.name}" for k in payer.aliases),
        marks=(),
    )
    return KnownPayer(**{**vars_of(row), "marks": payer_marks(row)})


def vars_of(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


class Stored:
    """Candidates of which each call is a transaction. The service always knows the entity; without, all are asked."""

    def __init__(self, dsn: str, entities: set[str]) -> None:
        self._dsn = dsn
        self._entities = sorted(entities)

    def forget(self) -> None:
        """What another test's half stored is gone."""

        async def delete() -> None:
            connection = await asyncpg.connect(self._dsn)
            await connection.execute("delete from open_items; delete from payers")
            await connection.close()

        asyncio.run(delete())

    def ask(self, decide: Callable[[Workspace], T]) -> T:
        return asyncio.run(self._ask(decide))

    async def _ask(self, decide: Callable[[Workspace], T]) -> T:
        connection = await asyncpg.connect(self._dsn)
        try:
            return await run_decisions(connection, evolve, decide, service="matching")
        finally:
            await connection.close()

    def items_named(self, keys: Collection[str], entity_id: str | None) -> Mapping[str, Sequence[Item]]:
        found: dict[str, list[Item]] = {}
        for entity in [entity_id] if entity_id is not None else self._entities:
            answer = self.ask(lambda w, entity=entity: OverWorkspace(w).items_named(keys, entity))
            for key, items in answer.items():
                found.setdefault(key, []).extend(items)
        return found

    def payers(self, keys: Collection[str]) -> Mapping[str, Sequence[Payer]]:
        return self.ask(lambda w: OverWorkspace(w).payers(keys))

    def payers_of(self, customer_ids: Collection[str]) -> Mapping[str, Payer]:
        return self.ask(lambda w: OverWorkspace(w).payers_of(customer_ids))

    def group_members(self, group_ids: Collection[str]) -> Sequence[Payer]:
        return self.ask(lambda w: OverWorkspace(w).group_members(group_ids))

    def open_items(
        self, customer_ids: Collection[str], entity_id: str | None, currency: str
    ) -> Sequence[Item]:
        return self.ask(lambda w: OverWorkspace(w).open_items(customer_ids, entity_id, currency))


class TestOnPostgreSQL(CandidatesContract):
    """Guards: candidates.OverWorkspace, find_few (store.rows), marks (candidates.item_marks, payer_marks)."""

    @pytest.fixture(autouse=True)
    def _on(self, database: str) -> None:
        self.dsn = database

    def made(self, payers: list[Payer], items: list[Item]) -> Candidates:
        stored = Stored(self.dsn, {item.entity_id for item in items})
        stored.forget()
        changes = [put(OPEN_ITEMS, item_row(item)) for item in items]
        changes += [put(PAYERS, payer_row(payer)) for payer in payers]

        def store(workspace: Workspace) -> None:
            workspace.begin(Cause("test", "test", "test"))
            for_each(changes, workspace.apply)

        stored.ask(store)
        return stored


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_a_crowd_that_shrinks_within_a_batch_is_none_in_a_batch_of_any_size(
    desk: Desk, size: int
) -> None:
    """The last payment names nothing, and one customer alone owes its amount once the others have paid.

    Guard: how many rows left a crowd is counted (Workspace._count_gone).
    """
    bills = [invoice(f"FA-{n:05}", 55, f"C{n}") for n in range(CROWD + 3)]
    await desk.apply(desk.invoicing.publish(*bills))
    money = [payment(f"P{n}", 55, f"FA-{n:05}") for n in range(CROWD + 2)]
    last = next(name for n in range(99) if partition_of(f"payment:{(name := f'LAST{n}')}", 2) == 1)
    await desk.apply(desk.payments.publish(*money, payment(last, 55, "MERCI")), size)
    (held,) = await desk.rows("holds")
    assert held["customer_id"] == f"C{CROWD + 2}"
