"""What invoicing and payment-ingest would publish: records with sequences, without a broker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from lettra_events.contracts import Event, encode
from lettra_events.envelope import BROADCAST_KEY, Delivery, LogEntry, RecordedEvent, make_attributes
from lettra_events.kafka.topics import partition_of

_NAMESPACE = UUID("0b9d2c1e-52a7-4a52-8a8f-2b1f6f0f9d11")
_THEN = datetime(2026, 3, 16, 18, tzinfo=UTC)


@dataclass
class Publisher:
    """A topic with its partitions: `publish` gives the records as a reader of each partition sees them."""

    topic: str
    partitions: int = 1
    sequence: int = 0
    heads: dict[int, int] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def publish(self, *events: Event) -> list[Delivery]:
        return [one for event in events for one in self.publish_bytes(event, encode(event))]

    def publish_bytes(self, event: Event, payload: bytes) -> list[Delivery]:
        """As `publish`, with other data than the event's own."""
        self.sequence += 1
        key = BROADCAST_KEY if event.broadcast else event.key()
        stream = event.stream_id()
        self.versions[stream] = self.versions.get(stream, 0) + 1
        event_id = uuid5(_NAMESPACE, f"{self.topic}/{self.sequence}")
        attributes = make_attributes(
            event_id=event_id,
            service=event.service,
            event_type=event.event_type,
            schema_version=event.schema_version,
            recorded_at=_THEN,
            correlation_id=str(event_id),
            causation_id=str(event_id),
        )
        recorded = RecordedEvent(
            stream,
            self.versions[stream],
            event_id,
            event.event_type,
            event.schema_version,
            key,
            payload,
            attributes,
        )
        entry = LogEntry(self.sequence, bytes(32), recorded)
        everywhere = range(self.partitions)
        targets = everywhere if event.broadcast else [partition_of(key, self.partitions)]
        return [self._deliver(entry, partition) for partition in targets]

    def _deliver(self, entry: LogEntry, partition: int) -> Delivery:
        offset = self.offsets.get(partition, 0)
        delivery = Delivery(self.topic, partition, offset, self.heads.get(partition, 0), entry)
        self.heads[partition] = entry.sequence
        self.offsets[partition] = offset + 1
        return delivery
