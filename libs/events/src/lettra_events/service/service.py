"""What a service is: its parts, put together by its `main.py` and run by `lettra_events.service.roles`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from lettra_events.contracts import TOPICS
from lettra_events.decisions.compacting import CompactedTopic
from lettra_events.decisions.tables import Table
from lettra_events.kafka.reading import Reading
from lettra_events.service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Kept:
    """A table beside the history whose rows never change, and are known to it by a digest.

    `told_by` names the event types that have in `digest` the SHA-256 (hexadecimal) of the row's `content`, and in the
    fields of the table's key which row it is.
    """

    table: Table[Any]
    content: str
    digest: str
    told_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a service.

    `name` as operators say it (`payment-ingest`), `package` the importable one, `reading` what it consumes and how
    its own events change its state, `router` its HTTP API. Its tables, by where they come from: `state` is folded
    from its own events and `projections` from those that it consumes, so both can be made anew and compared; `aside`
    is what no event tells (contacts), and is written anew when a person is erased; `kept` is what events know by its
    digest alone, and is compared with that. `compacted` are the topics on which it publishes
    present rows of its tables.
    """

    name: str
    package: str
    reading: Reading
    state: Sequence[Table[Any]]
    projections: Sequence[Table[Any]]
    router: APIRouter
    settings: type[ServiceSettings] = ServiceSettings
    aside: Sequence[Table[Any]] = ()
    kept: Sequence[Kept] = ()
    compacted: Sequence[CompactedTopic[Any]] = ()

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        """All tables that the code reads and writes, besides those of the event store."""
        return (*self.state, *self.projections, *self.aside, *(each.table for each in self.kept))

    @property
    def topic(self) -> str:
        """The topic that this service alone publishes."""
        return TOPICS[self.reading.service]
