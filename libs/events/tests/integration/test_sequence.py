"""Numbering: each appended event gets one number, without a hole, in the order of its stream."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from store_of_toys import append_any, deposits, ids

from lettra_events.envelope import GENESIS, LogEntry, first_break
from lettra_events.store.relay_store import (
    ROUND_BYTES_MAX,
    MarkMoved,
    move_mark,
    read_log,
    read_state,
    sequence_outbox,
)
from lettra_events.testing.waiting import until_blocked

if TYPE_CHECKING:
    from uuid import UUID


def payload_bytes(entries: list[LogEntry]) -> int:
    return sum(len(entry.event.payload) for entry in entries)


async def in_log(connection: asyncpg.Connection) -> list[UUID]:
    rows = await connection.fetch("select sequence, event_id from log order by sequence")
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["event_id"] for row in rows]


async def test_an_event_that_is_committed_late_is_not_passed_over(
    connection: asyncpg.Connection, database: str
) -> None:
    """Guard: the outbox is emptied by row, not read behind a position (sequence_outbox in store/relay_store.py)."""
    late = await asyncpg.connect(database)
    transaction = late.transaction()
    await transaction.start()
    (drew_first,) = await append_any(late, toys.Deposited(account="late", amount=1))
    (drew_second,) = await append_any(connection, toys.Deposited(account="a", amount=1))
    assert ids(await sequence_outbox(connection, 10)) == [drew_second]
    await transaction.commit()
    assert ids(await sequence_outbox(connection, 10)) == [drew_first]
    assert await in_log(connection) == [drew_second, drew_first]
    await late.close()


async def test_an_event_that_is_committed_while_others_are_numbered_is_not_passed_over(
    connection: asyncpg.Connection, database: str
) -> None:
    """Guard: exactly the rows that were numbered leave the outbox (sequence_outbox in store/relay_store.py)."""
    await connection.execute(
        "create function wait() returns trigger language plpgsql as"
        " $$ begin perform pg_advisory_xact_lock(1); return new; end $$;"
        "create trigger wait before insert on log for each row execute function wait()"
    )
    holder, late = await asyncpg.connect(database), await asyncpg.connect(database)
    await holder.execute("select pg_advisory_lock(1)")
    transaction = late.transaction()
    await transaction.start()
    (drew_first,) = await append_any(late, toys.Deposited(account="late", amount=1))
    (drew_second,) = await append_any(holder, toys.Deposited(account="a", amount=1))
    numbering = asyncio.create_task(sequence_outbox(connection, 10))
    await until_blocked(connection, holder)
    await transaction.commit()
    await holder.close()
    assert ids(await numbering) == [drew_second]
    assert ids(await sequence_outbox(connection, 10)) == [drew_first]
    await late.close()


async def test_a_decision_that_was_rolled_back_leaves_no_hole(connection: asyncpg.Connection) -> None:
    """Guard: numbers are given after the commit, by one relay (sequence_outbox in store/relay_store.py)."""
    first = await append_any(connection, *deposits(3))
    transaction = connection.transaction()
    await transaction.start()
    await append_any(connection, *deposits(3))
    await transaction.rollback()
    second = await append_any(connection, *deposits(3))
    await sequence_outbox(connection, 10)
    assert await in_log(connection) == [*first, *second]


async def test_numbers_go_on_and_the_chain_holds_over_all_batches(connection: asyncpg.Connection) -> None:
    """Guard: each batch continues the head that the one before left (_chained in store/relay_store.py)."""
    appended = await append_any(connection, *deposits(10))
    taken = [len(await sequence_outbox(connection, 4)) for _ in range(4)]
    assert taken == [4, 4, 2, 0]
    entries = await read_log(connection, 0, 100)
    assert ids(entries) == appended == await in_log(connection)
    assert first_break(GENESIS, entries) is None
    assert await connection.fetchval("select chain from relay") == entries[-1].chain
    assert await connection.fetchval("select count(*) from outbox") == 0


async def test_two_relays_that_number_at_once_give_each_event_one_number(
    connection: asyncpg.Connection, database: str
) -> None:
    """Guard: the row lock on `relay`, taken before the outbox is read (sequence_outbox in store/relay_store.py)."""
    appended = await append_any(connection, *deposits(6))
    holder, other = await asyncpg.connect(database), await asyncpg.connect(database)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("select from relay for update")
    both = [asyncio.create_task(sequence_outbox(each, 4)) for each in (connection, other)]
    await until_blocked(connection, holder)
    await until_blocked(other, holder)
    await transaction.commit()
    assert sorted(len(entries) for entries in await asyncio.gather(*both)) == [2, 4]
    assert await in_log(connection) == appended
    await holder.close()
    await other.close()


async def test_the_time_of_numbering_never_goes_back(connection: asyncpg.Connection) -> None:
    """Guard: greatest(sequenced_at, clock) (store/relay_store.py): "as of" means this time."""
    await append_any(connection, *deposits(1))
    await sequence_outbox(connection, 10)
    assert abs(await connection.fetchval("select sequenced_at from log") - datetime.now(UTC)).seconds < 60
    ahead = datetime(2999, 1, 1, tzinfo=UTC)
    await connection.execute("update relay set sequenced_at = $1", ahead)
    await append_any(connection, *deposits(1))
    await sequence_outbox(connection, 10)
    assert await connection.fetchval("select sequenced_at from log where sequence = 2") == ahead


async def test_what_is_taken_at_once_is_bounded_in_bytes(connection: asyncpg.Connection) -> None:
    """Guard: the running sum in _events_of (store/relay_store.py): 2,000 events of the largest size are 400 MB."""
    for _ in range(3):
        await append_any(connection, *deposits(20, note="x" * 190_000))
    taken = [await sequence_outbox(connection, 2_000) for _ in range(3)]
    assert [len(entries) for entries in taken] == [42, 18, 0]
    assert payload_bytes(taken[0]) <= ROUND_BYTES_MAX
    assert len(await read_log(connection, 0, 2_000, ROUND_BYTES_MAX)) == 42
    assert len(await read_log(connection, 42, 2_000, ROUND_BYTES_MAX)) == 18
    assert len(await read_log(connection, 0, 2_000)) == 60


async def test_an_idle_relay_locks_and_writes_nothing(connection: asyncpg.Connection) -> None:
    """Guard: sequence_outbox looks before it locks (store/relay_store.py): a row lock is a write, 100 a second."""
    before = await connection.fetchrow("select ctid, xmin, xmax from relay")
    assert await sequence_outbox(connection, 10) == []
    assert await connection.fetchrow("select ctid, xmin, xmax from relay") == before


async def test_the_mark_is_moved_by_compare_and_set(connection: asyncpg.Connection) -> None:
    """Guard: `where mark = ...` in move_mark, and heads in its transaction (store/relay_store.py)."""
    state = await read_state(connection, 2)
    moved = await move_mark(connection, state, 5, {0: 5, 1: 3})
    with pytest.raises(MarkMoved, match="the mark is no longer 0"):
        await move_mark(connection, state, 7, {0: 6, 1: 7})
    assert (moved.mark, moved.heads) == (5, {0: 5, 1: 3})
    assert await read_state(connection, 2) == moved


async def test_the_first_relay_fixes_the_number_of_partitions(connection: asyncpg.Connection) -> None:
    """Guard: read_state begins a generation once (store/relay_store.py)."""
    assert (await read_state(connection, 3)).heads == {0: 0, 1: 0, 2: 0}
    assert (await read_state(connection, 5)).heads == {0: 0, 1: 0, 2: 0}
