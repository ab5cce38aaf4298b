"""FastStream drives the inbox: a batch subscriber with raw records, whose handler never raises.

What FastStream 0.7.8 would do otherwise, each seen: acknowledge before the handler, skip past a handler that
raised, drop a batch with a null header, create topics by itself, give up order with several workers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from lettra_events.kafka.generations import Generation
from lettra_events.kafka.inbox import Inbox
from lettra_events.kafka.reading import Reading

POLL_MS = 20


def group_of(service: str, generations: Iterable[Generation]) -> str:
    """The name of the group in which a service's replicas share its partitions: another one after each move.

    To a static member that comes back the broker gives what it had, though it subscribes to another topic now; and a
    group waits for those that have gone. A new one has neither.
    """
    moves = sum(generation.number - 1 for generation in generations)
    return f"lettra-{service}" if moves == 0 else f"lettra-{service}.m{moves}"


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._subscription.inbox.assigned(self._subscription.consumer, assigned)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._subscription.inbox.revoked(revoked)


class Subscription:
    """One replica's reading of all topics of its service, one generation of each."""

    def __init__(
        self,
        broker: KafkaBroker,
        reading: Reading,
        pool: asyncpg.Pool[Any],
        generations: Mapping[str, Generation],
        *,
        instance: str | None = None,
        batch_max: int = 1_000,
        wake: asyncio.Event | None = None,
    ) -> None:
        self._wake = wake or asyncio.Event()
        self.inbox = Inbox(reading, pool, generations)
        self._subscriber = broker.subscriber(
            *(generation.name for generation in generations.values()),
            batch=True,
            group_id=group_of(reading.service, generations.values()),
            group_instance_id=instance,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_500,
            fetch_max_wait_ms=500,
            max_partition_fetch_bytes=1_048_576,
            batch_timeout_ms=POLL_MS,
            max_records=batch_max,
            listener=_Assignments(self),
            parser=_raw_message,
            decoder=_raw_records,
            no_reply=True,
        )
        self._subscriber(self._handle)

    async def _handle(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        await self.inbox.consume(self.consumer, records)
        self._wake.set()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        assert consumer is not None, "the broker is started before records come"
        return consumer

    def alive(self) -> bool:
        """Whether records can still come: a consuming task runs, and the coordination with the group.

        FastStream 0.7.8 says `running` even after its task was cancelled, and starts another beside one that failed.
        aiokafka 0.14 raises in every poll once its coordination has ended, and FastStream polls on.
        """
        consumer = self._subscriber.consumer
        if consumer is None or all(task.done() for task in self._subscriber.tasks):
            return False
        return not consumer._coordinator._coordination_task.done()


async def _raw_message(records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    """The body is what FastStream's Prometheus middleware weighs; the handler gets the records themselves."""
    weighed = tuple(record.value or b"" for record in records)
    return KafkaMessage(body=weighed, raw_message=records, headers={}, consumer=cast("Any", None))


async def _raw_records(message: KafkaMessage) -> Sequence[ConsumerRecord[Any, Any]]:
    return cast("Sequence[ConsumerRecord[Any, Any]]", message.raw_message)
