"""Outages: Kafka or PostgreSQL is killed under load and comes back; in the end all is published, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from store_of_toys import TOY_PROCESS, Place, all_published, append_any, deposits, ids, published, relaying
from toy_process import FAILED

from lettra_events.testing.processes import supervised
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until
from lettra_tools.stack import LocalServers
from lettra_tools.stack.for_tests import new_folder

if TYPE_CHECKING:
    from uuid import UUID

    from lettra_tools.stack import Servers

WRITERS = 4
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@pytest.fixture(scope="module")
def breakable() -> Iterator[tuple[LocalServers, Servers]]:
    """Servers of this module's own; each test leaves them running."""
    local = LocalServers(new_folder())
    try:
        yield local, local.start()
    finally:
        local.remove()


@pytest.fixture
async def place(breakable: tuple[LocalServers, Servers]) -> AsyncIterator[Place]:
    servers = breakable[1]
    async with fresh_database(servers.postgres, ddl=toys.DDL) as dsn:
        yield Place(dsn, servers.kafka, await fresh_topic(servers.kafka))


@asynccontextmanager
async def writing(place: Place) -> AsyncIterator[list[UUID]]:
    """Writers append meanwhile, and come again when the database was away; gives what they know to be committed."""
    known: list[UUID] = []
    stop = asyncio.Event()
    tasks = [asyncio.create_task(write_until(stop, place, known)) for _ in range(WRITERS)]
    try:
        yield known
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def write_until(stop: asyncio.Event, place: Place, known: list[UUID]) -> None:
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(place.dsn, timeout=5)
            while not stop.is_set():
                known += await append_any(connection, *deposits(3))
            await connection.close()
        except AWAY:
            await asyncio.sleep(0.05)


async def value(place: Place, query: str) -> int:
    connection = await asyncpg.connect(place.dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def grown(place: Place, query: str, count: int) -> None:
    """Wait until a number is larger by so much than now."""
    before = await value(place, query)

    async def enough() -> bool:
        return await value(place, query) >= before + count

    await until(enough, f"{query} grows by {count}", seconds=60)


async def proven(place: Place, known: list[UUID]) -> None:
    """All that was committed is on the topic, each in its place; what a writer could not know may be there as well."""
    connection = await asyncpg.connect(place.dsn)
    await all_published(connection, seconds=60)
    log = await connection.fetch("select event_id from log order by sequence")
    assert await connection.fetchval("select count(*) from events") == len(log)
    await connection.close()
    assert ids(await published(place)) == [row["event_id"] for row in log]
    assert {row["event_id"] for row in log} >= set(known)


@pytest.mark.slow
async def test_kafka_killed_and_back_under_load(
    breakable: tuple[LocalServers, Servers], place: Place
) -> None:
    """Guard: a relay that cannot publish ends, and its successor goes on from the mark (kafka/relay.py). One outage
    is shorter than the time that a relay waits, one is longer."""
    local, _ = breakable
    environment = {**place.environment, "TOY_PUBLISH_SECONDS": "6"}
    async with supervised(TOY_PROCESS, "relay", **environment) as codes, writing(place) as known:
        await grown(place, "select mark from relay", 100)
        local.kill_kafka()
        local.start_kafka()
        await grown(place, "select mark from relay", 100)
        local.kill_kafka()
        await grown(place, "select count(*) from events", 300)
        await until(lambda: some(codes), "the relay gives up", seconds=30)
        local.start_kafka()
        await grown(place, "select mark from relay", 100)
    async with supervised(TOY_PROCESS, "relay", **environment):
        await proven(place, known)
    assert set(codes) == {FAILED}


@pytest.mark.slow
async def test_postgresql_killed_and_back_under_load(
    breakable: tuple[LocalServers, Servers], place: Place
) -> None:
    """Guard: a relay that loses its database ends: it has lost the lead (kafka/relay.py); what was committed is
    in the log, whatever the writer could not know."""
    local, _ = breakable
    async with supervised(TOY_PROCESS, "relay", **place.environment) as codes, writing(place) as known:
        for _ in range(2):
            await grown(place, "select mark from relay", 100)
            local.kill_postgres()
            local.start_postgres()
        await grown(place, "select mark from relay", 100)
    async with supervised(TOY_PROCESS, "relay", **place.environment):
        await proven(place, known)
    assert set(codes) == {FAILED}


async def some(codes: list[int]) -> bool:
    return bool(codes)


@pytest.mark.slow
async def test_a_relay_can_be_stopped_while_kafka_is_away(
    breakable: tuple[LocalServers, Servers], place: Place
) -> None:
    """Guard: stop_producer waits for _STOP_SECONDS_MAX (kafka/leading.py); by itself it would until Kafka is
    back. Numbering goes on by one round only: what waits stays in the outbox, not in memory."""
    local, _ = breakable
    connection = await asyncpg.connect(place.dsn)
    await append_any(connection, *deposits(10))
    async with relaying(place.relay(batch_max=10)) as task:
        await all_published(connection)
        local.kill_kafka()
        try:
            for _ in range(10):
                await append_any(connection, *deposits(10))
            await until(lambda: numbered(connection, 30), "a round is sent and the next is numbered")
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=8)
            assert task in done
            assert task.cancelled()
        finally:
            local.start_kafka()
    assert await connection.fetchval("select count(*) from log") == 30
    assert await connection.fetchval("select count(*) from outbox") == 80
    async with relaying(place.relay()):
        await all_published(connection)
    assert len(await published(place)) == 110
    await connection.close()


async def numbered(connection: asyncpg.Connection, count: int) -> bool:
    return await connection.fetchval("select sequence >= $1 from relay", count)
