"""Histories without a database: log entries of toy events, and the records that a relay makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from lettra_events.contracts import Event, encode
from lettra_events.envelope import BROADCAST_KEY, GENESIS, LogEntry, RecordedEvent, link, make_attributes
from lettra_events.kafka.rounds import BATCH_BYTES_MAX
from lettra_events.testing.published import Record

RECORDED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def log_of(events: Iterable[Event]) -> list[LogEntry]:
    """The log that these events make, from its beginning."""
    entries: list[LogEntry] = []
    versions: dict[str, int] = {}
    chain = GENESIS
    for sequence, event in enumerate(events, 1):
        stream = event.stream_id()
        versions[stream] = versions.get(stream, 0) + 1
        recorded = recorded_of(event, versions[stream], UUID(int=sequence))
        chain = link(chain, sequence, recorded)
        entries.append(LogEntry(sequence, chain, recorded))
    return entries


def recorded_of(event: Event, version: int, event_id: UUID) -> RecordedEvent:
    attributes = make_attributes(
        event_id=event_id,
        service=event.service,
        event_type=event.event_type,
        schema_version=event.schema_version,
        recorded_at=RECORDED_AT,
        correlation_id="correlation",
        causation_id="cause",
    )
    key = BROADCAST_KEY if event.broadcast else event.key()
    return RecordedEvent(
        event.stream_id(),
        version,
        event_id,
        event.event_type,
        event.schema_version,
        key,
        encode(event),
        attributes,
    )


def new_batch() -> BatchBuilder:
    """A batch as the relay's producer makes it."""
    return BatchBuilder(BATCH_BYTES_MAX, 0)


def records_of(batch: Any) -> list[Record]:
    """The records of a batch, decoded from its bytes."""
    decoded: Sequence[Any] = list(DefaultRecordBatch(bytes(batch._build())))
    return [Record(r.timestamp, r.key, r.value, tuple(r.headers)) for r in decoded]
