"""A consumer moves to the next generation of a topic, in the transaction in which its last partition ends.

In every partition of the old generation the announcement is the last entry, so a partition that has applied it is at
the end. The next generation has the same entries in other partitions, the announcement in each of them: whoever is at
the end of all old partitions stands at the announcement in all new ones. So nothing after it is applied before
everything up to it is, whatever reads how fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lettra_events import failpoints
from lettra_events.contracts.topics import TopicMoved
from lettra_events.envelope import Delivery
from lettra_events.kafka.generations import announcement
from lettra_events.kafka.reading import StopPartition
from lettra_events.store.append import Connection

IS_READ_HERE = """
not exists (
    select from consumer_generations g join unnest($1::text[], $2::int[]) as here(topic, partitions) using (topic)
     where g.left_at is null and g.partitions <> here.partitions)"""
"""SQL: whether the service still reads the generations that somebody has these numbers of partitions of."""
_IS_READ = """
select generation, partitions from consumer_generations where topic = $1 and left_at is null"""
_THROUGH = "select through from consumer_generations where topic = $1 and left_at is null"
_MARK_END = """
update consumer_generations set through = $3 where topic = $1 and generation = $2"""
_AT_THE_END = "select count(*) from consumer_offsets where topic = $1 and sequence >= $2"
_LEAVE = """
update consumer_generations set left_at = clock_timestamp() where topic = $1 and generation = $2"""
_ENTER = """
insert into consumer_generations (topic, generation, partitions) values ($1, $2, $3)"""
_STAND_AT_THE_END = """
insert into consumer_offsets (topic, partition, sequence, next_offset)
select $1, n, $3, 0 from generate_series(0, $2::int - 1) n"""


class GenerationMoved(Exception):
    """The service reads another generation of a topic now: whoever has read this one must begin again with that."""


async def check_read_here(connection: Connection, partitions: Mapping[str, int]) -> None:
    """Raise `GenerationMoved` if these are not the numbers of partitions of what the service reads now."""
    if not await connection.fetchval(f"select {IS_READ_HERE}", list(partitions), list(partitions.values())):
        raise GenerationMoved("the service reads another generation of its topics now")


async def check_not_ended(connection: Connection, last: Delivery) -> None:
    """Raise `StopPartition` if the record stands behind the last entry of its generation."""
    through = await connection.fetchval(_THROUGH, last.topic)
    if through is not None and through < last.entry.sequence:
        raise StopPartition(
            last,
            f"the topic ended with entry {through}, which announces the next generation: an old release publishes",
        )


async def follow_announcements(connection: Connection, applied: Sequence[Delivery]) -> None:
    """Note which of the records just applied end their generation; the last partition to end moves the service.

    Runs in the transaction that moved the partition's position, behind that. `StopPartition` if an entry follows that
    must not be here, or a generation was passed over.
    """
    for delivery in applied:
        if (announced := announcement(delivery.entry.event)) is not None:
            await _follow(connection, delivery, announced, applied[-1])


async def _follow(connection: Connection, delivery: Delivery, announced: TopicMoved, last: Delivery) -> None:
    topic, end = delivery.topic, delivery.entry.sequence
    row = await connection.fetchrow(_IS_READ, topic)
    if row is None:
        raise StopPartition(delivery, "nobody recorded which generation of the topic is read")
    number, partitions = row["generation"], row["partitions"]
    if announced.generation <= number:
        return  # the move that led here, or one before it
    if announced.generation > number + 1:
        raise StopPartition(
            delivery, f"generation {number} announces generation {announced.generation}, not the next one"
        )
    # Of two partitions that end together the second waits here, and then sees the first at the end.
    await connection.execute(_MARK_END, topic, number, end)
    await check_not_ended(connection, last)
    if await connection.fetchval(_AT_THE_END, topic, end) < partitions:
        return
    await connection.execute("delete from consumer_offsets where topic = $1", topic)
    await connection.execute(_STAND_AT_THE_END, topic, announced.partitions, end)
    await connection.execute(_LEAVE, topic, number)
    await connection.execute(_ENTER, topic, announced.generation, announced.partitions)
    failpoints.reach("generation.consumer_moved")
