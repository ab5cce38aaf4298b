"""What a topic holds, and the proof that it is a sound history: for tests of whatever publishes.

`prove` needs nothing but the records: it is what an auditor with access to Kafka alone can check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.envelope import BROADCAST_KEY, GENESIS, Delivery, LogEntry, first_break, from_record

_READ_MS = 1_000


class Unsound(AssertionError):
    """The records are no sound history; the message names the place."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in the topic, all of it that a repeat must repeat."""

    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


Partitions = Mapping[int, list[Record]]


async def read_topic(bootstrap: str, topic: str) -> dict[int, list[Record]]:
    """All records of the topic up to its present end, by partition, in their order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        numbers = await consumer._client._wait_on_metadata(topic)
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: dict[int, list[Record]] = {tp.partition: [] for tp in partitions}
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for tp, records in (await consumer.getmany(timeout_ms=_READ_MS)).items():
                found[tp.partition] += [
                    Record(r.timestamp, r.key, r.value, tuple(r.headers)) for r in records
                ]
        return found
    finally:
        await consumer.stop()


def deliveries(records: Iterable[Record], partition: int, topic: str = "topic") -> list[Delivery]:
    """The records as a reader sees them, repeats included."""
    return [
        from_record(topic, partition, offset, record.key, record.value, record.headers)
        for offset, record in enumerate(records)
    ]


def prove(partitions: Partitions) -> list[LogEntry]:
    """The entries of the history in the order of their sequences; `Unsound` if it has any fault.

    Repeats are the same byte for byte; without them each partition goes forward and each record names the one
    before; no sequence is missing; a broadcast is in every partition and anything else in one; every stream begins
    with version 1 and goes on one by one; the hash chain holds.
    """
    places: dict[int, list[Delivery]] = {}
    for partition, records in partitions.items():
        for delivery in _without_repeats(partition, records):
            places.setdefault(delivery.entry.sequence, []).append(delivery)
    for sequence, found in sorted(places.items()):
        _check_places(sequence, found, len(partitions))
    entries = [found[0].entry for _, found in sorted(places.items())]
    _check_numbers(entries)
    _check_streams(entries)
    if (broken := first_break(GENESIS, entries)) is not None:
        raise Unsound(f"the chain breaks at entry {broken.sequence}")
    return entries


def repeats(partitions: Partitions) -> int:
    """How many records were there before."""
    return sum(
        len(records) - len({delivery.entry.sequence for delivery in deliveries(records, partition)})
        for partition, records in partitions.items()
    )


def _without_repeats(partition: int, records: list[Record]) -> list[Delivery]:
    first: dict[int, Record] = {}
    kept: list[Delivery] = []
    known = 0
    for record, delivery in zip(records, deliveries(records, partition), strict=True):
        sequence = delivery.entry.sequence
        if sequence in first:
            if record != first[sequence]:
                raise Unsound(f"partition {partition}: entry {sequence} was repeated otherwise")
            continue
        if sequence < known or delivery.previous != known:
            raise Unsound(
                f"partition {partition}: entry {sequence} says that {delivery.previous} is before it, {known} is"
            )
        first[sequence] = record
        kept.append(delivery)
        known = sequence
    return kept


def _check_places(sequence: int, found: list[Delivery], partitions: int) -> None:
    wanted = partitions if found[0].entry.event.key == BROADCAST_KEY else 1
    if len(found) != wanted:
        raise Unsound(f"entry {sequence} is in {len(found)} partitions, not in {wanted}")
    if any(delivery.entry != found[0].entry for delivery in found):
        raise Unsound(f"entry {sequence} is not the same in every partition")


def _check_numbers(entries: list[LogEntry]) -> None:
    for expected, entry in enumerate(entries, 1):
        if entry.sequence != expected:
            raise Unsound(f"entry {expected} is missing")


def _check_streams(entries: list[LogEntry]) -> None:
    versions: dict[str, int] = {}
    for entry in entries:
        stream, version = entry.event.stream_id, entry.event.version
        if version != versions.get(stream, 0) + 1:
            raise Unsound(f"entry {entry.sequence} is version {version} of {stream}, out of order")
        versions[stream] = version
