"""Deciding on records, pure: what each one changes and causes, in their order, in memory.

Promises: a record that fails leaves nothing behind but its stopped key; what is decided does not depend on where a
batch ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lettra_events.contracts import Event, UnknownEventType, contracts, decode
from lettra_events.decisions.workspace import Cause, Missing, Needs, Workspace, for_each
from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import expect_parked, is_parked, park, put_behind
from lettra_events.kafka.reading import Context, Reading, StopPartition


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record, decoded once: its event if the service reads this type, else None, or why it cannot be read."""

    delivery: Delivery
    event: Event | None = None
    error: Exception | None = None


def read_incoming(reading: Reading, delivery: Delivery) -> Incoming:
    """Decode what the service reads; a type that no contract knows is an error, one that it does not want is not."""
    recorded = delivery.entry.event
    try:
        if recorded.type in reading.reads:
            return Incoming(delivery, event=decode(recorded))
        if recorded.type not in contracts():
            raise UnknownEventType(
                f"{recorded.type} v{recorded.schema_version}: no such event type in this release"
            )
    except Exception as error:
        # Not only ContractError: an upcaster meets data that nobody foresaw.
        return Incoming(delivery, error=error)
    return Incoming(delivery)


def cause_of(reading: Reading, delivery: Delivery) -> Cause:
    """What the decisions on a record are made for: their ids follow from the record's event alone."""
    event = delivery.entry.event
    return Cause(event.event_id, event.correlation_id, reading.service)


def decide_all(
    reading: Reading, partitions: Mapping[str, int], incoming: Sequence[Incoming], workspace: Workspace
) -> set[str]:
    """Fold and decide the records in order; the keys that failed and are stopped now.

    Raises `Missing` with all that the records lack together. Beside what is missing an error says nothing: the
    next round decides again. `StopPartition` if the partition cannot go on.
    """
    batch = _Batch(reading, partitions, workspace)
    batch.ask_for_parked([one.delivery for one in incoming])
    for one in incoming:
        batch.decide(one)
    if batch.needs:
        raise Missing(batch.needs)
    return batch.failed


class _Batch:
    """One round over the records of a batch: what they lack together, and the keys that failed."""

    def __init__(self, reading: Reading, partitions: Mapping[str, int], workspace: Workspace) -> None:
        self._reading = reading
        self._partitions = partitions
        self._workspace = workspace
        self.needs = Needs()
        self.failed: set[str] = set()

    def ask_for_parked(self, deliveries: Sequence[Delivery]) -> None:
        """Which keys are stopped; while that is missing, the records are looked at as if none was."""
        try:
            expect_parked(self._workspace, deliveries)
        except Missing as missing:
            self.needs.add(missing.needs)

    def decide(self, one: Incoming) -> None:
        """Apply one record, or put it behind its stopped key, or stop its key."""
        self._workspace.begin(cause_of(self._reading, one.delivery))
        try:
            if is_parked(self._workspace, one.delivery):
                put_behind(self._workspace, one.delivery)
            else:
                apply_incoming(self._reading, self._partitions, one, self._workspace)
        except Missing as missing:
            self._workspace.discard()
            self.needs.add(missing.needs)
        except Exception as error:
            self._workspace.discard()
            if not self.needs:
                self._stop_key(one.delivery, error)

    def _stop_key(self, delivery: Delivery, error: Exception) -> None:
        self.failed.add(delivery.entry.event.key)
        check_failed(self._reading, delivery, error, self.failed)
        try:
            park(self._workspace, self._reading, delivery, error)
        except Missing as missing:
            self._workspace.discard()
            self.needs.add(missing.needs)


def apply_incoming(
    reading: Reading, partitions: Mapping[str, int], one: Incoming, workspace: Workspace
) -> None:
    """Project one record and react to it, asking at once for all that this lacks; or raise why it cannot be read."""
    if one.error is not None:
        raise one.error
    if one.event is None:
        return
    delivery = one.delivery
    context = Context(delivery.topic, delivery.partition, delivery.entry.sequence, partitions)
    steps = [partial(workspace.apply, change) for change in reading.project(one.event, context)]
    for_each([*steps, partial(reading.react, workspace, one.event, context)], _take)


def _take(step: Callable[[], None]) -> None:
    step()


def check_failed(reading: Reading, delivery: Delivery, error: Exception, failed: set[str]) -> None:
    """More than a few failing keys in one batch are a bad release, not bad events: stop the partition."""
    if len(failed) > reading.keys_parked_max:
        raise StopPartition(delivery, f"{len(failed)} keys fail in one batch, the last with: {error}")
