"""What waits behind stopped keys, against the keys: each stands at its first record, and each record is of its place.

From the database alone; `waiting` compares with the topics what is sound in itself.
"""

from __future__ import annotations

from typing import Any

from lettra_events.kafka.parking import thaw
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Finding, Kind, Unsound

FETCHED_MAX = 20
"""Records that are fetched at once, each of at most about four megabytes."""

_STANDS = """
select topic, key, k.sequence, k.event_id, min(r.sequence) as first
  from parked_keys k left join parked_records r using (topic, key)
 group by 1, 2, 3, 4 having min(r.sequence) is distinct from k.sequence order by 1, 2 limit 1"""
_WAITING = """
select topic, key, r.partition, r.sequence, r.record, k.sequence as stands, k.event_id
  from parked_records r left join parked_keys k using (topic, key) order by 1, 2, 4"""


async def check_parked(connection: Connection, service: str) -> int:
    """How many records wait. `connection` is in the snapshot. Raises `Unsound` at the first difference."""
    if (row := await connection.fetchrow(_STANDS)) is not None:
        first = "no record of the key" if row["first"] is None else f"record {row['first']} first"
        raise _unsound(service, row, "sequence", f"record {row['sequence']} first", first)
    count = 0
    async for row in connection.cursor(_WAITING, prefetch=FETCHED_MAX):
        _check(service, row)
        count += 1
    return count


def _check(service: str, row: Any) -> None:
    if row["stands"] is None:
        raise _unsound(service, row, "key", "no record: the key runs", f"record {row['sequence']}")
    try:
        waits = thaw(row["record"])
    except (ValueError, TypeError) as error:
        raise _unsound(service, row, "record", "a record", f"{type(error).__name__}: {error}") from None
    event = waits.entry.event
    there = (waits.topic, waits.partition, waits.entry.sequence, event.key)
    wanted = (row["topic"], row["partition"], row["sequence"], row["key"])
    if there != wanted:
        raise _unsound(service, row, "record", str(wanted), str(there))
    if row["sequence"] == row["stands"] and event.event_id != row["event_id"]:
        raise _unsound(service, row, "event_id", str(row["event_id"]), str(event.event_id))


def _unsound(service: str, row: Any, field: str, expected: str, found: str) -> Unsound:
    return Unsound(
        Finding(
            service=service,
            kind=Kind.PARKED,
            topic=row["topic"],
            sequence=row["sequence"],
            table="parked_records",
            key=row["key"],
            field=field,
            expected=expected,
            found=found,
        )
    )
