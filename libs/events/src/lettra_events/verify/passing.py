"""The one pass over a history: entry by entry the hash, and the record in every partition where it belongs.

Where the entries come from is the subclasses' matter: from the log (`logged`), or from the topic itself
(`kafka_only`). A sound record is compared as bytes and not read; only what is not as expected is looked into.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lettra_events.contracts import ContractError, decode
from lettra_events.envelope import (
    BROADCAST_KEY,
    GENESIS,
    Delivery,
    LogEntry,
    MalformedRecord,
    RecordedEvent,
    link,
    to_record,
)
from lettra_events.kafka.topics import partition_of
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.heads import Head
from lettra_events.verify.lanes import Lane, Lanes, Record
from lettra_events.verify.recent import Chains, Seen
from lettra_events.verify.records import Difference, difference_of_record, is_record_of, read_claim

Entries = Iterable[tuple[LogEntry, datetime | None]]
"""Entries in their order, each with the time at which the store says that it was appended, where that is in doubt."""


@dataclass(slots=True)
class Tally:
    """What was looked at. `far`: repeats so far behind the first that they could not be compared."""

    entries: int = 0
    records: int = 0
    repeats: int = 0
    foreign: int = 0
    far: int = 0
    unpublished: int = 0


class Pass(ABC):
    """Takes the entries in their order; `Unsound` at the first that is not as it must be."""

    end: int | None = None
    """The last entry that there can be, where that is known."""
    mark: int | None = None
    """The last entry that must be on Kafka, where that is known."""

    def __init__(self, service: str, lanes: Lanes) -> None:
        self.service = service
        self.lanes = lanes
        self.head = Head()
        self.tally = Tally()
        self._chain = GENESIS
        self._chains = Chains()

    async def take(self, entries: Entries) -> None:
        """Check these, which follow what was taken before."""
        everywhere, following = self.lanes.lanes, self.lanes.next
        count, remember = len(everywhere), self._chains.add
        sequence, taken, found = self.head.sequence, 0, 0
        for entry, recorded_at in entries:
            sequence, event = entry.sequence, entry.event
            chain = link(self._chain, sequence, event)
            if chain != entry.chain:
                await self.broken(entry, chain)
            key = event.key
            for lane in everywhere if key == BROADCAST_KEY else (everywhere[partition_of(key, count)],):
                records = lane.records
                record = records.popleft() if records else await following(lane)
                timestamp, headers = to_record(entry, lane.last)
                if (
                    record is None
                    or record.headers != tuple(headers)
                    or record.value != event.payload
                    or record.timestamp != timestamp
                    or record.key != key.encode()
                ) and not await self._find(lane, entry, record):
                    continue
                lane.passed(sequence)
                found += 1
            self._chain = chain
            remember(chain)
            self.also(entry, recorded_at)
            taken += 1
        self.head = Head(sequence, self._chain)
        self.tally.entries += taken
        self.tally.records += found

    async def finish(self) -> None:
        """Nothing may be left but repeats, and what is not ours."""
        for lane in self.lanes.lanes:
            while (record := await self.lanes.next(lane)) is not None:
                await self.pass_over(lane, record, None)

    # ---- What differs by where the entries come from ----

    @abstractmethod
    async def broken(self, entry: LogEntry, chain: bytes) -> None:
        """The entry's hash is not what follows from it: raise, naming what was changed."""

    @abstractmethod
    async def at_end(self, lane: Lane, entry: LogEntry) -> Record | None:
        """The partition ends before the entry: raise, or None if that may be, or the record if it came."""

    @abstractmethod
    async def recall(self, lane: Lane, sequence: int) -> Seen | None:
        """An entry of the partition that is too far back to be remembered; None if nobody can tell."""

    def also(self, entry: LogEntry, recorded_at: datetime | None) -> None:
        """What else must hold of an entry whose hash and records are right."""
        self.check_contract(entry)

    def check_contract(self, entry: LogEntry) -> None:
        """It can be read."""
        try:
            decode(entry.event)
        except ContractError as error:
            raise self.unsound(
                Kind.CONTRACT, ("payload", entry.event.type, str(error)), entry=entry
            ) from None

    # ---- What is not as expected ----

    async def _find(self, lane: Lane, entry: LogEntry, record: Record | None) -> bool:
        """Whether the entry's record stands here behind what may stand before it; False if it need not be there."""
        while True:
            if record is None:
                record = await self.at_end(lane, entry)
                if record is None:
                    self.tally.unpublished += 1
                    return False
            if is_record_of(record, entry, lane.last):
                return True
            await self.pass_over(lane, record, entry)
            record = await self.lanes.next(lane)

    async def pass_over(self, lane: Lane, record: Record, entry: LogEntry | None) -> None:
        """A record that may stand before `entry` (None: at the end): it repeats, or is not ours. Raise otherwise."""
        claim = self.claim(lane, record, entry)
        if claim is None:
            self.tally.foreign += 1
        elif entry is not None and claim.entry.event.event_id == entry.event.event_id:
            raise self._changed(lane, record, claim, entry)
        elif claim.entry.sequence <= lane.last:
            await self._check_repeat(lane, record, claim)
        else:
            raise self._misplaced(lane, claim, entry)

    def claim(self, lane: Lane, record: Record, entry: LogEntry | None) -> Delivery | None:
        """The entry that a record claims to be; None for one that claims nothing."""
        try:
            return read_claim(record)
        except MalformedRecord as error:
            reason = str(error).partition(": ")[2]
            raise self.unsound(
                Kind.RECORD, ("headers", "a whole entry", reason), lane, record.offset, entry
            ) from None

    def _changed(self, lane: Lane, record: Record, claim: Delivery, entry: LogEntry) -> Unsound:
        difference = difference_of_record(record, entry, lane.last)
        if claim.entry.sequence == entry.sequence and claim.entry.chain != entry.chain:
            return self._parted(lane, claim, entry, difference)
        return self.unsound(Kind.RECORD, difference, lane, record.offset, entry)

    def _parted(self, lane: Lane, claim: Delivery, entry: LogEntry, difference: Difference) -> Unsound:
        """Another chain at the same number: another history, if it follows from what is before; else a change."""
        follows = link(self._chain, claim.entry.sequence, claim.entry.event) == claim.entry.chain
        kind = Kind.FORK if follows else Kind.RECORD
        return self.unsound(kind, difference, lane, claim.offset, entry)

    def _misplaced(self, lane: Lane, claim: Delivery, entry: LogEntry | None) -> Unsound:
        """It is no repeat, and not the entry that is expected (None: nothing is)."""
        sequence, key = claim.entry.sequence, claim.entry.event.key
        stands = f"entry {sequence} at offset {claim.offset}"
        belongs = key == BROADCAST_KEY or partition_of(key, len(self.lanes.lanes)) == lane.number
        if entry is not None and sequence == entry.sequence:
            return self._parted(lane, claim, entry, ("ce_id", *_ids(entry.event, claim.entry.event)))
        if not belongs:
            where = f"its key {key!r} belongs to partition {partition_of(key, len(self.lanes.lanes))}"
            return self._extra(lane, claim, ("partition", where, f"it stands in {lane.number}"))
        if entry is not None and sequence > entry.sequence and self._must_be_there(entry):
            return self.unsound(Kind.MISSING, ("record", "a record", stands), lane, None, entry)
        if self.end is not None and sequence > self.end:
            ends = f"nothing behind entry {self.end}, where the log ends"
            return self.unsound(Kind.AHEAD, ("ce_sequence", ends, str(sequence)), lane, claim.offset)
        if entry is not None and sequence > entry.sequence:
            return self.unsound(Kind.MISSING, ("record", "a record", stands), lane, None, entry)
        return self._extra(lane, claim, ("ce_sequence", "an entry of this partition", str(sequence)))

    def _must_be_there(self, entry: LogEntry) -> bool:
        return self.mark is None or entry.sequence <= self.mark

    def _extra(self, lane: Lane, claim: Delivery, difference: Difference) -> Unsound:
        return self.unsound(Kind.EXTRA, difference, lane, claim.offset, claim.entry)

    async def _check_repeat(self, lane: Lane, record: Record, claim: Delivery) -> None:
        """A relay that did not know whether it was heard sends the same bytes again."""
        seen = await self._seen(lane, claim.entry.sequence)
        if seen is None:
            self.tally.far += 1
            return
        entry = LogEntry(claim.entry.sequence, seen.chain, claim.entry.event)
        if link(seen.before, entry.sequence, entry.event) != seen.chain:
            found = f"a content that hashes to {link(seen.before, entry.sequence, entry.event).hex()}"
            difference = ("value, key or headers", f"a content that hashes to {seen.chain.hex()}", found)
            raise self.unsound(Kind.REPEAT, difference, lane, record.offset, claim.entry)
        if not is_record_of(record, entry, seen.previous):
            difference = difference_of_record(record, entry, seen.previous)
            raise self.unsound(Kind.REPEAT, difference, lane, record.offset, claim.entry)
        self.tally.repeats += 1

    async def _seen(self, lane: Lane, sequence: int) -> Seen | None:
        previous = lane.sequences.before(sequence)
        before, chain = self._chains.at(sequence - 1), self._chains.at(sequence)
        if previous is not None and before is not None and chain is not None:
            return Seen(before, chain, previous)
        if previous is None and not lane.sequences.forgets(sequence):
            raise self.unsound(
                Kind.EXTRA, ("ce_sequence", "an entry of this partition", str(sequence)), lane, None
            )
        return await self.recall(lane, sequence)

    def unsound(
        self,
        kind: Kind,
        difference: Difference,
        lane: Lane | None = None,
        offset: int | None = None,
        entry: LogEntry | None = None,
    ) -> Unsound:
        """A difference with its place."""
        place: dict[str, Any] = {}
        if lane is not None:
            place |= {"topic": self.lanes.topic, "partition": lane.number, "offset": offset}
        if entry is not None:
            event = entry.event
            place |= {"sequence": entry.sequence or None, "stream": event.stream_id, "version": event.version}
        field, expected, found = difference
        return Unsound(
            Finding(service=self.service, kind=kind, field=field, expected=expected, found=found, **place)
        )


def _ids(expected: RecordedEvent, found: RecordedEvent) -> tuple[str, str]:
    return str(expected.event_id), str(found.event_id)
