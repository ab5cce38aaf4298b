"""Running decisions against PostgreSQL: fetch what they need under locks, decide in memory, write in bulk.

One transaction a batch. Locks are taken in one sorted sweep (guards, then streams, number series last), so that
two batches cannot deadlock. A lock that was not foreseen is taken beside those that are held if it is free; if
somebody has it, the transaction is rolled back and started over with the larger set.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from lettra_events import failpoints
from lettra_events.decisions import tables
from lettra_events.decisions.needs import Missing, Needs
from lettra_events.decisions.workspace import Evolve, Workspace
from lettra_events.errors import TooManyRounds
from lettra_events.store import rows as stored
from lettra_events.store.append import Connection, append

T = TypeVar("T")

ROUNDS_MAX = 40
RETRIES_MAX = 5
WAIT_OUT_OF_ORDER = "10ms"
TRANSIENT = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
"""Errors of one attempt, not of what was attempted: run it again."""

SERVER_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
    OSError,
)
"""What the driver raises while the database is away, goes away, is full, a standby, or has no time for us."""

Run = Callable[[Workspace], T]
Write = Callable[[Connection, Workspace], Awaitable[None]]

_LOCK_GUARDS = """
with wanted as (select name, n from unnest($1::text[]) with ordinality as w(name, n))
select 1 from guards join wanted using (name) order by n for update of guards"""
_LOCK_STREAMS = """
select stream_id, version from streams join unnest($1::text[]) with ordinality as w(stream_id, n) using (stream_id)
order by n for update of streams"""


class Again(Exception):
    """More locks are needed: roll back and start over."""


async def run_decisions(
    connection: Connection,
    evolve: Evolve,
    run: Run[T],
    *,
    service: str,
    also_write: Write | None = None,
) -> T:
    """Run pure decisions in one transaction of their own and give back what `run` returned.

    `also_write` writes more in the same transaction (a position, an answer). Raises what `run` raises, with
    nothing written; transient database errors are retried `RETRIES_MAX` times.
    """
    for attempt in range(RETRIES_MAX):
        try:
            return await _with_growing_locks(connection, evolve, run, service, also_write)
        except TRANSIENT:
            if attempt == RETRIES_MAX - 1:
                raise
    raise AssertionError("unreachable")


async def preview_decisions(connection: Connection, evolve: Evolve, run: Run[T]) -> T:
    """What the decisions would be now: nothing is locked, nothing is written, nothing is promised.

    They are taken in a thread, for they may be many (an import of 100,000 rows), and the process has more to do.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        workspace = Workspace(evolve)
        for _ in range(ROUNDS_MAX):
            try:
                return await asyncio.to_thread(run, workspace)
            except Missing as missing:
                workspace.reset()
                await _look(connection, workspace, missing.needs)
                await _fetch(connection, workspace, missing.needs)
    raise TooManyRounds(f"a preview still asked for more rows after {ROUNDS_MAX} rounds")


async def _look(connection: Connection, workspace: Workspace, needs: Needs) -> None:
    rows = await connection.fetch(
        "select stream_id, version from streams where stream_id = any($1)", list(needs.streams)
    )
    known = {row[0]: row[1] for row in rows}
    workspace.locked({stream: known.get(stream, 0) for stream in needs.streams}, needs.guards)


async def _with_growing_locks(
    connection: Connection, evolve: Evolve, run: Run[T], service: str, also_write: Write | None
) -> T:
    needs = foreseen(evolve, run)
    for _ in range(ROUNDS_MAX):
        try:
            async with connection.transaction():
                failpoints.reach("append.before")
                workspace, result = await decide_under_locks(connection, evolve, run, needs)
                await write_decisions(connection, workspace, service=service)
                if also_write is not None:
                    await also_write(connection, workspace)
                failpoints.reach("append.written")
            failpoints.reach("append.committed")
            return result
        except Again:
            continue
    raise TooManyRounds(f"{service}: a decision still asked for more rows after {ROUNDS_MAX} rounds")


def foreseen(evolve: Evolve, run: Run[Any]) -> Needs:
    """What a run over nothing asks for: most of the locks, without touching the database."""
    needs = Needs()
    workspace = Workspace(evolve)
    try:
        run(workspace)
    except Missing as missing:
        needs.add(missing.needs)
    needs.add(workspace.unlocked)
    return needs


async def decide_under_locks(
    connection: Connection, evolve: Evolve, run: Run[T], needs: Needs
) -> tuple[Workspace, T]:
    """Inside the caller's transaction: lock, load and run until nothing is missing. `needs` grows."""
    workspace = Workspace(evolve)
    await _lock(connection, workspace, needs)
    await _fetch(connection, workspace, needs)
    for _ in range(ROUNDS_MAX):
        try:
            result = run(workspace)
        except Missing as missing:
            more = missing.needs
        else:
            if not workspace.unlocked:
                return workspace, result
            more = Needs()
        more.add(workspace.unlocked)
        needs.add(more)
        workspace.reset()
        if more.streams or more.guards:
            await _lock_more(connection, workspace, more)
        await _fetch(connection, workspace, more)
    raise TooManyRounds(f"a decision still asked for more rows after {ROUNDS_MAX} rounds")


async def write_decisions(connection: Connection, workspace: Workspace, *, service: str) -> None:
    """Append the staged events and write the changed rows; a statement a table."""
    await append(connection, workspace.staged, workspace.expected_versions(), service=service)
    for table, rows, gone in workspace.changes():
        await stored.write(connection, table, rows)
        await stored.delete(connection, table, gone)


async def _lock(connection: Connection, workspace: Workspace, needs: Needs) -> None:
    guards = sorted(needs.guards)
    if guards:
        await connection.execute(
            "insert into guards (name) select unnest($1::text[]) on conflict do nothing", guards
        )
        await connection.execute(_LOCK_GUARDS, guards)
    streams = sorted(needs.streams, key=_lock_order)
    versions: dict[str, int] = {}
    if streams:
        await connection.execute(
            "insert into streams (stream_id, version) select unnest($1::text[]), 0 on conflict do nothing",
            streams,
        )
        versions = {row[0]: row[1] for row in await connection.fetch(_LOCK_STREAMS, streams)}
    workspace.locked(versions, guards)


async def _lock_more(connection: Connection, workspace: Workspace, needs: Needs) -> None:
    """Take further locks out of order: without waiting for them, for who waits while it holds may wait for ever.

    Raises `Again` where somebody has one. Rows that were found before their streams were locked are read again.
    """
    waits = await connection.fetchval("select current_setting('lock_timeout')")
    await connection.execute("select set_config('lock_timeout', $1, true)", WAIT_OUT_OF_ORDER)
    try:
        await _lock(connection, workspace, needs)
    except asyncpg.LockNotAvailableError:
        raise Again from None
    await connection.execute("select set_config('lock_timeout', $1, true)", waits)
    for table, keys in workspace.guarded_by(needs.streams).items():
        workspace.reloaded(table, keys, await stored.load(connection, table, keys))


def _lock_order(stream_id: str) -> tuple[bool, str]:
    """A number series is held by every issue of its entity: lock it last, for the shortest time."""
    return stream_id.startswith("series:"), stream_id


async def _fetch(connection: Connection, workspace: Workspace, needs: Needs) -> None:
    rows: defaultdict[tables.Table[Any], list[tables.Key]] = defaultdict(list)
    for table, key in needs.rows:
        rows[table].append(key)
    for table, keys in rows.items():
        workspace.loaded(table, keys, await stored.load(connection, table, keys))
    finds: defaultdict[tuple[tables.Table[Any], str], list[Any]] = defaultdict(list)
    for table, column, value in needs.finds:
        finds[table, column].append(value)
    for (table, column), values in finds.items():
        workspace.looked_up(table, column, values, await stored.find(connection, table, column, values))
    await _fetch_few(connection, workspace, needs)


async def _fetch_few(connection: Connection, workspace: Workspace, needs: Needs) -> None:
    few: defaultdict[tuple[tables.Table[Any], str, int], list[Any]] = defaultdict(list)
    for table, column, value, at_most in needs.few:
        few[table, column, at_most].append(value)
    for (table, column, at_most), values in few.items():
        found, crowds = await stored.find_few(connection, table, column, values, at_most)
        workspace.looked_up(table, column, set(values) - crowds, found)
        workspace.crowded(table, column, at_most, crowds)
