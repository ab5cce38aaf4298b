"""Applying a batch of one partition: one transaction for what the records change, decide and move.

Promises: the position moves in the transaction that writes what the records caused, so a record is applied once,
wherever the process is killed; records are applied in their order, and what is decided does not depend on where a
batch ends; one bad record stops its key and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import asyncpg

from lettra_events import failpoints
from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import Delivery
from lettra_events.errors import TooManyRounds
from lettra_events.kafka.contiguity import Position
from lettra_events.kafka.deciding import check_failed, decide_all, read_incoming
from lettra_events.kafka.moving import (
    IS_READ_HERE,
    GenerationMoved,
    check_not_ended,
    check_read_here,
    follow_announcements,
)
from lettra_events.kafka.parking import park
from lettra_events.kafka.reading import Reading, StopPartition
from lettra_events.store.append import Connection
from lettra_events.store.running import (
    RETRIES_MAX,
    ROUNDS_MAX,
    SERVER_AWAY,
    TRANSIENT,
    Again,
    decide_under_locks,
    foreseen,
    write_decisions,
)

T = TypeVar("T")

_MOVE_POSITION = f"""
update consumer_offsets set sequence = $5, next_offset = $6
 where topic = $3 and partition = $4 and sequence = $7 and {IS_READ_HERE} and not exists (
    select from consumer_generations g where g.topic = $3 and g.left_at is null and g.through < $5)"""  # noqa: S608

PASSING = (
    *SERVER_AWAY,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""The database is away, full, busy or a standby: that says nothing of the records."""


class PositionMoved(Exception):
    """Somebody else applied records of this partition: read the position again and go on from there."""


def will_pass(error: Exception, connection: Connection) -> bool:
    """Whether an error is of the moment and not of what was attempted: try again later, and never park for it."""
    return isinstance(error, PASSING) or connection.is_closed()


async def apply_batch(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    """Apply the records of one partition and move its position from `before` to `after`, or do nothing.

    A deadlock or the like is tried again. Raises `PositionMoved`, `GenerationMoved`, `StopPartition`, or what the
    database says when it is away.
    """
    for attempt in range(1, RETRIES_MAX + 1):
        try:
            return await _apply(connection, reading, partitions, fresh, before, after)
        except TRANSIENT:
            if attempt == RETRIES_MAX:
                raise
    raise AssertionError("unreachable")


async def _apply(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    try:
        await _apply_together(connection, reading, partitions, fresh, before, after)
    except (PositionMoved, GenerationMoved, StopPartition):
        raise
    except Exception as error:
        if will_pass(error, connection):
            raise
        await _apply_one_by_one(connection, reading, partitions, fresh, before, after)
    failpoints.reach("consume.committed")


async def _apply_together(
    connection: Connection,
    reading: Reading,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    run = partial(decide_all, reading, [read_incoming(reading, partitions, d) for d in fresh])
    needs = foreseen(reading.evolve, run)
    for _ in range(ROUNDS_MAX):
        try:
            async with connection.transaction():
                await _hold_position(connection, fresh[0], before)
                failpoints.reach("consume.before")
                workspace, failed = await decide_under_locks(connection, reading.evolve, run, needs)
                failpoints.reach("consume.decided")
                await write_decisions(connection, workspace, service=reading.service)
                if failed:
                    failpoints.reach("park.written")
                await _move_position(connection, partitions, fresh, before, after)
                failpoints.reach("consume.written")
            return
        except Again:
            continue
    raise TooManyRounds(f"{reading.service}: a batch still asked for more rows after {ROUNDS_MAX} rounds")


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
            incoming = [read_incoming(reading, partitions, delivery)]
            run = partial(decide_all, reading, incoming, failed_before=frozenset(failed))
            try:
                failed |= await in_savepoint(connection, reading, run)
            except StopPartition:
                raise
            except Exception as error:
                if will_pass(error, connection):
                    raise
                failed.add(delivery.entry.event.key)
                check_failed(reading, delivery, error, failed)
                await in_savepoint(connection, reading, partial(_only_park, reading, delivery, error))
                failpoints.reach("park.written")
        await _move_position(connection, partitions, fresh, before, after)
        failpoints.reach("consume.written")


def _only_park(reading: Reading, delivery: Delivery, error: Exception, workspace: Workspace) -> None:
    park(workspace, reading, delivery, error)


async def in_savepoint(connection: Connection, reading: Reading, run: Callable[[Workspace], T]) -> T:
    """Run decisions and write them inside the caller's transaction, or leave nothing of them."""
    needs = foreseen(reading.evolve, run)
    for _ in range(ROUNDS_MAX):
        try:
            async with connection.transaction():
                workspace, result = await decide_under_locks(connection, reading.evolve, run, needs)
                await write_decisions(connection, workspace, service=reading.service)
            return result
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
    connection: Connection,
    partitions: Mapping[str, int],
    fresh: Sequence[Delivery],
    before: Position,
    after: Position,
) -> None:
    first, last = fresh[0], fresh[-1]
    moved = await connection.execute(
        _MOVE_POSITION,
        list(partitions),
        list(partitions.values()),
        first.topic,
        first.partition,
        after.sequence,
        after.next_offset,
        before.sequence,
    )
    if moved != "UPDATE 1":
        await check_read_here(connection, partitions)
        await check_not_ended(connection, last)
        raise PositionMoved(f"{first.topic}[{first.partition}] is no longer at {before.sequence}")
    await connection.execute(
        "insert into consumer_batches (topic, partition, first, last, applied_at)"
        " values ($1, $2, $3, $4, clock_timestamp())",
        first.topic,
        first.partition,
        first.entry.sequence,
        last.entry.sequence,
    )
    await follow_announcements(connection, fresh)
