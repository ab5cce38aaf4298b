"""What operators see of consuming: gauges, counters and one log line for what they should know."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import TopicPartition

from lettra_events import metrics
from lettra_events.envelope import Delivery

log = structlog.get_logger(__name__)

HOLE_ALARM_EVERY_SECONDS = 10.0


class Watch:
    """The partitions of one replica, as it reads them. `stopped`: why each stopped partition is.

    `topics`: the logical name of each topic on Kafka, by which operators know it in every generation.
    """

    def __init__(self, service: str, topics: Mapping[str, str]) -> None:
        self._service = service
        self._topics = topics
        self._alarmed: dict[TopicPartition, float] = {}
        self.stopped: dict[TopicPartition, str] = {}

    def forget(self, tp: TopicPartition) -> None:
        """Another replica reads this partition: what is said of it here is no longer so."""
        self._alarmed.pop(tp, None)
        self.stopped.pop(tp, None)
        for gauge in (metrics.MISSING, metrics.STOPPED, metrics.LAG):
            gauge.remove(self._service, self._topics[tp.topic], tp.partition)

    def applied(self, tp: TopicPartition, records: int, seconds: float) -> None:
        metrics.BATCH_SECONDS.labels(self._service).observe(seconds)
        metrics.BATCH_RECORDS.labels(self._service).observe(records)
        metrics.CONSUMED.labels(self._service, self._topics[tp.topic]).inc(records)

    def repeated(self, tp: TopicPartition, records: int) -> None:
        metrics.REPEATED.labels(self._service, self._topics[tp.topic]).inc(records)

    def foreign(self, tp: TopicPartition, reasons: Sequence[str]) -> None:
        """Records that carry no place in the history; that nothing is lost by passing them over, contiguity proves."""
        if reasons:
            metrics.FOREIGN.labels(self._service, self._topics[tp.topic]).inc(len(reasons))
            log.error("consume.foreign_records", records=len(reasons), first=reasons[0])

    def missing(self, tp: TopicPartition, hole: Delivery, known: int) -> None:
        """A record waits for one before it that did not come."""
        metrics.MISSING.labels(self._service, self._topics[tp.topic], tp.partition).set(1)
        now = time.monotonic()
        if now - self._alarmed.get(tp, -HOLE_ALARM_EVERY_SECONDS) >= HOLE_ALARM_EVERY_SECONDS:
            self._alarmed[tp] = now
            log.error(
                "consume.missing_record",
                topic=tp.topic,
                partition=tp.partition,
                missing=hole.previous,
                before=hole.entry.sequence,
                known=known,
            )

    def complete(self, tp: TopicPartition) -> None:
        """Nothing is missing up to here."""
        self._alarmed.pop(tp, None)
        metrics.MISSING.labels(self._service, self._topics[tp.topic], tp.partition).set(0)

    def stop(self, tp: TopicPartition, why: str) -> None:
        """The partition cannot go on; it is tried again."""
        self.stopped[tp] = why
        metrics.STOPPED.labels(self._service, self._topics[tp.topic], tp.partition).set(1)
        log.error("consume.stopped", topic=tp.topic, partition=tp.partition, reason=why)

    def runs(self, tp: TopicPartition) -> None:
        """A batch went well."""
        if self.stopped.pop(tp, None) is not None:
            metrics.STOPPED.labels(self._service, self._topics[tp.topic], tp.partition).set(0)
            log.info("consume.goes_on", topic=tp.topic, partition=tp.partition)

    def lag(self, tp: TopicPartition, end: int | None, next_offset: int) -> None:
        """How many records stand between what is applied and the end of the partition."""
        if end is not None:
            metrics.LAG.labels(self._service, self._topics[tp.topic], tp.partition).set(
                max(0, end - next_offset)
            )
