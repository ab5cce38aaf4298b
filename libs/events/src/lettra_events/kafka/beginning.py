"""What a worker finds out before it reads: which generation of each topic, and where in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from lettra_events.kafka.generations import Generation, recorded_generations
from lettra_events.kafka.locating import locate
from lettra_events.kafka.newest import read_topics
from lettra_events.store.append import Connection

log = structlog.get_logger(__name__)

_BEGIN_LOCK = 0x1E77_0004
_RECORD = """
insert into consumer_generations (topic, generation, partitions)
select $1, $2, $3 where not exists (select from consumer_generations where topic = $1)"""
_UNPLACED = """
select topic, partition, sequence from consumer_offsets
 where topic = any($1) and sequence > 0 and next_offset = 0"""
_PLACE = """
update consumer_offsets set next_offset = $4
 where topic = $1 and partition = $2 and sequence = $3 and next_offset = 0"""


async def begin_reading(
    connection: Connection, bootstrap: str, topics: Sequence[str], timeout_seconds: float
) -> dict[str, Generation]:
    """The generation of each topic that this service reads; recorded from now on, the same for all replicas.

    Raises as `read_topics`.
    """
    found = await read_topics(connection, bootstrap, topics, timeout_seconds)
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _BEGIN_LOCK)
        for one in found.values():
            await connection.execute(_RECORD, one.topic, one.number, one.partitions)
    recorded = await recorded_generations(connection, topics)
    await _place(connection, bootstrap, recorded)
    return {topic: recorded[topic] for topic in topics}


async def _place(connection: Connection, bootstrap: str, generations: Mapping[str, Generation]) -> None:
    """After a move the positions have sequences and no offsets yet; from 0 all of the history would be read again."""
    unplaced: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for row in await connection.fetch(_UNPLACED, list(generations)):
        unplaced[row["topic"]][row["partition"]] = row["sequence"]
    for topic, sequences in unplaced.items():
        offsets = await locate(bootstrap, generations[topic].name, sequences)
        for partition, offset in offsets.items():
            await connection.execute(_PLACE, topic, partition, sequences[partition], offset)
        log.info("worker.placed", topic=generations[topic].name, offsets=offsets)
