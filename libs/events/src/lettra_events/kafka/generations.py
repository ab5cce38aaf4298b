"""Generations of a topic: the same history in more partitions, on a topic of its own.

Everything that the services keep and say uses the logical name of a topic (`ar.invoicing.events`). Only what talks to
Kafka uses the name of a generation, and it gets that here: the first generation is named as the topic, the n-th has
`.g<n>` behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lettra_events.contracts import decode
from lettra_events.contracts.topics import TopicMoved
from lettra_events.envelope import RecordedEvent
from lettra_events.store.append import Connection

_ANNOUNCES = f".{TopicMoved.__name__}"

_CURRENT = """
select r.generation, count(h.partition)::int as partitions
  from relay r left join partition_heads h using (generation) group by 1"""
_READ = (
    "select topic, generation, partitions from consumer_generations where topic = any($1) and left_at is null"
)


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a topic. `topic`: the logical name; `partitions` is 0 where it was never published to."""

    topic: str
    number: int
    partitions: int

    @property
    def name(self) -> str:
        """The name of the topic on Kafka."""
        return generation_name(self.topic, self.number)


def generation_name(topic: str, number: int) -> str:
    """What the n-th generation of a topic is called on Kafka."""
    return topic if number == 1 else f"{topic}.g{number}"


def generation_numbers(topic: str, names: Iterable[str]) -> list[int]:
    """Which generations of a topic are among these names of topics on Kafka, the newest first."""
    of_topic = re.compile(rf"{re.escape(topic)}(?:\.g([1-9]\d*))?")
    found = (of_topic.fullmatch(name) for name in names)
    return sorted((int(match[1] or 1) for match in found if match), reverse=True)


def announcement(event: RecordedEvent) -> TopicMoved | None:
    """The event, if it announces another generation of its service's topic."""
    if not event.type.endswith(_ANNOUNCES):
        return None
    decoded = decode(event)
    assert isinstance(decoded, TopicMoved), "no other contract has this name"
    return decoded


async def published_topic(connection: Connection, topic: str) -> Generation:
    """The generation that the relay publishes to, by the publisher's own database."""
    row = await connection.fetchrow(_CURRENT)
    assert row is not None, "the migration inserts the one row"
    return Generation(topic, row["generation"], row["partitions"])


async def recorded_generations(connection: Connection, topics: Iterable[str]) -> dict[str, Generation]:
    """The generation of each topic that a consumer reads, by its own database; topics never read are missing."""
    rows = await connection.fetch(_READ, list(topics))
    return {row["topic"]: Generation(row["topic"], row["generation"], row["partitions"]) for row in rows}


def partitions_of(generations: Mapping[str, Generation]) -> dict[str, int]:
    """How many partitions each topic has, as decisions ask for it."""
    return {topic: generation.partitions for topic, generation in generations.items()}
