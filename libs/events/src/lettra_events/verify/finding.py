"""What a verification found wrong: the place, the two values that should be equal, and what that means."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

SHOWN_MAX = 80
"""Characters of a value that are shown: its beginning and its end."""


class Kind(StrEnum):
    """What kind of difference it is; `docs/audit.md` has a paragraph on each."""

    STREAM = "stream"
    EVENT = "event"
    WAITING = "waiting"
    NUMBERS = "numbers"
    ORDER = "order"
    CHAIN = "chain"
    COLUMN = "column"
    CONTRACT = "contract"
    HEAD = "head"
    MARK = "mark"
    TIME = "time"
    RECORD = "record"
    MISSING = "missing"
    EXTRA = "extra"
    REPEAT = "repeat"
    AHEAD = "ahead"
    FORK = "fork"
    PARTITIONS = "partitions"
    CUT = "cut"
    HISTORY = "history"
    JOURNAL = "journal"
    POSITION = "position"
    PARKED = "parked"
    KEPT = "kept"
    STATE = "state"
    PROJECTION = "projection"


_RESTORE = (
    "Keep everything as it is, and compare with a backup from before; the other copy says what stood here."
)
_WHO_WROTE = "Find out who wrote to the database besides Lettra."
_WHO_SENT = "Find out who wrote to the topic besides the relay."

SAYS: dict[Kind, tuple[str, str]] = {
    Kind.STREAM: ("An event of a stream is missing, or one was added past the event store.", _RESTORE),
    Kind.EVENT: (
        "An event and its log entry do not belong together: one of them was removed or added.",
        _RESTORE,
    ),
    Kind.WAITING: ("The outbox does not hold just the events that wait for their number.", _WHO_WROTE),
    Kind.NUMBERS: ("A log entry is missing, or was added.", _RESTORE),
    Kind.ORDER: ("The log has events of one stream in another order than they were decided in.", _RESTORE),
    Kind.CHAIN: (
        "The store was changed after the entry was made: its hash no longer follows from it.",
        _RESTORE,
    ),
    Kind.COLUMN: (
        "A column of the event is not what its attributes say, which the chain proves: the column was changed.",
        "The attributes are right. " + _WHO_WROTE,
    ),
    Kind.CONTRACT: (
        "The event is the one that was appended, and this release cannot read it.",
        "Run the release of Lettra that wrote it, or a newer one.",
    ),
    Kind.HEAD: (
        "The log does not end where the relay left it: entries were removed or added at the end.",
        _RESTORE,
    ),
    Kind.MARK: ("What the relay noted of what it published contradicts itself.", _WHO_WROTE),
    Kind.TIME: ("The time at which an entry was numbered goes back: it was changed.", _WHO_WROTE),
    Kind.RECORD: ("The record on Kafka is not what the log says was published.", _WHO_SENT),
    Kind.MISSING: (
        "An entry that was published is not on Kafka where it belongs: a record was lost.",
        "Send it again to those who wait for it, then publish the topic anew: see the runbook missing-record.md.",
    ),
    Kind.EXTRA: ("A record on Kafka claims to be an entry and is none at this place.", _WHO_SENT),
    Kind.REPEAT: (
        "A record repeats an earlier entry with another content; the relay repeats byte for byte.",
        _WHO_SENT,
    ),
    Kind.AHEAD: (
        "Kafka holds more than the log: the log lost its end, or an older backup was restored.",
        "Stop the service's writers and restore a newer backup.",
    ),
    Kind.FORK: (
        "Store and Kafka tell two different histories from this entry on, each without a break in itself.",
        "Stop the service's writers. An older backup was restored and written to, or one side was rewritten.",
    ),
    Kind.PARTITIONS: ("The topic is not divided as the relay published it.", "Restore the topic as it was."),
    Kind.CUT: ("The history is shorter than it was when this head was noted: its end was cut off.", _RESTORE),
    Kind.HISTORY: (
        "The history up to here is another one than when this head was noted: it was rewritten.",
        _RESTORE,
    ),
    Kind.JOURNAL: (
        "The journal of what was applied has a batch too many or too few, or one was changed.",
        _WHO_WROTE,
    ),
    Kind.POSITION: (
        "The position from which the service reads on is not the end of what it applied.",
        "Do not start the worker before it is known who moved the position.",
    ),
    Kind.PARKED: (
        "What waits behind a stopped key does not fit the key: records were removed, added or changed.",
        "Do not release or skip the key: bring the rows of parked_records back from a backup. " + _WHO_WROTE,
    ),
    Kind.KEPT: (
        "What is kept beside the history is not what its event knows by its digest: it was changed, removed or added.",
        "The event is right. Bring the row back from a backup. " + _WHO_WROTE,
    ),
    Kind.STATE: (
        "A row of state is not what the service's own events make of it.",
        "Find out who changed it, then rebuild it with `lettra restate`.",
    ),
    Kind.PROJECTION: (
        "A row of a projection is not what the consumed events make of it: it was changed, or the code was.",
        "Find out which. Mend it as docs/operations.md says, Mending a projection: deploy, compare, swap, compare.",
    ),
}
"""What each kind means, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference. What does not apply is None; `expected` and `found` are shortened texts."""

    service: str
    kind: Kind
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    sequence: int | None = None
    stream: str | None = None
    version: int | None = None
    table: str | None = None
    key: str | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    @property
    def means(self) -> str:
        """What it means."""
        return SAYS[self.kind][0]

    @property
    def remedy(self) -> str:
        """What to do."""
        return SAYS[self.kind][1]

    @property
    def place(self) -> str:
        """Where it is, as words."""
        named = {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "entry": self.sequence,
            "stream": self.stream,
            "version": self.version,
            "table": self.table,
            "key": self.key,
            "field": self.field,
        }
        return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)

    def as_json(self) -> dict[str, Any]:
        """For programs; what does not apply is left out."""
        said = {name.name: getattr(self, name.name) for name in fields(self)}
        return {name: value for name, value in said.items() if value is not None} | {
            "means": self.means,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        return (
            f"{self.service}: {self.place}: expected {self.expected}, found {self.found}.\n"
            f"  [{self.kind}] {self.means}\n  {self.remedy}"
        )


class Unsound(Exception):
    """The history is not sound; `finding` is the first difference."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def shown(value: Any) -> str:
    """A value as a person can compare it: short, in quotes where it is text, hexadecimal where it is a hash."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value)
        try:
            return _shortened(repr(value.decode()))
        except UnicodeDecodeError:
            return _shortened(value.hex())
    return _shortened(repr(value) if isinstance(value, str) else str(value))


def shown_around(expected: bytes, found: bytes) -> tuple[str, str]:
    """Two byte strings, each around the first byte in which they differ, which a shortened one might not show."""
    place = next(
        (n for n, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b),
        min(len(expected), len(found)),
    )
    start = max(0, place - SHOWN_MAX // 2) if max(len(expected), len(found)) > SHOWN_MAX else 0

    def part(value: bytes) -> str:
        piece = value[start : start + SHOWN_MAX].decode(errors="backslashreplace")
        return f"{'…' if start else ''}{piece!r}{'…' if start + SHOWN_MAX < len(value) else ''}"

    where = f" (byte {place})"
    return part(expected) + where, part(found) + where


def _shortened(text: str) -> str:
    half = SHOWN_MAX // 2
    return text if len(text) <= SHOWN_MAX else f"{text[:half]}…{text[-half:]}"
