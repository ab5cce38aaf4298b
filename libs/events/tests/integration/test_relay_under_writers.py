"""Many writers at once, two relays, and the leading one killed: nothing missed, nothing reordered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from store_of_toys import TOY_PROCESS, all_published, append_any, ids, published

from lettra_events.testing.processes import program, supervised
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from uuid import UUID

    from store_of_toys import Place

WRITERS = 24
SECONDS = 4.0


async def write(place: Place, writer: int, end: float) -> list[UUID]:
    """One event a transaction, each writer on a stream of its own and on one that all share."""
    connection = await asyncpg.connect(place.dsn)
    appended: list[UUID] = []
    try:
        while time.monotonic() < end:
            own = toys.Deposited(account=f"w{writer}", amount=len(appended) + 1)
            appended += await append_any(connection, own, toys.Deposited(account="all", amount=1))
    finally:
        await connection.close()
    return appended


@pytest.mark.slow
async def test_24_writers_and_a_relay_that_is_killed_lose_nothing(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: one relay numbers the outbox under its row lock, by position, and nobody reads "after position N"
    (relay_store.sequence_outbox); a standby takes the lead when the leader's connection ends (wait_to_lead).
    """
    end = time.monotonic() + SECONDS
    async with program(TOY_PROCESS, "relay", **place.environment) as leader:
        await until(lambda: leads(connection), "the first relay leads", seconds=30)
        async with supervised(TOY_PROCESS, "relay", **place.environment):
            writing = asyncio.gather(*(write(place, n, end) for n in range(WRITERS)))
            await until(lambda: has_marked(connection), "the leader publishes", seconds=30)
            leader.kill()
            appended = [event_id for written in await writing for event_id in written]
            await all_published(connection, seconds=60)
    entries = await published(place)
    assert len(appended) > WRITERS
    assert sorted(map(str, ids(entries))) == sorted(map(str, appended))
    for stream in {entry.event.stream_id for entry in entries}:
        versions = [entry.event.version for entry in entries if entry.event.stream_id == stream]
        assert versions == list(range(1, len(versions) + 1)), stream


async def leads(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval("select exists (select from pg_locks where locktype = 'advisory')")


async def has_marked(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval("select mark > 0 from relay")
