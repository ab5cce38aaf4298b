"""Following partitions up to an extent: each record once, in order, none missing, and folded into rows.

A consumer without a group: it reads, and Kafka keeps nothing of it. While PostgreSQL writes a batch, the next one is
read and decoded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from lettra_events import failpoints
from lettra_events.contracts import Event, decode_data
from lettra_events.decisions.tables import Change
from lettra_events.kafka.reading import Context, Reading
from lettra_events.rebuild.errors import RebuildError, ServersAway
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.paths import Part, Path
from lettra_events.rebuild.records import BriefRecord, NotAnEvent, read_brief
from lettra_events.rebuild.rows import Rows

BATCH_MAX = 4_000
"""Records that are taken at once."""
SILENT_SECONDS_MAX = 60.0
START_SECONDS_MAX = 30.0
_POLL_MS = 500

Decoder = Callable[[bytes], Event | None]
Told = Callable[[int, int], None]
"""Told now and then how many records of how many were read, in this round."""


class Follower:
    """Follows some partitions and folds what counts into rows; `follow` an extent, and then later ones."""

    def __init__(self, reading: Reading, parts: Iterable[Part], partitions: Mapping[str, int]) -> None:
        self._reading = reading
        self._partitions = partitions
        self._paths = {part.at: Path(part) for part in parts}
        self._decoders: dict[tuple[str, int], Decoder] = {}
        self._extent: Extent | None = None
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self, bootstrap: str) -> None:
        """`ServersAway` if Kafka does not answer."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=1_048_576,
            fetch_max_wait_ms=100,
        )
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                await self._consumer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            raise ServersAway(f"Kafka does not answer: {type(error).__name__}: {error}") from None
        self._consumer.assign(list(self._paths))

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def follow(self, extent: Extent, rows: Rows, told: Told) -> None:
        """Fold what counts in this extent and did not in the one before; all of it is committed then.

        `RebuildError` names the entry that is missing or that the code cannot apply.
        """
        for path in self._paths.values():
            path.set_out(self._extent, extent)
        try:
            await self._follow_all({tp: p for tp, p in self._paths.items() if not p.arrived}, rows, told)
        except KafkaError as error:
            raise ServersAway(f"Kafka does not answer any more: {type(error).__name__}: {error}") from None
        await rows.finish()
        self._extent = extent

    async def _follow_all(self, going: dict[TopicPartition, Path], rows: Rows, told: Told) -> None:
        assert self._consumer is not None
        total = await self._set_out(going) if going else 0
        done, heard = 0, time.monotonic()
        while going:
            told(done, total)
            found = await self._consumer.getmany(*going, timeout_ms=_POLL_MS, max_records=BATCH_MAX)
            for tp, records in found.items():
                await self._fold(going[tp], records, rows)
                done += len(records)
                heard = time.monotonic()
            if not found:
                await self._look_at_ends(going)
                if time.monotonic() - heard > SILENT_SECONDS_MAX:
                    raise ServersAway(f"Kafka gave nothing of {next(iter(going.values())).part} for a minute")
            for tp in [tp for tp, path in going.items() if path.arrived]:
                self._consumer.pause(tp)
                del going[tp]
        told(total, total)

    async def _set_out(self, going: Mapping[TopicPartition, Path]) -> int:
        """Seek to where each partition goes on; how many records there are to read, about."""
        assert self._consumer is not None
        self._consumer.pause(*(self._paths.keys() - going.keys()))
        self._consumer.resume(*going)
        ends = await self._consumer.end_offsets(list(going))
        for tp, path in going.items():
            path.end = ends[tp]
            self._consumer.seek(tp, path.position.next_offset)
        return sum(max(0, path.end - path.position.next_offset) for path in going.values())

    async def _fold(self, path: Path, records: Sequence[Any], rows: Rows) -> None:
        assert self._consumer is not None
        counted = path.take(_brief(records))
        if path.back and not path.arrived:
            self._consumer.seek(path.part.at, path.position.next_offset)
        await rows.fold(self._changes(path.part, counted), partial(cannot_apply, path.part))
        failpoints.reach("replay.batch_written")

    def _changes(
        self, part: Part, records: Sequence[BriefRecord]
    ) -> Sequence[tuple[BriefRecord, Sequence[Change[Any]]]]:
        project, found = self._reading.project, []
        for record in records:
            try:
                decode = self._decoders.get(record.kind) or self._decoder(record)
                event = decode(record.payload)
                if event is not None:
                    context = Context(part.topic, part.partition, record.sequence, self._partitions)
                    found.append((record, tuple(project(event, context))))
            except Exception as error:
                raise cannot_apply(part, record, error) from error
        return found

    def _decoder(self, record: BriefRecord) -> Decoder:
        """How data of this type and version are read; None comes of those that the service does not want."""
        wanted = record.kind[0] in self._reading.reads
        decode = partial(decode_data, *record.kind) if wanted else _pass_over
        self._decoders[record.kind] = decode
        return decode

    async def _look_at_ends(self, going: Mapping[TopicPartition, Path]) -> None:
        """Nothing came: an entry that is not there up to the end of its partition is missing."""
        assert self._consumer is not None
        for tp, path in going.items():
            if await self._consumer.position(tp) >= path.end:
                raise path.missing()


def _pass_over(_payload: bytes) -> None:
    return None


def _brief(records: Sequence[Any]) -> list[BriefRecord]:
    found = []
    for record in records:
        try:
            found.append(read_brief(record))
        except NotAnEvent:
            continue
    return found


def cannot_apply(part: Part, record: BriefRecord, error: Exception) -> RebuildError:
    return RebuildError(
        f"{part}: entry {record.sequence} ({record.kind[0]}) cannot be applied by this release, and the service did"
        f" apply it: {type(error).__name__}: {error}; mend the code"
    )
