"""Which generation a service begins with, where in it, and what a move refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from generations import World, open_world
from histories import log_of
from publishing import Record, foreign, publish

from lettra_events.envelope import LogEntry, to_headers
from lettra_events.kafka.beginning import begin_reading
from lettra_events.kafka.generations import Generation
from lettra_events.kafka.locating import locate
from lettra_events.kafka.newest import read_topics
from lettra_events.kafka.republishing import MoveRefused, NotSwitched, repartition
from lettra_events.kafka.topics import TopicMisfit, delete_topics, ensure_topic
from lettra_events.testing.servers import fresh_topic
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def begins_with(world: World) -> Generation:
    """What a service that has never read the topic would read."""
    topic = world.place.topic
    return (await read_topics(world.clerk, world.place.kafka, [topic]))[topic]


async def test_a_new_reader_begins_with_the_newest_generation_that_is_announced(servers: Servers) -> None:
    """Guard: newest._newest looks at how the generation before ends: one in preparation may be given up."""
    async with open_world(servers) as world:
        topic = world.place.topic
        await world.deposit(60)
        async with world.relay():
            await until(world.published, "all is published", 60)
        assert await begins_with(world) == Generation(topic, 1, 2)
        with pytest.raises(NotSwitched):
            await world.move(5, seconds=0)
        assert await begins_with(world) == Generation(topic, 1, 2)
        async with world.relay():
            await until(world.published, "the relay has switched", 60)
            assert await begins_with(world) == Generation(topic, 2, 5)
            await world.deposit(60)
            async with world.workers("late"):
                await world.until_applied()
        await world.check(2)
        assert await world.read_generations() == [(2, 5, None, False)]
        # The old topic is deleted: that is so only behind a move.
        await world.clerk.execute("truncate consumer_generations")
        await delete_topics(world.place.kafka, [topic])
        await until(lambda: is_gone(world), "the old topic is gone", 30)


async def is_gone(world: World) -> bool:
    return await begins_with(world) == Generation(world.place.topic, 2, 5)


async def test_of_replicas_that_begin_together_all_read_the_same(servers: Servers, monkeypatch) -> None:
    """Guard: beginning._RECORD under its lock; whoever looked before a move and records behind it reads the new one."""
    async with open_world(servers) as world:
        topic = world.place.topic
        connections = [await asyncpg.connect(world.office.dsn) for _ in range(3)]
        answers = [Generation(topic, number, 2) for number in (1, 2, 1)]

        async def looked(*_arguments: object) -> dict[str, Generation]:
            return {topic: answers.pop()}

        monkeypatch.setattr("lettra_events.kafka.beginning.read_topics", looked)
        found = await asyncio.gather(
            *(begin_reading(each, world.place.kafka, [topic], 1) for each in connections)
        )
        assert found[0] == found[1] == found[2]
        assert await world.clerk.fetchval("select count(*) from consumer_generations") == 1
        for each in connections:
            await each.close()


async def test_a_sequence_is_found_by_halving(servers: Servers) -> None:
    """Guard: locating._halve: who reads on from there misses nothing, and hardly reads what he knows."""
    topic = await fresh_topic(servers.kafka, 2)
    entries = log_of(toys.Deposited(account="a", amount=1) for _ in range(40))
    # Partition 0 has some of them twice, as after a relay that was killed; 1 has somebody else's records between.
    twice = [*entries[:24], *entries[16:30], *entries[30:]]
    await publish(servers.kafka, topic, [of(0, entry) for entry in twice])
    await publish(servers.kafka, topic, [r for entry in entries for r in (of(1, entry), foreign(1))])
    for wanted in (1, 2, 17, 25, 30, 40):
        found = await locate(servers.kafka, topic, {0: wanted, 1: wanted})
        assert twice[found[0]].sequence == wanted
        assert read_on(wanted, [entry.sequence for entry in twice[found[0] :]]) == 40
        # Before the entry at an even offset there is a record of somebody else.
        assert found[1] in (2 * wanted - 3, 2 * wanted - 2)
    assert await locate(servers.kafka, topic, {0: 41, 1: 41}) == {0: len(twice), 1: 79}


def of(partition: int, entry: LogEntry) -> Record:
    event = entry.event
    return Record(partition, event.key.encode(), event.payload, [*to_headers(entry, 0)], entry.sequence)


def read_on(known: int, sequences: list[int]) -> int:
    """How far a reader comes who knows so much, and takes nothing behind a hole."""
    for sequence in sequences:
        known = sequence if sequence == known + 1 else known
    return known


@pytest.mark.parametrize(("partitions", "why"), [(1, "has 2 partitions"), (1_001, "limit of 1000")])
async def test_a_move_to_too_few_or_too_many_is_refused(servers: Servers, partitions: int, why: str) -> None:
    """Guard: republishing._check_wanted."""
    async with open_world(servers) as world:
        with pytest.raises(MoveRefused, match="nothing was ever published"):
            await world.move(5)
        await world.toy.execute("insert into partition_heads values (1, 0, 0), (1, 1, 0)")
        with pytest.raises(MoveRefused, match=why):
            await world.move(partitions)
        assert await world.toy.fetchval("select count(*) from generations") == 1


async def test_a_move_is_not_begun_beside_another(servers: Servers) -> None:
    """Guards: the lock of republishing.repartition; _prepare finds what was begun with another number."""
    async with open_world(servers) as world:
        await world.toy.execute("insert into partition_heads values (1, 0, 0), (1, 1, 0)")
        await world.toy.execute(
            "insert into generations values (2, 0); insert into partition_heads values (2, 0, 0)"
        )
        with pytest.raises(MoveRefused, match="is being moved to 1 partitions; finish that first"):
            await world.move(5)
        await world.toy.execute("select pg_advisory_lock($1)", 0x1E77_0003)
        with pytest.raises(MoveRefused, match="another command is moving"):
            await world.move(1)


async def test_a_topic_that_is_there_with_another_size_is_refused(servers: Servers) -> None:
    """Guard: ensure_topic compares (kafka/topics.py): perhaps another installation's, or one that was given up."""
    async with open_world(servers) as world:
        await world.toy.execute("insert into partition_heads values (1, 0, 0), (1, 1, 0)")
        await ensure_topic(servers.kafka, f"{world.place.topic}.g2", 4)
        with pytest.raises(TopicMisfit, match="has 4 partitions, the move to it says 5"):
            await repartition(world.publisher, 5)
