"""What waits behind stopped keys, against the topics: from the record at which a key stands, each of its records waits.

Every record of a stopped key is put behind it, up to the position of its partition, so the topic says what must be
there. In memory are the sequences of what waits in one partition, about 60 bytes each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from lettra_events.envelope import Delivery, MalformedRecord, RecordedEvent, from_record
from lettra_events.kafka.generations import generation_name, recorded_generations
from lettra_events.kafka.locating import locate
from lettra_events.kafka.parking import thaw
from lettra_events.kafka.topics import partition_of
from lettra_events.progress import Progress
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Finding, Kind, Unsound, shown, shown_around
from lettra_events.verify.lanes import open_consumer, promptly

_POLL_MS = 200
_KEYS = "select topic, key, partition, sequence from parked_keys order by 1, 2"
_POSITION = """
select sequence, coalesce((select max(through) from consumer_generations g
                            where g.topic = o.topic and left_at is not null), 0)
  from consumer_offsets o where topic = $1 and partition = $2"""
_COUNT = "select count(*) from parked_records where topic = $1 and key = any($2)"
_THESE = (
    "select sequence, record from parked_records where topic = $1 and key = any($2) and sequence = any($3)"
)
_PLACES = "select key, sequence from parked_records where topic = $1 and key = any($2) order by 2"
_EVENT_FIELDS = tuple(each.name for each in fields(RecordedEvent))


@dataclass(slots=True)
class _Share:
    """The stopped keys of one partition of what is read now, each with the record at which it stands.

    `through`: the position; `left`: the last entry of the generation before. `seen`: what waits and is on the topic;
    `gone`: the entries before this one were deleted from the partition.
    """

    topic: str
    at: TopicPartition
    keys: dict[str, int]
    through: int = 0
    left: int = 0
    waiting: int = 0
    seen: set[int] = field(default_factory=set)
    gone: int = 0

    def asks_for(self, claim: Delivery) -> bool:
        """Whether this record of the topic must wait."""
        stands = self.keys.get(claim.entry.event.key)
        return stands is not None and stands <= claim.sequence <= self.through


async def check_waiting(connection: Connection, bootstrap: str, service: str, progress: Progress) -> int:
    """Compare all that waits with the topics; how many records could not be: a topic has them no more, or not yet.

    `connection` is in the snapshot. Raises `Unsound` at the first difference, and `KafkaSilent`.
    """
    shares = await _shares(connection)
    unseen = 0
    for done, share in enumerate(shares):
        progress(f"{service}: what waits behind stopped keys", done, len(shares))
        unseen += await _check_share(connection, bootstrap, service, share)
        progress(f"{service}: what waits behind stopped keys", done + 1, len(shares))
    return unseen


async def _shares(connection: Connection) -> list[_Share]:
    rows = await connection.fetch(_KEYS)
    generations = await recorded_generations(connection, {row["topic"] for row in rows})
    shares: dict[TopicPartition, _Share] = {}
    for topic, key, parked_in, stands in rows:
        read = generations.get(topic)
        partition = partition_of(key, read.partitions) if read else parked_in
        at = TopicPartition(read.name if read else generation_name(topic, 1), partition)
        shares.setdefault(at, _Share(topic, at, {})).keys[key] = stands
    for share in shares.values():
        share.waiting = await connection.fetchval(_COUNT, share.topic, list(share.keys))
        if (position := await connection.fetchrow(_POSITION, share.topic, share.at.partition)) is not None:
            share.through, share.left = position
    return list(shares.values())


async def _check_share(connection: Connection, bootstrap: str, service: str, share: _Share) -> int:
    stands = min(share.keys.values())
    async with promptly(f"where entry {stands} lies in {share.at.topic}[{share.at.partition}] is not told"):
        start = (await locate(bootstrap, share.at.topic, {share.at.partition: stands}))[share.at.partition]
    async with open_consumer(bootstrap) as consumer:
        consumer.assign([share.at])
        await _read_from(connection, consumer, service, share, start)
        if len(share.seen) == share.waiting:
            return 0
        # A lost record that was sent again lies behind those that follow it: halving may have passed it over.
        begin = (await consumer.beginning_offsets([share.at]))[share.at]
        first = await _read_from(connection, consumer, service, share, begin)
    share.gone = (first or share.through + 1) if begin > 0 else 0
    return await _check_rest(connection, service, share)


async def _read_from(
    connection: Connection, consumer: AIOKafkaConsumer, service: str, share: _Share, start: int
) -> int | None:
    """Compare what the topic has from here, up to the position and all that waits; the first entry that was read."""
    first = None
    async for claims in _claims(consumer, share, start):
        those = [claim for claim in claims if share.asks_for(claim)]
        sequences = [claim.sequence for claim in those]
        rows = await connection.fetch(_THESE, share.topic, list(share.keys), sequences)
        there = {row["sequence"]: row["record"] for row in rows}
        for claim in those:
            _compare(service, share, claim, there.get(claim.sequence))
        share.seen.update(sequences)
        if claims:
            first = claims[0].sequence if first is None else first
            if claims[-1].sequence >= share.through and len(share.seen) == share.waiting:
                break
    return first


async def _claims(consumer: AIOKafkaConsumer, share: _Share, start: int) -> AsyncIterator[list[Delivery]]:
    """The entries from this offset to the end, as many at a time as Kafka gives; what is none is passed over."""
    tp = share.at
    end = (await consumer.end_offsets([tp]))[tp]
    consumer.seek(tp, start)
    while await consumer.position(tp) < end:
        async with promptly(f"{tp.topic}[{tp.partition}] has more records, and none comes"):
            while not (found := await consumer.getmany(tp, timeout_ms=_POLL_MS)):
                pass
        yield list(_read_claims(share.topic, found[tp]))


def _read_claims(topic: str, records: Sequence[Any]) -> Iterator[Delivery]:
    for r in records:
        try:
            yield from_record(topic, r.partition, r.offset, r.key, r.value, r.headers)
        except MalformedRecord:
            continue


def _compare(service: str, share: _Share, claim: Delivery, record: bytes | None) -> None:
    """The record that waits is the one on the topic, in all that a release goes by."""
    if record is None:
        difference = ("record", f"record {claim.sequence}, as the topic has it", "nothing")
    else:
        came, kept = _said(claim), _said(thaw(record))
        if claim.sequence <= share.left:
            came.pop("previous")  # it came in an older generation, behind another record
        name = next((name for name, value in came.items() if kept[name] != value), None)
        if name is None:
            return
        difference = (name, *_shown_both(came[name], kept[name]))
    key = claim.entry.event.key
    raise _unsound(service, share, key, claim.sequence, *difference, offset=claim.offset)


def _said(delivery: Delivery) -> dict[str, Any]:
    event = delivery.entry.event
    said = {name: getattr(event, name) for name in _EVENT_FIELDS}
    return said | {"chain": delivery.entry.chain, "previous": delivery.previous}


def _shown_both(expected: Any, found: Any) -> tuple[str, str]:
    if isinstance(expected, bytes) and isinstance(found, bytes):
        return shown_around(expected, found)
    return shown(expected), shown(found)


async def _check_rest(connection: Connection, service: str, share: _Share) -> int:
    """Of what waits and was not seen: how much the topic cannot have, for it was deleted, or is not published yet."""
    unseen = 0
    async for key, sequence in connection.cursor(_PLACES, share.topic, list(share.keys)):
        if sequence in share.seen:
            continue
        if sequence > share.left and sequence >= share.gone:
            expected = f"a record of the topic, up to entry {share.through}"
            raise _unsound(service, share, key, sequence, "sequence", expected, f"record {sequence}")
        unseen += 1
    return unseen


def _unsound(
    service: str,
    share: _Share,
    key: str,
    sequence: int,
    name: str,
    expected: str,
    found: str,
    offset: int | None = None,
) -> Unsound:
    return Unsound(
        Finding(
            service=service,
            kind=Kind.PARKED,
            topic=share.at.topic,
            partition=share.at.partition,
            offset=offset,
            sequence=sequence,
            table="parked_records",
            key=key,
            field=name,
            expected=expected,
            found=found,
        )
    )
