"""How a consumer moves: by one of two partitions that end together, with what is parked, and never with old eyes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import asyncpg
import clerk
import pytest
import toys
from consuming import parked
from publishing import History
from toys import Broadcasted, Deposited

from lettra_events.envelope import Delivery, from_record
from lettra_events.kafka.applying import apply_batch, read_position
from lettra_events.kafka.contiguity import Position
from lettra_events.kafka.moving import GenerationMoved
from lettra_events.kafka.reading import StopPartition
from lettra_events.kafka.releasing import release_key
from lettra_events.kafka.topics import partition_of
from lettra_events.store.append import Connection
from lettra_events.testing.servers import fresh_database
from lettra_events.testing.waiting import until_blocked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lettra_tools.stack import Servers

TOPIC, OTHER = "moved.events", "other.events"
MOVED = toys.MOVED(generation=2, partitions=5, new_topic=f"{TOPIC}.g2")


class Desk:
    """The clerk's database; what is published comes here without Kafka, partition by partition."""

    def __init__(self, dsn: str, connection: asyncpg.Connection[Any]) -> None:
        self.dsn = dsn
        self.connection = connection
        self.history = {TOPIC: History(2), OTHER: History(2)}
        self.partitions = {TOPIC: 2, OTHER: 2}

    async def begin(self) -> None:
        for topic, count in self.partitions.items():
            await self.connection.execute(
                "insert into consumer_generations (topic, generation, partitions) values ($1, 1, $2)",
                topic,
                count,
            )

    def records(self, *events: Any, topic: str = TOPIC) -> dict[int, list[Delivery]]:
        """What these events are in each partition."""
        found: dict[int, list[Delivery]] = {}
        for r in self.history[topic].write(*events):
            found.setdefault(r.partition, []).append(
                from_record(topic, r.partition, r.sequence, r.key, r.value, r.headers)  # type: ignore[arg-type]
            )
        return found

    async def apply(
        self,
        records: list[Delivery],
        connection: Connection | None = None,
        partitions: dict[str, int] | None = None,
        **reading: Any,
    ) -> None:
        on = connection or self.connection
        before = await read_position(on, records[0].topic, records[0].partition)
        after = Position(records[-1].entry.sequence, records[-1].offset + 1)
        changed = {"topics": (TOPIC, OTHER), **reading}
        await apply_batch(
            on, clerk.reading(TOPIC, **changed), partitions or self.partitions, records, before, after
        )

    async def apply_all(self, *events: Any, topic: str = TOPIC) -> None:
        for records in self.records(*events, topic=topic).values():
            await self.apply(records)

    def goes_on_in_five(self) -> None:
        """The same history, in five partitions."""
        old = self.history[TOPIC]
        self.history[TOPIC] = History(5, old.sequence, old.chain, dict.fromkeys(range(5), old.sequence))
        self.partitions = {TOPIC: 5, OTHER: 2}

    async def positions(self) -> list[tuple[int, int, int]]:
        rows = await self.connection.fetch(
            "select partition, sequence, next_offset from consumer_offsets where topic = $1 order by 1", TOPIC
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    with clerk.registered():
        async with fresh_database(servers.postgres, ddl=clerk.DDL) as dsn:
            connection = await asyncpg.connect(dsn)
            opened = Desk(dsn, connection)
            await opened.begin()
            yield opened
            await connection.close()


def deposit(account: str, amount: int = 1, note: str = "") -> Deposited:
    return Deposited(account=account, amount=amount, note=note)


AT_THE_END = [(partition, 3, 0) for partition in range(5)]


async def test_the_service_moves_when_the_last_partition_ends_and_not_before(desk: Desk) -> None:
    """Guard: moving._follow counts the partitions that are at the end."""
    await desk.apply_all(deposit("a"), deposit("b"))
    first, last = desk.records(MOVED).values()
    await desk.apply(first)
    assert [row[1] for row in await desk.positions()].count(3) == 1
    await desk.apply(last)
    assert await desk.positions() == AT_THE_END
    rows = await desk.connection.fetch(
        "select generation, partitions, through, left_at is null from consumer_generations where topic = $1 order by 1",
        TOPIC,
    )
    assert [tuple(row) for row in rows] == [(1, 2, 3, False), (2, 5, None, True)]


async def test_of_two_that_end_together_exactly_one_moves_the_service(desk: Desk) -> None:
    """Guard: moving._follow marks the end before it counts: else both see the other one short of it, and none moves."""
    await desk.apply_all(deposit("a"), deposit("b"))
    async with AsyncExitStack() as stack:
        one, other, holder = [await asyncpg.connect(desk.dsn) for _ in range(3)]
        for each in (one, other, holder):
            stack.push_async_callback(each.close)
        async with holder.transaction():
            # Both have moved their position and wait at the same place: for the lock of the batches' journal.
            await holder.execute("lock table consumer_batches in exclusive mode")
            both = [
                asyncio.create_task(desk.apply(records, connection))
                for records, connection in zip(desk.records(MOVED).values(), (one, other), strict=True)
            ]
            for each in (one, other):
                await until_blocked(each, desk.connection)
        await asyncio.gather(*both)
    assert await desk.positions() == AT_THE_END


async def test_whoever_still_reads_the_old_generation_decides_nothing(desk: Desk) -> None:
    """Guard: IS_READ_HERE in applying._MOVE_POSITION. What he reads of another topic he would decide on partitions that
    are no longer all there are."""
    await desk.apply_all(MOVED)
    (records, *_) = desk.records(deposit("x"), topic=OTHER).values()
    with pytest.raises(GenerationMoved):
        await desk.apply(records)
    assert await desk.connection.fetchval("select count(*) from events") == 0
    desk.goes_on_in_five()
    await desk.apply(records)
    assert await desk.connection.fetchval("select count(*) from events") == 1


async def test_what_stands_behind_the_end_in_one_batch_is_refused(desk: Desk) -> None:
    """Guard: check_not_ended in moving._follow: a relay of an old release would publish on behind the announcement."""
    records = desk.records(MOVED, Broadcasted(text="late"))[0]
    with pytest.raises(StopPartition, match=r"the topic ended with entry 1.*an old release publishes"):
        await desk.apply(records)
    assert await desk.connection.fetchval("select count(*) from notices") == 0


async def test_what_comes_behind_the_end_later_is_refused(desk: Desk) -> None:
    """Guard: `through` in applying._MOVE_POSITION."""
    await desk.apply(desk.records(MOVED)[0])
    with pytest.raises(StopPartition, match=r"the topic ended with entry 1.*an old release publishes"):
        await desk.apply(desk.records(Broadcasted(text="late"))[0])
    assert await desk.connection.fetchval("select count(*) from notices") == 0


async def test_an_announcement_that_led_here_is_passed_over(desk: Desk) -> None:
    """Guard: moving._follow looks which generation is announced: who reads from the beginning meets older moves."""
    await desk.connection.execute(
        "update consumer_generations set generation = 2, partitions = 2 where topic = $1", TOPIC
    )
    await desk.apply_all(MOVED, Broadcasted(text="on"))
    assert [row[:2] for row in await desk.positions()] == [(0, 2), (1, 2)]


# ---- What is parked ----


async def test_a_parked_key_waits_through_the_move_and_runs_afterwards(desk: Desk) -> None:
    """Guard: what is parked has the logical name of the topic, which no move changes (kafka/generations.py)."""
    await desk.apply_all(deposit("bad", 1, clerk.RAISES), deposit("good", 1), deposit("bad", 2))
    await desk.apply_all(MOVED)
    desk.goes_on_in_five()
    await desk.apply_all(deposit("bad", 4), deposit("good", 8))
    assert await parked(desk.connection) == {"bad": [1, 3, 5]}
    release = await release_key(
        desk.connection, clerk.reading(TOPIC, react=clerk_who_forgives), {}, TOPIC, "bad"
    )
    assert (release.applied, release.runs) == (3, True)
    await desk.apply_all(deposit("bad", 16))
    rows = await desk.connection.fetch("select account, number, balance from books order by 1")
    assert [tuple(row) for row in rows] == [("bad", 4, 23), ("good", 2, 9)]
    trails = await desk.connection.fetch("select account, trail from seen order by 1")
    assert [tuple(row) for row in trails] == [("bad", trail(1, 3, 5, 7)), ("good", trail(2, 6))]


def clerk_who_forgives(workspace: Any, event: Any, context: Any) -> None:
    """The clerk after he was mended."""
    clerk.react(workspace, event.model_copy(update={"note": ""}), context)


def trail(*sequences: int) -> int:
    known = 0
    for sequence in sequences:
        known = clerk.follow(known, sequence)
    return known


async def test_a_release_keeps_out_whoever_reads_the_key_now(desk: Desk) -> None:
    """Guard: releasing._hold locks the position of the partition in which the key's records come now, not of the one
    in which it was parked."""
    key = next(k for k in map(str, range(99)) if partition_of(k, 2) == 0 and partition_of(k, 5) == 4)
    await desk.apply_all(deposit(key, 1, clerk.RAISES), MOVED)
    desk.goes_on_in_five()
    reader, releaser = [await asyncpg.connect(desk.dsn) for _ in range(2)]
    async with reader.transaction():
        await reader.execute(
            "select from consumer_offsets where topic = $1 and partition = 4 for update", TOPIC
        )
        reading = clerk.reading(TOPIC, react=clerk_who_forgives)
        releasing = asyncio.create_task(release_key(releaser, reading, {}, TOPIC, key))
        await until_blocked(releaser, desk.connection)
    assert (await releasing).runs
    await reader.close()
    await releaser.close()
