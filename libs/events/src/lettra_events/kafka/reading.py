"""What a service does with the events that it reads: the only part of consuming that differs between services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lettra_events.contracts import Event
from lettra_events.contracts.parking import ParkingContracts
from lettra_events.decisions.tables import Change
from lettra_events.decisions.workspace import Evolve, Workspace
from lettra_events.envelope import Delivery


class Context(NamedTuple):
    """Where an event was read. `partitions`: how many each topic that the service reads has."""

    topic: str
    partition: int
    sequence: int
    partitions: Mapping[str, int]


Project = Callable[[Event, Context], Iterable[Change[Any]]]
"""Which projection rows a consumed event changes; pure, and gets nothing that could have an effect."""
React = Callable[[Workspace, Event, Context], None]
"""Own decisions that follow from another service's event; never run in a replay."""


def no_projection(_event: Event, _context: Context) -> Iterable[Change[Any]]:
    """For a service without projections."""
    return ()


def no_reaction(_workspace: Workspace, _event: Event, _context: Context) -> None:
    """For a service that only projects."""


def entity_named_in(event: Event) -> str | None:
    """The legal entity that an event concerns, None if it names none."""
    found = getattr(event, "entity_id", None)
    return str(found) if found is not None else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A service as the consuming function sees it.

    `reads`: the event types that it wants; known types beside them are passed over undecoded. `on_release`: what
    the service decides when a parked key runs again.
    """

    service: str
    topics: tuple[str, ...]
    reads: frozenset[str]
    parking: ParkingContracts
    evolve: Evolve
    project: Project = no_projection
    react: React = no_reaction
    on_release: Callable[[Workspace, Mapping[str, int]], None] | None = None
    entity_of: Callable[[Event], str | None] = entity_named_in
    keys_parked_max: int = field(default=3)


def types(*classes: type[Event]) -> frozenset[str]:
    """The names of these contracts."""
    return frozenset(cls.event_type for cls in classes)


class StopPartition(Exception):
    """This partition cannot go on: a failing broadcast, or too many failing keys at once (a bad release)."""

    def __init__(self, delivery: Delivery, why: str) -> None:
        super().__init__(
            f"{delivery.topic}[{delivery.partition}] stopped at entry {delivery.entry.sequence}"
            f" ({delivery.entry.event.type}): {why}"
        )
        self.delivery = delivery
