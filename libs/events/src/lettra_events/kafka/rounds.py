"""What a relay sends in one round: one batch a partition, from the longest run of entries that fits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lettra_events.envelope import BROADCAST_KEY, LogEntry, to_record
from lettra_events.kafka.generations import announcement
from lettra_events.kafka.topics import partition_of

BATCH_BYTES_MAX = 1_000_000
"""A batch of one partition, far below the topic's `max.message.bytes`."""
ROUND_RECORDS_BYTES_MAX = 16_000_000
"""All batches of a round: a broadcast is a record in every partition, and a broker's request has a limit."""
_RECORD_OVERHEAD_BYTES = 1_024


@dataclass(slots=True)
class Round:
    """The batches by partition, and the heads and the mark once all of them are acknowledged."""

    batches: dict[int, Any] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    mark: int = 0
    records: int = 0
    bytes: int = 0


def to_the_end(entries: Sequence[LogEntry], generation: int) -> tuple[Sequence[LogEntry], int | None]:
    """The entries that belong in this generation, and its last one if that is among them.

    It ends with the announcement of the next; what follows is published there alone.
    """
    for count, entry in enumerate(entries, 1):
        announced = announcement(entry.event)
        if announced is not None and announced.generation == generation + 1:
            return entries[:count], entry.sequence
    return entries, None


def fill_round(
    create_batch: Callable[[], Any], entries: Sequence[LogEntry], heads: Mapping[int, int]
) -> Round:
    """Take entries in order until one does not fit; it and all behind it are the next round's."""
    this = Round(heads=dict(heads))
    for entry in entries:
        key = entry.event.key
        targets = sorted(heads) if key == BROADCAST_KEY else [partition_of(key, len(heads))]
        size = _bytes_at_most(entry)
        if not _fits(this, targets, size):
            break
        for partition in targets:
            if partition not in this.batches:
                this.batches[partition] = create_batch()
            _add(this.batches[partition], entry, this.heads[partition])
            this.heads[partition] = entry.sequence
        this.mark = entry.sequence
        this.records += len(targets)
        this.bytes += size * len(targets)
    return this


def _add(batch: Any, entry: LogEntry, previous: int) -> None:
    timestamp, headers = to_record(entry, previous)
    done = batch.append(
        timestamp=timestamp, key=entry.event.key.encode(), value=entry.event.payload, headers=headers
    )
    assert done is not None, "the size was checked before"


def _bytes_at_most(entry: LogEntry) -> int:
    """A bound of the record's size, known before it is encoded."""
    event = entry.event
    texts = len(event.key.encode()) + len(event.stream_id.encode()) + len(event.type.encode())
    return len(event.payload) + len(event.attributes) + texts + _RECORD_OVERHEAD_BYTES


def _fits(this: Round, targets: Sequence[int], size: int) -> bool:
    if not this.batches:
        return True
    if this.bytes + size * len(targets) > ROUND_RECORDS_BYTES_MAX:
        return False
    return all(
        partition not in this.batches or this.batches[partition].size() + size <= BATCH_BYTES_MAX
        for partition in targets
    )
