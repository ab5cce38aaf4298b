"""Topics: their names, their fixed number of partitions, and which partition a key goes to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from aiokafka.partitioner import murmur2

TOPIC_CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": "2097152",
}


class TopicMisfit(Exception):
    """The broker's topic is not as this service needs it; the message says the remedy."""


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the positive murmur2 hash of its bytes, as Kafka's own clients compute it."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


async def ensure_topic(bootstrap: str, topic: str, partitions: int, replication: int = 1) -> bool:
    """Create the topic with unlimited retention if it is missing; True if it was created.

    `TopicMisfit` if it exists with another number of partitions: keys would change their partition.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        try:
            await admin.create_topics(
                [NewTopic(topic, partitions, replication, topic_configs=TOPIC_CONFIG)], timeout_ms=30_000
            )
        except TopicAlreadyExistsError:
            await _check(admin, topic, partitions)
            return False
        return True
    finally:
        await admin.close()


async def _check(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> None:
    (found,) = await admin.describe_topics([topic])
    actual = len(found["partitions"])
    if actual != partitions:
        raise TopicMisfit(
            f"topic {topic} has {actual} partitions, LETTRA_PARTITIONS says {partitions};"
            " more partitions are a new generation of the topic, never a change of this one"
        )


async def count_partitions(bootstrap: str, topics: Sequence[str], timeout_seconds: float) -> dict[str, int]:
    """How many partitions each topic has, waiting until all exist; `TopicMisfit` after the timeout."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    deadline = time.monotonic() + timeout_seconds
    try:
        while True:
            found = {d["topic"]: len(d["partitions"]) for d in await admin.describe_topics(list(topics))}
            missing = sorted(topic for topic in topics if not found.get(topic))
            if not missing:
                return found
            if time.monotonic() > deadline:
                raise TopicMisfit(
                    f"topics {', '.join(missing)} do not exist; run the role migrate of their services"
                )
            await asyncio.sleep(0.2)
    finally:
        await admin.close()
