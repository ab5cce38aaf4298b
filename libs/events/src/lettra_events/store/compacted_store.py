"""What is to be published on a compacted topic, and which erased keys may still lie in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lettra_events.decisions.compacting import PendingChange
from lettra_events.store.append import Connection

_PENDING = "select topic, key, revision from compacted_changes where topic = $1 order by key limit $2"
_FORGET = """
delete from compacted_changes c using unnest($2::text[], $3::bigint[]) as sent(key, revision)
 where c.topic = $1 and c.key = sent.key and c.revision = sent.revision"""
_REMEMBER = """
insert into compacted_erasures (topic, key, partition, tombstone_offset, due_at)
select $1, key, partition, tombstone_offset, clock_timestamp() + $5 * interval '1 second'
  from unnest($2::text[], $3::int[], $4::bigint[]) as e(key, partition, tombstone_offset)
    on conflict (topic, key) do update
   set partition = excluded.partition, tombstone_offset = excluded.tombstone_offset, markers = 0,
       due_at = excluded.due_at"""
_DUE = """
select e.key, e.partition, e.tombstone_offset, e.markers from compacted_erasures e
 where e.topic = $1 and e.partition in
       (select partition from compacted_erasures where topic = $1 and due_at <= clock_timestamp())"""
_GONE = """
delete from compacted_erasures e using unnest($2::text[], $3::bigint[]) as seen(key, tombstone_offset)
 where e.topic = $1 and e.key = seen.key and e.tombstone_offset = seen.tombstone_offset"""
_FOLLOWED = """
update compacted_erasures set markers = markers + $3, due_at = clock_timestamp() + $4 * interval '1 second'
 where topic = $1 and partition = $2"""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A tombstone that was acknowledged, and where it lies."""

    key: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erased keys of a partition, each with its tombstone's offset, and how many markers followed the first."""

    partition: int
    tombstones: Mapping[str, int]
    markers: int


async def pending(connection: Connection, topic: str, limit: int) -> list[PendingChange]:
    """Up to `limit` keys whose present rows are to be published."""
    return [PendingChange(*row) for row in await connection.fetch(_PENDING, topic, limit)]


async def published(
    connection: Connection,
    topic: str,
    changes: Sequence[PendingChange],
    tombstones: Iterable[Tombstone],
    due_seconds: float,
) -> None:
    """Forget what was sent, unless it has changed since, and remember the tombstones; one transaction."""
    laid = list(tombstones)
    async with connection.transaction():
        if laid:
            await connection.execute(
                _REMEMBER,
                topic,
                [each.key for each in laid],
                [each.partition for each in laid],
                [each.offset for each in laid],
                due_seconds,
            )
        await connection.execute(
            _FORGET, topic, [each.key for each in changes], [each.revision for each in changes]
        )


async def due(connection: Connection, topic: str) -> list[Erasure]:
    """The partitions whose turn for a look and a marker has come."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    markers: defaultdict[int, int] = defaultdict(int)
    for row in await connection.fetch(_DUE, topic):
        found[row["partition"]][row["key"]] = row["tombstone_offset"]
        markers[row["partition"]] = max(markers[row["partition"]], row["markers"])
    return [
        Erasure(partition, tombstones, markers[partition]) for partition, tombstones in sorted(found.items())
    ]


async def seen_gone(connection: Connection, topic: str, tombstones: Mapping[str, int]) -> None:
    """Nothing of these keys is left in the topic up to their tombstones, which are forgotten."""
    await connection.execute(_GONE, topic, list(tombstones), list(tombstones.values()))


async def followed(
    connection: Connection, topic: str, partition: int, markers: int, due_seconds: float
) -> None:
    """So many markers more lie behind the partition's tombstones; the next turn is after so many seconds."""
    await connection.execute(_FOLLOWED, topic, partition, markers, due_seconds)
