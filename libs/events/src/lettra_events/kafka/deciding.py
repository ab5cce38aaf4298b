"""Deciding on records, pure: what each one changes and causes, in their order, in memory.

Promises: a record that fails leaves nothing behind but its stopped key; what is decided does not depend on where a
batch ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lettra_events.contracts import Event, UnknownEventType, contracts, decode
from lettra_events.decisions.needs import Missing, Needs
from lettra_events.decisions.tables import Change, Key, Table
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import is_parked, park, parked_rows, put_behind
from lettra_events.kafka.reading import Context, Reading, StopPartition


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record, decoded and projected once for all rounds: what it is to the service, or why it cannot be read.

    `event` is None for a type that the service does not want.
    """

    delivery: Delivery
    cause: Cause
    context: Context
    event: Event | None = None
    changes: tuple[Change[Any], ...] = ()
    error: Exception | None = None

    def rows(self) -> list[tuple[Table[Any], Key]]:
        """Where it is projected."""
        return [(change.table, change.key) for change in self.changes]


def read_incoming(reading: Reading, partitions: Mapping[str, int], delivery: Delivery) -> Incoming:
    """Decode what the service reads; a type that no contract knows is an error, one that it does not want is not."""
    recorded = delivery.entry.event
    cause = Cause(recorded.event_id, recorded.correlation_id, reading.service)
    context = Context(delivery.topic, delivery.partition, delivery.entry.sequence, partitions)
    try:
        if recorded.type in reading.reads:
            event = decode(recorded)
            return Incoming(delivery, cause, context, event, tuple(reading.project(event, context)))
        if recorded.type not in contracts():
            raise UnknownEventType(
                f"{recorded.type} v{recorded.schema_version}: no such event type in this release"
            )
    except Exception as error:
        # Not only ContractError: an upcaster meets data that nobody foresaw.
        return Incoming(delivery, cause, context, error=error)
    return Incoming(delivery, cause, context)


def decide_all(
    reading: Reading,
    incoming: Sequence[Incoming],
    workspace: Workspace,
    failed_before: Iterable[str] = (),
) -> set[str]:
    """Fold and decide the records in order; the keys that failed and are stopped now.

    Raises `Missing` with all that the records lack together. Beside what is missing an error says nothing: the
    next round decides again. `StopPartition` if the partition cannot go on. `failed_before`: keys that failed in
    the same batch already; with these they are too many or not.
    """
    batch = _Batch(reading, workspace, failed_before)
    batch.ask_for_rows(incoming)
    for one in incoming:
        batch.decide(one)
    if batch.needs:
        raise Missing(batch.needs)
    return batch.failed


class _Batch:
    """One round over the records of a batch: what they lack together, and the keys that failed."""

    def __init__(self, reading: Reading, workspace: Workspace, failed_before: Iterable[str]) -> None:
        self._reading = reading
        self._workspace = workspace
        self._projects = True
        self.needs = Needs()
        self.failed = set(failed_before)

    def ask_for_rows(self, incoming: Sequence[Incoming]) -> None:
        """The projected rows, and which keys are stopped.

        While any of it is missing, only the reactions run, for what they ask; no key counts as stopped.
        """
        rows = {row for one in incoming for row in one.rows()}
        try:
            self._workspace.expect(*rows, *parked_rows(one.delivery for one in incoming))
        except Missing as missing:
            self.needs.add(missing.needs)
            self._projects = False

    def decide(self, one: Incoming) -> None:
        """Apply one record, or put it behind its stopped key, or stop its key."""
        try:
            if is_parked(self._workspace, one.delivery):
                self._workspace.begin(one.cause)
                put_behind(self._workspace, one.delivery)
            else:
                apply_incoming(self._reading, one, self._workspace, projects=self._projects)
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


def apply_incoming(reading: Reading, one: Incoming, workspace: Workspace, *, projects: bool = True) -> None:
    """Project one record and react to it, or raise why it cannot be read."""
    workspace.begin(one.cause)
    if one.error is not None:
        raise one.error
    if one.event is None:
        return
    for change in one.changes if projects else ():
        workspace.apply(change)
    reading.react(workspace, one.event, one.context)


def check_failed(reading: Reading, delivery: Delivery, error: Exception, failed: set[str]) -> None:
    """More than a few failing keys in one batch are a bad release, not bad events: stop the partition."""
    if len(failed) > reading.keys_parked_max:
        raise StopPartition(delivery, f"{len(failed)} keys fail in one batch, the last with: {error}")
