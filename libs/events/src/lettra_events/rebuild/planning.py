"""What is read by whom: the topics as Kafka has them, and their partitions, dealt out to workers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError

from lettra_events.kafka.generations import Generation, partitions_of, recorded_generations
from lettra_events.kafka.newest import read_topics
from lettra_events.kafka.reading import Reading
from lettra_events.kafka.topics import TopicMisfit
from lettra_events.rebuild.errors import NotNow, ServersAway
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.paths import Part
from lettra_events.rebuild.reached import extent_now
from lettra_events.rebuild.workers import Task
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.append import Connection

_SINCE = """
select topic, max(through) from consumer_generations
 where topic = any($1) and left_at is not null group by 1"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which generation of each topic is read, by the name that services use for the topic.

    `since`: where the service has left an earlier generation of a topic, the last entry of that.
    """

    topics: Mapping[str, Generation]
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def partitions(self) -> dict[str, int]:
        return partitions_of(self.topics)

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(
            Part(topic, one.name, number, one.partitions, self.since.get(topic, 0))
            for topic, one in self.topics.items()
            for number in range(one.partitions)
        )


async def make_plan(connection: Connection, service: Service, settings: ServiceSettings) -> Plan:
    """The topics as the service reads them; they must be there."""
    topics = service.reading.topics
    if not topics:
        return Plan({})
    try:
        found = await read_topics(connection, settings.kafka, topics)
        return Plan(found, dict(await connection.fetch(_SINCE, list(topics))))
    except TopicMisfit as error:
        raise NotNow(str(error)) from None
    except (KafkaError, OSError) as error:
        raise ServersAway(
            f"Kafka at {settings.kafka} does not answer: {type(error).__name__}: {error}"
        ) from None


async def extent_here(connection: Connection, reading: Reading, plan: Plan) -> Extent:
    """What the service has applied now of the generations of the plan, in the transaction of the caller.

    `NotNow` if it reads others by now.
    """
    for topic, recorded in (await recorded_generations(connection, plan.topics)).items():
        if recorded != plan.topics[topic]:
            raise NotNow(f"{topic} went on in another generation meanwhile ({recorded.name}); run this again")
    return await extent_now(connection, reading, plan.partitions)


def deal_out(
    plan: Plan,
    service: Service,
    settings: ServiceSettings,
    reference: str,
    schema: str,
    processes: int | None,
) -> Sequence[Task]:
    """A task a worker: one worker a processor unless said otherwise, at most one a partition."""
    parts = plan.parts
    count = max(1, min(processes or os.cpu_count() or 1, len(parts)))
    return [
        Task(
            reference,
            settings.kafka,
            settings.database(service.name),
            schema,
            parts[number::count],
            plan.partitions,
            alone=count == 1,
        )
        for number in range(count)
    ]
