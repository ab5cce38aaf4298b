"""verify_vs_hash: the pass over log and Kafka, against a bare consumer that hashes each record of the same topic."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.kafka.relay import Relay, RelaySettings
from lettra_events.kafka.topics import ensure_topic
from lettra_events.service.roles import collect_seldom
from lettra_events.testing.servers import fresh_database
from lettra_events.verify.history import connected, snapshot
from lettra_events.verify.lanes import open_lanes
from lettra_events.verify.logged import LoggedPass, read_published
from lettra_tools.bench.relaying import fill, until

PARTITIONS = 6
ROUNDS = 3
_ENTRY_BYTES = 1_000


async def measure(server: str, bootstrap: str, events: int) -> dict[str, float]:
    """Rates of both, and their ratio; the two take turns so that the machine's moods hit both."""
    collect_seldom()  # as the command does
    topic = f"bench.{uuid4().hex[:8]}"
    await ensure_topic(bootstrap, topic, PARTITIONS)
    verified = hashed = 0.0
    async with fresh_database(server) as dsn:
        connection = await asyncpg.connect(dsn)
        await fill(connection, events)
        await _publish(connection, dsn, bootstrap, topic, events)
        await connection.execute("vacuum analyze")
        await connection.close()
        for _ in range(ROUNDS):
            hashed += await _hash(bootstrap, topic, events)
            verified += await _verify(dsn, bootstrap, topic, events)
    return {
        "verify_events_per_s": round(ROUNDS * events / verified),
        "hash_records_per_s": round(ROUNDS * events / hashed),
        "verify_vs_hash": round(hashed / verified, 3),
    }


async def _publish(connection: Any, dsn: str, bootstrap: str, topic: str, events: int) -> None:
    task = asyncio.create_task(Relay(RelaySettings(bootstrap, topic, "bench"), dsn).run())

    async def published() -> bool:
        return bool(await connection.fetchval("select mark from relay") >= events)

    await until(published, task)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _hash(bootstrap: str, topic: str, events: int) -> float:
    """The bare loop: nothing is compared or remembered."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    started, seen = time.perf_counter(), 0
    while seen < events:
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            seen += len(records)
            for record in records:
                digest = hashlib.sha256(record.key)
                digest.update(record.value)
                for name, value in record.headers:
                    digest.update(name.encode())
                    digest.update(value)
                digest.digest()
    took = time.perf_counter() - started
    await consumer.stop()
    return took


async def _verify(dsn: str, bootstrap: str, topic: str, events: int) -> float:
    async with (
        connected(dsn) as beside,
        open_lanes(bootstrap, topic) as lanes,
        snapshot(dsn) as connection,
    ):
        published = await read_published(beside)
        check = LoggedPass("bench", lanes, published, events, "bench", beside)
        started = time.perf_counter()
        await check.run(connection, _ENTRY_BYTES, lambda _done: None)
        took = time.perf_counter() - started
    assert check.tally.records == events, check.tally
    return took
