"""A small service with a compacted topic: telephone numbers. Run, it is its publisher, which a test may kill."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.decisions.compacting import CompactedTopic
from lettra_events.decisions.tables import Table, put, remove
from lettra_events.decisions.workspace import Cause, Workspace, no_state
from lettra_events.kafka.compacted import CompactedPublisher
from lettra_events.kafka.relay import RelayFailed, RelaySettings
from lettra_events.store.running import run_decisions

SERVICE = "toy"
SEGMENT_SECONDS = 1.0
FAILED = 75
DDL = "create table phones (person text primary key, number text not null)"


@dataclass(frozen=True)
class Phone:
    person: str
    number: str


PHONES: Table[Phone] = Table("phones", Phone, key=("person",))


@dataclass(frozen=True)
class Book:
    """Where the book is kept, and the topic that it is published on."""

    dsn: str
    kafka: str
    topic: str

    @property
    def compacted(self) -> CompactedTopic[Phone]:
        return CompactedTopic(self.topic, PHONES, lambda phone: phone.number.encode())

    @property
    def environment(self) -> dict[str, str]:
        return {"BOOK_DSN": self.dsn, "BOOK_KAFKA": self.kafka, "BOOK_TOPIC": self.topic}

    def publisher(self, **settings: Any) -> CompactedPublisher:
        relay = RelaySettings(self.kafka, "none", SERVICE, **settings)
        return CompactedPublisher(relay, self.compacted, self.dsn, SEGMENT_SECONDS)

    async def write(self, connection: asyncpg.Connection, revision: int, **numbers: str | None) -> None:
        """One transaction: each person has this number; None: is erased."""

        def decide(workspace: Workspace) -> None:
            workspace.begin(Cause("test", "test", "test"))
            for person, number in numbers.items():
                row = put(PHONES, Phone(person, number)) if number else remove(PHONES, (person,))
                workspace.apply(row)
                workspace.apply(self.compacted.changed(person, revision))

        await run_decisions(connection, no_state, decide, service=SERVICE)

    async def records(self, *, committed: bool = True) -> list[tuple[bytes | None, bytes | None]]:
        """Keys and values of all records up to the present end, a partition behind the other."""
        level = "read_committed" if committed else "read_uncommitted"
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, enable_auto_commit=False, isolation_level=level
        )
        await consumer.start()
        try:
            numbers = await consumer._client._wait_on_metadata(self.topic)
            partitions = [TopicPartition(self.topic, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            found: dict[TopicPartition, list[Any]] = {tp: [] for tp in partitions}
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[tp] += [(record.key, record.value) for record in records]
            return [record for tp in partitions for record in found[tp]]
        finally:
            await consumer.stop()

    async def read(self) -> dict[str, str | None]:
        """What a reader knows at the end: the last value of each person, None for one whom a tombstone erased."""
        last = {key: value for key, value in await self.records() if key}
        return {key.decode(): value.decode() if value else None for key, value in last.items()}


async def publish() -> None:
    book = Book(os.environ["BOOK_DSN"], os.environ["BOOK_KAFKA"], os.environ["BOOK_TOPIC"])
    try:
        await book.publisher().run()
    except RelayFailed as error:
        sys.stderr.write(f"phone book: {error}\n")
        sys.stderr.flush()
        os._exit(FAILED)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(publish())
