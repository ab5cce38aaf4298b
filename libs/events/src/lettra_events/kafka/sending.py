"""Sending rounds of entries to a topic: the relay does so for what is new, a move for all that there is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaProducer

from lettra_events.envelope import LogEntry
from lettra_events.kafka.rounds import BATCH_BYTES_MAX, Round, fill_round


def new_producer(bootstrap: str) -> AIOKafkaProducer:
    """One whose records are acknowledged by all replicas, and written once where it sends them again."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=2 * BATCH_BYTES_MAX,
    )


async def send_round(
    producer: AIOKafkaProducer, topic: str, entries: Sequence[LogEntry], heads: Mapping[int, int]
) -> Round:
    """Send what fits of the entries, one batch a partition, and wait until all are acknowledged.

    Whatever it raises, the producer must not be used again.
    """
    this = fill_round(producer.create_batch, entries, heads)
    sends = [
        await producer.send_batch(batch, topic, partition=partition)
        for partition, batch in this.batches.items()
    ]
    await asyncio.gather(*sends)
    return this
