"""Decisions on PostgreSQL are those in memory, however they are batched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import toys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import ACCOUNTS, HOLDINGS, Closed, Deposited, Opened, Renamed

from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.store.running import run_decisions

Decide = Callable[[Workspace], Any]


def deposit(account: str, amount: int) -> Decide:
    def decide(workspace: Workspace) -> Any:
        workspace.append(Deposited(account=account, amount=amount))
        return workspace.get(ACCOUNTS, account)

    return decide


def open_if_free(account: str, holder: str, names: tuple[str, ...]) -> Decide:
    def decide(workspace: Workspace) -> Any:
        if workspace.get(HOLDINGS, account) is not None:
            return "taken"
        return workspace.append(Opened(account=account, holder=holder, names=names))

    return decide


def rename_all_of(holder: str, to: str, names: tuple[str, ...]) -> Decide:
    def decide(workspace: Workspace) -> Any:
        found = workspace.find(HOLDINGS, "holder", holder)
        workspace.append(*(Renamed(account=row.account, holder=to, names=names) for row in found))
        return found

    return decide


def close_by_names(names: tuple[str, ...]) -> Decide:
    def decide(workspace: Workspace) -> Any:
        found = workspace.find(HOLDINGS, "names", *names)
        workspace.append(*(Closed(account=row.account) for row in found))
        return found

    return decide


def wealth_of(holder: str) -> Decide:
    def decide(workspace: Workspace) -> Any:
        found = workspace.find(HOLDINGS, "holder", holder)
        return workspace.get_many(ACCOUNTS, [(row.account,) for row in found])

    return decide


accounts, holders = st.sampled_from("abcd"), st.sampled_from(["h1", "h2"])
names = st.lists(st.sampled_from(["n1", 'n"2', "n,\\3", ""]), unique=True, max_size=3).map(tuple)
decisions = st.one_of(
    st.builds(deposit, accounts, st.integers(-9, 9)),
    st.builds(open_if_free, accounts, holders, names),
    st.builds(rename_all_of, holders, holders, names),
    st.builds(close_by_names, names),
    st.builds(wealth_of, holders),
)


@dataclass
class Outcome:
    results: list[Any]
    events: list[tuple[Any, ...]]
    rows: list[list[tuple[Any, ...]]]


def decided_in_memory(wanted: list[Decide]) -> Outcome:
    workspace = Workspace(toys.evolve, everything_loaded=True)
    results = []
    for number, decide in enumerate(wanted):
        workspace.begin(Cause(str(number), "c", "test"))
        results.append(decide(workspace))
    rows = {table.name: written for table, written, _gone in workspace.changes()}
    versions: dict[str, int] = {}
    events = []
    for item in workspace.staged:
        stream = item.event.stream_id()
        versions[stream] = versions.get(stream, 0) + 1
        events.append((item.event_id, stream, versions[stream], item.event.event_type))
    tables = [
        [tuple(getattr(row, c) for c in table.columns) for row in rows.get(table.name, [])]
        for table in (ACCOUNTS, HOLDINGS)
    ]
    return Outcome(results, events, tables)


async def decided_in_postgres(connection: asyncpg.Connection, wanted: list[Decide], batch: int) -> Outcome:
    await connection.execute("truncate streams, guards, events, outbox, accounts, holdings restart identity")
    results: list[Any] = []
    for start in range(0, len(wanted), batch):

        def run(workspace: Workspace, start: int = start) -> list[Any]:
            answers = []
            for number, decide in enumerate(wanted[start : start + batch], start):
                workspace.begin(Cause(str(number), "c", "test"))
                answers.append(decide(workspace))
            return answers

        results += await run_decisions(connection, toys.evolve, run, service="toy")
    events = await connection.fetch(
        "select event_id, stream_id, version, type from outbox join events using (event_id) order by position"
    )
    rows = [
        await connection.fetch("select account, balance from accounts order by account"),
        await connection.fetch("select account, holder, names from holdings order by account"),
    ]
    tables = [[tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in table] for table in rows]
    return Outcome(results, [tuple(event) for event in events], tables)


@given(wanted=st.lists(decisions, max_size=12), batch=st.sampled_from([1, 3, 100]))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_decisions_are_those_in_memory_at_any_size_of_batch(
    connection: asyncpg.Connection, wanted: list[Decide], batch: int
) -> None:
    """Guard: what a batch changed it sees, what it lacks is fetched, all is written (store/running.py)."""
    assert await decided_in_postgres(connection, wanted, batch) == decided_in_memory(wanted)
