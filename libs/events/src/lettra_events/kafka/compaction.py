"""Looking at what a compacted topic still holds: whether an erased key is gone from it."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

_POLL_MS = 200
EVERYTHING = 2**63 - 1
"""As an offset: up to the partition's end."""


async def keys_left(bootstrap: str, topic: str, partition: int, through: Mapping[str, int]) -> set[str]:
    """The keys of which the partition still holds a value or a tombstone at or before the offset given for each.

    Read from the beginning, aborted records too. Unbounded in time: the caller sets the limit.
    """
    wanted = {key.encode(): offset for key, offset in through.items()}
    tp = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    left: set[str] = set()
    try:
        await consumer.start()
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = min((await consumer.end_offsets([tp]))[tp], max(wanted.values(), default=-1) + 1)
        while await consumer.position(tp) < end:
            for record in (await consumer.getmany(timeout_ms=_POLL_MS)).get(tp, ()):
                if record.key in wanted and record.offset <= wanted[record.key]:
                    left.add(record.key.decode())
    finally:
        await consumer.stop()
    return left
