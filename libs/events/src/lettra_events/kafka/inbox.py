"""The inbox: the one consuming function of every service, independent of what drives it.

`Inbox.consume` takes a batch of raw Kafka records and applies it, partition by partition. It raises nothing: what
fails is logged and counted, the partition is put back to where the batch began and waits. FastStream drives it in a
service (`lettra_events.kafka.subscribing`), a bare consumer in tests and benchmarks.

Nothing that Kafka or its client says is trusted for what was applied: the stored position and the numbers on the
records are. So whatever reads too little or twice (a rebalance, a lost batch, a pause that was forgotten) shows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import asyncpg
import structlog
from aiokafka import ConsumerRecord, TopicPartition

from lettra_events import failpoints
from lettra_events.envelope import Delivery, MalformedRecord, from_record
from lettra_events.kafka.applying import PositionMoved, apply_batch, read_position
from lettra_events.kafka.contiguity import Position, Sorted, position_after, sort_out
from lettra_events.kafka.generations import Generation, announcement, partitions_of
from lettra_events.kafka.moving import GenerationMoved
from lettra_events.kafka.reading import Reading, StopPartition
from lettra_events.kafka.watch import Watch

log = structlog.get_logger(__name__)

BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 5.0
COMMIT_EVERY_SECONDS = 1.0
ASK_POSITION_SECONDS = 5.0
PARTITIONS_AT_ONCE = 4

Record: TypeAlias = "ConsumerRecord[Any, Any]"


class Partitions(Protocol):
    """What the inbox asks of the consumer that drives it (an `AIOKafkaConsumer`)."""

    def assignment(self) -> set[TopicPartition]: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...
    def highwater(self, partition: TopicPartition) -> int | None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...


class Inbox:
    """Applies what is read, once each and in order, and knows how far every partition is.

    It reads one generation of each topic, which have so many `partitions`. `ends` is set where one of them ends: the
    service may have moved on then, and whoever drives this inbox must drive another.
    """

    def __init__(
        self, reading: Reading, pool: asyncpg.Pool[Any], generations: Mapping[str, Generation]
    ) -> None:
        self._reading = reading
        self._pool = pool
        self.partitions = partitions_of(generations)
        self._topics = {generation.name: topic for topic, generation in generations.items()}
        self._watch = Watch(reading.service, self._topics)
        self.ends = asyncio.Event()
        self._positions: dict[TopicPartition, Position] = {}
        self._holes: dict[TopicPartition, int] = {}
        self._looked_again: dict[TopicPartition, int] = {}
        self._backoff: dict[TopicPartition, float] = {}
        self._at_once = asyncio.Semaphore(PARTITIONS_AT_ONCE)
        self._committing: asyncio.Task[None] | None = None

    @property
    def stopped(self) -> Mapping[TopicPartition, str]:
        """The partitions that cannot go on, and why."""
        return self._watch.stopped

    async def assigned(self, consumer: Partitions, partitions: Iterable[TopicPartition]) -> None:
        """Start these partitions where the database says that they were left."""
        for tp in partitions:
            self._forget(tp)
        for tp in partitions:
            try:
                async with asyncio.timeout(ASK_POSITION_SECONDS):
                    position = await self._position(tp)
            except Exception as error:
                # It starts at Kafka's own offset. If that is ahead of the database's, the first record shows it.
                log.warning(
                    "consume.position_unknown", topic=tp.topic, partition=tp.partition, reason=str(error)
                )
                continue
            if tp in consumer.assignment():
                consumer.seek(tp, position.next_offset)

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        """Somebody else reads these now; what is in progress here will find that its position moved."""
        for tp in partitions:
            self._forget(tp)

    def _forget(self, tp: TopicPartition) -> None:
        for known in (self._positions, self._holes, self._looked_again, self._backoff):
            known.pop(tp, None)
        self._watch.forget(tp)

    async def consume(self, consumer: Partitions, records: Sequence[Record]) -> None:
        """Apply a batch of raw records of any partitions. Raises nothing but cancellation."""
        groups: dict[TopicPartition, list[Record]] = {}
        for record in records:
            groups.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        await asyncio.gather(*(self._consume_group(consumer, tp, group) for tp, group in groups.items()))
        self._commit_soon(consumer)

    async def _consume_group(
        self, consumer: Partitions, tp: TopicPartition, records: Sequence[Record]
    ) -> None:
        """What one partition brought; none waits for another, and a few use a connection at once."""
        async with self._at_once:
            # A rebalance does not wait for the batch in progress: what it took away is another replica's to read.
            if tp not in consumer.assignment():
                return
            try:
                await self._consume_partition(consumer, tp, records)
            except PositionMoved as moved:
                log.info("consume.position_moved", reason=str(moved))
                self._start_over(consumer, tp, records[0].offset)
            except StopPartition as stop:
                self._stop(consumer, tp, records[0].offset, str(stop))
            except GenerationMoved as moved:
                self.ends.set()
                self._stop(consumer, tp, records[0].offset, str(moved))
            except Exception as error:
                self._stop(consumer, tp, records[0].offset, f"{type(error).__name__}: {error}")

    async def _consume_partition(
        self, consumer: Partitions, tp: TopicPartition, records: Sequence[Record]
    ) -> None:
        before = await self._position(tp)
        batch = sort_out(before, self._deliveries(tp, records))
        self._watch.repeated(tp, batch.repeated)
        if self._looks_again(consumer, tp, before, batch, records[0].offset):
            return
        self._note_hole(tp, before, batch)
        if batch.fresh:
            after = position_after(before, batch, records[-1].offset, self._holes.get(tp))
            await self._apply(tp, batch.fresh, before, after)
        self._went_well(consumer, tp, batch, records[-1].offset)

    async def _position(self, tp: TopicPartition) -> Position:
        if (known := self._positions.get(tp)) is not None:
            return known
        async with self._pool.acquire() as connection:
            found = await read_position(connection, self._topics[tp.topic], tp.partition)
        self._positions[tp] = found
        return found

    def _deliveries(self, tp: TopicPartition, records: Sequence[Record]) -> list[Delivery]:
        deliveries, foreign = [], []
        topic = self._topics[tp.topic]
        for r in records:
            try:
                deliveries.append(from_record(topic, r.partition, r.offset, r.key, r.value, r.headers))
            except MalformedRecord as error:
                foreign.append(str(error))
        self._watch.foreign(tp, foreign)
        return deliveries

    def _looks_again(
        self,
        consumer: Partitions,
        tp: TopicPartition,
        before: Position,
        batch: Sorted[Delivery],
        first_offset: int,
    ) -> bool:
        """Read once more from the stored position before a record is called missing: perhaps it was passed over."""
        if batch.hole is None or batch.fresh or tp in self._holes or first_offset <= before.next_offset:
            return False
        if self._looked_again.get(tp) == before.next_offset or tp not in consumer.assignment():
            return False
        self._looked_again[tp] = before.next_offset
        log.warning(
            "consume.looks_again",
            topic=tp.topic,
            partition=tp.partition,
            offset=before.next_offset,
            instead_of=first_offset,
        )
        consumer.seek(tp, before.next_offset)
        return True

    def _note_hole(self, tp: TopicPartition, before: Position, batch: Sorted[Delivery]) -> None:
        if batch.hole is not None:
            self._holes.setdefault(tp, batch.hole.offset)
            known = batch.fresh[-1].entry.sequence if batch.fresh else before.sequence
            self._watch.missing(tp, batch.hole, known)
        elif batch.fresh and tp not in self._holes:
            self._watch.complete(tp)

    async def _apply(
        self, tp: TopicPartition, fresh: Sequence[Delivery], before: Position, after: Position
    ) -> None:
        started = time.perf_counter()
        async with self._pool.acquire() as connection:
            await apply_batch(connection, self._reading, self.partitions, fresh, before, after)
        if announcement(fresh[-1].entry.event) is not None:
            self.ends.set()
        self._positions[tp] = after
        self._watch.applied(tp, len(fresh), time.perf_counter() - started)

    def _went_well(
        self, consumer: Partitions, tp: TopicPartition, batch: Sorted[Delivery], last_offset: int
    ) -> None:
        if tp not in consumer.assignment():
            return
        self._backoff.pop(tp, None)
        self._watch.runs(tp)
        self._watch.lag(tp, consumer.highwater(tp), self._holes.get(tp, last_offset + 1))
        if batch.fresh and tp in self._holes:
            # What was applied may be what the hole waited for.
            consumer.seek(tp, self._holes.pop(tp))

    def _start_over(self, consumer: Partitions, tp: TopicPartition, first_offset: int) -> None:
        """Read the batch again, from the hole before it if there is one. It needs no database, which may be away."""
        self._positions.pop(tp, None)
        offset = min(first_offset, self._holes.pop(tp, first_offset))
        if tp in consumer.assignment():
            consumer.seek(tp, offset)
            self._watch.lag(tp, consumer.highwater(tp), offset)

    def _stop(self, consumer: Partitions, tp: TopicPartition, first_offset: int, why: str) -> None:
        """Start over after a pause, which grows each time."""
        self._start_over(consumer, tp, first_offset)
        if tp not in consumer.assignment():
            return
        self._watch.stop(tp, why)
        seconds = self._backoff.get(tp, BACKOFF_FIRST_SECONDS)
        self._backoff[tp] = min(seconds * 2, BACKOFF_MAX_SECONDS)
        consumer.pause(tp)
        asyncio.get_running_loop().call_later(seconds, self._resume, consumer, tp)

    def _resume(self, consumer: Partitions, tp: TopicPartition) -> None:
        if tp in consumer.assignment():
            consumer.resume(tp)

    def _commit_soon(self, consumer: Partitions) -> None:
        """Tell Kafka how far we are, once a while: for lag metrics of others, nothing depends on it."""
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit(consumer))

    async def _commit(self, consumer: Partitions) -> None:
        await asyncio.sleep(COMMIT_EVERY_SECONDS)
        mine = consumer.assignment()
        offsets = {tp: p.next_offset for tp, p in self._positions.items() if tp in mine and p.next_offset}
        try:
            if offsets:
                await consumer.commit(offsets)
                failpoints.reach("consume.offset_committed")
        except Exception as error:
            log.info("consume.commit_skipped", reason=f"{type(error).__name__}: {error}")
