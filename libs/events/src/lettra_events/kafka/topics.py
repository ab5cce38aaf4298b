"""Topics: their names, their fixed number of partitions, and which partition a key goes to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
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
_COMPACTED_CONFIG = {
    "cleanup.policy": "compact",
    # Compact whatever is closed, keep no tombstone for late readers, delete at once what was compacted away.
    "min.cleanable.dirty.ratio": "0.0",
    "delete.retention.ms": "0",
    "file.delete.delay.ms": "500",
    # A segment is closed by its records' times: let one clock tell them.
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "2097152",
}
_SET_FOR_THE_TOPIC = 1
"""Where a value of a topic's configuration comes from, as Kafka numbers it: here, not the broker's default."""
_CREATE_SECONDS_MAX = 30.0
PARTITIONS_MAX = 1_000


class TopicMisfit(Exception):
    """The broker's topic is not as this service needs it; the message says the remedy."""


@lru_cache(maxsize=100_000)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the positive murmur2 hash of its bytes, as Kafka's own clients compute it."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


async def ensure_topic(
    bootstrap: str, topic: str, partitions: int, replication: int = 1, *, said_by: str = "LETTRA_PARTITIONS"
) -> bool:
    """Create the topic with unlimited retention if it is missing; True if it was created.

    `TopicMisfit` if it exists with another number of partitions than `said_by` says: keys would change theirs.
    """
    async with _admin(bootstrap) as admin:
        return await _ensure(admin, topic, partitions, replication, _TOPIC_CONFIG, said_by)


async def ensure_compacted_topic(
    bootstrap: str, topic: str, partitions: int, replication: int, segment_ms: int
) -> bool:
    """Create the compacted topic if it is missing; True if it was created. One that exists is configured anew.

    `segment_ms`: after which a segment is closed, and may be compacted. `TopicMisfit` for another number of
    partitions, and for a topic that is not compacted: compaction would delete the history that it holds.
    """
    config = _COMPACTED_CONFIG | {"segment.ms": str(segment_ms)}
    async with _admin(bootstrap) as admin:
        created = await _ensure(admin, topic, partitions, replication, config, "LETTRA_PARTITIONS")
        if not created:
            await _configure(admin, topic, config)
    return created


async def _ensure(
    admin: AIOKafkaAdminClient,
    topic: str,
    partitions: int,
    replication: int,
    config: Mapping[str, str],
    said_by: str,
) -> bool:
    created = await _create(admin, topic, partitions, replication, config)
    actual = (await _wait_for(admin, [topic], _CREATE_SECONDS_MAX))[topic]
    if actual != partitions:
        raise misfit(topic, actual, partitions, said_by)
    return created


def misfit(topic: str, actual: int, wanted: int, said_by: str) -> TopicMisfit:
    """That a topic has another number of partitions than somebody says."""
    return TopicMisfit(
        f"topic {topic} has {actual} partitions, {said_by} says {wanted}; say {actual} there, or leave it out."
        " More partitions are a new generation of the topic, never a change of this one:"
        " lettra repartition SERVICE --partitions N"
    )


async def delete_topics(bootstrap: str, topics: Sequence[str]) -> None:
    """Delete these topics with all that is in them; whoever has not read it cannot any more."""
    async with _admin(bootstrap) as admin:
        answer = await admin.delete_topics(list(topics), timeout_ms=round(_CREATE_SECONDS_MAX * 1000))
        for topic, code in answer.topic_error_codes:
            if (error := for_code(code)) is not NoError:
                raise error(f"topic {topic}")


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
        heed_cancellation()


def heed_cancellation() -> None:
    """Raise a cancellation that came while a client of Kafka was closed, which takes it for one of its own tasks'."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _create(
    admin: AIOKafkaAdminClient, topic: str, partitions: int, replication: int, config: Mapping[str, str]
) -> bool:
    """False if it existed. The client raises nothing by itself: the answer has an error code a topic."""
    # An acknowledgement is to outlive the loss of one broker, wherever there is more than one.
    durable = {"min.insync.replicas": str(max(1, replication - 1))}
    answer = await admin.create_topics(
        [NewTopic(topic, partitions, replication, topic_configs={**config, **durable})],
        timeout_ms=round(_CREATE_SECONDS_MAX * 1000),
    )
    ((_name, code, message),) = answer.topic_errors
    error = for_code(code)
    if error not in (NoError, TopicAlreadyExistsError):
        raise error(f"topic {topic}: {message}")
    return error is NoError


async def _configure(admin: AIOKafkaAdminClient, topic: str, config: Mapping[str, str]) -> None:
    """Give an existing topic these settings; what an operator has set beside them stays."""
    (described,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    ((_code, _message, _kind, _name, entries),) = described.resources
    found = {name: (value, source) for name, value, _read_only, source, *_ in entries}
    if found["cleanup.policy"][0] != "compact":
        raise TopicMisfit(
            f"topic {topic} has the cleanup.policy {found['cleanup.policy'][0]!r}, and is to be compacted, which would"
            " delete what it holds; delete or rename it"
        )
    own = {name: value for name, (value, source) in found.items() if source == _SET_FOR_THE_TOPIC}
    wanted = {**own, **config}
    if wanted == own:
        return
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs=wanted)
    (answer,) = await admin.alter_configs([resource])
    ((code, message, *_rest),) = answer.resources
    if (error := for_code(code)) is not NoError:
        raise error(f"topic {topic}: {message}")


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
