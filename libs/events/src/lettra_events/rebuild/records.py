"""A topic's records, read for a rebuild: only what it needs of them, which is less than what the inbox needs."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from lettra_events.envelope import MalformedRecord, from_record

_COUNT_MAX = 2**63 - 1
_ID_CHARS, _ID_BYTES, _CHAIN_CHARS = 36, 16, 64


class NotAnEvent(ValueError):
    """A record that is no event of Lettra: the inbox passes it over, and so does a rebuild."""


class BriefRecord(NamedTuple):
    """Place, kind and data of an entry.

    `previous`: the sequence of the record before it in its partition; `kind`: its type and schema version.
    """

    sequence: int
    previous: int
    offset: int
    key: bytes
    kind: tuple[str, int]
    payload: bytes


@lru_cache(maxsize=10_000)
def _kind(event_type: bytes, schema: bytes) -> tuple[str, int]:
    """Few kinds, read again and again."""
    if b"\0" in event_type:
        raise ValueError("the type has a NUL character")
    return event_type.decode(), int(schema.decode().rpartition(":")[2])


def read_brief(record: Any) -> BriefRecord:
    """Read a raw Kafka record; `NotAnEvent` if it is none, for just what the inbox would refuse."""
    found = dict(record.headers)
    try:
        return _read(record, found)
    except (KeyError, TypeError, AttributeError, ValueError):
        return _read_as_the_inbox(record)


def _read(record: Any, found: Mapping[str, bytes]) -> BriefRecord:
    """Read what a relay wrote, in few steps; whatever looks otherwise is left to the inbox's own reading."""
    key, value, event_id, chain = record.key, record.value, found["ce_id"], found["ce_chain"]
    sequence, previous = int(found["ce_sequence"]), int(found["ce_previoussequence"])
    version = int(found["ce_streamversion"])
    texts = found["ce_subject"], found["ce_source"], found["ce_time"]
    b"\n".join((key, *texts, found["ce_correlationid"], found["ce_causationid"])).decode()
    sound = (
        0 <= sequence <= _COUNT_MAX
        and 0 <= previous <= _COUNT_MAX
        and 0 <= version <= _COUNT_MAX
        and len(event_id) == _ID_CHARS
        and len(unhexlify(event_id.replace(b"-", b""))) == _ID_BYTES
        and len(chain) == _CHAIN_CHARS
        and unhexlify(chain)
    )
    if not sound or b"\0" in key or value is None:
        raise ValueError("not as a relay writes it")
    return BriefRecord(
        sequence, previous, record.offset, key, _kind(found["ce_type"], found["ce_dataschema"]), value
    )


def _read_as_the_inbox(record: Any) -> BriefRecord:
    try:
        read = from_record("", 0, record.offset, record.key, record.value, record.headers)
    except MalformedRecord as error:
        raise NotAnEvent(str(error)) from error
    event = read.entry.event
    kind = (event.type, event.schema_version)
    return BriefRecord(read.sequence, read.previous, read.offset, record.key, kind, record.value)
