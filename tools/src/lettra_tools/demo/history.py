"""The published history, read back from Kafka alone, and whether it can be trusted.

This checks the log as it stands on Kafka: gapless sequences, contiguous partitions, an intact hash chain, gapless
streams. That Kafka holds what the services' databases hold is another question, which `lettra verify` answers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from lettra_events.contracts import TOPICS
from lettra_events.envelope import GENESIS, Delivery, LogEntry, MalformedRecord, first_break, from_record
from lettra_tools.client import Advance
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed

READ_SECONDS_MAX = 120.0
POLL_MS = 500


@dataclass(frozen=True)
class Verified:
    """What was found of one service's topic; no `problems`: it holds."""

    service: str
    records: int
    partitions: int
    entries: tuple[LogEntry, ...]
    problems: tuple[str, ...]

    def in_words(self) -> str:
        """The line of the report."""
        counts = f"{len(self.entries):,} events, {self.records:,} records in {self.partitions} partitions"
        if self.problems:
            return f"{self.service}: {counts}. BROKEN: {'; '.join(self.problems[:3])}"
        if not self.entries:
            return f"{self.service}: no event"
        return (
            f"{self.service}: {counts}; no hole in the sequence, in a partition or in a stream; hash chain intact;"
            f" head {self.head}"
        )

    @property
    def head(self) -> str:
        """Sequence and chain of the last entry, as an auditor keeps them."""
        return f"{self.entries[-1].sequence}:{self.entries[-1].chain.hex()}" if self.entries else "0:"


def read_history(bootstrap: str, screen: Screen) -> dict[str, Verified]:
    """All topics, read to their present ends and checked, by service."""
    try:
        deliveries = asyncio.run(_read(bootstrap, screen))
    except (KafkaError, OSError, TimeoutError) as error:
        raise DemoFailed(f"The history cannot be read from Kafka at {bootstrap}: {error!r}.") from error
    except MalformedRecord as error:
        raise DemoFailed(f"A record on Kafka is no event of Lettra: {error}.") from error
    return {service: verify_topic(service, deliveries[topic]) for service, topic in TOPICS.items()}


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


def verify_topic(service: str, deliveries: Sequence[Delivery]) -> Verified:
    """Check one topic. Records of a partition are in their order; a repeat must be byte-identical."""
    problems: list[str] = []
    entries: dict[int, LogEntry] = {}
    heads: dict[int, int] = {}
    for delivery in deliveries:
        entry, head = delivery.entry, heads.get(delivery.partition, 0)
        if entries.setdefault(entry.sequence, entry) != entry:
            problems.append(f"two different events have the sequence {entry.sequence}")
        if entry.sequence <= head:
            continue
        if delivery.previous != head:
            place = f"{delivery.topic}[{delivery.partition}]@{delivery.offset}"
            problems.append(
                f"{place}: the record before {entry.sequence} should be {delivery.previous}, is {head}"
            )
        heads[delivery.partition] = entry.sequence
    ordered = tuple(entries[sequence] for sequence in sorted(entries))
    problems += _chain_problems(ordered) + _stream_problems(ordered)
    return Verified(service, len(deliveries), len(heads), ordered, tuple(problems))


def _chain_problems(entries: Sequence[LogEntry]) -> list[str]:
    missing = sorted(set(range(1, len(entries) + 1)) - {entry.sequence for entry in entries})
    if missing:
        return [f"the sequence {missing[0]} is missing, and {len(missing) - 1} more"]
    broken = first_break(GENESIS, entries)
    return [f"the hash chain breaks at sequence {broken.sequence}"] if broken else []


def _stream_problems(entries: Sequence[LogEntry]) -> list[str]:
    versions: Counter[str] = Counter()
    for entry in entries:
        stream = entry.event.stream_id
        versions[stream] += 1
        if entry.event.version != versions[stream]:
            return [
                f"stream {stream} goes on with version {entry.event.version} instead of {versions[stream]}"
            ]
    return []
