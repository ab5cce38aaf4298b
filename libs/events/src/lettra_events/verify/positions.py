"""What a service noted of its reading: the journal of batches, and the position behind the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.kafka.fork import last_entry, next_entry
from lettra_events.kafka.generations import recorded_generations
from lettra_events.progress import Progress
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.lanes import open_consumer, promptly

REPEATS_MAX = 50_000
"""Records at the end of a partition among which a relay's repeats may hide the last entry."""

_JOURNAL = """
select topic, partition, first as sequence, 'consumer_batches' as "table",
       case when first > last then 'last' else 'first' end as field,
       case when first > last then 'at least ' || first else 'above ' || before end as expected,
       case when first > last then last else first end::text as found
  from (select *, lag(last) over (partition by topic, partition order by first) as before
          from consumer_batches) b
 where first > last or first <= before order by 1, 2, 3 limit 1"""
# Whoever moved to another generation of a topic begins there behind the last entry of the one that he left.
_BEHIND = """
select topic, partition, 'consumer_offsets' as "table", 'sequence' as field,
       last || ', the last batch' as expected, coalesce(sequence::text, 'no row') as found
  from (select topic, partition, o.sequence, coalesce(greatest(b.last, g.through), 0) as last
          from consumer_offsets o
          full join (select topic, partition, max(last) as last from consumer_batches group by 1, 2) b
               using (topic, partition)
          left join (select topic, max(through) as through from consumer_generations
                      where left_at is not null group by 1) g using (topic)) p
 where sequence is distinct from last order by 1, 2 limit 1"""
_POSITIONS = """
select topic, partition, sequence, next_offset,
       coalesce((select max(through) from consumer_generations g where g.topic = o.topic and left_at is not null), 0)
  from consumer_offsets o where sequence > 0 order by 1, 2"""


@dataclass(frozen=True, slots=True)
class _Position:
    """`left`: the last entry of the generation before, up to which this one may not be published yet."""

    topic: str
    partition: int
    sequence: int
    next_offset: int
    left: int


@dataclass(frozen=True, slots=True)
class Read:
    """How much was looked at. `ahead`: positions at the end of a generation that the next one does not reach yet."""

    batches: int = 0
    positions: int = 0
    ahead: int = 0


async def check_positions(
    connection: Connection, bootstrap: str, service: str, topics: Sequence[str], progress: Progress
) -> Read:
    """Journal and positions against each other and Kafka. `connection` is in the snapshot; Kafka is looked at later."""
    if not topics:
        return Read()
    for kind, query in ((Kind.JOURNAL, _JOURNAL), (Kind.POSITION, _BEHIND)):
        if (found := await connection.fetchrow(query)) is not None:
            raise Unsound(Finding(service=service, kind=kind, **dict(found)))
    positions = [_Position(*row) for row in await connection.fetch(_POSITIONS)]
    ahead = 0
    if positions:
        generations = await recorded_generations(connection, topics)
        names = {topic: generation.name for topic, generation in generations.items()}
        ahead = await _check_all_on_kafka(bootstrap, service, positions, names, progress)
    batches = await connection.fetchval("select count(*) from consumer_batches")
    return Read(batches, len(positions), ahead)


async def _check_all_on_kafka(
    bootstrap: str,
    service: str,
    positions: Sequence[_Position],
    names: Mapping[str, str],
    progress: Progress,
) -> int:
    """How many of them are ahead of the generation that they are in."""
    ahead = 0
    tps = [TopicPartition(names.get(each.topic, each.topic), each.partition) for each in positions]
    async with open_consumer(bootstrap) as consumer:
        consumer.assign(tps)
        for done, (position, tp) in enumerate(zip(positions, tps, strict=True), 1):
            async with promptly(f"the records of {tp.topic}[{tp.partition}] are not given"):
                ahead += not await _is_on_kafka(consumer, service, position, tp)
            progress(f"{service}: positions", done, len(positions))
    return ahead


async def _is_on_kafka(
    consumer: AIOKafkaConsumer, service: str, position: _Position, tp: TopicPartition
) -> bool:
    """What was applied is there, and nothing that was not applied lies before the offset at which reading goes on.

    False where that cannot be told: a generation is published up to the end of the one before only after that one was
    left.
    """
    begin = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    if position.next_offset > end:
        raise _moved(service, position, "next_offset", f"at most {end}, the end", str(position.next_offset))
    before = await last_entry(consumer, tp, begin, position.next_offset)
    if before is not None and before.sequence > position.sequence:
        raise _moved(
            service, position, "sequence", f"{before.sequence}, before next_offset", str(position.sequence)
        )
    if before is not None and before.sequence == position.sequence:
        return True
    newest = await _newest(consumer, tp, max(begin, end - REPEATS_MAX), end, position.sequence)
    if newest >= position.sequence:
        return True
    if position.sequence <= position.left:
        return False
    raise _moved(service, position, "sequence", f"at most {newest}, the last entry", str(position.sequence))


async def _newest(consumer: AIOKafkaConsumer, tp: TopicPartition, begin: int, end: int, wanted: int) -> int:
    """The highest number among the last records; it is looked for until it is as high as `wanted`."""
    newest = 0
    consumer.seek(tp, begin)
    while newest < wanted and await consumer.position(tp) < end:
        entry = await next_entry(consumer, tp)
        newest = max(newest, entry.sequence if entry is not None else 0)
    return newest


def _moved(service: str, position: _Position, field: str, expected: str, found: str) -> Unsound:
    return Unsound(
        Finding(
            service=service,
            kind=Kind.POSITION,
            topic=position.topic,
            partition=position.partition,
            table="consumer_offsets",
            field=field,
            expected=expected,
            found=found,
        )
    )
