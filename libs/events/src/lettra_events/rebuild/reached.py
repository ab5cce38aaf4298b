"""How far a service has read, as an extent: now, in the transaction of the caller, or at an earlier instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from lettra_events.contracts import decode_data
from lettra_events.contracts.parking import EventSkipped, KeyParked, KeyReleased
from lettra_events.kafka.reading import Reading
from lettra_events.rebuild.extent import Extent, Horizon, exclusions_of
from lettra_events.store.append import Connection

ParkingEvent = KeyParked | KeyReleased | EventSkipped

_POSITIONS = "select topic, partition, sequence from consumer_offsets where topic = any($1)"
# The condition is that of the index of these events.
_PARKING = """
select type, schema_version, payload, recorded_at from events
 where stream_id like 'parked:%' and type = any($1) order by stream_id, version"""
# A clock may be put back: a batch counts if all before it in its partition do. Of several generations of a topic that
# one counts which was read at the instant: up to `since` it holds the same entries, in other partitions.
_GENERATIONS = """
select distinct on (topic) topic, partitions, since
  from (select *, coalesce(lag(through) over (partition by topic order by generation), 0) as since
          from consumer_generations where topic = any($1)) g
 where left_at is null or left_at > $2 order by topic, generation"""
_BATCHES = """
select partition, max(last) as sequence
  from (select partition, last, max(applied_at) over (partition by partition order by first) as at
          from consumer_batches where topic = $1 and first > $3) b
 where at <= $2 group by 1"""


async def extent_now(connection: Connection, reading: Reading, partitions: Mapping[str, int]) -> Extent:
    """What the service has applied: positions and parked keys of one snapshot, if the transaction has one."""
    positions = await connection.fetch(_POSITIONS, list(reading.topics))
    parking = [event for event, _ in await _parking(connection, reading)]
    return Extent(_horizons(positions, partitions), exclusions_of(parking))


async def extent_at(
    connection: Connection, reading: Reading, partitions: Mapping[str, int], instant: datetime
) -> Extent:
    """What the service had applied at the instant, by its journal of batches and its own parking events."""
    horizons = {topic: Horizon(count, dict.fromkeys(range(count), 0)) for topic, count in partitions.items()}
    for row in await connection.fetch(_GENERATIONS, list(partitions), instant):
        horizons[row["topic"]] = Horizon(
            row["partitions"], dict.fromkeys(range(row["partitions"]), row["since"])
        )
    for topic, begun in horizons.items():
        known = await connection.fetch(_BATCHES, topic, instant, begun.last)
        reached = {row["partition"]: row["sequence"] for row in known}
        horizons[topic] = Horizon(begun.partitions, {**begun.sequences, **reached})
    parking = _known_at(await _parking(connection, reading), horizons, instant)
    return Extent(horizons, exclusions_of(parking))


def _horizons(positions: Iterable[Any], partitions: Mapping[str, int]) -> dict[str, Horizon]:
    sequences: dict[str, dict[int, int]] = {topic: {} for topic in partitions}
    for row in positions:
        sequences[row["topic"]][row["partition"]] = row["sequence"]
    return {topic: Horizon(count, sequences[topic]) for topic, count in partitions.items()}


async def _parking(connection: Connection, reading: Reading) -> list[tuple[ParkingEvent, datetime]]:
    parking = reading.parking
    types = [one.event_type for one in (parking.parked, parking.released, parking.skipped)]
    return [
        (
            cast("ParkingEvent", decode_data(row["type"], row["schema_version"], row["payload"])),
            row["recorded_at"],
        )
        for row in await connection.fetch(_PARKING, types)
    ]


def _known_at(
    events: Iterable[tuple[ParkingEvent, datetime]], horizons: Mapping[str, Horizon], instant: datetime
) -> Iterable[ParkingEvent]:
    """A key is stopped in the transaction that reads its record: then the journal tells. Else its own time does."""
    stopped: set[tuple[str, str]] = set()
    for event, recorded_at in events:
        key = (event.topic, event.parked_key)
        if isinstance(event, KeyParked) and key not in stopped:
            counts = horizons[event.topic].includes(event.parked_key, event.sequence)
        else:
            counts = recorded_at <= instant
        if isinstance(event, KeyParked):
            stopped.add(key)
        elif isinstance(event, KeyReleased):
            stopped.discard(key)
        if counts:
            yield event
