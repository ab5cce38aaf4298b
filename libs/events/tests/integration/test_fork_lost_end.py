"""A topic that lost its end: a relay refuses to go on behind the hole, and takes a repeat for what it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from store_of_toys import all_published, append_any, deposits, published, relaying

from lettra_events.kafka.relay import ForkDetected
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.published import read_topic

if TYPE_CHECKING:
    from store_of_toys import Place


async def test_a_topic_that_lost_its_end_is_refused(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: the head of each partition is looked for (check_fork in kafka/fork.py)."""
    await append_any(connection, *deposits(10))
    async with relaying(place.relay()):
        await all_published(connection)
    await append_any(connection, *deposits(10))
    await sequence_outbox(connection, 100)
    await connection.execute(
        "update relay set mark = 20; update partition_heads set sequence = sequence + 10"
    )
    before = await read_topic(place.kafka, place.topic)
    with pytest.raises(ForkDetected) as caught:
        async with asyncio.timeout(20):
            await place.relay().run()
    assert "was published there: the topic lost its end. Restore it, or send again what it lost" in str(
        caught.value
    )
    assert place.topic in str(caught.value)
    assert await read_topic(place.kafka, place.topic) == before


async def test_a_repeat_at_the_end_is_no_loss(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: _check_repeats (kafka/fork.py); a relay that was replaced may have sent an older batch again."""
    await append_any(connection, *deposits(10))
    async with relaying(place.relay()):
        await all_published(connection)
    producer = AIOKafkaProducer(bootstrap_servers=place.kafka)
    await producer.start()
    for partition, records in (await read_topic(place.kafka, place.topic)).items():
        for one in records[:1]:
            await producer.send_and_wait(
                place.topic,
                one.value,
                key=one.key,
                headers=list(one.headers),
                partition=partition,
                timestamp_ms=one.timestamp,
            )
    await producer.stop()
    await append_any(connection, *deposits(10))
    async with relaying(place.relay()):
        await all_published(connection)
    assert len(await published(place)) == 20
