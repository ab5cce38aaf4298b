"""relay_vs_produce: sequencing and publishing the outbox, against a producer sending the same bytes idempotently."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from lettra_events.decisions.workspace import Staged
from lettra_events.envelope import to_headers
from lettra_events.kafka.relay import Relay, RelaySettings
from lettra_events.kafka.topics import ensure_topic, partition_of
from lettra_events.store.append import ANY_VERSION, append
from lettra_events.store.relay_store import read_log
from lettra_events.testing.servers import fresh_database
from lettra_tools.bench.toys import TEXT, Happened

PARTITIONS = 6
ROUNDS = 3
CUSTOMERS = 1_000
_APPEND_AT_ONCE = 500


async def measure(server: str, bootstrap: str, events: int) -> dict[str, float]:
    """Rates of both, and their ratio, over the same events; the relay includes numbers, hash chain and mark.

    Several rounds, each in a database of its own and the two in turn, so that the machine's moods hit both.
    """
    relayed = produced = 0.0
    for _ in range(ROUNDS):
        async with fresh_database(server) as dsn:
            connection = await asyncpg.connect(dsn)
            await fill(connection, events)
            relayed += await _relay(connection, dsn, bootstrap, events)
            produced += await _produce(connection, bootstrap, events)
            await connection.close()
    return {
        "relay_per_s": round(ROUNDS * events / relayed),
        "produce_per_s": round(ROUNDS * events / produced),
        "relay_vs_produce": round(produced / relayed, 3),
    }


async def fill(connection: Any, events: int) -> None:
    """Append the events that both will send."""
    for start in range(0, events, _APPEND_AT_ONCE):
        numbers = range(start, min(events, start + _APPEND_AT_ONCE))
        staged = [
            Staged(Happened(account=f"C{n % CUSTOMERS}", number=n, text=TEXT), uuid4(), "bench", "bench")
            for n in numbers
        ]
        streams = {item.event.stream_id(): ANY_VERSION for item in staged}
        await append(connection, staged, streams, service="bench")


async def _relay(connection: Any, dsn: str, bootstrap: str, events: int) -> float:
    topic = f"bench.{uuid4().hex[:8]}"
    await ensure_topic(bootstrap, topic, PARTITIONS)
    goal = await connection.fetchval("select sequence from relay") + events
    relay = Relay(RelaySettings(bootstrap, topic, "bench"), dsn)
    task = asyncio.create_task(relay.run())
    await until(lambda: _leads(relay), task)
    started = time.perf_counter()

    async def published() -> bool:
        return bool(await connection.fetchval("select mark from relay") >= goal)

    await until(published, task)
    took = time.perf_counter() - started
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return took


async def _leads(relay: Relay) -> bool:
    return relay.leading


async def until(condition: Callable[[], Awaitable[bool]], task: asyncio.Task[None]) -> None:
    """Wait for it, or fail as the relay fails."""
    while not await condition():
        if task.done():
            await task
        await asyncio.sleep(0.005)


async def _produce(connection: Any, bootstrap: str, events: int) -> float:
    """The bare loop: the same keys, values and headers, made beforehand, sent and awaited in rounds of 2,000."""
    topic = f"bench.{uuid4().hex[:8]}"
    await ensure_topic(bootstrap, topic, PARTITIONS)
    head = await connection.fetchval("select sequence from relay")
    entries = await read_log(connection, head - events, events)
    records = [
        (
            e.event.key.encode(),
            e.event.payload,
            to_headers(e, e.sequence - 1),
            partition_of(e.event.key, PARTITIONS),
        )
        for e in entries
    ]
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=262_144
    )
    await producer.start()
    started = time.perf_counter()
    for start in range(0, len(records), 2_000):
        futures = [
            await producer.send(topic, value, key=key, partition=partition, headers=headers)
            for key, value, headers, partition in records[start : start + 2_000]
        ]
        await asyncio.gather(*futures)
    took = time.perf_counter() - started
    await producer.stop()
    return took
