"""Where in a partition a sequence is: by halving, for sequences go up with the offsets.

A repeat goes back a little, which does no harm: behind every occurrence of an entry comes the one that follows it, for
whoever sends again does so from the first that may be missing. So reading may begin at any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.envelope import LogEntry, MalformedRecord, from_record

_READ_SECONDS_MAX = 30


async def locate(bootstrap: str, topic: str, sequences: Mapping[int, int]) -> dict[int, int]:
    """For each partition of a topic on Kafka, an offset at which its entry of this sequence is, or will be.

    Nothing above the sequence is left out by reading from there.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        tps = [TopicPartition(topic, partition) for partition in sorted(sequences)]
        consumer.assign(tps)
        begins = await consumer.beginning_offsets(tps)
        ends = await consumer.end_offsets(tps)
        return {
            tp.partition: await _halve(consumer, tp, sequences[tp.partition], begins[tp], ends[tp])
            for tp in tps
        }
    finally:
        await consumer.stop()


async def _halve(consumer: AIOKafkaConsumer, tp: TopicPartition, sequence: int, low: int, high: int) -> int:
    """The entry at `low - 1` is before the sequence, that at `high` is not, or is the end."""
    while low < high:
        middle = (low + high) // 2
        offset, entry = await _entry_from(consumer, tp, middle, high)
        if entry is None or entry.sequence >= sequence:
            high = middle
        else:
            low = offset + 1
    return high


async def _entry_from(
    consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int, end: int
) -> tuple[int, LogEntry | None]:
    """The first event of Lettra at or behind the offset and where it is; None if there is none before `end`."""
    consumer.seek(tp, offset)
    while offset < end:
        async with asyncio.timeout(_READ_SECONDS_MAX):
            record = await consumer.getone(tp)
        offset = record.offset + 1
        try:
            read = from_record(
                tp.topic, tp.partition, record.offset, record.key, record.value, record.headers
            )
            return record.offset, read.entry
        except MalformedRecord:
            continue
    return end, None
