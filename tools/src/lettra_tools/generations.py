"""The generations of a service's topic, and which of them its readers read, from the databases of all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lettra_events.kafka.generations import generation_name, recorded_generations
from lettra_events.kafka.republishing import Move, Publisher, repartition
from lettra_events.kafka.topics import delete_topics, topic_sizes
from lettra_events.progress import Progress
from lettra_events.service.service import Service
from lettra_tools.commands.reaching import database, reachable_settings

_COMMAND = "repartition"
_POLL_SECONDS = 0.5
_GENERATIONS = """
select g.generation, count(h.partition)::int as partitions, r.generation as current,
       case when g.generation = r.generation then r.mark else g.mark end as mark
  from relay r, generations g left join partition_heads h using (generation)
 group by g.generation, g.mark, r.generation, r.mark order by 1"""
_AT_THE_END = """
select count(*) filter (where o.sequence >= g.through) from consumer_generations g join consumer_offsets o using (topic)
 where g.topic = $1 and g.left_at is null"""


@dataclass(frozen=True, slots=True)
class Published:
    """A generation of the topic. `mark`: how far it is published; for one that has ended that is its last entry."""

    name: str
    number: int
    partitions: int
    mark: int
    current: int

    @property
    def state(self) -> str:
        if self.number > self.current:
            return "in preparation"
        return "published to" if self.number == self.current else "ended"


@dataclass(frozen=True, slots=True)
class Reader:
    """A service that reads the topic. `at_the_end`: how many of its partitions have read the last entry of theirs."""

    service: str
    name: str
    number: int
    partitions: int
    at_the_end: int


@dataclass(frozen=True, slots=True)
class State:
    """All generations, oldest first, and all installed services that read the topic and have begun to."""

    generations: Sequence[Published]
    readers: Sequence[Reader]

    @property
    def behind(self) -> list[Reader]:
        """Who does not read the newest one yet."""
        current = self.generations[0].current
        return [reader for reader in self.readers if reader.number < current]


async def move(
    service: Service, folder: Path, partitions: int, seconds_max: float, progress: Progress
) -> Move | None:
    """Give the service's topic more partitions, None where it has so many; raises as `repartition`, and `Away`."""
    settings = reachable_settings(service, folder)
    async with database(service, settings, _COMMAND):
        pass  # `Away` says in a sentence what is not there
    dsn = settings.database(service.name)
    publisher = Publisher(
        service.reading.service,
        service.topic,
        dsn,
        settings.kafka,
        settings.replication,
        settings.relay_batch_max,
    )
    return await repartition(publisher, partitions, switch_seconds_max=seconds_max, progress=progress)


async def delete_ended(service: Service, folder: Path, state: State) -> list[str]:
    """Delete the topics that have ended; their names."""
    bootstrap = reachable_settings(service, folder).kafka
    there = await topic_sizes(bootstrap)
    ended = [one.name for one in state.generations if one.number < one.current and one.name in there]
    if ended:
        await delete_topics(bootstrap, ended)
    return ended


async def ask(service: Service, others: Sequence[Service], folder: Path) -> State:
    """How it stands now; `Away`."""
    async with database(service, reachable_settings(service, folder), _COMMAND) as connection:
        rows = await connection.fetch(_GENERATIONS)
    generations = [
        Published(
            generation_name(service.topic, row["generation"]),
            row["generation"],
            row["partitions"],
            row["mark"],
            row["current"],
        )
        for row in rows
    ]
    readers = [
        await _reader(each, service.topic, folder) for each in others if service.topic in each.reading.topics
    ]
    return State(generations, [reader for reader in readers if reader is not None])


async def _reader(service: Service, topic: str, folder: Path) -> Reader | None:
    async with database(service, reachable_settings(service, folder), _COMMAND) as connection:
        reads = (await recorded_generations(connection, [topic])).get(topic)
        if reads is None:
            return None
        at_the_end = await connection.fetchval(_AT_THE_END, topic)
    return Reader(service.name, reads.name, reads.number, reads.partitions, at_the_end)


async def until_moved(
    service: Service, others: Sequence[Service], folder: Path, seconds_max: float, progress: Progress
) -> State:
    """Wait until all readers read the newest generation; the state then, or when the time was over."""
    deadline = time.monotonic() + seconds_max
    while True:
        state = await ask(service, others, folder)
        progress(f"{service.name}: readers moved", len(state.readers) - len(state.behind), len(state.readers))
        if not state.behind or time.monotonic() > deadline:
            return state
        await asyncio.sleep(_POLL_SECONDS)
