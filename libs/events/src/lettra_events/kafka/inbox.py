"""The inbox: the one consuming function of every service, independent of what drives it.

`Inbox.consume` takes a batch of raw Kafka records and applies it, partition by partition. It raises nothing: what
fails is logged and counted, the partition is put back to its stored position and waits. FastStream drives it in a
service (`lettra_events.kafka.subscribing`), a bare consumer in tests and benchmarks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import asyncpg
import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from lettra_events import failpoints, metrics
from lettra_events.envelope import Delivery, MalformedRecord, from_record
from lettra_events.kafka.applying import PositionMoved, apply_batch, read_position
from lettra_events.kafka.contiguity import Position, Sorted, position_after, sort_out
from lettra_events.kafka.reading import Reading, StopPartition

log = structlog.get_logger(__name__)

BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 5.0
COMMIT_EVERY_SECONDS = 1.0
HOLE_ALARM_EVERY_SECONDS = 10.0


class Partitions(Protocol):
    """What the inbox asks of the consumer that drives it (an `AIOKafkaConsumer`)."""

    def assignment(self) -> set[TopicPartition]: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...
    def highwater(self, partition: TopicPartition) -> int | None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...


class Inbox:
    """Applies what is read, once each and in order, and knows how far every partition is."""

    def __init__(self, reading: Reading, pool: asyncpg.Pool[Any], partitions: Mapping[str, int]) -> None:
        self._reading = reading
        self._pool = pool
        self._partitions = partitions
        self._positions: dict[TopicPartition, Position] = {}
        self._holes: dict[TopicPartition, int] = {}
        self._alarmed: dict[TopicPartition, float] = {}
        self._backoff: dict[TopicPartition, float] = {}
        self._committed_at = 0.0
        self.stopped: dict[TopicPartition, str] = {}

    async def assigned(self, consumer: Partitions, partitions: Iterable[TopicPartition]) -> None:
        """Start these partitions where the database says that they were left."""
        for tp in partitions:
            self._forget(tp)
            try:
                position = await self._position(tp)
            except Exception as error:
                # Kafka's own offset is never ahead of the database's, so reading from it only repeats.
                log.warning(
                    "consume.position_unknown", topic=tp.topic, partition=tp.partition, reason=str(error)
                )
                continue
            consumer.seek(tp, position.next_offset)

    def revoked(self, partitions: Iterable[TopicPartition]) -> None:
        """Somebody else reads these now; what is in progress here will find that its position moved."""
        for tp in partitions:
            self._forget(tp)

    def _forget(self, tp: TopicPartition) -> None:
        for known in (self._positions, self._holes, self._alarmed, self._backoff, self.stopped):
            known.pop(tp, None)

    async def consume(self, consumer: Partitions, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Apply a batch of raw records of any partitions. Raises nothing but cancellation."""
        groups: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        for record in records:
            groups.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        for tp, group in groups.items():
            try:
                await self._consume_partition(consumer, tp, group)
            except PositionMoved as moved:
                log.info("consume.position_moved", reason=str(moved))
                await self._start_over(consumer, tp)
            except StopPartition as stop:
                self._stop(tp, str(stop))
                await self._start_over(consumer, tp, wait=True)
            except Exception as error:
                self._stop(tp, f"{type(error).__name__}: {error}")
                await self._start_over(consumer, tp, wait=True)
        await self._commit(consumer, groups)

    def _stop(self, tp: TopicPartition, why: str) -> None:
        self.stopped[tp] = why
        metrics.STOPPED.labels(self._reading.service, tp.topic, tp.partition).set(1)
        log.error("consume.stopped", topic=tp.topic, partition=tp.partition, reason=why)

    async def _consume_partition(
        self, consumer: Partitions, tp: TopicPartition, records: Sequence[ConsumerRecord[Any, Any]]
    ) -> None:
        before = await self._position(tp)
        batch = sort_out(before, self._deliveries(tp, records))
        self._note_hole(tp, batch)
        after = position_after(before, batch, records[-1].offset)
        if tp in self._holes:
            after = Position(after.sequence, self._holes[tp])
        if batch.fresh:
            await self._apply(tp, batch.fresh, before, after)
            if tp in self._holes:
                consumer.seek(tp, self._holes.pop(tp))
        self._went_well(consumer, tp, batch, records[-1].offset)

    async def _apply(
        self, tp: TopicPartition, fresh: Sequence[Delivery], before: Position, after: Position
    ) -> None:
        started = time.perf_counter()
        async with self._pool.acquire() as connection:
            await apply_batch(connection, self._reading, self._partitions, fresh, before, after)
        self._positions[tp] = after
        service = self._reading.service
        metrics.BATCH_SECONDS.labels(service).observe(time.perf_counter() - started)
        metrics.BATCH_RECORDS.labels(service).observe(len(fresh))
        metrics.CONSUMED.labels(service, tp.topic).inc(len(fresh))

    def _deliveries(self, tp: TopicPartition, records: Sequence[ConsumerRecord[Any, Any]]) -> list[Delivery]:
        deliveries = []
        for r in records:
            try:
                deliveries.append(from_record(r.topic, r.partition, r.offset, r.key, r.value, r.headers))
            except MalformedRecord as error:
                # It carries no place in the history; that nothing is lost by passing it over, contiguity proves.
                metrics.FOREIGN.labels(self._reading.service, tp.topic).inc()
                log.error("consume.foreign_record", reason=str(error))
        return deliveries

    def _note_hole(self, tp: TopicPartition, batch: Sorted) -> None:
        gauge = metrics.MISSING.labels(self._reading.service, tp.topic, tp.partition)
        metrics.REPEATED.labels(self._reading.service, tp.topic).inc(batch.repeated)
        if batch.hole is None:
            if batch.fresh and tp not in self._holes:
                gauge.set(0)
            return
        gauge.set(1)
        self._holes.setdefault(tp, batch.hole.offset)
        now = time.monotonic()
        if now - self._alarmed.get(tp, -HOLE_ALARM_EVERY_SECONDS) >= HOLE_ALARM_EVERY_SECONDS:
            self._alarmed[tp] = now
            log.error(
                "consume.missing_record",
                topic=tp.topic,
                partition=tp.partition,
                missing=batch.hole.previous,
                before=batch.hole.entry.sequence,
                known=self._positions[tp].sequence,
            )

    def _went_well(self, consumer: Partitions, tp: TopicPartition, batch: Sorted, last_offset: int) -> None:
        service = self._reading.service
        self._backoff.pop(tp, None)
        if self.stopped.pop(tp, None) is not None:
            metrics.STOPPED.labels(service, tp.topic, tp.partition).set(0)
        end = consumer.highwater(tp)
        if end is not None:
            metrics.LAG.labels(service, tp.topic, tp.partition).set(max(0, end - last_offset - 1))

    async def _position(self, tp: TopicPartition) -> Position:
        if tp not in self._positions:
            async with self._pool.acquire() as connection:
                self._positions[tp] = await read_position(connection, tp.topic, tp.partition)
        return self._positions[tp]

    async def _start_over(self, consumer: Partitions, tp: TopicPartition, *, wait: bool = False) -> None:
        """Put the partition back to its stored position, after a pause if it failed."""
        self._positions.pop(tp, None)
        self._holes.pop(tp, None)
        if wait:
            self._pause(consumer, tp)
        try:
            position = await self._position(tp)
        except Exception as error:
            # The database is away: the partition stays paused, and the next batch asks again.
            log.warning("consume.position_unknown", topic=tp.topic, partition=tp.partition, reason=str(error))
            position = None
        if position is not None and tp in consumer.assignment():
            consumer.seek(tp, position.next_offset)

    def _pause(self, consumer: Partitions, tp: TopicPartition) -> None:
        seconds = self._backoff.get(tp, BACKOFF_FIRST_SECONDS)
        self._backoff[tp] = min(seconds * 2, BACKOFF_MAX_SECONDS)
        if tp in consumer.assignment():
            consumer.pause(tp)
            asyncio.get_running_loop().call_later(seconds, self._resume, consumer, tp)

    def _resume(self, consumer: Partitions, tp: TopicPartition) -> None:
        if tp in consumer.assignment():
            consumer.resume(tp)

    async def _commit(self, consumer: Partitions, groups: Iterable[TopicPartition]) -> None:
        """Tell Kafka how far we are: for lag metrics of others, nothing depends on it."""
        now = time.monotonic()
        if now - self._committed_at < COMMIT_EVERY_SECONDS:
            return
        self._committed_at = now
        mine = consumer.assignment()
        offsets = {tp: p.next_offset for tp, p in self._positions.items() if tp in mine and p.next_offset}
        try:
            if offsets:
                await consumer.commit(offsets)
        except (KafkaError, IllegalStateError) as error:
            log.info("consume.commit_skipped", reason=str(error))
        failpoints.reach("consume.offset_committed")
