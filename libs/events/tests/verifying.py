"""A toy service's whole history, made once, and copies of it for tests to damage: in the database, or on Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import toys
from aiokafka import AIOKafkaProducer
from clerk_process import Settings
from fastapi import APIRouter
from store_of_toys import Place, all_published, append_any, deposits, relaying

from lettra_events.contracts.topics import TOPICS
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Reading
from lettra_events.service.service import Kept, Service
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.published import Record
from lettra_events.testing.servers import drop_database, fresh_database, fresh_topic
from lettra_events.verify.history import Sound, verify_history

if TYPE_CHECKING:
    from lettra_events.verify.heads import Head
    from lettra_tools.stack import Servers

PARTITIONS = 3
READING = Reading(
    service=toys.SERVICE,
    topics=(),
    reads=frozenset(),
    parking=toys.PARKING,
    evolve=with_parking(toys.evolve),
)


@dataclass(frozen=True)
class History:
    """A sound history: `published` entries on Kafka, some of them repeated, a few more in the log and the outbox."""

    place: Place
    published: int
    sequenced: int
    events: int


def service(reading: Reading = READING, **tables: Any) -> Service:
    """The toy as a service."""
    parts = {"state": (toys.ACCOUNTS, toys.HOLDINGS), "projections": ()} | tables
    return Service(
        name=reading.service, package="toys", reading=reading, router=APIRouter(), settings=Settings, **parts
    )


@asynccontextmanager
async def topic_named(name: str, of: str = toys.SERVICE) -> AsyncIterator[None]:
    """The service publishes to this topic meanwhile."""
    TOPICS[of] = name
    try:
        yield
    finally:
        del TOPICS[of]


async def verify(place: Place, kept: Head | None = None, papers: Sequence[Kept] = ()) -> Sound:
    """`verify_history` of the toy that is there."""
    async with topic_named(place.topic):
        return await verify_history(
            service(kept=papers), Settings(postgres=place.dsn, kafka=place.kafka), kept
        )


@asynccontextmanager
async def made_history(servers: Servers) -> AsyncIterator[History]:
    """66 entries published, 13 of them twice; four more have their number, and three have none yet."""
    topic = await fresh_topic(servers.kafka, PARTITIONS)
    async with fresh_database(servers.postgres, ddl=toys.DDL) as dsn:
        place = Place(dsn, servers.kafka, topic)
        connection = await asyncpg.connect(dsn)
        await _publish(place, connection, 20, "one")
        before = await _noted(connection)
        await _publish(place, connection, 12, "two")
        await _restore(connection, before)
        async with relaying(place.relay()):
            await all_published(connection)
        await _publish(place, connection, 31, "three")
        await append_any(connection, *deposits(4, note="numbered"))
        await sequence_outbox(connection, 100)
        await append_any(connection, *deposits(3, note="waiting"))
        await connection.close()
        yield History(place, published=66, sequenced=70, events=73)


async def _publish(place: Place, connection: asyncpg.Connection, count: int, note: str) -> None:
    await append_any(connection, *deposits(count, note=note), toys.Broadcasted(text=note))
    async with relaying(place.relay()):
        await all_published(connection)


async def _noted(connection: asyncpg.Connection) -> tuple[Any, list[Any]]:
    return (
        await connection.fetchval("select mark from relay"),
        [tuple(row) for row in await connection.fetch("select partition, sequence from partition_heads")],
    )


async def _restore(connection: asyncpg.Connection, noted: tuple[Any, list[Any]]) -> None:
    """As a relay leaves it that sent all and died before it could note it."""
    await connection.execute("update relay set mark = $1", noted[0])
    await connection.executemany("update partition_heads set sequence = $2 where partition = $1", noted[1])


@asynccontextmanager
async def copied(place: Place) -> AsyncIterator[Place]:
    """The same history in a database of its own, to be damaged; the topic is the same."""
    name = f"test_{uuid4().hex[:12]}"
    parts = urlsplit(place.dsn)
    dsn = urlunsplit(parts._replace(path=f"/{name}"))
    admin = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    await admin.execute(f"create database {name} template {parts.path.lstrip('/')}")
    await admin.close()
    try:
        yield Place(dsn, place.kafka, place.topic)
    finally:
        await drop_database(dsn)


async def written(kafka: str, records: Mapping[int, list[Record]], topic: str | None = None) -> str:
    """A topic of its own with these records, if none is named."""
    topic = topic or await fresh_topic(kafka, len(records))
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_batch_size=1_000_000)
    await producer.start()
    for partition, those in records.items():
        batch = producer.create_batch()
        for record in those:
            done = batch.append(
                timestamp=record.timestamp, key=record.key, value=record.value, headers=list(record.headers)
            )
            assert done is not None
        if those:
            await (await producer.send_batch(batch, topic, partition=partition))
    await producer.stop()
    return topic
