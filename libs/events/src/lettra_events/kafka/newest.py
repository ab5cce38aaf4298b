"""Which generation of a topic a service reads: the one that it has recorded, else the newest complete one.

A generation is complete once it is announced: then the one before it ends with the announcement, or is deleted. One
that is still being prepared may be given up, so nobody begins with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.kafka.fork import last_entry
from lettra_events.kafka.generations import (
    Generation,
    announcement,
    generation_name,
    generation_numbers,
    recorded_generations,
)
from lettra_events.kafka.topics import TopicMisfit, heed_cancellation, topic_sizes
from lettra_events.store.append import Connection

_PAUSE_SECONDS = 0.2


async def read_topics(
    connection: Connection, bootstrap: str, topics: Sequence[str], timeout_seconds: float = 0
) -> dict[str, Generation]:
    """The generation of each topic that this consumer's database reads, or would begin with; nothing is recorded.

    Waits until each topic is there; `TopicMisfit` after the timeout.
    """
    known = await recorded_generations(connection, topics)
    unknown = [topic for topic in topics if topic not in known]
    names = [generation.name for generation in known.values()]
    sizes = await _wait_for(bootstrap, names, unknown, timeout_seconds)
    found = {topic: await _newest(bootstrap, topic, sizes) for topic in unknown}
    return {topic: known.get(topic) or found[topic] for topic in topics}


async def newest_generation(bootstrap: str, topic: str) -> Generation:
    """The newest complete generation of a topic, by what is on Kafka; `TopicMisfit` if there is none."""
    sizes = await _wait_for(bootstrap, (), [topic], timeout_seconds=0)
    return await _newest(bootstrap, topic, sizes)


async def _wait_for(
    bootstrap: str, names: Iterable[str], topics: Iterable[str], timeout_seconds: float
) -> Mapping[str, int]:
    deadline = time.monotonic() + timeout_seconds
    while True:
        sizes = await topic_sizes(bootstrap)
        missing = [name for name in names if name not in sizes]
        missing += [topic for topic in topics if not generation_numbers(topic, sizes)]
        if not missing:
            return sizes
        if time.monotonic() > deadline:
            raise TopicMisfit(
                f"topics {', '.join(sorted(missing))} do not exist; run the role migrate of their services"
            )
        await asyncio.sleep(_PAUSE_SECONDS)


async def _newest(bootstrap: str, topic: str, sizes: Mapping[str, int]) -> Generation:
    numbers = generation_numbers(topic, sizes)
    for number in numbers:
        if number - 1 not in numbers or await _is_followed(bootstrap, topic, number - 1):
            return Generation(topic, number, sizes[generation_name(topic, number)])
    raise AssertionError("the oldest one has none before it")


async def _is_followed(bootstrap: str, topic: str, number: int) -> bool:
    """Whether the generation ends with the announcement of the next one. One partition tells: it is a broadcast.

    Behind it there may be records that are no event of Lettra.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        tp = TopicPartition(generation_name(topic, number), 0)
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        begin = (await consumer.beginning_offsets([tp]))[tp]
        last = await last_entry(consumer, tp, begin, end)
    finally:
        await consumer.stop()
        heed_cancellation()
    announced = announcement(last.event) if last is not None else None
    return announced is not None and announced.generation == number + 1
