"""The publisher of a compacted topic: the present rows of a table, and tombstones that are compacted away.

A pending change is sent, acknowledged, and then forgotten; killed in between it is sent again, with the row as it
is then, so the last state wins. Tombstones alone erase nothing from the disk: the broker never compacts a partition's
active segment, and begins a new one only on a write. So after a tombstone the publisher writes *markers* (tombstones
of a key that nobody has) to the same partition, further apart than a segment lasts, until a look finds the key gone.

One publisher at a time leads. Its producer is transactional, not for the sake of transactions: its successor fences
it, so that a value which a frozen process sends when it wakes cannot come behind the tombstone that erased it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from lettra_events import failpoints
from lettra_events.decisions.compacting import CompactedTopic, PendingChange
from lettra_events.kafka.compaction import keys_left
from lettra_events.kafka.leading import connect_to_lead, stop_producer, wait_to_lead
from lettra_events.kafka.relay import RelayFailed, RelaySettings
from lettra_events.kafka.topics import partition_of
from lettra_events.store import compacted_store
from lettra_events.store.compacted_store import Erasure, Tombstone
from lettra_events.store.rows import load

log = structlog.get_logger(__name__)

MARKER_KEY = b"marker"
"""The key of the records behind a tombstone; to a reader one more key that is erased."""

POLL_SECONDS = 0.25
BATCH_MAX = 500
_LEADER_LOCKS = 0x1E77 << 32
_METADATA_SECONDS_MAX = 30
_LOOK_SECONDS_MAX = 60
_QUICK_MARKERS = 8
_DOUBLED_MAX = 30
_MARKER_SECONDS_MAX = 86_400.0


class CompactedPublisher:
    """Publishes one compacted topic of one service; run any number, one is leading and the others stand by.

    Of the settings, `topic`, `batch_max` and `poll_seconds` are the relay's and not used here. `segment_seconds`:
    after which a segment of the topic is closed, as the topic is configured.
    """

    def __init__(
        self, settings: RelaySettings, compacted: CompactedTopic[Any], dsn: str, segment_seconds: float
    ) -> None:
        self._settings = settings
        self._compacted = compacted
        self._topic = compacted.topic
        self._dsn = dsn
        self._marker_seconds = 1.25 * segment_seconds
        self._partitions = 0
        self.leading = False

    async def run(self) -> None:
        """Lead when it is our turn, until cancelled. Raises `RelayFailed`, and then the process must end."""
        settings = self._settings
        try:
            connection = await connect_to_lead(
                self._dsn, f"lettra-compacted-{settings.service}", settings.silence_seconds_max
            )
            try:
                await wait_to_lead(connection, _LEADER_LOCKS | crc32(self._topic.encode()))
                await self._lead(connection)
            finally:
                self.leading = False
                connection.terminate()
        except Exception as error:
            raise RelayFailed(f"{self._topic}: {type(error).__name__}: {error}") from error

    async def _lead(self, connection: Any) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap,
            acks="all",
            transactional_id=f"lettra-{self._settings.service}-{self._topic}",
            linger_ms=0,
        )
        try:
            async with asyncio.timeout(_METADATA_SECONDS_MAX):
                await producer.start()
                self._partitions = len(await producer.partitions_for(self._topic))
            self.leading = True
            log.info("compacted.leading", topic=self._topic)
            await self._rounds(connection, producer)
        except BaseException as error:
            # After a failure to publish only the end of the process is a clean end.
            if not self.leading or isinstance(error, asyncio.CancelledError):
                await stop_producer(producer)
            raise

    async def _rounds(self, connection: Any, producer: AIOKafkaProducer) -> None:
        while True:
            full = await self._publish(connection, producer)
            for erasure in await compacted_store.due(connection, self._topic):
                await self._follow(connection, producer, erasure)
            if not full:
                await asyncio.sleep(POLL_SECONDS)

    async def _publish(self, connection: Any, producer: AIOKafkaProducer) -> bool:
        """Send the rows of changed keys; whether there may be more."""
        changes = await compacted_store.pending(connection, self._topic, BATCH_MAX)
        if not changes:
            return False
        values = await self._values(connection, changes)
        failpoints.reach("contacts.before_send")
        offsets = await self._send(producer, values)
        failpoints.reach("contacts.sent")
        tombstones = [
            Tombstone(key, self._partition(key), offset)
            for (key, value), offset in zip(values.items(), offsets, strict=True)
            if value is None
        ]
        await compacted_store.published(connection, self._topic, changes, tombstones, self._marker_seconds)
        failpoints.reach("contacts.forgotten")
        return len(changes) == BATCH_MAX

    async def _values(self, connection: Any, changes: Sequence[PendingChange]) -> dict[str, bytes | None]:
        """Read after the changes were, so that each row is at least as new as the change that is forgotten."""
        table = self._compacted.table
        rows = await load(connection, table, [(change.key,) for change in changes])
        found = {table.key_of(row)[0]: self._compacted.encode(row) for row in rows}
        return {change.key: found.get(change.key) for change in changes}

    async def _send(self, producer: AIOKafkaProducer, values: dict[str, bytes | None]) -> list[int]:
        """All acknowledged and committed; their offsets. After a failure nothing is aborted: the successor does it."""
        async with asyncio.timeout(self._settings.publish_timeout_seconds):
            await producer.begin_transaction()
            sends = [
                await producer.send(self._topic, value, key.encode(), partition=self._partition(key))
                for key, value in values.items()
            ]
            placed = await asyncio.gather(*sends)
            await producer.commit_transaction()
        return [place.offset for place in placed]

    async def _follow(self, connection: Any, producer: AIOKafkaProducer, erasure: Erasure) -> None:
        """Look whether the tombstones of a partition are compacted away; write a marker behind those that are not."""
        left = await self._look(erasure)
        if left is not None:
            gone = {key: offset for key, offset in erasure.tombstones.items() if key not in left}
            await compacted_store.seen_gone(connection, self._topic, gone)
            if gone:
                log.info("compacted.gone", topic=self._topic, keys=len(gone), markers=erasure.markers)
        if left:
            await self._mark(producer, erasure.partition)
        seconds = self._seconds_to_next(erasure.markers)
        await compacted_store.followed(connection, self._topic, erasure.partition, 1 if left else 0, seconds)

    async def _look(self, erasure: Erasure) -> set[str] | None:
        """The keys that are left; None where nobody could look. Before the first marker nothing can be gone."""
        if erasure.markers == 0:
            return set(erasure.tombstones)
        try:
            async with asyncio.timeout(_LOOK_SECONDS_MAX):
                return await keys_left(
                    self._settings.bootstrap, self._topic, erasure.partition, erasure.tombstones
                )
        except (KafkaError, TimeoutError) as error:
            log.warning("compacted.no_look", topic=self._topic, reason=f"{type(error).__name__}: {error}")
            return None

    async def _mark(self, producer: AIOKafkaProducer, partition: int) -> None:
        async with asyncio.timeout(self._settings.publish_timeout_seconds):
            await producer.begin_transaction()
            await (await producer.send(self._topic, None, MARKER_KEY, partition=partition))
            await producer.commit_transaction()

    def _seconds_to_next(self, markers: int) -> float:
        """The first ones as soon as they can help; then ever further apart, where the broker does not compact."""
        doubled = max(0, min(markers - _QUICK_MARKERS, _DOUBLED_MAX))
        if doubled:
            log.warning("compacted.still_there", topic=self._topic, markers=markers)
        return min(self._marker_seconds * (1 << doubled), max(self._marker_seconds, _MARKER_SECONDS_MAX))

    def _partition(self, key: str) -> int:
        return partition_of(key, self._partitions)
