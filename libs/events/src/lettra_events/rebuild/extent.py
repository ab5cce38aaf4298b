"""Which entries count in a rebuild: a pure value, so that two rebuilds to one extent give the same rows.

An entry counts if it lies within what the service had read, was not skipped by a person, and does not wait behind a
stopped key. A later extent of a service only adds entries, and of each key it adds them at the end; so rows that were
built to one extent are brought to a later one by what counts in this and not in that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lettra_events.contracts.parking import EventSkipped, KeyParked, KeyReleased
from lettra_events.envelope import BROADCAST_KEY
from lettra_events.kafka.topics import partition_of


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far a topic counts: the last sequence in each of the `partitions` that it had when the service read it.

    The topic may be read with another number of partitions; what counts stays the same.
    """

    partitions: int
    sequences: Mapping[int, int]

    @property
    def last(self) -> int:
        return max(self.sequences.values(), default=0)

    def goal(self, partition: int, partitions: int) -> int:
        """Up to which sequence one of `partitions` must be read."""
        return self.sequences.get(partition, 0) if partitions == self.partitions else self.last

    def includes(self, key: str, sequence: int) -> bool:
        """Whether it counts of a key; of what is broadcast each partition has its own, up to its goal."""
        return sequence <= self.sequences.get(partition_of(key, self.partitions), 0)


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What the service did not apply of what it read.

    `skipped`: topic and sequence; `parked`: topic and key, with the sequence from which the key waits.
    """

    skipped: frozenset[tuple[str, int]] = frozenset()
    parked: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def exclude(self, topic: str, key: str, sequence: int) -> bool:
        waits_from = self.parked.get((topic, key))
        return (topic, sequence) in self.skipped or (waits_from is not None and sequence >= waits_from)

    def concern(self, topic: str) -> bool:
        """Whether anything of the topic is excluded."""
        return any(known == topic for known, _ in (*self.skipped, *self.parked))


def exclusions_of(events: Iterable[KeyParked | KeyReleased | EventSkipped]) -> Exclusions:
    """From the service's own parking events, those of each key in their order."""
    skipped: set[tuple[str, int]] = set()
    parked: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event.topic, event.parked_key)
        if isinstance(event, KeyParked):
            parked[key] = event.sequence
        elif isinstance(event, KeyReleased):
            parked.pop(key, None)
        else:
            skipped.add((event.topic, event.sequence))
    return Exclusions(frozenset(skipped), parked)


@dataclass(frozen=True, slots=True)
class Extent:
    """What counts, of each topic that the service reads."""

    horizons: Mapping[str, Horizon]
    exclusions: Exclusions = field(default_factory=Exclusions)

    def counts(self, topic: str, key: str, sequence: int, goal: int) -> bool:
        """`goal`: of the partition in which it stands. A broadcast stands in each, and counts in each by itself."""
        if self.exclusions.exclude(topic, key, sequence):
            return False
        return sequence <= goal if key == BROADCAST_KEY else self.horizons[topic].includes(key, sequence)

    def to_json(self) -> dict[str, Any]:
        return {
            "horizons": {
                topic: [one.partitions, list(one.sequences.items())] for topic, one in self.horizons.items()
            },
            "skipped": sorted(self.exclusions.skipped),
            "parked": [[*key, sequence] for key, sequence in self.exclusions.parked.items()],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Extent:
        return cls(
            {topic: Horizon(count, dict(pairs)) for topic, (count, pairs) in found["horizons"].items()},
            Exclusions(
                frozenset((topic, sequence) for topic, sequence in found["skipped"]),
                {(topic, key): sequence for topic, key, sequence in found["parked"]},
            ),
        )


NOTHING = Exclusions()
