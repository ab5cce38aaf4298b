"""The relay: publishes a service's history to its topic, in order, without a hole.

Two steps a round: *sequence* what was appended, then *publish* what is above the mark, one batch a partition, all
awaited before the mark moves. At the first failure it raises `RelayFailed`, and the process must end: a producer
abandoned after a timeout may still deliver, and a rebuilt one beside it makes holes. The successor sends again from
the mark; a repeat is byte-identical, and readers drop it by its sequence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer

from lettra_events import failpoints, metrics
from lettra_events.envelope import LogEntry
from lettra_events.kafka.fork import ForkDetected, check_fork
from lettra_events.kafka.generations import generation_name
from lettra_events.kafka.leading import connect_to_lead, stop_producer, wait_to_lead
from lettra_events.kafka.rounds import Round, to_the_end
from lettra_events.kafka.sending import new_producer, send_round
from lettra_events.store import relay_store
from lettra_events.store.relay_store import ROUND_BYTES_MAX, RelayState

__all__ = ["ForkDetected", "Relay", "RelayFailed", "RelaySettings"]

log = structlog.get_logger(__name__)

_LEADER_LOCK = 0x1E77_0002
_METADATA_SECONDS_MAX = 30


class RelayFailed(Exception):
    """Publishing failed; the process must end so that nothing of this producer is delivered later."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Limits of a relay. Times in seconds.

    `lease_seconds`: PostgreSQL takes the lead from a relay that has said nothing for so long (a frozen process, a
    lost machine). A publication is the longest silence of a sound one, so it must take less; None: twice that.
    """

    bootstrap: str
    topic: str
    service: str
    batch_max: int = 2_000
    poll_seconds: float = 0.01
    publish_timeout_seconds: float = 60.0
    lease_seconds: float | None = None

    @property
    def silence_seconds_max(self) -> float:
        """The lease in force."""
        return 2 * self.publish_timeout_seconds if self.lease_seconds is None else self.lease_seconds


class Relay:
    """One relay of one service; run any number, one is leading and the others stand by.

    `wake` may be set by a writer in the same process, so that nothing waits for the next poll.
    """

    def __init__(self, settings: RelaySettings, dsn: str, wake: asyncio.Event | None = None) -> None:
        self._settings = settings
        self._dsn = dsn
        self._wake = wake or asyncio.Event()
        self.leading = False

    async def run(self) -> None:
        """Lead when it is our turn, until cancelled. Raises `RelayFailed` or `ForkDetected`, and nothing else."""
        try:
            connection = await connect_to_lead(
                self._dsn, f"lettra-relay-{self._settings.service}", self._settings.silence_seconds_max
            )
            try:
                await wait_to_lead(connection, _LEADER_LOCK)
                await self._lead(connection)
            finally:
                self.leading = False
                connection.terminate()
        except ForkDetected:
            raise
        except Exception as error:
            first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            raise RelayFailed(f"{type(first).__name__}: {first}") from error

    async def _lead(self, connection: Any) -> None:
        producer = new_producer(self._settings.bootstrap)
        try:
            await producer.start()
            state = await self._take_over(connection, producer)
            await self._rounds(connection, producer, state)
        except BaseException as error:
            # After a failure to publish only the end of the process is a clean end.
            if not self.leading or isinstance(error, asyncio.CancelledError):
                await stop_producer(producer)
            raise

    async def _take_over(self, connection: Any, producer: AIOKafkaProducer) -> RelayState:
        topic = self._topic(await relay_store.current_generation(connection))
        state = await relay_store.read_state(connection, await _count_partitions(producer, topic))
        await self._check_topic(connection, producer, state)
        self.leading = True
        log.info("relay.leading", topic=topic, sequence=state.sequence, mark=state.mark)
        return state

    def _topic(self, generation: int) -> str:
        """What the generation is called on Kafka."""
        return generation_name(self._settings.topic, generation)

    async def _check_topic(self, connection: Any, producer: AIOKafkaProducer, state: RelayState) -> None:
        """Whether this generation's topic is the one that the database knows."""
        topic = self._topic(state.generation)
        partitions = await _count_partitions(producer, topic)
        if len(state.heads) != partitions:
            raise ForkDetected(
                f"topic {topic} has {partitions} partitions, generation {state.generation} was begun with "
                f"{len(state.heads)}; make a new generation instead of changing this one"
            )
        await check_fork(connection, self._settings.bootstrap, self._settings.topic, state)

    async def _rounds(self, connection: Any, producer: AIOKafkaProducer, state: RelayState) -> None:
        backlog = metrics.RELAY_BACKLOG.labels(self._settings.service)
        fresh: Sequence[LogEntry] = ()
        while True:
            if fresh:
                state = replace(state, sequence=fresh[-1].sequence)
            backlog.set(state.sequence - state.mark)
            entries = await self._unpublished(connection, state, fresh)
            self._wake.clear()
            if entries:
                fresh, state = await self._publish_and_number(connection, producer, state, entries)
            else:
                fresh = await self._number(connection)
                if not fresh:
                    await self._pause()

    async def _number(self, connection: Any) -> Sequence[LogEntry]:
        return await relay_store.sequence_outbox(connection, self._settings.batch_max)

    async def _unpublished(
        self, connection: Any, state: RelayState, fresh: Sequence[LogEntry]
    ) -> Sequence[LogEntry]:
        """What follows the mark: what was just numbered, when nothing stands before it, else from the log."""
        if state.sequence <= state.mark:
            return ()
        if fresh and fresh[0].sequence == state.mark + 1:
            return fresh
        return await relay_store.read_log(connection, state.mark, self._settings.batch_max, ROUND_BYTES_MAX)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _publish_and_number(
        self, connection: Any, producer: AIOKafkaProducer, state: RelayState, entries: Sequence[LogEntry]
    ) -> tuple[Sequence[LogEntry], RelayState]:
        """Send a round while the next one is numbered: the two wait for different servers."""
        failpoints.reach("publish.before")
        entries, end = to_the_end(entries, state.generation)
        async with asyncio.TaskGroup() as both:
            numbering = both.create_task(self._number(connection))
            sending = both.create_task(self._send(producer, state, entries))
        this = sending.result()
        failpoints.reach("publish.sent")
        if this.mark == end:
            state = await self._move_on(connection, producer, state, this)
        else:
            state = await relay_store.move_mark(connection, state, this.mark, this.heads)
        failpoints.reach("publish.marked")
        metrics.RELAY_PUBLISHED.labels(self._settings.service).inc(this.records)
        return numbering.result(), state

    async def _move_on(
        self, connection: Any, producer: AIOKafkaProducer, state: RelayState, last: Round
    ) -> RelayState:
        """The generation has its last entry in every partition: go on in the next, with what it lacks."""
        after = await relay_store.enter_next_generation(connection, state, last.mark, last.heads)
        failpoints.reach("generation.switched")
        await self._check_topic(connection, producer, after)
        topic = self._topic(after.generation)
        log.info("relay.moved", topic=topic, after=last.mark, mark=after.mark, partitions=len(after.heads))
        return after

    async def _send(
        self, producer: AIOKafkaProducer, state: RelayState, entries: Sequence[LogEntry]
    ) -> Round:
        """One batch a partition, all acknowledged."""
        async with asyncio.timeout(self._settings.publish_timeout_seconds):
            return await send_round(producer, self._topic(state.generation), entries, state.heads)


async def _count_partitions(producer: AIOKafkaProducer, topic: str) -> int:
    async with asyncio.timeout(_METADATA_SECONDS_MAX):
        return len(await producer.partitions_for(topic))
