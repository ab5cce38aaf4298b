"""The way through one partition, pure: which of its records count now, and when it has been followed to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from lettra_events.envelope import BROADCAST_KEY
from lettra_events.kafka.contiguity import Position, Sorted, sort_out
from lettra_events.rebuild.errors import NotNow, RebuildError
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.records import BriefRecord

LOOK_ON_MAX = 100_000
"""How many records behind a hole are looked at for the missing one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One partition to follow. `topic` as services say it, `stored_in` as Kafka knows it, with `partitions`.

    `since`: the last entry of the generation before this one, which the service has left. A relay publishes the new one
    up to there only after it was announced, so that the service may stand at entries that are not here yet.
    """

    topic: str
    stored_in: str
    partition: int
    partitions: int
    since: int = 0

    @property
    def at(self) -> TopicPartition:
        return TopicPartition(self.stored_in, self.partition)

    def __str__(self) -> str:
        return f"{self.stored_in}[{self.partition}]"


@dataclass(slots=True)
class Path:
    """How far a partition was followed, and how far it is to be.

    `position`: all up to it was taken, and reading goes on there. `again`: the next record was read before, when its
    key was stopped. `waiting`: of each stopped key, the offset of its first record that was left out. `back`: reading
    must go back to the position, where a hole may be filled now.
    """

    part: Part
    position: Position = field(default_factory=Position)
    again: bool = False
    waiting: dict[str, int] = field(default_factory=dict)
    goal: int = 0
    end: int = 0
    hole: BriefRecord | None = None
    looked: int = 0
    back: bool = False
    arrived: bool = True
    _done: int = 0
    _selective: bool = False
    _before: Extent | None = None
    _now: Extent | None = None

    def set_out(self, before: Extent | None, now: Extent) -> None:
        """Begin to follow it from one extent to a later one."""
        topic, horizon = self.part.topic, now.horizons[self.part.topic]
        self._before, self._now, self._done = before, now, self.goal
        self.goal = horizon.goal(self.part.partition, self.part.partitions)
        lifted = [key for key in self.waiting if self._may_go_on(key)]
        start = min([self.position.next_offset, *(self.waiting.pop(key) for key in lifted)])
        self.again = start < self.position.next_offset
        self.arrived = not self.again and self.position.sequence >= self.goal
        if self.again:
            self.position = Position(self.position.sequence, start)
        self._selective = (
            self.again or now.exclusions.concern(topic) or horizon.partitions != self.part.partitions
        )

    def _may_go_on(self, key: str) -> bool:
        assert self._before is not None
        assert self._now is not None
        place = (self.part.topic, key)
        return self._before.exclusions.parked.get(place) != self._now.exclusions.parked.get(place)

    def take(self, records: Sequence[BriefRecord]) -> list[BriefRecord]:
        """Which of the next records of the partition count, in order; moves on, or back to a hole that was filled."""
        if self.again and records:
            self.position = Position(records[0].previous, self.position.next_offset)
            self.again = False
        batch = sort_out(self.position, records)
        if self.hole is None:
            self.hole = batch.hole
        fresh = self._within_goal(batch)
        self._move(batch, fresh, records)
        return [record for record in fresh if self._counts(record)] if self._selective else fresh

    def _within_goal(self, batch: Sorted[BriefRecord]) -> list[BriefRecord]:
        """A record beyond the goal whose predecessor is known shows that nothing is missing before it."""
        fresh = batch.fresh
        if fresh and fresh[-1].sequence >= self.goal:
            self.arrived = True
            return [record for record in fresh if record.sequence <= self.goal]
        return fresh

    def _move(
        self, batch: Sorted[BriefRecord], fresh: list[BriefRecord], records: Sequence[BriefRecord]
    ) -> None:
        sequence = fresh[-1].sequence if fresh else self.position.sequence
        self.back = bool(batch.fresh and self.hole is not None)
        if batch.fresh and self.hole is not None:
            # What was missing may be what the hole waited for; what is behind the goal is for a later round.
            beyond = batch.fresh[len(fresh) :]
            self.position = Position(sequence, min(one.offset for one in (self.hole, *beyond)))
            self.hole, self.looked = None, 0
        elif len(fresh) < len(batch.fresh):
            self.position = Position(sequence, batch.fresh[len(fresh)].offset)
        elif self.hole is not None:
            self.position = Position(sequence, self.position.next_offset)
            self._look_on(len(records))
        elif records:
            self.position = Position(sequence, records[-1].offset + 1)

    def _look_on(self, records: int) -> None:
        self.looked += records
        if self.looked > LOOK_ON_MAX:
            raise self.missing()

    def _counts(self, record: BriefRecord) -> bool:
        assert self._now is not None
        topic, key = self.part.topic, record.key.decode()
        if not self._now.counts(topic, key, record.sequence, self.goal):
            if key != BROADCAST_KEY and (topic, key) in self._now.exclusions.parked:
                self.waiting.setdefault(key, record.offset)
            return False
        return self._before is None or not self._before.counts(topic, key, record.sequence, self._done)

    def missing(self) -> RebuildError:
        """The partition has no record that must be there; which one. `NotNow` where it may only be late."""
        known = self.position.sequence
        if self.hole is not None:
            return RebuildError(
                f"{self.part}: entry {self.hole.previous} is missing: the record of entry {self.hole.sequence} at"
                f" offset {self.hole.offset} says that it is before it, and what was read ends at entry {known};"
                " see the runbook of a missing record"
            )
        if self.goal <= self.part.since:
            return NotNow(
                f"{self.part}: the relay of {self.part.topic} has not caught up in the new generation: it is published"
                f" up to entry {known} here, and the service stands at entry {self.goal}; start the relay, and run"
                " this again; if it has caught up, see the runbook of a missing record"
            )
        return RebuildError(
            f"{self.part}: entry {self.goal} is missing: the service has applied it, and the partition ends at entry"
            f" {known}; see the runbook of a missing record"
        )
