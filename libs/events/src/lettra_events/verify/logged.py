"""The pass with the log as the guide: what the store says, against what Kafka has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from lettra_events.envelope import BROADCAST_KEY, GENESIS, LogEntry, RecordedEvent, link, make_attributes
from lettra_events.kafka.topics import partition_of
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Kind, shown
from lettra_events.verify.lanes import Lane, Lanes, Record
from lettra_events.verify.passing import Pass
from lettra_events.verify.recent import Seen
from lettra_events.verify.records import Difference, difference_of_event

CHUNK_MAX = 500
CHUNK_BYTES_MAX = 4_000_000
"""Entries that are fetched at once, as many as this is enough for."""

# PostgreSQL compares the columns with the end of the attributes, as `make_attributes` writes it, while Python looks at
# other entries. Where they differ, and only there, it gives the time, and Python says what differs, if anything does.
# It gives a chunk at a time: the first one comes at once, and no history is sorted on the server's disk.
_CHUNK = """
select {sequence}, {chain}, stream_id, version, event_id, type, schema_version, key, payload, attributes,
       case when substr(attributes, length(attributes) - length(said) + 1) <> said then recorded_at end,
       {place} as place
  from {ordered} join events using (event_id) cross join lateral (select convert_to(
       '"dataschema":"urn:lettra:' || type || ':' || schema_version || '","id":"' || event_id
       || '","source":"/lettra/' || $1 || '","time":"'
       || replace(to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '')
       || '+00:00"}}', 'UTF8') as said) as columns
 where {place} > $2 order by {place}"""
_LOG = _CHUNK.format(ordered="log", place="sequence", sequence="sequence", chain="chain")
_WAITING = _CHUNK.format(ordered="outbox", place="position", sequence="0", chain="''::bytea")
_KEYS_BEFORE = """
select sequence, key from log join events using (event_id)
 where sequence < $1 order by sequence desc limit $2"""
_KEYS_AT_ONCE = 1_000


_COLUMN_OF = {"id": "event_id", "dataschema": "type and schema_version", "time": "recorded_at"}


@dataclass(frozen=True, slots=True)
class Published:
    """What the relay noted before the topic's ends were read: all up to `mark` is on Kafka, ending at `heads`."""

    generation: int
    mark: int
    heads: Mapping[int, int]


async def read_published(connection: Connection) -> Published:
    """One statement: mark and heads move together."""
    rows = await connection.fetch(
        "select r.generation, r.mark, h.partition, h.sequence from relay r left join partition_heads h"
        " using (generation) order by 3"
    )
    heads = {row["partition"]: row["sequence"] for row in rows if row["partition"] is not None}
    return Published(rows[0]["generation"], rows[0]["mark"], heads)


class LoggedPass(Pass):
    """Each entry of the log in the snapshot, up to `end`, against the record that `published` says is there."""

    def __init__(
        self, service: str, lanes: Lanes, published: Published, end: int, source: str, look_up: Connection
    ) -> None:
        """`source`: how the service names itself in its events; `look_up`: another connection, out of the snapshot."""
        super().__init__(service, lanes)
        self.mark = published.mark
        self.end = end
        self._published = published
        self._source = source
        self._look_up = look_up

    async def run(self, connection: Connection, entry_bytes_max: int, advance: Callable[[int], None]) -> None:
        """All entries, then what lies behind them; `connection` is in the snapshot."""
        self._check_partitions()
        chunk = max(1, min(CHUNK_MAX, CHUNK_BYTES_MAX // max(1, entry_bytes_max)))
        async with aclosing(_chunks(connection, _LOG, self._source, chunk)) as chunks:
            async for rows in chunks:
                await self.take([(_entry(row), row[10]) for row in rows])
                advance(self.head.sequence)
        await self.finish()
        async with aclosing(_chunks(connection, _WAITING, self._source, chunk)) as chunks:
            async for rows in chunks:
                for row in rows:
                    self.also(_entry(row), row[10])

    def also(self, entry: LogEntry, recorded_at: datetime | None) -> None:
        """The columns say what the attributes say, and the event can be read."""
        if entry.sequence == self.mark and entry.sequence:
            self._check_heads()
        if recorded_at is not None:
            self._check_columns(entry, recorded_at)
        self.check_contract(entry)

    def _check_columns(self, entry: LogEntry, recorded_at: datetime) -> None:
        event = entry.event
        try:
            said = orjson.loads(event.attributes)
            of_columns = make_attributes(
                event_id=event.event_id,
                service=self._source,
                event_type=event.type,
                schema_version=event.schema_version,
                recorded_at=recorded_at,
                correlation_id=said["correlationid"],
                causation_id=said["causationid"],
            )
        except (ValueError, KeyError, TypeError) as error:
            difference = ("events.attributes", "CloudEvents attributes", f"{error}")
            raise self.unsound(Kind.COLUMN, difference, entry=entry) from None
        if of_columns != event.attributes:
            raise self.unsound(Kind.COLUMN, _differing_column(said, orjson.loads(of_columns)), entry=entry)

    def _check_partitions(self) -> None:
        heads, there = self._published.heads, len(self.lanes.lanes)
        if heads and len(heads) != there:
            raise self.unsound(
                Kind.PARTITIONS,
                ("partitions", f"{len(heads)} (partition_heads)", f"{there} ({self.lanes.topic})"),
            )

    def _check_heads(self) -> None:
        for lane in self.lanes.lanes:
            noted = self._published.heads.get(lane.number, 0)
            if noted != lane.last:
                raise self.unsound(
                    Kind.MARK, ("partition_heads.sequence", str(lane.last), str(noted)), lane, None
                )

    async def broken(self, entry: LogEntry, chain: bytes) -> None:
        """The record on Kafka says what stood in the store, if its own hash holds."""
        event = entry.event
        for lane in self.lanes.lanes:
            witness = await self._witness(lane, entry.sequence)
            if witness is None or link(self._chain, entry.sequence, witness.event) != witness.chain:
                continue
            field, expected, found = difference_of_event(event, witness.event) or (
                "log.chain",
                witness.chain.hex(),
                entry.chain.hex(),
            )
            proven = f"{expected} (the record on Kafka, whose hash holds)"
            raise self.unsound(Kind.CHAIN, (field, proven, found), lane, None, entry)
        raise self.unsound(
            Kind.CHAIN,
            ("log.chain, or one of the event's fields", f"{chain.hex()} (computed)", entry.chain.hex()),
            entry=entry,
        )

    async def _witness(self, lane: Lane, sequence: int) -> LogEntry | None:
        """What Kafka says of the entry, if its record is the next one there."""
        while (record := await self.lanes.next(lane)) is not None:
            claim = self.claim(lane, record, None)
            if claim is not None and claim.entry.sequence > lane.last:
                return claim.entry if claim.entry.sequence == sequence else None
        return None

    async def at_end(self, lane: Lane, entry: LogEntry) -> Record | None:
        """What is above the mark may be there or not."""
        if self._must_be_there(entry):
            ends = f"the partition ends with entry {lane.last}"
            raise self.unsound(Kind.MISSING, ("record", "a record", ends), lane, None, entry)
        return None

    async def recall(self, lane: Lane, sequence: int) -> Seen | None:
        """From the log: its entries are never changed."""
        chains = [
            await self._look_up.fetchval("select chain from log where sequence = $1", n)
            for n in (sequence - 1, sequence)
        ]
        previous = await self._previous_in(lane.number, sequence)
        return Seen(chains[0] or GENESIS, chains[1], previous)

    async def _previous_in(self, partition: int, before: int) -> int:
        """The last entry before this one that went to the partition; 0 if none did."""
        while rows := await self._look_up.fetch(_KEYS_BEFORE, before, _KEYS_AT_ONCE):
            for row in rows:
                if (
                    row["key"] == BROADCAST_KEY
                    or partition_of(row["key"], len(self.lanes.lanes)) == partition
                ):
                    return int(row["sequence"])
            before = rows[-1]["sequence"]
        return 0


def _differing_column(said: dict[str, Any], of_columns: dict[str, Any]) -> Difference:
    for name, value in of_columns.items():
        if said.get(name) != value:
            return f"events.{_COLUMN_OF.get(name, 'attributes')}", shown(said.get(name)), shown(value)
    return "events.attributes", shown(" ".join(of_columns)), shown(" ".join(said))


def _entry(row: Any) -> LogEntry:
    return LogEntry(row[0], row[1], RecordedEvent(*row[2:10]))


async def _chunks(
    connection: Connection, query: str, source: str, size: int
) -> AsyncGenerator[list[Any], None]:
    """The rows of a query, so many at a time; the next ones are on their way while these are looked at.

    Close it before the connection is used again.
    """
    # The number is said in the text: a plan for an unknown one might go through all events for each chunk.
    chunk = await connection.prepare(f"{query} limit {size:d}")
    coming = asyncio.create_task(chunk.fetch(source, 0))
    try:
        while rows := await coming:
            coming = asyncio.create_task(chunk.fetch(source, rows[-1]["place"]))
            await asyncio.sleep(0)  # the request goes out before these are looked at
            yield rows
    finally:
        await asyncio.wait([coming])
