"""Topics: their names, their fixed number of partitions, and which partition a key goes to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

_TOPIC_CONFIG = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": "2097152",
    # The broker's default refuses a record from a writer whose clock is an hour ahead: it could never be published.
    "message.timestamp.type": "CreateTime",
    "message.timestamp.after.max.ms": str(2**63 - 1),
    "message.timestamp.before.max.ms": str(2**63 - 1),
}
_CREATE_SECONDS_MAX = 30.0


class TopicMisfit(Exception):
    """The broker's topic is not as this service needs it; the message says the remedy."""


@lru_cache(maxsize=100_000)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the positive murmur2 hash of its bytes, as Kafka's own clients compute it."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


async def ensure_topic(bootstrap: str, topic: str, partitions: int, replication: int = 1) -> bool:
    """Create the topic with unlimited retention if it is missing; True if it was created.

    `TopicMisfit` if it exists with another number of partitions: keys would change their partition.
    """
    async with _admin(bootstrap) as admin:
        created = await _create(admin, topic, partitions, replication)
        actual = (await _wait_for(admin, [topic], _CREATE_SECONDS_MAX))[topic]
    if actual != partitions:
        raise TopicMisfit(
            f"topic {topic} has {actual} partitions, LETTRA_PARTITIONS says {partitions};"
            " more partitions are a new generation of the topic, never a change of this one"
        )
    return created


async def topic_sizes(bootstrap: str) -> dict[str, int]:
    """All topics of the broker, each with its number of partitions."""
    async with _admin(bootstrap) as admin:
        return await _sizes(admin)


async def count_partitions(bootstrap: str, topics: Sequence[str], timeout_seconds: float) -> dict[str, int]:
    """How many partitions each topic has, waiting until all exist; `TopicMisfit` after the timeout."""
    async with _admin(bootstrap) as admin:
        return await _wait_for(admin, topics, timeout_seconds)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topic: str, partitions: int, replication: int) -> bool:
    """False if it existed. The client raises nothing by itself: the answer has an error code a topic."""
    # An acknowledgement is to outlive the loss of one broker, wherever there is more than one.
    config = _TOPIC_CONFIG | {"min.insync.replicas": str(max(1, replication - 1))}
    answer = await admin.create_topics(
        [NewTopic(topic, partitions, replication, topic_configs=config)],
        timeout_ms=round(_CREATE_SECONDS_MAX * 1000),
    )
    ((_name, code, message),) = answer.topic_errors
    error = for_code(code)
    if error not in (NoError, TopicAlreadyExistsError):
        raise error(f"topic {topic}: {message}")
    return error is NoError


async def _wait_for(
    admin: AIOKafkaAdminClient, topics: Sequence[str], timeout_seconds: float
) -> dict[str, int]:
    """Asks for all topics, not for these: a broker may create a topic that is asked for by name."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        found = await _sizes(admin)
        missing = sorted(topic for topic in topics if not found.get(topic))
        if not missing:
            return {topic: found[topic] for topic in topics}
        if time.monotonic() > deadline:
            raise TopicMisfit(
                f"topics {', '.join(missing)} do not exist; run the role migrate of their services"
            )
        await asyncio.sleep(0.2)


async def _sizes(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """One that is being created has no partition yet, and is not there."""
    found = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    return {topic: partitions for topic, partitions in found.items() if partitions}
