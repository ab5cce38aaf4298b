"""The relay: publishes a service's history to its topic, in order, without a hole.

Two steps a round: *sequence* what was appended, then *publish* what is above the mark, one batch a partition, all
awaited before the mark moves. At the first failure to publish it raises `RelayFailed`, and the process must end: a
producer abandoned after a timeout may still deliver, and a rebuilt one beside it makes holes. The successor sends
again from the mark; a repeat is byte-identical, and readers drop it by its sequence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from lettra_events import failpoints, metrics
from lettra_events.envelope import BROADCAST_KEY, LogEntry, from_record, timestamp_ms, to_headers
from lettra_events.kafka.topics import partition_of
from lettra_events.store import relay_store
from lettra_events.store.relay_store import RelayState

log = structlog.get_logger(__name__)

_LEADER_LOCK = 0x1E77_0002
_STANDBY_POLL_SECONDS = 0.25


class RelayFailed(Exception):
    """Publishing failed; the process must end so that nothing of this producer is delivered later."""


class ForkDetected(Exception):
    """The topic holds history that this database does not: a restored backup. Refuse to publish."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Limits of a relay. Times in seconds."""

    bootstrap: str
    topic: str
    service: str
    batch_max: int = 2_000
    poll_seconds: float = 0.01
    publish_timeout_seconds: float = 60.0


@dataclass(slots=True)
class _Round:
    """What one round sends: a batch a partition, and the heads after it."""

    batches: dict[int, Any] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    mark: int = 0
    records: int = 0


class Relay:
    """One relay of one service; run any number, one is leading and the others stand by.

    `wake` may be set by a writer in the same process, so that nothing waits for the next poll.
    """

    def __init__(self, settings: RelaySettings, dsn: str, wake: asyncio.Event | None = None) -> None:
        self._settings = settings
        self._dsn = dsn
        self._wake = wake or asyncio.Event()
        self._heads: dict[int, int] = {}
        self._ready: list[LogEntry] = []
        self.leading = False

    async def run(self) -> None:
        """Lead when it is our turn, until cancelled. Raises `RelayFailed` or `ForkDetected`."""
        connection = await asyncpg.connect(self._dsn)
        try:
            await self._wait_to_lead(connection)
            producer = await self._start_producer()
            try:
                state = await self._take_over(connection, producer)
                await self._rounds(connection, producer, state)
            finally:
                if asyncio.current_task() is not None and self.leading:
                    await asyncio.wait_for(producer.stop(), 5)
        except (KafkaError, TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise RelayFailed(f"{type(error).__name__}: {error}") from error
        finally:
            self.leading = False
            connection.terminate()

    async def _wait_to_lead(self, connection: Any) -> None:
        """The lock lives as long as the connection on which every later step of this relay runs."""
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _LEADER_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(_STANDBY_POLL_SECONDS)

    async def _start_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=1_000_000,
            max_request_size=2_000_000,
        )
        await producer.start()
        return producer

    async def _take_over(self, connection: Any, producer: AIOKafkaProducer) -> RelayState:
        state = await relay_store.read_state(connection)
        topic = self._settings.topic
        partitions = await asyncio.wait_for(producer.partitions_for(topic), 30)
        self._heads = await relay_store.partition_heads(connection, state.generation, len(partitions))
        if len(self._heads) != len(partitions):
            raise ForkDetected(
                f"topic {topic} has {len(partitions)} partitions, generation {state.generation} was begun with "
                f"{len(self._heads)}; make a new generation instead of changing this one"
            )
        await check_fork(connection, self._settings.bootstrap, topic, state)
        self.leading = True
        log.info("relay.leading", topic=topic, sequence=state.sequence, mark=state.mark)
        return state

    async def _rounds(self, connection: Any, producer: AIOKafkaProducer, state: RelayState) -> None:
        while True:
            self._wake.clear()
            fresh = await relay_store.sequence_outbox(connection, self._settings.batch_max)
            if fresh:
                state = RelayState(fresh[-1].sequence, fresh[-1].chain, state.generation, state.mark)
            entries = await self._unpublished(connection, state, fresh)
            metrics.RELAY_BACKLOG.labels(self._settings.service).set(state.sequence - state.mark)
            if entries:
                state = await self._publish(connection, producer, state, entries)
            elif not fresh:
                await self._pause()

    async def _unpublished(
        self, connection: Any, state: RelayState, fresh: Sequence[LogEntry]
    ) -> Sequence[LogEntry]:
        """What follows the mark: what was just numbered, when nothing stands before it, else from the log."""
        self._ready = [*self._ready, *fresh] if len(self._ready) < self._settings.batch_max else []
        self._ready = [entry for entry in self._ready if entry.sequence > state.mark]
        if self._ready and self._ready[0].sequence == state.mark + 1:
            return self._ready
        self._ready = await relay_store.read_log(connection, state.mark, self._settings.batch_max)
        return self._ready

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._settings.poll_seconds)
        except TimeoutError:
            return

    async def _publish(
        self, connection: Any, producer: AIOKafkaProducer, state: RelayState, entries: Sequence[LogEntry]
    ) -> RelayState:
        failpoints.reach("publish.before")
        this = fill_round(producer, entries, self._heads)
        sends = [
            await asyncio.wait_for(
                producer.send_batch(batch, self._settings.topic, partition=partition),
                self._settings.publish_timeout_seconds,
            )
            for partition, batch in this.batches.items()
        ]
        await asyncio.wait_for(asyncio.gather(*sends), self._settings.publish_timeout_seconds)
        failpoints.reach("publish.sent")
        state = await relay_store.move_mark(connection, state, this.mark, this.heads)
        self._heads.update(this.heads)
        failpoints.reach("publish.marked")
        metrics.RELAY_PUBLISHED.labels(self._settings.service).inc(this.records)
        return state


def fill_round(producer: AIOKafkaProducer, entries: Sequence[LogEntry], heads: Mapping[int, int]) -> _Round:
    """One batch a partition from the longest run of entries that fits; what does not fit is the next round's."""
    this = _Round(heads=dict(heads))
    for entry in entries:
        key = entry.event.key
        targets = sorted(heads) if key == BROADCAST_KEY else [partition_of(key, len(heads))]
        if not _fits(this, targets, entry):
            break
        for partition in targets:
            batch = this.batches.get(partition) or this.batches.setdefault(partition, producer.create_batch())
            headers = to_headers(entry, this.heads[partition])
            done = batch.append(
                timestamp=timestamp_ms(entry), key=key.encode(), value=entry.event.payload, headers=headers
            )
            assert done is not None, "the size was checked before"
            this.heads[partition] = entry.sequence
            this.records += 1
        this.mark = entry.sequence
    return this


_RECORD_OVERHEAD_BYTES = 1_024
_ROUND_BATCH_BYTES = 900_000


def _fits(this: _Round, targets: Sequence[int], entry: LogEntry) -> bool:
    """Whether every target's batch has room: a record's size is bounded before it is encoded."""
    size = len(entry.event.payload) + len(entry.event.attributes) * 2 + _RECORD_OVERHEAD_BYTES
    return all(
        partition not in this.batches or this.batches[partition].size() + size < _ROUND_BATCH_BYTES
        for partition in targets
    )


async def check_fork(connection: Any, bootstrap: str, topic: str, state: RelayState) -> None:
    """Raise `ForkDetected` if the last record of any partition is not in this database's log."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        if not partitions:
            await consumer._client.force_metadata_update()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for tp, end in ends.items():
            if end > 0:
                await _check_last(connection, consumer, tp, end, state)
    finally:
        await consumer.stop()


async def _check_last(
    connection: Any, consumer: AIOKafkaConsumer, tp: TopicPartition, end: int, state: RelayState
) -> None:
    consumer.seek(tp, end - 1)
    record = await asyncio.wait_for(consumer.getone(tp), 30)
    entry = from_record(
        record.topic, record.partition, record.offset, record.key, record.value, record.headers
    ).entry
    if entry.sequence <= state.sequence and (
        await relay_store.chain_at(connection, entry.sequence) == entry.chain
    ):
        return
    raise ForkDetected(
        f"{tp.topic}[{tp.partition}] ends with entry {entry.sequence} (chain {entry.chain.hex()[:12]}), which is not"
        f" in this database's log (head {state.sequence}): the database was restored from a backup older than the"
        " topic, or belongs to another installation. Restore a newer backup, or publish to a new topic generation"
    )
