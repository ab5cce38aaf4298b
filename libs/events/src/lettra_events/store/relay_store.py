"""The relay's side of the event store: numbering what was appended, and remembering what was published where.

Promises: every appended event gets exactly one sequence number, without a hole, in the order of its stream;
`mark` never moves past an entry that was not acknowledged; `sequenced_at` never goes back. What is read at once is
bounded in events and in bytes, however much waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lettra_events import failpoints
from lettra_events.envelope import LogEntry, RecordedEvent, link
from lettra_events.store.append import Connection

ROUND_BYTES_MAX = 8_000_000
"""Bytes that a relay takes from the outbox, or from the log, at once; far above one event."""


def _events_of(wanted: str, bytes_max: str) -> str:
    """SQL: place, chain and event of what `wanted` names, in order, as long as the bytes are within the bound."""
    return f"""
with wanted as ({wanted})
select place, chain, stream_id, version, event_id, type, schema_version, key, payload, attributes
  from (select place, chain, e.*,
               sum(octet_length(payload) + octet_length(attributes) + octet_length(key))
                 over (order by place rows unbounded preceding) as bytes
          from wanted join events e using (event_id)) up_to_here
 where bytes <= {bytes_max} order by place"""  # noqa: S608


_FROM_OUTBOX = _events_of(
    "select position as place, null::bytea as chain, event_id from outbox order by position limit $1",
    "$2::bigint",
)
_FROM_LOG = _events_of(
    "select sequence as place, chain, event_id from log where sequence > $1 order by sequence limit $2",
    "coalesce($3::bigint, bytes)",
)
_FROM_PENDING = _events_of(
    "select position as place, null::bytea as chain, event_id from {pending} where position > $1"
    " order by position limit $2",
    "$3::bigint",
)
_ADVANCE_HEAD = """
update relay set sequence = $1, chain = $2, sequenced_at = greatest(sequenced_at, clock_timestamp())
returning sequenced_at"""
_BEGIN_GENERATION = """
insert into partition_heads (generation, partition, sequence)
select r.generation, n, 0 from relay r, generate_series(0, $1 - 1) n
 where not exists (select from partition_heads h where h.generation = r.generation)
on conflict do nothing"""

_READ_STATE = """
select r.sequence, r.generation, r.mark, h.partition, h.sequence as head
  from relay r join partition_heads h using (generation)"""
_READ_GENERATION = """
select r.sequence, g.generation, g.mark, h.partition, h.sequence as head
  from relay r, generations g join partition_heads h using (generation) where g.generation = $1"""


class MarkMoved(Exception):
    """Another relay moved the mark: this one has been replaced and must end."""


@dataclass(frozen=True, slots=True)
class RelayState:
    """Head of the log, and how far it is published in the topic generation.

    `heads`: by partition, the last entry at or before `mark` that went there (0: none).
    """

    sequence: int
    generation: int
    mark: int
    heads: Mapping[int, int]


async def current_generation(connection: Connection) -> int:
    """The generation that the relay publishes to."""
    number: int = await connection.fetchval("select generation from relay")
    return number


async def read_state(connection: Connection, partitions: int) -> RelayState:
    """Where a relay goes on. The first call fixes the number of partitions of the first generation.

    One statement reads mark and heads together: they are moved together, and a record made of one without the
    other would be another record.
    """
    await connection.execute(_BEGIN_GENERATION, partitions)
    return _state(await connection.fetch(_READ_STATE))


async def read_generation(connection: Connection, number: int) -> RelayState:
    """How far a generation is published that the relay does not publish to."""
    return _state(await connection.fetch(_READ_GENERATION, number))


def _state(rows: Sequence[Mapping[str, int]]) -> RelayState:
    first = rows[0]
    heads = {row["partition"]: row["head"] for row in rows}
    return RelayState(first["sequence"], first["generation"], first["mark"], heads)


async def sequence_outbox(connection: Connection, limit: int) -> list[LogEntry]:
    """Number up to `limit` appended events, in one transaction under the relay's row lock."""
    if not await connection.fetchval("select exists (select from outbox)"):
        return []  # an idle relay looks a hundred times a second: without a lock, which would be a write
    failpoints.reach("sequence.before")
    async with connection.transaction():
        head = await connection.fetchrow("select sequence, chain from relay for update")
        assert head is not None, "the migration inserts the one row"
        rows = await connection.fetch(_FROM_OUTBOX, limit, ROUND_BYTES_MAX)
        if not rows:
            return []
        entries = _chained(head["sequence"], head["chain"], [RecordedEvent(*row[2:]) for row in rows])
        sequenced_at = await connection.fetchval(_ADVANCE_HEAD, entries[-1].sequence, entries[-1].chain)
        await connection.execute(
            "insert into log (sequence, event_id, chain, sequenced_at)"
            " select s, e, c, $4 from unnest($1::bigint[], $2::uuid[], $3::bytea[]) as n(s, e, c)",
            [entry.sequence for entry in entries],
            [entry.event.event_id for entry in entries],
            [entry.chain for entry in entries],
            sequenced_at,
        )
        await connection.execute(
            "delete from outbox where position = any($1)", [row["place"] for row in rows]
        )
        failpoints.reach("sequence.written")
    failpoints.reach("sequence.committed")
    return entries


def _chained(sequence: int, chain: bytes, events: Sequence[RecordedEvent]) -> list[LogEntry]:
    entries = []
    for event in events:
        sequence += 1
        chain = link(chain, sequence, event)
        entries.append(LogEntry(sequence, chain, event))
    return entries


async def read_log(
    connection: Connection, after: int, limit: int, bytes_max: int | None = None
) -> list[LogEntry]:
    """The entries after a sequence number, in order: at most `limit`, and fewer where they are large."""
    rows = await connection.fetch(_FROM_LOG, after, limit, bytes_max)
    return [LogEntry(row["place"], row["chain"], RecordedEvent(*row[2:])) for row in rows]


async def read_pending(
    connection: Connection, pending: str, after: int, limit: int, bytes_max: int
) -> list[tuple[int, RecordedEvent]]:
    """What has no number yet, with its position, after a position, in order: fewer than `limit` where they are large.

    `pending`: the outbox, or a copy of it.
    """
    rows = await connection.fetch(_FROM_PENDING.format(pending=pending), after, limit, bytes_max)
    return [(row["place"], RecordedEvent(*row[2:])) for row in rows]


async def chain_at(connection: Connection, sequence: int) -> bytes | None:
    """The chain of one entry; None where the log has no such entry."""
    found: bytes | None = await connection.fetchval("select chain from log where sequence = $1", sequence)
    return found


async def move_mark(
    connection: Connection, state: RelayState, mark: int, heads: Mapping[int, int]
) -> RelayState:
    """Record that all up to `mark` is acknowledged; `MarkMoved` if somebody else did so meanwhile."""
    async with connection.transaction():
        moved = await connection.execute(
            "update relay set mark = $1 where mark = $2 and generation = $3",
            mark,
            state.mark,
            state.generation,
        )
        if moved != "UPDATE 1":
            raise MarkMoved(f"the mark is no longer {state.mark}: another relay runs")
        await _move_heads(connection, state.generation, heads)
    return replace(state, mark=mark, heads=dict(heads))


async def _move_heads(connection: Connection, generation: int, heads: Mapping[int, int]) -> None:
    await connection.execute(
        "update partition_heads h set sequence = n.sequence"
        " from unnest($2::int[], $3::bigint[]) as n(partition, sequence)"
        " where h.generation = $1 and h.partition = n.partition",
        generation,
        list(heads),
        list(heads.values()),
    )


async def prepare_generation(connection: Connection, number: int, partitions: int) -> None:
    """Record that a generation is being prepared, with nothing in it yet."""
    async with connection.transaction():
        await connection.execute("insert into generations (generation) values ($1)", number)
        await connection.execute(
            "insert into partition_heads (generation, partition, sequence)"
            " select $1, n, 0 from generate_series(0, $2::int - 1) n",
            number,
            partitions,
        )


async def move_prepared(
    connection: Connection, state: RelayState, mark: int, heads: Mapping[int, int]
) -> RelayState:
    """As `move_mark`, of a generation that is being prepared."""
    async with connection.transaction():
        moved = await connection.execute(
            "update generations set mark = $1 where mark = $2 and generation = $3",
            mark,
            state.mark,
            state.generation,
        )
        if moved != "UPDATE 1":
            raise MarkMoved(f"the mark of generation {state.generation} is no longer {state.mark}")
        await _move_heads(connection, state.generation, heads)
    return replace(state, mark=mark, heads=dict(heads))


async def enter_next_generation(
    connection: Connection, state: RelayState, end: int, heads: Mapping[int, int]
) -> RelayState:
    """Record that the generation is published up to its last entry, and go on in the next, where that one stands."""
    async with connection.transaction():
        await move_mark(connection, state, end, heads)
        await connection.execute(
            "update generations set mark = $2 where generation = $1", state.generation, end
        )
        entered = await connection.execute(
            "update relay r set generation = g.generation, mark = g.mark from generations g where g.generation = $1",
            state.generation + 1,
        )
        if entered != "UPDATE 1":
            raise MarkMoved(f"generation {state.generation + 1} was announced, but never prepared")
        return _state(await connection.fetch(_READ_STATE))
