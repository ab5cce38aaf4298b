"""Releasing a parked key: its records are applied in their order, as the inbox would have, and the key runs again.

One transaction, under the lock of the partition's position, so that no consumer puts a record behind the key
meanwhile or applies one before those that wait. A record that fails again stops the key where it then stands:
what was applied before it stays applied, the rest waits on, and a new `KeyParked` says which record it is and why.
So the parked key always names the first record that waits, and several bad records are skipped one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lettra_events.decisions.tables import Key, Table, remove
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.applying import in_savepoint, will_pass
from lettra_events.kafka.deciding import apply_incoming, read_incoming
from lettra_events.kafka.parking import PARKED_RECORDS, ParkedRecord, append_parking, stop_key, thaw
from lettra_events.kafka.reading import Reading
from lettra_events.store.append import Connection
from lettra_events.store.running import RETRIES_MAX, TRANSIENT

_HOLD = """
select o.partition from consumer_offsets o join parked_keys k using (topic, partition)
 where k.topic = $1 and k.key = $2 for update of o"""
_WAITING = "select record from parked_records where topic = $1 and key = $2 order by sequence"


class NotParked(LookupError):
    """There is no such parked key, or it stands at another record than the one to skip; nothing was done."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A person's decision not to apply the record at which the key stands, here or in any replay."""

    sequence: int
    who: str
    why: str

    def __post_init__(self) -> None:
        if not self.who.strip() or not self.why.strip():
            raise ValueError("an event is skipped by somebody, for a reason: say who and why")


@dataclass(frozen=True, slots=True)
class Release:
    """What came of it. `error`: the key is stopped again, at record `stopped_at`; else it runs."""

    applied: int
    skipped: int
    stopped_at: int | None = None
    error: str | None = None

    @property
    def runs(self) -> bool:
        return self.error is None


async def release_key(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    topic: str,
    key: str,
    *,
    skip: Skip | None = None,
) -> Release:
    """Apply what waits of the key, without the record to skip. A deadlock or the like is tried again.

    Raises `NotParked`, and whatever the database says when it is away; then nothing was done.
    """
    for attempt in range(1, RETRIES_MAX + 1):
        try:
            async with connection.transaction():
                waiting = await _hold(connection, topic, key, skip)
                return await _apply_waiting(connection, reading, partitions, waiting, skip)
        except TRANSIENT:
            if attempt == RETRIES_MAX:
                raise
    raise AssertionError("unreachable")


async def _hold(connection: Connection, topic: str, key: str, skip: Skip | None) -> Sequence[Delivery]:
    """Keep the consumer out; the records that wait."""
    if await connection.fetchval(_HOLD, topic, key) is None:
        raise NotParked(f"{topic}: the key {key} is not parked")
    # A statement of its own: it sees what was committed while the lock was waited for.
    waiting = [thaw(row[0]) for row in await connection.fetch(_WAITING, topic, key)]
    if not waiting:
        raise NotParked(f"{topic}: the key {key} is not parked")
    if skip is not None and skip.sequence != waiting[0].entry.sequence:
        raise NotParked(
            f"{topic}: the key {key} stands at record {waiting[0].entry.sequence}, not at {skip.sequence}"
        )
    return waiting


async def _apply_waiting(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    waiting: Sequence[Delivery],
    skip: Skip | None,
) -> Release:
    skipped = 0 if skip is None else 1
    if skip is not None:
        await in_savepoint(connection, reading, partial(skip_record, reading, waiting[0], skip))
    for applied, delivery in enumerate(waiting[skipped:]):
        try:
            await in_savepoint(connection, reading, partial(apply_parked, reading, partitions, delivery))
        except Exception as error:
            if will_pass(error, connection):
                raise
            await in_savepoint(connection, reading, partial(stop_again, reading, delivery, error))
            return Release(applied, skipped, delivery.entry.sequence, f"{type(error).__name__}: {error}")
    await in_savepoint(connection, reading, partial(let_run, reading, partitions, waiting[-1]))
    return Release(len(waiting) - skipped, skipped)


def apply_parked(
    reading: Reading, partitions: Mapping[str, int], delivery: Delivery, workspace: Workspace
) -> None:
    """Apply a record that waited; what it causes has the ids that it would have had in its time."""
    one = read_incoming(reading, partitions, delivery)
    workspace.expect(_waits_at(delivery), *one.rows())
    apply_incoming(reading, one, workspace)
    _drop(workspace, delivery)


def skip_record(reading: Reading, delivery: Delivery, skip: Skip, workspace: Workspace) -> None:
    """Append who decided that the record is not applied, and why."""
    event = delivery.entry.event
    skipped = reading.parking.skipped(
        topic=delivery.topic,
        parked_key=event.key,
        sequence=delivery.entry.sequence,
        event_id=str(event.event_id),
        who=skip.who,
        why=skip.why,
    )
    append_parking(workspace, reading, delivery, skipped)
    _drop(workspace, delivery)


def stop_again(reading: Reading, delivery: Delivery, error: Exception, workspace: Workspace) -> None:
    """Append that the key stands at this record now."""
    stop_key(workspace, reading, delivery, error)


def let_run(reading: Reading, partitions: Mapping[str, int], last: Delivery, workspace: Workspace) -> None:
    """Append that the key runs again, and what the service decides on that."""
    released = reading.parking.released(
        topic=last.topic, parked_key=last.entry.event.key, through_sequence=last.entry.sequence
    )
    event_id = append_parking(workspace, reading, last, released)
    if reading.on_release is not None:
        workspace.begin(Cause(event_id, last.entry.event.correlation_id, reading.service))
        reading.on_release(workspace, partitions)


def _drop(workspace: Workspace, delivery: Delivery) -> None:
    workspace.apply(remove(*_waits_at(delivery)))


def _waits_at(delivery: Delivery) -> tuple[Table[ParkedRecord], Key]:
    return PARKED_RECORDS, (delivery.topic, delivery.partition, delivery.entry.sequence)
