"""What an event looks like outside the service that decided it.

An `Event` is what a decider returns: a contract of `lettra_events.contracts`. A `RecordedEvent` is that event as
it was appended: bytes, so that what is hashed, stored and published is the same. `link` makes the hash chain.
Kafka records are CloudEvents 1.0 in binary content mode.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

import orjson

Headers = Sequence[tuple[str, bytes]]
Parsed = TypeVar("Parsed")

EVENT_BYTES_MAX = 200_000
"""Limit of stream id, key, attributes and payload together, far below the broker's: all that is appended fits."""
BROADCAST_KEY = "*"
"""Key of an event that every partition needs: one entry in the log, one record in each partition."""
GENESIS = bytes(32)
"""What the first entry of a chain is linked to."""

_COUNT_MAX = 2**63 - 1
_NAMESPACE = UUID("6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11")
_CONSTANT_HEADERS: list[tuple[str, bytes]] = [
    ("content-type", b"application/json"),
    ("ce_specversion", b"1.0"),
]
_ATTRIBUTES = ("id", "source", "time", "dataschema", "correlationid", "causationid")
_ATTRIBUTE_HEADERS = tuple((name, f"ce_{name}") for name in sorted(_ATTRIBUTES))


class MalformedRecord(ValueError):
    """A Kafka record that is no event of Lettra: the message names the header that is missing or wrong."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An appended event: `payload` is the JSON data as bytes, `attributes` the CloudEvents attributes as JSON."""

    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    key: str
    payload: bytes
    attributes: bytes

    @property
    def correlation_id(self) -> str:
        return str(orjson.loads(self.attributes)["correlationid"])


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A recorded event with its place in the service's published history."""

    sequence: int
    chain: bytes
    event: RecordedEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    """A log entry as it was read from one partition of a topic.

    `previous` is the sequence of the record before it in the same partition (0: it is the first).
    """

    topic: str
    partition: int
    offset: int
    previous: int
    entry: LogEntry

    @property
    def sequence(self) -> int:
        return self.entry.sequence


def derived_id(cause: UUID | str, reaction: str, index: int) -> UUID:
    """The id of the index-th event that `reaction` made of `cause`: the same on every run."""
    return uuid5(_NAMESPACE, f"{cause}/{reaction}/{index}")


def schema_name(event_type: str, version: int) -> str:
    return f"urn:lettra:{event_type}:{version}"


def make_attributes(
    *,
    event_id: UUID,
    service: str,
    event_type: str,
    schema_version: int,
    recorded_at: datetime,
    correlation_id: str,
    causation_id: str,
) -> bytes:
    """The CloudEvents attributes that are hashed and published, as canonical JSON."""
    return orjson.dumps(
        {
            "causationid": causation_id,
            "correlationid": correlation_id,
            "dataschema": schema_name(event_type, schema_version),
            "id": str(event_id),
            "source": f"/lettra/{service}",
            "time": recorded_at.astimezone(UTC).isoformat(),
        }
    )


def link(previous: bytes, sequence: int, event: RecordedEvent) -> bytes:
    """SHA-256 over the entry before and all that this entry says, each part behind its length.

    It leaves out partition, generation and previous sequence, which change when a topic gets more partitions.
    """
    stream, key, kind = event.stream_id.encode(), event.key.encode(), event.type.encode()
    version, attributes, payload = b"%d" % event.version, event.attributes, event.payload
    framed = b"%b%d|%d:%b%d:%b%d:%b%d:%b%d:%b%d:%b" % (
        previous,
        sequence,
        len(stream),
        stream,
        len(version),
        version,
        len(key),
        key,
        len(kind),
        kind,
        len(attributes),
        attributes,
        len(payload),
        payload,
    )
    return hashlib.sha256(framed).digest()


def to_record(entry: LogEntry, previous: int) -> tuple[int, list[tuple[str, bytes]]]:
    """Timestamp (ms: when it was appended) and headers of the entry's Kafka record; always the same bytes."""
    event = entry.event
    attributes = orjson.loads(event.attributes)
    headers = [
        ("ce_causationid", attributes["causationid"].encode()),
        ("ce_correlationid", attributes["correlationid"].encode()),
        ("ce_dataschema", attributes["dataschema"].encode()),
        ("ce_id", attributes["id"].encode()),
        ("ce_source", attributes["source"].encode()),
        ("ce_time", attributes["time"].encode()),
        *_CONSTANT_HEADERS,
        ("ce_type", event.type.encode()),
        ("ce_subject", event.stream_id.encode()),
        ("ce_streamversion", b"%d" % event.version),
        ("ce_sequence", b"%d" % entry.sequence),
        ("ce_previoussequence", b"%d" % previous),
        ("ce_chain", entry.chain.hex().encode()),
    ]
    return round(datetime.fromisoformat(attributes["time"]).timestamp() * 1000), headers


def to_headers(entry: LogEntry, previous: int) -> list[tuple[str, bytes]]:
    """The headers of the entry's Kafka record."""
    return to_record(entry, previous)[1]


def from_record(
    topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, headers: Headers
) -> Delivery:
    """Read a Kafka record back; `MalformedRecord` names what is wrong with it."""
    found = dict(headers)
    try:
        return _read(topic, partition, offset, key, value, found)
    except (KeyError, AttributeError, ValueError):
        return _read_carefully(topic, partition, offset, key, value, found)


def _read(
    topic: str, partition: int, offset: int, key: Any, value: bytes | None, found: Mapping[str, Any]
) -> Delivery:
    """Read a sound record; every consumer does little else, so this is short of steps, not of ways to fail."""
    attributes = {name: found[header].decode() for name, header in _ATTRIBUTE_HEADERS}
    if value is None:
        raise ValueError("no value")
    key, kind = key.decode(), found["ce_type"].decode()
    version, sequence = int(found["ce_streamversion"].decode()), int(found["ce_sequence"].decode())
    previous = int(found["ce_previoussequence"].decode())
    counted = 0 <= version <= _COUNT_MAX and 0 <= sequence <= _COUNT_MAX and 0 <= previous <= _COUNT_MAX
    if not counted or "\0" in key or "\0" in kind:
        raise ValueError("the careful way says which")
    event = RecordedEvent(
        found["ce_subject"].decode(),
        version,
        UUID(attributes["id"]),
        kind,
        _version_of_schema(attributes["dataschema"]),
        key,
        value,
        orjson.dumps(attributes),
    )
    return Delivery(
        topic, partition, offset, previous, LogEntry(sequence, _hash(found["ce_chain"].decode()), event)
    )


def _read_carefully(
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    found: Mapping[str, bytes | None],
) -> Delivery:
    """As `_read`, header by header, so that the message can name the one that is wrong."""
    place = f"{topic}[{partition}]@{offset}"

    def read(name: str, parse: Callable[[str], Parsed]) -> Parsed:
        raw = found.get(f"ce_{name}")
        if raw is None:
            raise MalformedRecord(f"{place}: header ce_{name} is missing or null")
        try:
            return parse(raw.decode())
        except ValueError as error:
            raise MalformedRecord(f"{place}: header ce_{name} is wrong: {error}") from error

    if key is None or value is None:
        raise MalformedRecord(f"{place}: a record without key or value is no event")
    attributes = {name: read(name, str) for name in sorted(_ATTRIBUTES)}
    try:
        key_text = _stored_text(key.decode())
    except ValueError as error:
        raise MalformedRecord(f"{place}: the key is wrong: {error}") from error
    event = RecordedEvent(
        stream_id=read("subject", str),
        version=read("streamversion", _count),
        event_id=read("id", UUID),
        type=read("type", _stored_text),
        schema_version=read("dataschema", _version_of_schema),
        key=key_text,
        payload=value,
        attributes=orjson.dumps(attributes),
    )
    entry = LogEntry(read("sequence", _count), read("chain", _hash), event)
    return Delivery(topic, partition, offset, read("previoussequence", _count), entry)


def _count(text: str) -> int:
    """A number that a position can be moved to: one that PostgreSQL cannot hold would stop the partition for good."""
    value = int(text)
    if not 0 <= value <= _COUNT_MAX:
        raise ValueError(f"a number from 0 to {_COUNT_MAX} is expected")
    return value


def _stored_text(text: str) -> str:
    """What is written down when the key is parked; PostgreSQL holds no NUL."""
    if "\0" in text:
        raise ValueError("it has a NUL character")
    return text


def _version_of_schema(name: str) -> int:
    return int(name.rpartition(":")[2])


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != len(GENESIS):
        raise ValueError(f"a SHA-256 has {len(GENESIS)} bytes, not {len(value)}")
    return value


def first_break(head: bytes, entries: Iterable[LogEntry]) -> LogEntry | None:
    """The first entry whose chain does not follow from `head` and the entries before it; None if all do."""
    for entry in entries:
        head = link(head, entry.sequence, entry.event)
        if head != entry.chain:
            return entry
    return None
