"""What is parked in a service's database, for whoever watches and whoever mends: reads only, locks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import thaw
from lettra_events.store.append import Connection

# The key's stream tells since when: its first event, or the first one after the last release.
_PARKED = """
select k.topic, k.key, k.partition, k.sequence, k.event_id, k.type, k.entity_id, k.error,
       (select min(e.recorded_at) from events e
         where e.stream_id = stream and e.version > coalesce(
               (select max(r.version) from events r where r.stream_id = stream and r.type = $1), 0)) as since,
       (select count(*) from parked_records r where r.topic = k.topic and r.key = k.key) as waiting
  from parked_keys k, lateral (select 'parked:' || k.topic || ':' || k.key as stream) s
 order by since, k.topic, k.key"""
_WAITING = "select record from parked_records where topic = $1 and key = $2 order by sequence limit $3"
_DECISIONS = "select type, count(*) as events from events where stream_id like 'parked:%' group by type"


@dataclass(frozen=True, slots=True)
class Parked:
    """A key that is stopped. `sequence`, `event_id`, `type` and `error` are of the record at which it stands.

    `since`: when it was parked, however often a release stopped again. `waiting`: its records, that one included.
    """

    topic: str
    key: str
    partition: int
    sequence: int
    event_id: UUID
    type: str
    entity_id: str | None
    error: str
    since: datetime
    waiting: int


async def read_parked(connection: Connection, service: str) -> list[Parked]:
    """All parked keys, the longest parked first. `service`: as its events are named."""
    return [Parked(**row) for row in await connection.fetch(_PARKED, f"{service}.KeyReleased")]


async def read_waiting(connection: Connection, topic: str, key: str, limit: int) -> list[Delivery]:
    """The first records of the key that wait, in their order; the one at which it stands is the first of them."""
    return [thaw(row[0]) for row in await connection.fetch(_WAITING, topic, key, limit)]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a graph of parking shows. `decisions`: how many KeyParked, KeyReleased and EventSkipped there ever were."""

    keys: int
    records: int
    oldest_seconds: float
    decisions: dict[str, int]


async def measure_parked(connection: Connection, service: str) -> Measured:
    """Count what is parked now, and what was decided about parking since the beginning."""
    found = await read_parked(connection, service)
    now = datetime.now(UTC)
    rows = await connection.fetch(_DECISIONS)
    return Measured(
        keys=len(found),
        records=sum(one.waiting for one in found),
        oldest_seconds=max(((now - one.since).total_seconds() for one in found), default=0.0),
        decisions={row["type"].rpartition(".")[2]: row["events"] for row in rows},
    )
