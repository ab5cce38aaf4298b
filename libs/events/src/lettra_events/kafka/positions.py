"""How far this service has read each partition, as rows that a decision may look at.

A decision that needs all partitions of a topic to have passed an entry looks here under a lock that all of them take,
so that of two that pass together the second sees the first. It never writes these rows: the inbox moves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lettra_events.decisions.tables import Key, Table
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context


@dataclass(frozen=True)
class PartitionPosition:
    """All entries of the partition up to this sequence are applied, or wait behind their stopped key."""

    topic: str
    partition: int
    sequence: int


POSITIONS: Table[PartitionPosition] = Table("consumer_offsets", PartitionPosition, key=("topic", "partition"))


def position_keys(topics: Iterable[str], partitions: Mapping[str, int]) -> list[Key]:
    """The keys of all partitions of these topics."""
    return [(topic, number) for topic in topics for number in range(partitions[topic])]


def all_passed(
    workspace: Workspace,
    entries: Mapping[str, int],
    partitions: Mapping[str, int],
    here: Context | None = None,
) -> bool:
    """Whether every partition of each topic has passed the topic's entry of this sequence.

    `here`: what is being applied at this moment, whose position moves only when the decision is written.
    """
    keys = position_keys(entries, partitions)
    rows = workspace.get_many(POSITIONS, keys)
    return all(
        _is_here(here, topic, partition, entries[topic])
        or (row is not None and row.sequence >= entries[topic])
        for (topic, partition), row in zip(keys, rows, strict=True)
    )


def _is_here(here: Context | None, topic: str, partition: int, sequence: int) -> bool:
    return (
        here is not None and (here.topic, here.partition) == (topic, partition) and here.sequence >= sequence
    )
