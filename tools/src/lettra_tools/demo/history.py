"""What the services published, read back from Kafka alone: what the demo shows and checks is counted from this."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from lettra_events.contracts import TOPICS
from lettra_events.envelope import Delivery, LogEntry, MalformedRecord, from_record
from lettra_tools.client import Advance
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed

READ_SECONDS_MAX = 120.0
POLL_MS = 500


@dataclass(frozen=True)
class Published:
    """One service's topic: its entries in the order of their sequences, each once."""

    service: str
    entries: tuple[LogEntry, ...]


def read_history(bootstrap: str, screen: Screen) -> dict[str, Published]:
    """All topics, read to their present ends, by service."""
    try:
        deliveries = asyncio.run(_read(bootstrap, screen))
    except (KafkaError, OSError, TimeoutError) as error:
        raise DemoFailed(f"The history cannot be read from Kafka at {bootstrap}: {error!r}.") from error
    except MalformedRecord as error:
        raise DemoFailed(f"A record on Kafka is no event of Lettra: {error}.") from error
    return {service: Published(service, _entries(deliveries[topic])) for service, topic in TOPICS.items()}


def _entries(deliveries: Sequence[Delivery]) -> tuple[LogEntry, ...]:
    """A broadcast is in every partition, and a repeat is the same once more."""
    found = {delivery.entry.sequence: delivery.entry for delivery in deliveries}
    return tuple(found[sequence] for sequence in sorted(found))


def is_empty(bootstrap: str) -> bool:
    """Whether no topic of ours holds an event yet."""
    return asyncio.run(_count(bootstrap)) == 0


async def _count(bootstrap: str) -> int:
    async with _consumer(bootstrap) as consumer:
        return sum((await consumer.end_offsets(list(consumer.assignment()))).values())


def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    """Of all partitions of all topics, without a group."""
    return AIOKafkaConsumer(
        *TOPICS.values(), bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )


async def _read(bootstrap: str, screen: Screen) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {topic: [] for topic in TOPICS.values()}
    async with asyncio.timeout(READ_SECONDS_MAX), _consumer(bootstrap) as consumer:
        left = {
            tp: end for tp, end in (await consumer.end_offsets(list(consumer.assignment()))).items() if end
        }
        with screen.bar("records on Kafka", sum(left.values())) as advance:
            while left:
                for tp, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                    found[tp.topic] += [_delivery(record) for record in records]
                    if tp in left and records[-1].offset + 1 >= left[tp]:
                        del left[tp]
                _show(advance, found)
    return found


def _show(advance: Advance, found: dict[str, list[Delivery]]) -> None:
    advance(sum(map(len, found.values())), "")


def _delivery(record: object) -> Delivery:
    r: Any = record
    return from_record(r.topic, r.partition, r.offset, r.key, r.value, r.headers)
