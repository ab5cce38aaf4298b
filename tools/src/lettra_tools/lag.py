"""How far services publish and read, from their databases and Kafka's own ends: true whatever the processes say."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from lettra_events.envelope import Delivery, MalformedRecord, from_record
from lettra_events.kafka.contiguity import Position, sort_out
from lettra_events.kafka.generations import Generation, published_topic, recorded_generations
from lettra_events.kafka.locating import locate
from lettra_events.kafka.newest import read_topics
from lettra_events.kafka.topics import partition_of
from lettra_events.service.service import Service
from lettra_events.store.append import Connection
from lettra_tools.commands.reaching import database, reachable_settings
from lettra_tools.stack.state import read_state

LOOKED_AT_RECORDS_MAX = 1_000
READ_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 10.0
_COMMAND = "lag"
_PUBLISHED = """
select r.sequence, r.mark, (select count(*) from outbox) as outbox,
       exists (select from pg_locks l join pg_stat_activity a using (pid)
                where l.locktype = 'advisory' and l.granted
                  and l.database = (select oid from pg_database where datname = current_database())
                  and a.application_name like 'lettra-relay-%') as leads
  from relay r"""
_READ = """
select o.topic, o.partition, o.sequence, o.next_offset,
       (select b.applied_at from consumer_batches b
         where b.topic = o.topic and b.partition = o.partition order by b.first desc limit 1) as applied_at
  from consumer_offsets o where o.topic = any($1) order by 1, 2"""
_PARKED = "select topic, key, partition from parked_keys where topic = any($1)"


@dataclass(frozen=True, slots=True)
class Publishing:
    """A service's own topic. `outbox`: appended, without a number; `unpublished`: numbered, and not yet on Kafka."""

    service: str
    topic: str
    outbox: int
    sequence: int
    unpublished: int
    relay_leads: bool

    @property
    def is_wrong(self) -> bool:
        """Something waits and nobody publishes it."""
        return not self.relay_leads and self.outbox + self.unpublished > 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A partition that a service reads. `topic` as Kafka calls it; `sequence`: all up to here is applied or parked.

    `lag`: records between what is applied and the end; None where Kafka does not answer. `missing`: the entry that
    the next record says is before it, and that is not there.
    """

    service: str
    topic: str
    partition: int
    sequence: int
    next_offset: int
    applied_at: datetime | None
    parked: int
    lag: int | None = None
    missing: int | None = None


@dataclass(frozen=True, slots=True)
class Unready:
    """A process of the folder's stack that is not ready, and what it says of it."""

    service: str
    roles: str
    why: str


@dataclass(frozen=True, slots=True)
class Lag:
    """All of it. `kafka_away`: why Kafka could not be asked; then lags and missing records are not known."""

    publishing: list[Publishing]
    reading: list[Reading]
    unready: list[Unready]
    kafka_away: str | None

    @property
    def is_wrong(self) -> bool:
        """Whether somebody must look; a lag alone passes by itself."""
        read = any(one.parked or one.missing is not None for one in self.reading)
        return read or any(one.is_wrong for one in self.publishing) or bool(self.unready)


async def ask_lag(services: Iterable[Service], folder: Path) -> Lag:
    """Ask the databases of these services, and Kafka; `Away` if a database is."""
    publishing: list[Publishing] = []
    reading: list[Reading] = []
    kafka_away: str | None = None
    for service in services:
        settings = reachable_settings(service, folder)
        async with database(service, settings, _COMMAND) as connection:
            publishing.append(await _published(connection, service))
            if not service.reading.topics:
                continue
            try:
                # Once away is enough: nobody waits for each service anew.
                kafka_away = kafka_away or await _why_silent(settings.kafka)
                if kafka_away is None:
                    partitions = await _read_to(connection, service, settings.kafka)
                    reading += await _compared_with_kafka(settings.kafka, partitions)
            except (KafkaError, TimeoutError) as error:
                kafka_away = str(error) or type(error).__name__
            if kafka_away is not None:
                reading += await _positions(
                    connection, service, await recorded_generations(connection, service.reading.topics)
                )
    return Lag(publishing, reading, await asyncio.to_thread(_unready, folder), kafka_away)


async def _published(connection: Connection, service: Service) -> Publishing:
    row = await connection.fetchrow(_PUBLISHED)
    assert row is not None, "the migration inserts the one row"
    topic = (await published_topic(connection, service.topic)).name
    unpublished = row["sequence"] - row["mark"]
    return Publishing(service.name, topic, row["outbox"], row["sequence"], unpublished, row["leads"])


async def _positions(
    connection: Connection, service: Service, generations: Mapping[str, Generation]
) -> list[Reading]:
    """What the database says. A topic that is not among these generations was never read: by its first name."""
    topics = list(service.reading.topics)
    parked = await _parked(connection, topics, generations)
    return [
        Reading(
            service.name,
            generations[topic].name if topic in generations else topic,
            partition,
            sequence,
            next_offset,
            applied_at,
            parked[topic, partition],
        )
        for topic, partition, sequence, next_offset, applied_at in await connection.fetch(_READ, topics)
    ]


async def _parked(
    connection: Connection, topics: Sequence[str], generations: Mapping[str, Generation]
) -> Counter[tuple[str, int]]:
    """How many keys are parked, by the partition in which their records come now, not where they were parked."""
    rows = await connection.fetch(_PARKED, topics)
    return Counter(
        (topic, partition_of(key, generations[topic].partitions) if topic in generations else parked_in)
        for topic, key, parked_in in rows
    )


async def _read_to(connection: Connection, service: Service, kafka: str) -> list[Reading]:
    """Every partition that the service reads, those of which it has read nothing as well."""
    generations = await read_topics(connection, kafka, service.reading.topics)
    found = await _positions(connection, service, generations)
    known = {(one.topic, one.partition): one for one in found}
    return [
        known.get((generation.name, number)) or Reading(service.name, generation.name, number, 0, 0, None, 0)
        for generation in generations.values()
        for number in range(generation.partitions)
    ]


async def _compared_with_kafka(kafka: str, partitions: list[Reading]) -> list[Reading]:
    async with _consumer(kafka) as consumer:
        looked_up = await _with_offsets(kafka, partitions)
        tps = {TopicPartition(one.topic, one.partition): one for one in looked_up}
        consumer.assign(list(tps))
        ends = await consumer.end_offsets(list(tps))
        return [await _compared(consumer, tp, one, ends[tp]) for tp, one in tps.items()]


@asynccontextmanager
async def _consumer(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _why_silent(kafka: str) -> str | None:
    """A broker that is frozen takes connections and says nothing; its client would wait for minutes."""
    client = AIOKafkaClient(bootstrap_servers=kafka)
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            await client.bootstrap()
    except TimeoutError:
        return f"no answer from {kafka} within {ANSWER_SECONDS_MAX:.0f} s"
    finally:
        await client.close()
    return None


async def _with_offsets(kafka: str, partitions: Sequence[Reading]) -> list[Reading]:
    """After a move the database knows the entry at which the service stands, and no offset until it has read on."""
    unknown: dict[str, dict[int, int]] = {}
    for one in partitions:
        if one.sequence > 0 and one.next_offset == 0:
            unknown.setdefault(one.topic, {})[one.partition] = one.sequence
    found = {topic: await locate(kafka, topic, sequences) for topic, sequences in unknown.items()}
    return [
        replace(one, next_offset=found.get(one.topic, {}).get(one.partition, one.next_offset))
        for one in partitions
    ]


async def _compared(consumer: AIOKafkaConsumer, tp: TopicPartition, one: Reading, end: int) -> Reading:
    """Look at what comes next: records that were seen before, or are no event, are no lag."""
    if end <= one.next_offset:
        return replace(one, lag=0)
    position = Position(one.sequence, one.next_offset)
    async for offset, delivery in _records(consumer, tp, one.next_offset, end):
        batch = sort_out(position, [delivery])
        if batch.hole is not None:
            return replace(one, lag=end - offset, missing=batch.hole.previous)
        if batch.fresh:
            return replace(one, lag=end - offset)
    looked_at = min(end - one.next_offset, LOOKED_AT_RECORDS_MAX)
    return replace(one, lag=end - one.next_offset - looked_at)


async def _records(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[tuple[int, Delivery]]:
    """The first events of a partition from an offset, each with its own."""
    begin = (await consumer.beginning_offsets([tp]))[tp]
    consumer.seek(tp, max(start, begin))
    stop = min(end, max(start, begin) + LOOKED_AT_RECORDS_MAX)
    while await consumer.position(tp) < stop:
        async with asyncio.timeout(READ_SECONDS_MAX):
            r = await consumer.getone(tp)
        try:
            yield r.offset, from_record(r.topic, r.partition, r.offset, r.key, r.value, r.headers)
        except MalformedRecord:
            continue


def _unready(folder: Path) -> list[Unready]:
    """What the processes of a stack in this folder say of themselves; of other processes their metrics tell."""
    state = read_state(folder.absolute())
    if state is None or not state.is_alive:
        return []
    asked = [
        Unready(service.name, " ".join(process.roles), process.problem or _why_not_ready(process.port))
        for service in state.services
        for process in service.processes
    ]
    return [one for one in asked if one.why]


def _why_not_ready(port: int) -> str:
    """The checks that are not well, in words; nothing when all are."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=READ_SECONDS_MAX):
            return ""
    except urllib.error.HTTPError as refused:
        return _checks(json.load(refused))
    except (OSError, ValueError) as error:
        return f"does not answer ({error})"


def _checks(answer: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {said}" for name, said in answer.get("checks", {}).items() if said != "ok")
