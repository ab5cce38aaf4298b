"""The pass with the topic alone as the guide: for an auditor who may read Kafka and no database.

The entries are those that the records claim to be, merged over the partitions by their numbers. In memory is kept
what `Pass` keeps, and the version of up to `STREAMS_MAX` streams.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiokafka import TopicPartition

from lettra_events.envelope import BROADCAST_KEY, Delivery, LogEntry, link
from lettra_events.kafka.fork import last_entry
from lettra_events.kafka.generations import Generation, announcement, generation_name
from lettra_events.kafka.topics import partition_of, topic_sizes
from lettra_events.rebuild.errors import NotNow
from lettra_events.verify.finding import Kind
from lettra_events.verify.heads import Head
from lettra_events.verify.lanes import Lane, Lanes, Record, open_consumer, promptly
from lettra_events.verify.passing import Pass
from lettra_events.verify.recent import Seen
from lettra_events.verify.store import check_kept_chain, cut_off

STREAMS_MAX = 1_000_000
"""Streams whose versions are followed, about 100 bytes each; of later ones it is counted how many events they have."""
WAIT_SECONDS_MAX = 10.0
"""How long a record may come later than one with a higher number in another partition: a round being sent."""
_ADVANCE_EVERY = 1_000
_LOOK_EVERY_SECONDS = 0.2


@dataclass(slots=True)
class Streams:
    """The version of each stream, by a hash of its name. `unfollowed`: events of streams beyond the bound."""

    versions: dict[int, int] = field(default_factory=dict)
    unfollowed: int = 0

    def expected(self, stream: str) -> int | None:
        """The next version of the stream, which is counted on; None if the stream is not followed."""
        name = hash(stream)
        before = self.versions.get(name, 0)
        if before == 0 and len(self.versions) >= STREAMS_MAX:
            self.unfollowed += 1
            return None
        self.versions[name] = before + 1
        return before + 1


async def end_of_former(bootstrap: str, generation: Generation) -> int:
    """The entry with which the generation before ends, to which this one will be published; 0 if none is there."""
    former = generation_name(generation.topic, generation.number - 1)
    if generation.number == 1 or former not in await topic_sizes(bootstrap):
        return 0
    tp = TopicPartition(former, 0)
    async with open_consumer(bootstrap) as consumer, promptly(f"the last record of {former} is not given"):
        consumer.assign([tp])
        begins, ends = await consumer.beginning_offsets([tp]), await consumer.end_offsets([tp])
        last = await last_entry(consumer, tp, begins[tp], ends[tp])
    return last.sequence if last is not None and announcement(last.event) is not None else 0


class KafkaPass(Pass):
    """The records of a topic against each other.

    `kept`: a head that the history must contain; `through`: the end of the generation before. `NotNow` where the topic
    does not reach that yet.
    """

    def __init__(self, service: str, lanes: Lanes, kept: Head | None, through: int = 0) -> None:
        super().__init__(service, lanes)
        self._through = through
        self.streams = Streams()
        self._kept = kept
        self._source = lanes.lanes[0]

    async def run(self, advance: Callable[[int], None]) -> None:
        """All entries that the topic holds."""
        heads = [await self._peek(lane) for lane in self.lanes.lanes]
        while (claim := await self._following(heads)) is not None:
            entry = claim.entry
            await self._check_partition(claim)
            await self.take([(entry, None)])
            for lane in self.lanes.lanes:
                if lane.last == entry.sequence:
                    heads[lane.number] = await self._peek(lane)
            if entry.sequence % _ADVANCE_EVERY == 0:
                advance(self.tally.records)
        if self.head.sequence < self._through:
            raise NotNow(
                f"{self.lanes.topic} ends with entry {self.head.sequence}, and is to be published up to entry"
                f" {self._through}, with which the generation before ends; if the service's relay is stopped, start it,"
                " and verify again. If it stays so while the relay runs, the end was cut off"
            )
        if self._kept is not None and self.head.sequence < self._kept.sequence:
            raise cut_off(self.service, self.head, self._kept)

    async def _following(self, heads: list[Delivery | None]) -> Delivery | None:
        """The claim with the lowest number, which is the one after the last; None at the end of all partitions."""
        wanted = self.head.sequence + 1
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while there := [claim for claim in heads if claim is not None]:
            lowest = min(there, key=lambda claim: claim.entry.sequence)
            if lowest.entry.sequence <= wanted:
                return lowest
            self._check_holes(there, wanted)
            if time.monotonic() > deadline:
                stands = f"nothing between entries {self.head.sequence} and {lowest.entry.sequence}{_PERHAPS}"
                raise self.unsound(Kind.MISSING, ("record", f"entry {wanted} in some partition", stands))
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            await self.lanes.fix_ends()
            for lane in self.lanes.lanes:
                if heads[lane.number] is None:
                    heads[lane.number] = await self._peek(lane)
        return None

    def _check_holes(self, there: list[Delivery], wanted: int) -> None:
        """A record that names one before it which is not there need not be waited for."""
        for claim in there:
            lane = self.lanes.lanes[claim.partition]
            if claim.previous >= wanted:
                stands = f"entry {claim.entry.sequence} stands behind entry {lane.last}"
                difference = ("ce_previoussequence", f"entry {claim.previous} before it", stands)
                raise self.unsound(Kind.MISSING, difference, lane, claim.offset)

    async def _peek(self, lane: Lane) -> Delivery | None:
        """The next claim of the partition that is no repeat; it stays there."""
        while (record := await self.lanes.next(lane)) is not None:
            claim = self.claim(lane, record, None)
            if claim is not None and claim.entry.sequence > lane.last:
                lane.records.appendleft(record)
                return claim
            await self.pass_over(lane, record, None)
        return None

    async def _check_partition(self, claim: Delivery) -> None:
        entry, key = claim.entry, claim.entry.event.key
        self._source = self.lanes.lanes[claim.partition]
        belongs = partition_of(key, len(self.lanes.lanes))
        if key == BROADCAST_KEY or belongs == claim.partition:
            return
        chain = link(self.head.chain, entry.sequence, entry.event)
        if chain != entry.chain:
            await self.broken(entry, chain)
        difference = ("partition", f"{belongs}, by its key {key!r}", str(claim.partition))
        raise self.unsound(Kind.EXTRA, difference, self._source, claim.offset, entry)

    def also(self, entry: LogEntry, recorded_at: datetime | None) -> None:
        """Its stream goes on, it can be read, and it is the one that was kept."""
        event = entry.event
        expected = self.streams.expected(event.stream_id)
        if expected is not None and event.version != expected:
            raise self.unsound(
                Kind.STREAM, ("ce_streamversion", str(expected), str(event.version)), entry=entry
            )
        if self._kept is not None and entry.sequence == self._kept.sequence:
            check_kept_chain(self.service, self._kept, entry.chain, "ce_chain")
        self.check_contract(entry)

    async def broken(self, entry: LogEntry, chain: bytes) -> None:
        """One of its fields was changed, or the entry before; nothing but its own hash could say which."""
        difference = ("ce_chain, or one of the fields", f"{chain.hex()} (computed)", entry.chain.hex())
        raise self.unsound(Kind.RECORD, difference, self._source, None, entry)

    async def at_end(self, lane: Lane, entry: LogEntry) -> Record | None:
        """A broadcast comes to one partition before another; wait for it."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            await self.lanes.fix_ends()
            if (record := await self.lanes.next(lane)) is not None:
                return record
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        ends = f"the partition ends with entry {lane.last}{_PERHAPS}"
        raise self.unsound(Kind.MISSING, ("record", "a record", ends), lane, None, entry)

    async def recall(self, lane: Lane, sequence: int) -> Seen | None:
        """Nobody can tell."""
        return None


_PERHAPS = "; if the service's relay is stopped, start it and verify again: it may have ended in the midst of a round"
