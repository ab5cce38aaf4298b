"""What is parked in the databases of all services, and releasing it with a service's own code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from lettra_events.contracts import decode
from lettra_events.contracts.matching import DayProcessed
from lettra_events.envelope import Delivery, RecordedEvent
from lettra_events.kafka.generations import partitions_of
from lettra_events.kafka.newest import read_topics
from lettra_events.kafka.parked import Parked, read_parked, read_waiting
from lettra_events.kafka.parking import entity_named_in
from lettra_events.kafka.releasing import NotParked, Release, Skip, release_key
from lettra_events.progress import Progress
from lettra_events.service.service import Service
from lettra_events.store.append import Connection
from lettra_tools.commands.reaching import database, reachable_settings

BEHIND_SHOWN_MAX = 50
WAITING_READ_MAX = 10_000
_COMMAND = "parked"
_DAYS = """
select distinct on (stream_id) data ->> 'business_date' as day, data -> 'held_back' as held_back
  from events_json where type = $1 and stream_id like 'day:%' order by stream_id, version desc"""


@dataclass(frozen=True, slots=True)
class Found:
    """A parked key of a service. `id`: the id of the event at which it stands, or as much of it as is needed."""

    service: Service
    parked: Parked
    id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits behind another one of its key."""

    sequence: int
    type: str
    stream_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """Whose days are not processed while the key is parked, and which days wait. No entity: anyone's."""

    entities: Sequence[str]
    days: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of a parked key; `data` and `attributes` as readable text. `held`: None if only the key is."""

    found: Found
    stream_id: str
    version: int
    data: str
    attributes: str
    behind: Sequence[Waiting]
    held: Held | None


async def find_parked(services: Iterable[Service], folder: Path) -> list[Found]:
    """What these services have parked, the longest parked first. `Away` if one of their databases is."""
    found: list[Found] = []
    for service in services:
        settings = reachable_settings(service, folder)
        async with database(service, settings, _COMMAND) as connection:
            parked = await read_parked(connection, service.reading.service)
        found += [Found(service, one, str(one.event_id)) for one in parked]
    return sorted(found, key=lambda one: (one.parked.since, one.parked.topic, one.parked.key))


async def look_at(one: Found, folder: Path) -> Shown:
    """The failing event and what waits behind it; `Away` if the database is."""
    settings = reachable_settings(one.service, folder)
    async with database(one.service, settings, _COMMAND) as connection:
        event: RecordedEvent | None = None
        behind: list[Waiting] = []
        entities: set[str | None] = set()
        waiting = read_waiting(connection, one.parked.topic, one.parked.key, WAITING_READ_MAX)
        async for delivery in waiting:
            entities.update(_concerned(one.service, delivery))
            if event is None:
                event = delivery.entry.event
            elif len(behind) < BEHIND_SHOWN_MAX:
                behind.append(_waits(delivery))
        if event is None:
            raise NotParked(f"{one.parked.topic}: the key {one.parked.key} is not parked")
        held = await _held_back(connection, one.service, entities)
    return Shown(
        one,
        event.stream_id,
        event.version,
        readable(event.payload),
        readable(event.attributes),
        behind,
        held,
    )


async def release(one: Found, folder: Path, skip: Skip | None, progress: Progress) -> Release:
    """Apply what waits, with the service's code that is installed here. `NotParked`, `Away`."""
    settings, reading = reachable_settings(one.service, folder), one.service.reading

    def told(what: str, done: int, total: int) -> None:
        progress(f"{one.service.name}: {what}", done, total)

    async with database(one.service, settings, _COMMAND) as connection:
        partitions = partitions_of(await read_topics(connection, settings.kafka, reading.topics))
        return await release_key(
            connection, reading, partitions, one.parked.topic, one.parked.key, skip=skip, progress=told
        )


def readable(data: bytes) -> str:
    """JSON on several lines; what is no JSON as it is, with escapes where it is no text."""
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        return data.decode("utf-8", "backslashreplace")


def _waits(delivery: Delivery) -> Waiting:
    event = delivery.entry.event
    return Waiting(delivery.entry.sequence, event.type, event.stream_id)


async def _held_back(connection: Connection, service: Service, entities: Set[str | None]) -> Held | None:
    """Days of a service that says which days it has processed: those that wait for one of these entities."""
    if DayProcessed.service != service.reading.service:
        return None
    rows = await connection.fetch(_DAYS, DayProcessed.event_type)
    days = [
        (row["day"], entity)
        for row in rows
        for entity in json.loads(row["held_back"])
        if None in entities or entity in entities
    ]
    return Held(() if None in entities else sorted(filter(None, entities)), days)


def _concerned(service: Service, delivery: Delivery) -> Iterator[str | None]:
    """The entity whose day waits for a record: none where it names none, None where it cannot be read."""
    event = delivery.entry.event
    try:
        found = service.reading.entity_of(decode(event))
    except Exception:  # whatever it is, it may be why the event is parked
        yield entity_named_in(event.payload)
        return
    if found is not None:
        yield found
