"""Releasing a parked key: its records are applied in their order, as the inbox would have, and the key runs again.

It goes in steps of bounded size, each one transaction under the lock of the partition's position, so that no consumer
puts a record behind the key meanwhile or applies one before those that wait. Between two steps the key is parked as
before, at the record where the release goes on, and a `KeyParked` says so: whoever looks, or is killed there, finds
nothing but a key that waits. A record that fails again stops the key where it then stands: what was applied before it
stays applied, the rest waits on, and a new `KeyParked` says which record it is and why.
So the parked key always names the first record that waits, and several bad records are skipped one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lettra_events import failpoints
from lettra_events.decisions.needs import for_each
from lettra_events.decisions.tables import Key, Table, remove
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.applying import in_savepoint, will_pass
from lettra_events.kafka.deciding import Incoming, apply_incoming, read_incoming
from lettra_events.kafka.generations import partitions_of, recorded_generations
from lettra_events.kafka.moving import GenerationMoved, check_read_here
from lettra_events.kafka.parking import PARKED_RECORDS, ParkedRecord, append_parking, stop_key, thaw
from lettra_events.kafka.reading import Reading
from lettra_events.kafka.topics import partition_of
from lettra_events.progress import Progress, silent
from lettra_events.store.append import Connection
from lettra_events.store.running import RETRIES_MAX, TRANSIENT

_HOLD = """
select o.partition from consumer_offsets o join parked_keys k using (topic)
 where k.topic = $1 and k.key = $2 and o.partition = $3 for update of o"""
_STANDS = "select sequence, event_id from parked_keys where topic = $1 and key = $2"
_WAITING = """
select partition, sequence, record
  from (select *, row_number() over these as n, sum(octet_length(record)) over these - octet_length(record) as before
          from (select partition, sequence, record from parked_records
                 where topic = $1 and key = $2 order by sequence limit $3) as first_ones
        window these as (order by sequence)) as measured
 where n <= 2 or before < $4 order by sequence"""
_COUNT = "select count(*) from parked_records where topic = $1 and key = $2"

STEP_RECORDS_MAX = 500
"""Records that are applied in one transaction, which keeps the consumer of the partition waiting for so long."""
STEP_BYTES_MAX = 16_000_000
"""A step ends with the record that reaches so much, as it is kept (about twice its data), or with the one behind it."""


class NotParked(LookupError):
    """There is no such parked key, or it stands at another record than the one to skip; nothing was done."""


class NotWhole(Exception):
    """What waits of a key is not what was put there: somebody removed or changed it. Nothing of it was applied."""


class NotTriedYet(Exception):
    """Not a failure: between two steps of a release the key stands at this record."""

    def __init__(self, applied: int) -> None:
        super().__init__(f"a release applied the {applied} records before this one and goes on here")


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


@dataclass(frozen=True, slots=True)
class _Step:
    """What one transaction did. `left`: how many records wait behind it; 0 as well where the key runs."""

    applied: int
    skipped: int
    left: int = 0
    stopped_at: int | None = None
    error: str | None = None


async def release_key(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    topic: str,
    key: str,
    *,
    skip: Skip | None = None,
    step_records_max: int = STEP_RECORDS_MAX,
    progress: Progress = silent,
) -> Release:
    """Apply what waits of the key, without the record to skip. A deadlock or the like is tried again.

    `partitions`: how many each topic has, where the database has not recorded which generation is read.

    Raises `NotParked` with nothing done, `NotWhole`, and whatever the database says when it is away: then the steps
    before it are done, the key waits at the next record, and releasing it again goes on there.
    """
    applied = skipped = 0
    while True:
        try:
            step = await _step(connection, reading, partitions, topic, key, skip, step_records_max)
        except NotParked:
            if applied + skipped == 0:
                raise
            return Release(applied, skipped)  # between two steps somebody else released the rest
        applied, skipped, skip = applied + step.applied, skipped + step.skipped, None
        ended = step.left == 0 or step.error is not None
        if not ended or applied > step.applied:
            progress(f"{key}: records", applied + skipped, applied + skipped + step.left)
        if ended:
            return Release(applied, skipped, step.stopped_at, step.error)


async def _step(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    topic: str,
    key: str,
    skip: Skip | None,
    records_max: int,
) -> _Step:
    """One transaction: apply the first records that wait, and append where the key stands then."""
    for attempt in range(1, RETRIES_MAX + 1):
        try:
            async with connection.transaction():
                read = partitions_of(await recorded_generations(connection, reading.topics))
                partitions = {**partitions, **read}
                waiting, count = await _hold(connection, partitions, topic, key, skip, records_max + 1)
                whole = len(waiting) == count <= records_max
                these, goes_on_at = (waiting, None) if whole else (waiting[:-1], waiting[-1])
                step = await _apply_waiting(connection, reading, partitions, these, goes_on_at, count, skip)
                failpoints.reach("release.written")
            failpoints.reach("release.committed")
            return step
        except (*TRANSIENT, GenerationMoved):
            if attempt == RETRIES_MAX:
                raise
    raise AssertionError("unreachable")


async def _hold(
    connection: Connection, partitions: Mapping[str, int], topic: str, key: str, skip: Skip | None, limit: int
) -> tuple[Sequence[Delivery], int]:
    """Keep the consumer out; the first records that wait, two or more where so many do, and how many do.

    Its partition is the one in which the key's records come now: it may have been parked in an older generation.
    """
    partition = partition_of(key, partitions[topic]) if topic in partitions else None
    held = await connection.fetchval(_HOLD, topic, key, partition)
    await check_read_here(connection, partitions)
    if held is None:
        raise NotParked(f"{topic}: the key {key} is not parked")
    # Statements of their own: they see what was committed while the lock was waited for.
    waiting = await _what_waits(connection, topic, key, limit)
    if skip is not None and skip.sequence != waiting[0].entry.sequence:
        raise NotParked(
            f"{topic}: the key {key} stands at record {waiting[0].entry.sequence}, not at {skip.sequence}"
        )
    return waiting, await connection.fetchval(_COUNT, topic, key)


async def _what_waits(connection: Connection, topic: str, key: str, limit: int) -> Sequence[Delivery]:
    """The first records that wait, the one at which the key stands before the others. `NotParked`, `NotWhole`.

    Whether one behind it is gone cannot be known here: nobody counts them.
    """
    stands = await connection.fetchrow(_STANDS, topic, key)
    if stands is None:
        raise NotParked(f"{topic}: the key {key} is not parked")
    rows = await connection.fetch(_WAITING, topic, key, limit, STEP_BYTES_MAX)
    waiting = [_thaw_of(topic, key, *row) for row in rows]
    first = waiting[0].entry if waiting else None
    if first is None or (first.sequence, first.event.event_id) != (stands["sequence"], stands["event_id"]):
        there = f"the first that waits is {first.sequence}" if first else "nothing waits"
        raise NotWhole(
            f"{topic}: the key {key} stands at record {stands['sequence']} (event {stands['event_id']}), but {there}:"
            " somebody changed parked_records. Bring its rows back from a backup of this database, then release again"
        )
    return waiting


def _thaw_of(topic: str, key: str, partition: int, sequence: int, record: bytes) -> Delivery:
    """What was kept under this place, if it is of this place."""
    try:
        delivery = thaw(record)
    except (ValueError, TypeError):
        delivery = None
    found = delivery and (
        delivery.topic,
        delivery.partition,
        delivery.entry.sequence,
        delivery.entry.event.key,
    )
    if delivery is None or found != (topic, partition, sequence, key):
        raise NotWhole(
            f"{topic}: record {sequence} of the key {key}, which waits, is not what was put there: somebody changed"
            " parked_records. Bring its rows back from a backup of this database, then release again"
        )
    return delivery


async def _apply_waiting(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    these: Sequence[Delivery],
    goes_on_at: Delivery | None,
    count: int,
    skip: Skip | None,
) -> _Step:
    """Apply these records of the `count` that wait, and say that the key runs, or where it stands now.

    `goes_on_at`: the record that follows on these, where the next step begins.
    """
    skipped = 0 if skip is None else 1
    if skip is not None:
        await in_savepoint(connection, reading, partial(skip_record, reading, these[0], skip))
        failpoints.reach("release.skipped")
    applied, error = await _apply_in_order(connection, reading, partitions, these[skipped:])
    failpoints.reach("release.applied")
    left = count - skipped - applied
    if error is not None:
        stopped = these[skipped + applied]
        await in_savepoint(connection, reading, partial(stop_again, reading, stopped, error))
        words = f"{type(error).__name__}: {error}"
        return _Step(applied, skipped, left, stopped.entry.sequence, words)
    if goes_on_at is not None:
        await in_savepoint(
            connection, reading, partial(stop_again, reading, goes_on_at, NotTriedYet(applied))
        )
        return _Step(applied, skipped, left)
    await in_savepoint(connection, reading, partial(let_run, reading, partitions, these[-1]))
    return _Step(applied, skipped)


async def _apply_in_order(
    connection: Connection, reading: Reading, partitions: Mapping[str, int], records: Sequence[Delivery]
) -> tuple[int, Exception | None]:
    """How many were applied, and what the next one failed with. All together, else one by one."""
    incoming = [read_incoming(reading, partitions, delivery) for delivery in records]
    try:
        await in_savepoint(connection, reading, partial(apply_parked, reading, incoming))
        return len(records), None
    except Exception as error:
        if will_pass(error, connection):
            raise
    for applied, one in enumerate(incoming):
        try:
            await in_savepoint(connection, reading, partial(apply_parked, reading, [one]))
        except Exception as error:
            if will_pass(error, connection):
                raise
            return applied, error
    return len(records), None


def apply_parked(reading: Reading, incoming: Sequence[Incoming], workspace: Workspace) -> None:
    """Apply records that waited; what they cause has the ids that it would have had in its time."""
    rows = [row for one in incoming for row in one.rows()]
    workspace.expect(*(_waits_at(one.delivery) for one in incoming), *rows)

    def apply(one: Incoming) -> None:
        apply_incoming(reading, one, workspace)
        _drop(workspace, one.delivery)

    for_each(incoming, apply)


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
