"""A topic's records, read for a rebuild: only what it needs of them, which is less than what the inbox needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

_COUNT_MAX = 2**63 - 1


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
    return event_type.decode(), int(schema.rpartition(b":")[2])


def read_brief(record: Any) -> BriefRecord:
    """Read a raw Kafka record; `NotAnEvent` if it cannot be one."""
    found = dict(record.headers)
    try:
        sequence, previous = int(found["ce_sequence"]), int(found["ce_previoussequence"])
        brief = BriefRecord(
            sequence,
            previous,
            record.offset,
            record.key,
            _kind(found["ce_type"], found["ce_dataschema"]),
            record.value,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotAnEvent(f"the record at offset {record.offset}: {error!r}") from error
    if not 0 <= previous < sequence <= _COUNT_MAX or record.key is None or record.value is None:
        raise NotAnEvent(f"the record at offset {record.offset} has no sound numbers, key or value")
    return brief
