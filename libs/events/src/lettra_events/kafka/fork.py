"""Before a relay publishes: is what the topic holds the history of this very database?

A restored backup, or another installation's database, would continue a history that readers know otherwise. The
last record of each partition says so: its hash is in the log, or the two have parted. So do later generations of the
topic: an empty database finds an empty first generation, and readers that have long moved on. And a topic that lost its
end would go on behind a hole, at which every reader from the beginning would wait for ever.
"""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.envelope import LogEntry, MalformedRecord, from_record
from lettra_events.kafka.generations import generation_name, generation_numbers
from lettra_events.kafka.topics import topic_sizes
from lettra_events.store.append import Connection
from lettra_events.store.relay_store import RelayState, chain_at

_READ_SECONDS_MAX = 30
_REPEATS_MAX = 50_000
"""How many records a relay that was replaced may have sent again behind newer ones: more than a round has."""
_LOST = "Restore it, or send again what it lost (lettra resend): see the runbook fork-after-restore.md"


class ForkDetected(Exception):
    """Topic and database do not hold the same history. Refuse to publish: a person must act."""


async def check_fork(connection: Connection, bootstrap: str, topic: str, state: RelayState) -> None:
    """Raise `ForkDetected` if the last record of any partition of the state's generation, or of a later one, is not in
    this database's log, or is not the last one that the database knows to be published to its generation.

    `topic`: the logical name.
    """
    own = generation_name(topic, state.generation)
    partitions = [TopicPartition(own, number) for number in sorted(state.heads)]
    partitions += await _later_partitions(bootstrap, topic, state.generation)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        for tp in partitions:
            last = await last_entry(consumer, tp, begins[tp], ends[tp])
            if last is not None and await chain_at(connection, last.sequence) != last.chain:
                raise _fork(tp, last, state)
            if tp.topic != own:
                continue
            if last is None:
                _check_empty(tp, state)
            elif last.sequence < state.heads[tp.partition]:
                await _check_repeats(consumer, tp, max(begins[tp], ends[tp] - _REPEATS_MAX), ends[tp], state)
    finally:
        await consumer.stop()


async def _later_partitions(bootstrap: str, topic: str, generation: int) -> list[TopicPartition]:
    """Of all generations behind this one that the broker has, whether or not the database knows of them."""
    sizes = await topic_sizes(bootstrap)
    later = [number for number in generation_numbers(topic, sizes) if number > generation]
    names = [generation_name(topic, number) for number in later]
    return [TopicPartition(name, partition) for name in names for partition in range(sizes[name])]


async def last_entry(consumer: AIOKafkaConsumer, tp: TopicPartition, begin: int, end: int) -> LogEntry | None:
    """The last entry in the partition, passing over records that are no event of Lettra."""
    for offset in range(end - 1, begin - 1, -1):
        consumer.seek(tp, offset)
        entry = await next_entry(consumer, tp)
        if entry is not None:
            return entry
    return None


async def next_entry(consumer: AIOKafkaConsumer, tp: TopicPartition) -> LogEntry | None:
    """The record at the consumer's position; None if it is no event of Lettra."""
    async with asyncio.timeout(_READ_SECONDS_MAX):
        record = await consumer.getone(tp)
    try:
        return from_record(
            tp.topic, tp.partition, record.offset, record.key, record.value, record.headers
        ).entry
    except MalformedRecord:
        return None


async def _check_repeats(
    consumer: AIOKafkaConsumer, tp: TopicPartition, begin: int, end: int, state: RelayState
) -> None:
    """An older entry stands last. That is sound where it is a repeat, and the newest one stands before it."""
    head, newest = state.heads[tp.partition], 0
    consumer.seek(tp, begin)
    while await consumer.position(tp) < end:
        entry = await next_entry(consumer, tp)
        newest = max(newest, entry.sequence if entry is not None else 0)
        if newest >= head:
            return
    raise ForkDetected(
        f"{tp.topic}[{tp.partition}] ends with entry {newest}, but entry {head} was published there: the topic lost"
        f" its end. {_LOST}"
    )


def _check_empty(tp: TopicPartition, state: RelayState) -> None:
    if state.heads[tp.partition] > 0:
        raise ForkDetected(
            f"{tp.topic}[{tp.partition}] is empty, but entry {state.heads[tp.partition]} was published there: the"
            f" topic was deleted or emptied. {_LOST}"
        )


def _fork(tp: TopicPartition, last: LogEntry, state: RelayState) -> ForkDetected:
    return ForkDetected(
        f"{tp.topic}[{tp.partition}] ends with entry {last.sequence} (chain {last.chain.hex()[:12]}), which is not"
        f" in this database's log (head {state.sequence}): the database was restored from a backup older than the"
        " topic, or belongs to another installation. Stop all processes of the service and restore a newer backup:"
        " see the runbook fork-after-restore.md"
    )
