"""Parking: a bad event stops one key, and whoever depends on the key can see that it is stopped.

The failing record and all that follows of its key are kept whole, in order; `KeyParked` is published in the same
transaction. How a key runs again is in `lettra_events.kafka.releasing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from lettra_events.contracts import Event, decode
from lettra_events.contracts.parking import KeyParked, KeyReleased
from lettra_events.decisions.tables import Change, Key, Table, put, remove
from lettra_events.decisions.workspace import Cause, Evolve, Workspace
from lettra_events.envelope import BROADCAST_KEY, Delivery, LogEntry, RecordedEvent
from lettra_events.kafka.reading import Reading, StopPartition

ERROR_CHARS_MAX = 2_000


@dataclass(frozen=True)
class ParkedKey:
    """A stopped key, with the event that stopped it."""

    topic: str
    key: str
    partition: int
    sequence: int
    event_id: UUID
    type: str
    entity_id: str | None
    error: str


@dataclass(frozen=True)
class ParkedRecord:
    """A record that waits, whole."""

    topic: str
    partition: int
    sequence: int
    key: str
    record: bytes


PARKED_KEYS: Table[ParkedKey] = Table("parked_keys", ParkedKey, key=("topic", "key"), finds=("topic",))
PARKED_RECORDS: Table[ParkedRecord] = Table(
    "parked_records", ParkedRecord, key=("topic", "partition", "sequence"), finds=("key",)
)


def evolve_parking(event: Event) -> Iterable[Change[Any]]:
    """State of the parked keys from a service's own parking events; part of every service's `evolve`."""
    if isinstance(event, KeyParked):
        yield put(
            PARKED_KEYS,
            ParkedKey(
                event.topic,
                event.parked_key,
                event.partition,
                event.sequence,
                UUID(event.event_id),
                event.failed_type,
                event.entity_id,
                event.error,
            ),
        )
    elif isinstance(event, KeyReleased):
        yield remove(PARKED_KEYS, (event.topic, event.parked_key))


def with_parking(evolve: Evolve) -> Evolve:
    """A service's `evolve`, and what parking events do."""

    def evolve_all(event: Event) -> Iterable[Change[Any]]:
        yield from evolve(event)
        yield from evolve_parking(event)

    return evolve_all


def parked_rows(deliveries: Iterable[Delivery]) -> set[tuple[Table[Any], Key]]:
    """What `is_parked` will look at, to be expected for a whole batch."""
    return {(PARKED_KEYS, (d.topic, d.entry.event.key)) for d in deliveries}


def is_parked(workspace: Workspace, delivery: Delivery) -> bool:
    """Whether the record's key is stopped; its row was expected before."""
    return workspace.peek(PARKED_KEYS, delivery.topic, delivery.entry.event.key) is not None


def put_behind(workspace: Workspace, delivery: Delivery) -> None:
    """Keep a record of a stopped key."""
    workspace.apply(
        put(
            PARKED_RECORDS,
            ParkedRecord(
                delivery.topic,
                delivery.partition,
                delivery.entry.sequence,
                delivery.entry.event.key,
                freeze(delivery),
            ),
        )
    )


def park(workspace: Workspace, reading: Reading, delivery: Delivery, error: Exception) -> None:
    """Stop the key of a record that failed. A broadcast is never parked: it stops the partition."""
    if delivery.entry.event.key == BROADCAST_KEY:
        raise StopPartition(delivery, f"a broadcast failed: {error}") from error
    stop_key(workspace, reading, delivery, error)
    put_behind(workspace, delivery)


def stop_key(workspace: Workspace, reading: Reading, delivery: Delivery, error: Exception) -> UUID:
    """Append that this record stops its key; the id of the event."""
    event = delivery.entry.event
    parked = reading.parking.parked(
        topic=delivery.topic,
        parked_key=event.key,
        partition=delivery.partition,
        sequence=delivery.entry.sequence,
        event_id=str(event.event_id),
        failed_type=event.type,
        entity_id=_entity_of(reading, event),
        error=_storable(f"{type(error).__name__}: {error}")[:ERROR_CHARS_MAX],
    )
    return append_parking(workspace, reading, delivery, parked)


def append_parking(workspace: Workspace, reading: Reading, delivery: Delivery, event: Event) -> UUID:
    """Append a parking event about a record; its id.

    A record may stop its key, be skipped and be applied after all: each of these is a decision of its own, told
    apart from the record's own consequences and from each other by the version of the key's parking stream.
    """
    about = delivery.entry.event
    reaction = f"{reading.service}.parking.{workspace.version(event.stream_id())}"
    workspace.begin(Cause(about.event_id, about.correlation_id, reaction))
    workspace.append(event)
    return workspace.staged[-1].event_id


def _entity_of(reading: Reading, event: RecordedEvent) -> str | None:
    """Read it from the event, else from data that is at least JSON; None concerns every entity."""
    try:
        found = reading.entity_of(decode(event))
    except Exception:
        found = entity_named_in(event.payload)
    return found if found is None or _storable(found) == found else None


def entity_named_in(payload: bytes) -> str | None:
    """What data that are at least JSON say of themselves; None where they name no entity."""
    try:
        found = orjson.loads(payload).get("entity_id")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _storable(text: str) -> str:
    """Text that PostgreSQL takes: an error may quote what it was that PostgreSQL did not."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def freeze(delivery: Delivery) -> bytes:
    """A delivery as bytes, so that it can be applied later exactly as it came."""
    entry, event = delivery.entry, delivery.entry.event
    return orjson.dumps(
        [
            delivery.topic,
            delivery.partition,
            delivery.offset,
            delivery.previous,
            entry.sequence,
            entry.chain.hex(),
            event.stream_id,
            event.version,
            str(event.event_id),
            event.type,
            event.schema_version,
            event.key,
            event.payload.hex(),
            event.attributes.hex(),
        ]
    )


def thaw(record: bytes) -> Delivery:
    """The delivery that `freeze` kept."""
    topic, partition, offset, previous, sequence, chain, *rest = orjson.loads(record)
    stream_id, version, event_id, kind, schema_version, key, payload, attributes = rest
    event = RecordedEvent(
        stream_id,
        version,
        UUID(event_id),
        kind,
        schema_version,
        key,
        bytes.fromhex(payload),
        bytes.fromhex(attributes),
    )
    return Delivery(topic, partition, offset, previous, LogEntry(sequence, bytes.fromhex(chain), event))
