"""Comparing a record with the entry that it should be. Pure."""

from __future__ import annotations

from typing import Any

from lettra_events.envelope import Delivery, LogEntry, MalformedRecord, RecordedEvent, from_record, to_record
from lettra_events.verify.finding import shown, shown_around
from lettra_events.verify.lanes import Record

CLAIM_HEADER = "ce_sequence"
"""A record with it claims to be an entry; one without it is foreign, and every reader passes it over."""

Difference = tuple[str, str, str]
"""A field, what is expected there, and what is found."""

_EVENT_FIELDS = ("event_id", "stream_id", "version", "key", "type", "attributes", "payload")


def is_record_of(record: Record, entry: LogEntry, previous: int) -> bool:
    """Whether the record is the entry's, byte for byte, behind `previous` in its partition."""
    timestamp, headers = to_record(entry, previous)
    return bool(
        record.headers == tuple(headers)
        and record.value == entry.event.payload
        and record.key == entry.event.key.encode()
        and record.timestamp == timestamp
    )


def difference_of_record(record: Record, entry: LogEntry, previous: int) -> Difference:
    """The first field in which a record is not the entry's."""
    timestamp, headers = to_record(entry, previous)
    there = dict(record.headers)
    for name, value in headers:
        if there.get(name) != value:
            return _different(name, value, there.get(name))
    if record.key != entry.event.key.encode():
        return _different("key", entry.event.key.encode(), record.key)
    if record.value != entry.event.payload:
        return _different("value", entry.event.payload, record.value)
    if record.timestamp != timestamp:
        return "timestamp", str(timestamp), str(record.timestamp)
    return (
        "headers",
        shown(" ".join(name for name, _ in headers)),
        shown(" ".join(name for name, _ in record.headers)),
    )


def difference_of_event(stored: RecordedEvent, witness: RecordedEvent) -> Difference | None:
    """The first field in which a stored event is not the one that was published; None if there is none."""
    for name in _EVENT_FIELDS:
        was, is_now = getattr(witness, name), getattr(stored, name)
        if was != is_now:
            return _different(f"events.{name}", was, is_now)
    return None


def _different(name: str, expected: Any, found: Any) -> Difference:
    if isinstance(expected, bytes) and isinstance(found, bytes):
        return name, *shown_around(expected, found)
    return name, shown(expected), shown(found)


def read_claim(record: Record) -> Delivery | None:
    """The entry that a record claims to be; None for one that claims nothing. `MalformedRecord` if it is none."""
    try:
        return from_record(
            record.topic, record.partition, record.offset, record.key, record.value, record.headers
        )
    except MalformedRecord:
        if CLAIM_HEADER in dict(record.headers):
            raise
        return None
