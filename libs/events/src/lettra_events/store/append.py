"""Appending: one transaction, several streams, each at the version that the decision was taken on.

Promises: either all events of the call are in the history, consecutive on their streams, or none is and the
error says why. `expected_version` has no default; not caring is spelled `ANY_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import asyncpg

from lettra_events.contracts._registry import encode
from lettra_events.decisions.workspace import NEW_STREAM, Staged
from lettra_events.envelope import BROADCAST_KEY, EVENT_BYTES_MAX, make_attributes
from lettra_events.errors import DuplicateEvent, EventTooLarge, StaleVersion

ANY_VERSION: Final = -1

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

_SEVERAL_STREAMS = "select append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"

# One stream is one statement, which takes half the time of the function for several; one event needs no arrays. Each
# part reads from the one before, so a position of the outbox is drawn only once the stream is locked and as expected.
_ONE_STREAM = """
with moved as ({move}),
added as (
    insert into events (stream_id, version, event_id, type, schema_version, key, payload, attributes, recorded_at)
    {rows}
    returning version, event_id)
insert into outbox (event_id) select event_id from added order by version"""
_ONE_EVENT = "select $1, moved.version, $5::uuid, $6, $7::int, $8, $9::bytea, $10::bytea, $4 from moved"
_EVENTS = """
    select $1, moved.version - $2 + e.n, e.id, e.type, e.schema_version, e.key, e.payload, e.attributes, $4
      from moved, unnest($5::uuid[], $6::text[], $7::int[], $8::text[], $9::bytea[], $10::bytea[])
           with ordinality as e(id, type, schema_version, key, payload, attributes, n)"""
_UPSERT = """
    insert into streams as s (stream_id, version) values ($1, $2)
    on conflict (stream_id) do update set version = s.version + $2 where {fits} returning s.version"""
_MOVES = {
    NEW_STREAM: _UPSERT.format(fits="s.version = $3::bigint"),
    ANY_VERSION: _UPSERT.format(fits="$3::bigint = -1"),
    None: "update streams set version = version + $2 where stream_id = $1 and version = $3::bigint returning version",
}
_TO_ONE_STREAM = {
    (expected, single): _ONE_STREAM.format(move=move, rows=_ONE_EVENT if single else _EVENTS)
    for expected, move in _MOVES.items()
    for single in (True, False)
}


async def append(
    connection: Connection,
    staged: Sequence[Staged],
    expected_version: Mapping[str, int],
    *,
    service: str,
) -> None:
    """Append the events in their order. Every stream of theirs must be in `expected_version`.

    A stream may be in `expected_version` without an event: then its version is checked all the same.
    Raises `StaleVersion` (naming the stream), `EventTooLarge`, `DuplicateEvent`; then nothing is written.
    """
    if not staged:
        return
    if unsaid := {item.event.stream_id() for item in staged} - expected_version.keys():
        raise ValueError(
            f"no expected version for {', '.join(sorted(unsaid))}; if any will do, say ANY_VERSION"
        )
    recorded_at = datetime.now(UTC)
    streams = sorted(expected_version)
    expected = [expected_version[stream] for stream in streams]
    columns = _columns(staged, recorded_at, service)
    try:
        if len(streams) == 1:
            await _append_to_one(connection, streams[0], expected[0], recorded_at, columns[2:])
        else:
            await connection.execute(_SEVERAL_STREAMS, streams, expected, recorded_at, *columns)
    except asyncpg.PostgresError as error:
        raise _translated(error, expected_version) from error


async def _append_to_one(
    connection: Connection, stream_id: str, expected: int, recorded_at: datetime, columns: list[list[Any]]
) -> None:
    count = len(columns[0])
    statement = _TO_ONE_STREAM[expected if expected in _MOVES else None, count == 1]
    values = [column[0] for column in columns] if count == 1 else columns
    done = await connection.execute(statement, stream_id, count, expected, recorded_at, *values)
    if done != f"INSERT 0 {count}":
        actual = await connection.fetchval("select version from streams where stream_id = $1", stream_id)
        raise StaleVersion(stream_id, expected, actual or 0)


def _columns(staged: Sequence[Staged], recorded_at: datetime, service: str) -> list[list[Any]]:
    offsets: dict[str, int] = {}
    rows = []
    for item in staged:
        stream = item.event.stream_id()
        offsets[stream] = offsets.get(stream, 0) + 1
        rows.append((stream, offsets[stream], *_encoded(item, recorded_at, service)))
    return [list(column) for column in zip(*rows, strict=True)]


def _encoded(item: Staged, recorded_at: datetime, service: str) -> tuple[Any, ...]:
    event = item.event
    payload = encode(event)
    key = BROADCAST_KEY if event.broadcast else event.key()
    attributes = make_attributes(
        event_id=item.event_id,
        service=service,
        event_type=event.event_type,
        schema_version=event.schema_version,
        recorded_at=recorded_at,
        correlation_id=item.correlation_id,
        causation_id=item.causation_id,
    )
    stream = event.stream_id()
    size = len(payload) + len(attributes) + len(key.encode()) + len(stream.encode())
    if size > EVENT_BYTES_MAX:
        raise EventTooLarge(
            f"{event.event_type} on {stream[:200]} has {size} bytes, the limit is {EVENT_BYTES_MAX}"
        )
    return item.event_id, event.event_type, event.schema_version, key, payload, attributes


def _translated(error: asyncpg.PostgresError, expected: Mapping[str, int]) -> Exception:
    if error.sqlstate == "LT001":
        stream = str(error.detail)
        return StaleVersion(stream, expected[stream], int(error.hint or 0))
    if isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == "events_event_id_key":
        return DuplicateEvent(str(error.detail))
    return error
