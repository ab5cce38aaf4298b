"""Reading all partitions of a topic up to their ends, side by side, in flat memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from lettra_events.kafka.topics import count_partitions
from lettra_events.verify.recent import Sequences

QUEUE_MAX = 4_000
"""Records of one partition that wait for others to come up; beyond it the partition is not read on meanwhile."""
STALL_SECONDS_MAX = 30.0
METADATA_SECONDS_MAX = 5.0
_POLL_MS = 200
_STOP_SECONDS_MAX = 5.0

Record: TypeAlias = "ConsumerRecord[Any, Any]"


class KafkaSilent(Exception):
    """Kafka has records and does not give them: it is away."""


@asynccontextmanager
async def promptly(what: str) -> AsyncIterator[None]:
    """Raise `KafkaSilent`, saying what does not happen, where it takes longer than a broker that is there needs."""
    try:
        async with asyncio.timeout(STALL_SECONDS_MAX):
            yield
    except TimeoutError:
        raise KafkaSilent(f"Kafka does not answer: {what} for {STALL_SECONDS_MAX:g} s.") from None


class Lane:
    """One partition: what was fetched of it, and how far it is known. `last`: the last entry read there."""

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.number = tp.partition
        self.last = 0
        self.sequences = Sequences()
        self.end = 0
        self.records: deque[Record] = deque()
        self.paused = False
        self.overrun = False

    def take(self, records: list[Record]) -> None:
        """What lies behind the end came later, and is not looked at."""
        if records[-1].offset >= self.end:
            self.overrun = True
            records = [record for record in records if record.offset < self.end]
        self.records += records

    def passed(self, sequence: int) -> None:
        """An entry was read."""
        self.last = sequence
        self.sequences.add(sequence)


class Lanes:
    """All partitions of a topic. `next` gives the next record of one; None at its end."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, partitions: int) -> None:
        self._consumer = consumer
        self.topic = topic
        self.lanes = [Lane(TopicPartition(topic, number)) for number in range(partitions)]

    async def fix_ends(self) -> None:
        """From now on all is read that lies in the topic now."""
        async with promptly(f"the ends of {self.topic} are not told"):
            ends = await self._consumer.end_offsets([lane.tp for lane in self.lanes])
        for lane in self.lanes:
            lane.overrun = lane.overrun and lane.end == ends[lane.tp]
            lane.end = ends[lane.tp]

    async def next(self, lane: Lane) -> Record | None:
        """The next record of the partition; None at its end. `KafkaSilent` if none comes."""
        if not lane.records:
            await self._fetch_for(lane)
        return lane.records.popleft() if lane.records else None

    async def _fetch_for(self, lane: Lane) -> None:
        self._hold_back(lane)
        async with promptly(f"{self.topic}[{lane.number}] has more records, and none comes"):
            while not lane.records and await self._consumer.position(lane.tp) < lane.end:
                found = await self._consumer.getmany(timeout_ms=_POLL_MS)
                for tp, records in found.items():
                    self._take(self.lanes[tp.partition], records)
        await asyncio.sleep(0)  # the requests for what follows go out before this is looked at

    def _take(self, lane: Lane, records: list[Record]) -> None:
        lane.take(records)
        if lane.overrun:
            self._consumer.seek(lane.tp, lane.end)

    def _hold_back(self, wanted: Lane) -> None:
        """Partitions that are read, or far ahead of the one that is wanted, wait."""
        for lane in self.lanes:
            wait = lane is not wanted and (lane.overrun or len(lane.records) >= QUEUE_MAX)
            if wait and not lane.paused:
                self._consumer.pause(lane.tp)
            elif lane.paused and not wait:
                self._consumer.resume(lane.tp)
            lane.paused = wait


@asynccontextmanager
async def open_consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group, whose end neither waits for a broker that is away nor hides what went wrong."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        # With the broker away `stop` would raise the cancellation of what it waits for itself.
        stopping = asyncio.create_task(consumer.stop())
        await asyncio.wait([stopping], timeout=_STOP_SECONDS_MAX)
        stopping.cancel()


@asynccontextmanager
async def open_lanes(bootstrap: str, topic: str) -> AsyncIterator[Lanes]:
    """All partitions of the topic from their beginnings. `TopicMisfit` if there is no such topic."""
    partitions = (await count_partitions(bootstrap, [topic], METADATA_SECONDS_MAX))[topic]
    async with open_consumer(bootstrap) as consumer:
        found = Lanes(consumer, topic, partitions)
        tps = [lane.tp for lane in found.lanes]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        await found.fix_ends()
        yield found
