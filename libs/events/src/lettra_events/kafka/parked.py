"""What is parked in a service's database, for whoever watches and whoever mends: reads only, locks nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import ParkedKey, thaw
from lettra_events.store.append import Connection

FETCHED_MAX = 20
"""Records that are fetched at once: with the limit of an event, some eight megabytes."""
RECORDS_COUNTED_MAX = 100_000
"""A graph shows no more waiting records than this: each process counts them, every two seconds."""

# The key's stream tells since when: its first event, or the first one after the last release.
_SINCE = """
(select min(e.recorded_at) from events e
  where e.stream_id = stream and e.version > coalesce(
        (select max(r.version) from events r where r.stream_id = stream and r.type = $1), 0))"""
_KEYS = "parked_keys k, lateral (select 'parked:' || k.topic || ':' || k.key as stream) s"
_PARKED = f"""
select k.topic, k.key, k.partition, k.sequence, k.event_id, k.type, k.entity_id, k.error, {_SINCE} as since,
       (select count(*) from parked_records r where r.topic = k.topic and r.key = k.key) as waiting
  from {_KEYS} order by since, k.topic, k.key"""  # noqa: S608
_MEASURED = f"""
select count(*) as keys, min(since) as since,
       (select count(*) from (select from parked_records limit $2) counted) as records
  from (select {_SINCE} as since from {_KEYS}) parked"""  # noqa: S608
_WAITING = "select record from parked_records where topic = $1 and key = $2 order by sequence limit $3"
_DECISIONS = "select type, count(*) as events from events where stream_id like 'parked:%' group by type"


@dataclass(frozen=True)
class Parked(ParkedKey):
    """A key that is stopped. `sequence`, `event_id`, `type` and `error` are of the record at which it stands.

    `since`: when it was parked, however often a release stopped again. `waiting`: its records, that one included.
    """

    since: datetime
    waiting: int


async def read_parked(connection: Connection, service: str) -> list[Parked]:
    """All parked keys, the longest parked first. `service`: as its events are named."""
    return [Parked(**row) for row in await connection.fetch(_PARKED, f"{service}.KeyReleased")]


async def read_waiting(connection: Connection, topic: str, key: str, limit: int) -> AsyncIterator[Delivery]:
    """The first records of the key that wait, in their order; the one at which it stands is the first of them.

    They are fetched a few at a time; the connection is in a transaction until all are read, or this is closed.
    """
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(_WAITING, topic, key, limit, prefetch=FETCHED_MAX):
            yield thaw(row[0])


@dataclass(frozen=True, slots=True)
class Measured:
    """What a graph of parking shows. `decisions`: how many KeyParked, KeyReleased and EventSkipped there ever were.

    `records`: at most `RECORDS_COUNTED_MAX`.
    """

    keys: int
    records: int
    oldest_seconds: float
    decisions: dict[str, int]


async def measure_parked(connection: Connection, service: str) -> Measured:
    """Count what is parked now, and what was decided about parking since the beginning."""
    row = await connection.fetchrow(_MEASURED, f"{service}.KeyReleased", RECORDS_COUNTED_MAX)
    assert row is not None, "an aggregate has one row"
    decisions = await connection.fetch(_DECISIONS)
    return Measured(
        keys=row["keys"],
        records=row["records"],
        oldest_seconds=(datetime.now(UTC) - row["since"]).total_seconds() if row["since"] else 0.0,
        decisions={each["type"].rpartition(".")[2]: each["events"] for each in decisions},
    )
