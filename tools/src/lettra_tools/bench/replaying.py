"""replay_vs_loop: a replay, against a bare loop that consumes the same topic, decodes it and upserts the same table.

Both in one process. The bare loop checks nothing, makes no row twice in a batch, writes into a table that is not
logged, as a replay does, and commits a batch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from lettra_events.contracts import encode
from lettra_events.envelope import LogEntry, RecordedEvent, make_attributes, to_headers
from lettra_events.kafka.topics import ensure_topic, partition_of
from lettra_events.rebuild.replaying import Request, replay_beside
from lettra_events.testing.servers import fresh_database
from lettra_tools.bench.replayed import HAPPENINGS, SERVICE, TOPIC, Settings
from lettra_tools.bench.toys import TEXT, Happened

PARTITIONS = 6
ACCOUNTS = 1_000
ROUNDS = 2
EVENTS_A_ROW = 3
BATCH = 2_000
_RECORDED_AT = datetime(2026, 3, 2, tzinfo=UTC)
_CHAIN = bytes(32)
_UPSERT = """
insert into happenings (account, number, text) select * from unnest($1::text[], $2::bigint[], $3::text[])
on conflict (account, number) do update set text = excluded.text"""


async def measure(server: str, bootstrap: str, events: int) -> dict[str, float]:
    """Rates of both, and their ratio; the two take turns so that the machine's moods hit both."""
    await ensure_topic(bootstrap, TOPIC, PARTITIONS)
    heads = await _publish(bootstrap, events)
    replayed = looped = grown = 0.0
    for _ in range(ROUNDS):
        async with fresh_database(server, SERVICE.package) as dsn:
            await _stand_at(dsn, heads)
            took, more = await _replay(bootstrap, dsn)
            replayed, grown = replayed + took, max(grown, more)
            looped += await _loop(bootstrap, dsn, events)
    return {
        "replay_events_per_s": round(ROUNDS * events / replayed),
        "replay_loop_per_s": round(ROUNDS * events / looped),
        "replay_vs_loop": round(looped / replayed, 3),
        "replay_memory_growth_mb": round(grown),
    }


async def _publish(bootstrap: str, events: int) -> dict[int, int]:
    """Fill the topic as a relay would; the last sequence of each partition."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, max_batch_size=262_144)
    await producer.start()
    heads = dict.fromkeys(range(PARTITIONS), 0)
    try:
        for number in range(events):
            entry = _entry(number, events // EVENTS_A_ROW)
            partition = partition_of(entry.event.key, PARTITIONS)
            headers = to_headers(entry, heads[partition])
            await producer.send(
                TOPIC, entry.event.payload, entry.event.key.encode(), partition=partition, headers=headers
            )
            heads[partition] = entry.sequence
        await producer.flush()
    finally:
        await producer.stop()
    return heads


def _entry(number: int, items: int) -> LogEntry:
    item = number % items
    event = Happened(account=f"C{item % ACCOUNTS}", number=item, text=f"{TEXT}{number}")
    attributes = make_attributes(
        event_id=UUID(int=number),
        service="bench",
        event_type=event.event_type,
        schema_version=event.schema_version,
        recorded_at=_RECORDED_AT,
        correlation_id="bench",
        causation_id="bench",
    )
    recorded = RecordedEvent(
        event.stream_id(),
        number + 1,
        UUID(int=number),
        event.event_type,
        event.schema_version,
        event.key(),
        encode(event),
        attributes,
    )
    return LogEntry(number + 1, _CHAIN, recorded)


async def _stand_at(dsn: str, heads: dict[int, int]) -> None:
    """As if the service had read all of it: a replay goes to its positions."""
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        "insert into consumer_offsets (topic, partition, sequence, next_offset) values ($1, $2, $3, 0)",
        [(TOPIC, partition, sequence) for partition, sequence in heads.items()],
    )
    await connection.close()


async def _replay(bootstrap: str, dsn: str, processes: int = 1) -> tuple[float, float]:
    """Seconds, and the megabytes by which this process grew after the first quarter."""
    memory = Memory()
    request = Request(
        SERVICE,
        Settings(kafka=bootstrap, postgres=dsn),
        "lettra_tools.bench.replayed:SERVICE",
        memory.look,
        processes,
    )
    built = await replay_beside(request)
    return built.seconds, memory.grown


@dataclass
class Memory:
    """A `Progress` that looks at the size of this process."""

    quarter: float = 0.0
    most: float = 0.0

    def look(self, _what: str, done: int, total: int) -> None:
        if 4 * done < total:
            return
        now = resident_mb()
        self.quarter = self.quarter or now
        self.most = max(self.most, now)

    @property
    def grown(self) -> float:
        return self.most - self.quarter


def resident_mb() -> float:
    """What this process holds of the machine's memory; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


async def _loop(bootstrap: str, dsn: str, events: int) -> float:
    connection = await asyncpg.connect(dsn, server_settings={"synchronous_commit": "off"})
    await connection.execute(f"alter table {HAPPENINGS.name} set unlogged")
    started = time.perf_counter()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1_048_576,
    )
    await consumer.start()
    consumer.assign([TopicPartition(TOPIC, partition) for partition in range(PARTITIONS)])
    done = 0
    while done < events:
        found = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        rows: dict[tuple[str, int], Happened] = {}
        for records in found.values():
            for record in records:
                event = Happened.model_validate_json(record.value)
                rows[event.account, event.number] = event
            done += len(records)
        if rows:
            events_now = rows.values()
            await connection.execute(
                _UPSERT,
                [event.account for event in events_now],
                [event.number for event in events_now],
                [event.text for event in events_now],
            )
    took = time.perf_counter() - started
    await consumer.stop()
    await connection.close()
    return took
