"""The relay's side of the event store: numbering what was appended, and remembering what was published.

Promises: every appended event gets exactly one sequence number, without a hole, in the order of its stream;
`mark` never moves past an entry that was not acknowledged; `sequenced_at` never goes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lettra_events import failpoints
from lettra_events.envelope import LogEntry, RecordedEvent, link
from lettra_events.store.append import Connection

_EVENT = "e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.key, e.payload, e.attributes"
_FROM_OUTBOX = f"""
select o.position, {_EVENT} from outbox o join events e using (event_id) order by o.position limit $1"""  # noqa: S608
_FROM_LOG = f"""
select l.sequence, l.chain, {_EVENT} from log l join events e using (event_id)
 where l.sequence > $1 order by l.sequence limit $2"""  # noqa: S608
_ADVANCE_HEAD = """
update relay set sequence = $1, chain = $2, sequenced_at = greatest(sequenced_at, clock_timestamp())
returning sequenced_at"""


class MarkMoved(Exception):
    """Another relay moved the mark: this one has been replaced and must end."""


@dataclass(frozen=True, slots=True)
class RelayState:
    """Head of the log, and how far it is published in the topic generation."""

    sequence: int
    chain: bytes
    generation: int
    mark: int


async def read_state(connection: Connection) -> RelayState:
    row = await connection.fetchrow("select sequence, chain, generation, mark from relay")
    assert row is not None, "the migration inserts the one row"
    return RelayState(row["sequence"], row["chain"], row["generation"], row["mark"])


async def sequence_outbox(connection: Connection, limit: int) -> list[LogEntry]:
    """Number up to `limit` appended events, in one transaction under the relay's row lock."""
    failpoints.reach("sequence.before")
    async with connection.transaction():
        head = await connection.fetchrow("select sequence, chain from relay for update")
        rows = await connection.fetch(_FROM_OUTBOX, limit)
        if not rows or head is None:
            return []
        entries = _chained(head["sequence"], head["chain"], [RecordedEvent(*row[1:]) for row in rows])
        sequenced_at = await connection.fetchval(_ADVANCE_HEAD, entries[-1].sequence, entries[-1].chain)
        await connection.execute(
            "insert into log (sequence, event_id, chain, sequenced_at)"
            " select s, e, c, $4 from unnest($1::bigint[], $2::uuid[], $3::bytea[]) as n(s, e, c)",
            [entry.sequence for entry in entries],
            [entry.event.event_id for entry in entries],
            [entry.chain for entry in entries],
            sequenced_at,
        )
        await connection.execute("delete from outbox where position = any($1)", [row[0] for row in rows])
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


async def read_log(connection: Connection, after: int, limit: int) -> list[LogEntry]:
    """The entries after a sequence number, at most `limit`, in order."""
    rows = await connection.fetch(_FROM_LOG, after, limit)
    return [LogEntry(row[0], row[1], RecordedEvent(*row[2:])) for row in rows]


async def chain_at(connection: Connection, sequence: int) -> bytes | None:
    """The chain of one entry; None where the log has no such entry."""
    found: bytes | None = await connection.fetchval("select chain from log where sequence = $1", sequence)
    return found


async def partition_heads(connection: Connection, generation: int, partitions: int) -> dict[int, int]:
    """Sequence of the last published entry, by partition. A first call fixes the number of partitions."""
    rows = await connection.fetch(
        "select partition, sequence from partition_heads where generation = $1", generation
    )
    if rows:
        return {row["partition"]: row["sequence"] for row in rows}
    await connection.execute(
        "insert into partition_heads (generation, partition, sequence)"
        " select $1, n, 0 from generate_series(0, $2 - 1) n on conflict do nothing",
        generation,
        partitions,
    )
    return dict.fromkeys(range(partitions), 0)


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
        await connection.execute(
            "update partition_heads h set sequence = n.sequence"
            " from unnest($2::int[], $3::bigint[]) as n(partition, sequence)"
            " where h.generation = $1 and h.partition = n.partition",
            state.generation,
            list(heads),
            list(heads.values()),
        )
    return RelayState(state.sequence, state.chain, state.generation, mark)
