"""A publishing service for tests of consuming: records as its relay writes them, and worse ones on demand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaProducer

from lettra_events.contracts import Event, encode
from lettra_events.envelope import (
    BROADCAST_KEY,
    GENESIS,
    Delivery,
    LogEntry,
    RecordedEvent,
    link,
    make_attributes,
    to_headers,
)
from lettra_events.kafka.topics import partition_of

RECORDED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Record:
    """A record to publish; `sequence` is 0 for one that is no event."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    sequence: int = 0


@dataclass
class History:
    """The log of a publishing service and its heads by partition: `write` says what follows."""

    partitions: int = 1
    sequence: int = 0
    chain: bytes = GENESIS
    heads: dict[int, int] = field(default_factory=dict)

    def write(self, *events: Event) -> list[Record]:
        """The records of these events, each once in its partition, a broadcast in all of them."""
        return [record for event in events for record in self._records(self._entry(event))]

    def write_as(self, event: Event, **otherwise: object) -> list[Record]:
        """As `write`, with fields of the recorded event otherwise: `payload`, `type`, `schema_version`."""
        return self._records(self._entry(event, otherwise))

    def deliver(self, *events: Event, topic: str = "topic") -> list[Delivery]:
        """The deliveries of these events as read from the only partition."""
        made = []
        for event in events:
            entry, previous = self._entry(event), self.heads.get(0, 0)
            self.heads[0] = entry.sequence
            made.append(Delivery(topic, 0, entry.sequence - 1, previous, entry))
        return made

    def _entry(self, event: Event, otherwise: dict[str, object] | None = None) -> LogEntry:
        self.sequence += 1
        event_id = UUID(int=self.sequence)
        attributes = make_attributes(
            event_id=event_id,
            service=event.service,
            event_type=str((otherwise or {}).get("type", event.event_type)),
            schema_version=int(str((otherwise or {}).get("schema_version", event.schema_version))),
            recorded_at=RECORDED_AT,
            correlation_id=f"correlation-{self.sequence}",
            causation_id="test",
        )
        fields: dict[str, object] = {
            "stream_id": event.stream_id(),
            "version": self.sequence,
            "event_id": event_id,
            "type": event.event_type,
            "schema_version": event.schema_version,
            "key": BROADCAST_KEY if event.broadcast else event.key(),
            "payload": encode(event),
            "attributes": attributes,
        }
        recorded = RecordedEvent(**{**fields, **(otherwise or {})})  # type: ignore[arg-type]
        self.chain = link(self.chain, self.sequence, recorded)
        return LogEntry(self.sequence, self.chain, recorded)

    def _records(self, entry: LogEntry) -> list[Record]:
        key = entry.event.key
        targets = range(self.partitions) if key == BROADCAST_KEY else [partition_of(key, self.partitions)]
        made = []
        for partition in targets:
            headers = to_headers(entry, self.heads.get(partition, 0))
            self.heads[partition] = entry.sequence
            made.append(Record(partition, key.encode(), entry.event.payload, [*headers], entry.sequence))
        return made


def foreign(partition: int = 0, *, value: bytes | None = b"{}", headers: Headers | None = None) -> Record:
    """A record that is no event of Lettra."""
    return Record(partition, b"somebody", value, headers or [])


async def publish(bootstrap: str, topic: str, records: Iterable[Record]) -> None:
    """Write the records into their partitions, in this order."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0, enable_idempotence=True)
    await producer.start()
    try:
        sent = [
            await producer.send(topic, r.value, r.key, partition=r.partition, headers=r.headers)  # type: ignore[arg-type]
            for r in records
        ]
        for one in sent:
            await one
    finally:
        await producer.stop()


def heads(records: Sequence[Record]) -> dict[int, int]:
    """The last sequence of each partition, by a look at the records."""
    found: dict[int, int] = {}
    for record in records:
        found[record.partition] = max(found.get(record.partition, 0), record.sequence)
    return found
