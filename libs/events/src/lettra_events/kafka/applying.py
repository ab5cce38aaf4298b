"""Applying a batch of one partition: one transaction for what the records change, decide and move.

Promises: the position moves in the transaction that writes what the records caused, so a record is applied once,
wherever the process is killed; records are applied in their order, and what is decided does not depend on where a
batch ends; one bad record stops its key and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg

from lettra_events import failpoints
from lettra_events.contracts import ContractError, Event, UnknownEventType, contracts, decode
from lettra_events.decisions.workspace import Cause, Missing, Needs, Workspace
from lettra_events.envelope import Delivery
from lettra_events.errors import DuplicateEvent, EventTooLarge, StaleVersion, TooManyRounds
from lettra_events.kafka.contiguity import Position
from lettra_events.kafka.parking import expect_parked, is_parked, park, put_behind
from lettra_events.kafka.reading import Context, Reading, StopPartition
from lettra_events.store.append import Connection
from lettra_events.store.running import ROUNDS_MAX, TRANSIENT, Again, decide_under_locks, write_decisions

CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""The database is away or full: wait and run the batch again; never a reason to park."""
_OF_THE_DATA = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    EventTooLarge,
    DuplicateEvent,
    StaleVersion,
    TooManyRounds,
)


class PositionMoved(Exception):
    """Somebody else applied records of this partition: read the position again and go on from there."""


Decide = Callable[[Workspace], None]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record, decoded once: its event if the service reads this type, else None, or why it cannot be read."""

    delivery: Delivery
    event: Event | None = None
    error: ContractError | None = None


def read_incoming(reading: Reading, delivery: Delivery) -> Incoming:
    """Decode what the service reads; a type that no contract knows is an error, one that it does not want is not."""
    recorded = delivery.entry.event
    try:
        if recorded.type in reading.reads:
            return Incoming(delivery, event=decode(recorded))
        if recorded.type not in contracts():
            raise UnknownEventType(
                f"{recorded.type} v{recorded.schema_version}: no such event type in this release"
            )
    except ContractError as error:
        return Incoming(delivery, error=error)
    return Incoming(delivery)


async def apply_batch(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    """Apply the records of one partition and move its position from `before` to `after`, or do nothing.

    Raises `PositionMoved`, `StopPartition`, or what the database says when it is away.
    """
    try:
        await _apply_together(connection, reading, partitions, fresh, before, after)
    except CONNECTION_LOST:
        raise
    except _OF_THE_DATA as error:
        if connection.is_closed() or isinstance(error, TRANSIENT):
            raise
        await _apply_one_by_one(connection, reading, partitions, fresh, before, after)


async def _apply_together(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    run = partial(decide_all, reading, partitions, [read_incoming(reading, d) for d in fresh])
    needs = _foreseen(reading, run)
    for _ in range(ROUNDS_MAX):
        try:
            async with connection.transaction():
                await _hold_position(connection, fresh[0], before)
                failpoints.reach("consume.before")
                workspace, _none = await decide_under_locks(connection, reading.evolve, run, needs)
                failpoints.reach("consume.decided")
                await write_decisions(connection, workspace, service=reading.service)
                await _move_position(connection, fresh, before, after)
                failpoints.reach("consume.written")
            failpoints.reach("consume.committed")
            return
        except Again:
            continue
    raise TooManyRounds(f"{reading.service}: a batch still asked for more rows after {ROUNDS_MAX} rounds")


def _foreseen(reading: Reading, run: Decide) -> Needs:
    needs = Needs()
    try:
        run(Workspace(reading.evolve))
    except Missing as missing:
        needs.add(missing.needs)
    return needs


def decide_all(
    reading: Reading, partitions: Mapping[str, int], incoming: Sequence[Incoming], workspace: Workspace
) -> None:
    """Fold and decide the records in order, in memory; raises `Missing` with all that they lack together."""
    needs = Needs()
    try:
        expect_parked(workspace, [one.delivery for one in incoming])
    except Missing as missing:
        needs.add(missing.needs)
    failed: set[str] = set()
    stop: StopPartition | None = None
    for one in incoming:
        delivery = one.delivery
        workspace.begin(_cause(reading, delivery))
        try:
            _one(reading, partitions, one, workspace)
        except Missing as missing:
            workspace.discard()
            needs.add(missing.needs)
        except Exception as error:
            workspace.discard()
            if needs:
                continue
            failed.add(delivery.entry.event.key)
            if len(failed) > reading.keys_parked_max:
                stop = StopPartition(
                    delivery, f"{len(failed)} keys fail in one batch, the last with: {error}"
                )
                break
            try:
                park(workspace, reading, delivery, error)
            except Missing as missing:
                workspace.discard()
                needs.add(missing.needs)
    if needs:
        raise Missing(needs)
    if stop is not None:
        raise stop


def _cause(reading: Reading, delivery: Delivery) -> Cause:
    event = delivery.entry.event
    return Cause(event.event_id, event.correlation_id, reading.service)


def _one(reading: Reading, partitions: Mapping[str, int], one: Incoming, workspace: Workspace) -> None:
    if is_parked(workspace, one.delivery):
        put_behind(workspace, one.delivery)
    elif one.error is not None:
        raise one.error
    elif one.event is not None:
        apply_event(reading, partitions, one.delivery, one.event, workspace)


def apply_event(
    reading: Reading, partitions: Mapping[str, int], delivery: Delivery, event: Event, workspace: Workspace
) -> None:
    """Project one event and react to it."""
    context = Context(delivery.topic, delivery.partition, delivery.entry.sequence, partitions)
    for change in reading.project(event, context):
        workspace.apply(change)
    reading.react(workspace, event, context)


async def _apply_one_by_one(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    """The slow way, after a statement failed: find the record that the database refuses, and park its key."""
    failed: set[str] = set()
    async with connection.transaction():
        await _hold_position(connection, fresh[0], before)
        for delivery in fresh:
            alone = partial(decide_all, reading, partitions, [read_incoming(reading, delivery)])
            try:
                await _in_savepoint(connection, reading, alone)
            except (*CONNECTION_LOST, *TRANSIENT):
                raise
            except _OF_THE_DATA as error:
                failed.add(delivery.entry.event.key)
                if len(failed) > reading.keys_parked_max:
                    raise StopPartition(delivery, f"{len(failed)} keys fail in one batch: {error}") from error
                await _in_savepoint(connection, reading, partial(_only_park, reading, delivery, error))
        await _move_position(connection, fresh, before, after)


def _only_park(reading: Reading, delivery: Delivery, error: Exception, workspace: Workspace) -> None:
    workspace.begin(_cause(reading, delivery))
    park(workspace, reading, delivery, error)


async def _in_savepoint(connection: Connection, reading: Reading, run: Decide) -> None:
    needs = _foreseen(reading, run)
    for _ in range(ROUNDS_MAX):
        try:
            async with connection.transaction():
                workspace, _none = await decide_under_locks(connection, reading.evolve, run, needs)
                await write_decisions(connection, workspace, service=reading.service)
            return
        except Again:
            continue
    raise TooManyRounds(f"{reading.service}: a record still asked for more rows after {ROUNDS_MAX} rounds")


async def read_position(connection: Connection, topic: str, partition: int) -> Position:
    """How far the partition is applied; the beginning where nothing was read yet."""
    row = await connection.fetchrow(
        "select sequence, next_offset from consumer_offsets where topic = $1 and partition = $2",
        topic,
        partition,
    )
    return Position(row["sequence"], row["next_offset"]) if row else Position()


async def _hold_position(connection: Connection, first: Delivery, before: Position) -> None:
    """Lock the partition's position: of two consumers that hold it, one finds that it has moved."""
    where: tuple[Any, ...] = (first.topic, first.partition)
    held = await connection.fetchval(
        "select sequence from consumer_offsets where topic = $1 and partition = $2 for update", *where
    )
    if held is None:
        await connection.execute(
            "insert into consumer_offsets (topic, partition, sequence, next_offset) values ($1, $2, 0, 0)"
            " on conflict do nothing",
            *where,
        )
        held = await connection.fetchval(
            "select sequence from consumer_offsets where topic = $1 and partition = $2 for update", *where
        )
    if held != before.sequence:
        raise PositionMoved(f"{first.topic}[{first.partition}] is at {held}, not at {before.sequence}")


async def _move_position(
    connection: Connection, fresh: Sequence[Delivery], before: Position, after: Position
) -> None:
    first, last = fresh[0], fresh[-1]
    moved = await connection.execute(
        "update consumer_offsets set sequence = $3, next_offset = $4"
        " where topic = $1 and partition = $2 and sequence = $5",
        first.topic,
        first.partition,
        after.sequence,
        after.next_offset,
        before.sequence,
    )
    if moved != "UPDATE 1":
        raise PositionMoved(f"{first.topic}[{first.partition}] is no longer at {before.sequence}")
    await connection.execute(
        "insert into consumer_batches (topic, partition, first, last, applied_at)"
        " values ($1, $2, $3, $4, clock_timestamp())",
        first.topic,
        first.partition,
        first.entry.sequence,
        last.entry.sequence,
    )
