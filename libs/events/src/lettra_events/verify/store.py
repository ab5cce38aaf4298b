"""The store by itself: streams, events, outbox and log belong together, each once, without a hole.

What the hash of an entry covers is left to `passing`, which reads every entry anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lettra_events.progress import Progress
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.heads import Head


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the store holds, in the snapshot that is looked at."""

    streams: int
    events: int
    waiting: int
    entry_bytes_max: int


@dataclass(frozen=True, slots=True)
class _Check:
    """`sql` gives the first row that is not as it must be: its place, the field, and the two values as text."""

    kind: Kind
    sql: str


_CHECKS = (
    _Check(
        Kind.STREAM,
        "select stream_id as stream, n as version, 'version' as field, n::text as expected, version::text as found"
        " from (select stream_id, version, row_number() over (partition by stream_id order by version) as n"
        "         from events) e"
        " where version <> n order by 1, 2 limit 1",
    ),
    _Check(
        Kind.STREAM,
        "select stream_id as stream, 'streams.version' as field, coalesce(e.last, 0)::text as expected,"
        "       coalesce(s.version::text, 'no row') as found"
        " from streams s full join (select stream_id, max(version) as last from events group by 1) e"
        "   using (stream_id)"
        " where s.version is distinct from coalesce(e.last, 0) order by 1 limit 1",
    ),
    _Check(
        Kind.NUMBERS,
        "select n as sequence, 'log.sequence' as field, n::text as expected, sequence::text as found"
        " from (select sequence, row_number() over (order by sequence) as n from log) l"
        " where sequence <> n order by 1 limit 1",
    ),
    _Check(
        Kind.HEAD,
        "select greatest(r.sequence, l.last) as sequence, 'relay.sequence' as field, l.last::text as expected,"
        "       r.sequence::text as found"
        " from relay r, (select coalesce(max(sequence), 0) as last from log) l where r.sequence <> l.last",
    ),
    _Check(
        Kind.HEAD,
        "select sequence, 'relay.chain' as field, encode(coalesce(l.chain, $1), 'hex') as expected,"
        "       encode(r.chain, 'hex') as found"
        " from relay r left join log l using (sequence) where r.chain <> coalesce(l.chain, $1)",
    ),
    _Check(
        Kind.TIME,
        "select sequence, 'log.sequenced_at' as field, 'not before ' || before as expected,"
        "       sequenced_at::text as found"
        " from (select sequence, sequenced_at, lag(sequenced_at) over (order by sequence) as before from log) l"
        " where sequenced_at < before order by 1 limit 1",
    ),
    _Check(
        Kind.TIME,
        "select sequence, 'relay.sequenced_at' as field, l.sequenced_at::text as expected,"
        "       r.sequenced_at::text as found"
        " from relay r join log l using (sequence) where r.sequenced_at <> l.sequenced_at",
    ),
    _Check(
        Kind.EVENT,
        "select stream_id as stream, version, 'event_id' as field, 'a place in log or outbox' as expected,"
        "       event_id::text || ' in neither' as found"
        " from events e where not exists (select from log l where l.event_id = e.event_id)"
        "   and not exists (select from outbox o where o.event_id = e.event_id) order by 1, 2 limit 1",
    ),
    _Check(
        Kind.EVENT,
        "select sequence, 'log.event_id' as field, 'an event' as expected, event_id::text || ', no event' as found"
        " from log l where not exists (select from events e where e.event_id = l.event_id) order by 1 limit 1",
    ),
    _Check(
        Kind.WAITING,
        "select position as key, 'outbox.event_id' as field, 'an event that has no number, once' as expected,"
        "       event_id::text || case when in_log then ', numbered in the log' when n > 1 then ', there before'"
        "                              else ', no event' end as found"
        " from (select position, event_id, row_number() over (partition by event_id order by position) as n,"
        "              exists (select from log l where l.event_id = o.event_id) as in_log,"
        "              exists (select from events e where e.event_id = o.event_id) as in_events"
        "         from outbox o) w"
        " where in_log or n > 1 or not in_events order by 1 limit 1",
    ),
    _Check(
        Kind.ORDER,
        "select sequence, stream_id as stream, version, 'log.sequence' as field,"
        "       'version ' || n as expected, 'version ' || version as found"
        " from (select l.sequence, e.stream_id, e.version,"
        "              row_number() over (partition by e.stream_id order by l.sequence) as n"
        "         from log l join events e using (event_id)) o"
        " where version <> n order by 1 limit 1",
    ),
    _Check(
        Kind.MARK,
        "select mark as sequence, 'relay.mark' as field, 'from 0 to ' || sequence as expected, mark::text as found"
        " from relay where mark not between 0 and sequence",
    ),
    _Check(
        Kind.MARK,
        "select r.mark as sequence, 'partition_heads.sequence' as field, r.mark::text as expected,"
        "       coalesce(h.last::text, 'nothing') as found"
        " from relay r left join (select generation, max(sequence) as last from partition_heads group by 1) h"
        "   using (generation)"
        " where r.mark <> coalesce(h.last, 0)",
    ),
)

_COUNTS = """
select (select count(*) from streams where version > 0), (select count(*) from events),
       (select count(*) from outbox),
       (select coalesce(max(octet_length(payload) + octet_length(attributes)), 0) from events)"""


async def check_store(connection: Connection, service: str, progress: Progress) -> Counts:
    """Look at the tables as wholes; `Unsound` names the first row that is not as it must be."""
    what = f"{service}: store"
    for done, check in enumerate(_CHECKS):
        progress(what, done, len(_CHECKS) + 1)
        found = await connection.fetchrow(check.sql, *([Head().chain] if "$1" in check.sql else []))
        if found is not None:
            raise Unsound(_finding(service, check.kind, dict(found)))
    progress(what, len(_CHECKS), len(_CHECKS) + 1)
    row = await connection.fetchrow(_COUNTS)
    assert row is not None, "counts are always there"
    progress(what, len(_CHECKS) + 1, len(_CHECKS) + 1)
    return Counts(*row)


def _finding(service: str, kind: Kind, found: dict[str, Any]) -> Finding:
    if "key" in found:
        found["key"] = str(found["key"])
    return Finding(service=service, kind=kind, **found)


async def read_head_of_log(connection: Connection) -> Head:
    """Where the log ends."""
    row = await connection.fetchrow("select sequence, chain from relay")
    assert row is not None, "the migration inserts the one row"
    return Head(row["sequence"], row["chain"])


async def check_head(connection: Connection, service: str, head: Head, kept: Head) -> None:
    """The history still begins with what it was when the head was kept, or `Unsound` says how not."""
    if head.sequence < kept.sequence:
        raise cut_off(service, head, kept)
    chain = await connection.fetchval("select chain from log where sequence = $1", kept.sequence)
    check_kept_chain(service, kept, Head().chain if kept.sequence == 0 else chain, "log.chain")


def check_kept_chain(service: str, kept: Head, chain: bytes | None, field: str) -> None:
    """The hash at the kept sequence is the kept one."""
    if chain != kept.chain:
        raise Unsound(
            Finding(
                service=service,
                kind=Kind.HISTORY,
                sequence=kept.sequence,
                field=field,
                expected=kept.chain.hex(),
                found=chain.hex() if chain is not None else "nothing",
            )
        )


def cut_off(service: str, head: Head, kept: Head) -> Unsound:
    """The history ends before the kept head."""
    return Unsound(
        Finding(
            service=service,
            kind=Kind.CUT,
            sequence=kept.sequence,
            field="sequence",
            expected=f"at least {kept.sequence} entries",
            found=f"{head.sequence}",
        )
    )
