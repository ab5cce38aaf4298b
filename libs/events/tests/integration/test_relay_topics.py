"""Topics: made once, with what a history needs, and never changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidReplicationFactorError, KafkaConnectionError

from lettra_events.kafka.topics import TopicMisfit, count_partitions, ensure_topic

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


def new_name() -> str:
    return f"test.{uuid4().hex[:12]}"


async def test_a_topic_is_created_once(servers: Servers) -> None:
    """Guard: ensure_topic reads the error code in the answer, for the client raises nothing (kafka/topics.py)."""
    name = new_name()
    assert await ensure_topic(servers.kafka, name, 4) is True
    assert await ensure_topic(servers.kafka, name, 4) is False
    assert await count_partitions(servers.kafka, [name], 5) == {name: 4}


async def test_of_several_at_once_one_creates_it(servers: Servers) -> None:
    """Guard: TopicAlreadyExistsError is no error (kafka/topics.py)."""
    name = new_name()
    made = await asyncio.gather(*(ensure_topic(servers.kafka, name, 2) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]


async def test_another_number_of_partitions_is_refused(servers: Servers) -> None:
    """Guard: ensure_topic compares the number of partitions (kafka/topics.py)."""
    name = new_name()
    await ensure_topic(servers.kafka, name, 3)
    with pytest.raises(TopicMisfit, match=f"topic {name} has 3 partitions, LETTRA_PARTITIONS says 6"):
        await ensure_topic(servers.kafka, name, 6)


async def test_what_the_broker_refuses_is_raised(servers: Servers) -> None:
    """Guard: any other error code is raised (kafka/topics.py)."""
    with pytest.raises(InvalidReplicationFactorError, match="replication factor of 7"):
        await ensure_topic(servers.kafka, new_name(), 1, replication=7)


async def test_a_missing_topic_is_named(servers: Servers) -> None:
    """Guard: _wait_for looks whether each topic is there (kafka/topics.py)."""
    name = new_name()
    with pytest.raises(TopicMisfit, match=f"topics {name} do not exist; run the role migrate"):
        await count_partitions(servers.kafka, [name], 0)


async def test_without_a_broker_it_fails_at_once() -> None:
    """Guard: nothing waits for a broker here; the role ends and its supervisor tries again (service/roles.py)."""
    with pytest.raises(KafkaConnectionError):
        async with asyncio.timeout(5):
            await ensure_topic("127.0.0.1:1", new_name(), 1)


async def test_history_is_kept_for_ever(servers: Servers) -> None:
    """Guard: _TOPIC_CONFIG (kafka/topics.py)."""
    name = new_name()
    await ensure_topic(servers.kafka, name, 1)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    await admin.close()
    settings = {entry[0]: entry[1] for resource in answer.resources for entry in resource[4]}
    assert (settings["retention.ms"], settings["retention.bytes"]) == ("-1", "-1")
    assert (settings["cleanup.policy"], settings["min.insync.replicas"]) == ("delete", "1")


async def test_an_event_of_a_writer_whose_clock_is_wrong_can_be_published(servers: Servers) -> None:
    """Guard: message.timestamp.after.max.ms; the broker's default refuses an hour ahead (kafka/topics.py)."""
    name = new_name()
    await ensure_topic(servers.kafka, name, 1)
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka)
    await producer.start()
    now = datetime.now(UTC)
    for when in (now + timedelta(days=2), now - timedelta(days=5_000)):
        sent = await producer.send_and_wait(name, b"x", timestamp_ms=round(when.timestamp() * 1000))
        assert sent.timestamp == round(when.timestamp() * 1000)
    await producer.stop()
