"""Sending lost records again: the log still has their bytes, and readers wait for them.

A record that comes late closes the gap of every reader that waits for it. But the partition is then no longer in order
for whoever reads it from its beginning: publish a new generation of the topic afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaProducer

from lettra_events.envelope import BROADCAST_KEY, LogEntry, to_record
from lettra_events.kafka.generations import Generation, published_topic
from lettra_events.kafka.topics import partition_of
from lettra_events.store.append import Connection
from lettra_events.store.relay_store import ROUND_BYTES_MAX, read_log

ENTRIES_AT_ONCE = 1_000
RECORDS_MAX = 10_000


class ResendRefused(Exception):
    """What was asked for cannot be sent again; nothing was sent. The message says why."""


async def resend(
    connection: Connection, bootstrap: str, topic: str, partition: int, after: int, through: int
) -> int:
    """Send the entries of one partition again that follow `after`, through `through`; how many there were.

    `after` is the last entry of the partition that the readers have (0: none). The records are those that the relay
    sent, byte for byte; who has them drops them.
    """
    generation = await published_topic(connection, topic)
    await _check_wanted(connection, generation, partition, after, through)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0)
    await producer.start()
    try:
        previous, sent = after, 0
        async for entry in _entries(connection, after, through, generation, partition):
            timestamp, headers = to_record(entry, previous)
            await producer.send_and_wait(
                generation.name,
                entry.event.payload,
                entry.event.key.encode(),
                partition,
                timestamp,
                headers,
            )
            previous, sent = entry.sequence, sent + 1
    finally:
        await producer.stop()
    return sent


async def _check_wanted(
    connection: Connection, generation: Generation, partition: int, after: int, through: int
) -> None:
    """Before anything is sent: all of it was published, and it is not too much."""
    mark = await connection.fetchval("select mark from relay")
    if through > mark:
        raise ResendRefused(f"entry {through} was not published yet (published up to {mark}): the relay will")
    if not 0 <= partition < generation.partitions:
        raise ResendRefused(
            f"{generation.name} has {generation.partitions} partitions, there is no {partition}"
        )
    if after and not [e async for e in _entries(connection, after - 1, after, generation, partition)]:
        raise ResendRefused(f"entry {after} is not one of {generation.name}[{partition}]")
    found = 0
    async for _entry in _entries(connection, after, through, generation, partition):
        found += 1
        if found > RECORDS_MAX:
            raise ResendRefused(
                f"more than {RECORDS_MAX} records are lost: publish a new generation of the topic"
            )


async def _entries(
    connection: Connection, after: int, through: int, generation: Generation, partition: int
) -> AsyncIterator[LogEntry]:
    """The entries of the partition in this range, in order."""
    while after < through:
        batch = await read_log(connection, after, ENTRIES_AT_ONCE, ROUND_BYTES_MAX)
        for entry in batch:
            key = entry.event.key
            if entry.sequence <= through and (
                key == BROADCAST_KEY or partition_of(key, generation.partitions) == partition
            ):
                yield entry
        if not batch:
            return
        after = batch[-1].sequence
