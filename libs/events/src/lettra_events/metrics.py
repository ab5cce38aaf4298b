"""Prometheus metrics of every service; one definition each, labelled by service."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RELAY_BACKLOG = Gauge("lettra_relay_backlog_events", "Sequenced and not yet published", ["service"])
RELAY_PUBLISHED = Counter("lettra_relay_published_records", "Records acknowledged by the broker", ["service"])
OUTBOX_WAITING = Gauge("lettra_outbox_waiting_events", "Appended and not yet sequenced", ["service"])
CONSUMED = Counter("lettra_consumed_records", "Records applied", ["service", "topic"])
REPEATED = Counter("lettra_repeated_records", "Records dropped because seen before", ["service", "topic"])
FOREIGN = Counter("lettra_foreign_records", "Records that are no event of Lettra", ["service", "topic"])
MISSING = Gauge(
    "lettra_missing_records",
    "1 while a partition waits for a missing record",
    ["service", "topic", "partition"],
)
STOPPED = Gauge(
    "lettra_stopped_partitions",
    "1 while a partition is stopped by an error",
    ["service", "topic", "partition"],
)
LAG = Gauge(
    "lettra_consumer_lag_records", "Records behind the end of the topic", ["service", "topic", "partition"]
)
PARKED = Gauge("lettra_parked_keys", "Keys that are stopped", ["service"])
PARKED_RECORDS = Gauge("lettra_parked_records", "Records of stopped keys that wait", ["service"])
PARKED_OLDEST = Gauge(
    "lettra_parked_oldest_seconds", "Since when the key that is stopped longest is; 0 if none is", ["service"]
)
PARKING_DECISIONS = Gauge(
    "lettra_parking_events",
    "KeyParked, KeyReleased and EventSkipped in the service's history; only grows",
    ["service", "event"],
)
BATCH_RECORDS = Histogram(
    "lettra_batch_records", "Records a transaction", ["service"], buckets=(1, 3, 10, 30, 100, 300, 1_000)
)
BATCH_SECONDS = Histogram("lettra_batch_seconds", "Time to apply a batch", ["service"])
COMMAND_SECONDS = Histogram(
    "lettra_command_seconds", "Time to answer an HTTP request", ["service", "route", "status"]
)
