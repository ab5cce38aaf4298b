"""What a service is: its parts, put together by its `main.py` and run by `lettra_events.service.roles`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from lettra_events.contracts import TOPICS
from lettra_events.decisions.tables import Table
from lettra_events.kafka.reading import Reading
from lettra_events.service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a service.

    `name` as operators say it (`payment-ingest`), `package` the importable one, `reading` what it consumes and how
    its own events change its state, `tables` all that the code reads and writes, `router` its HTTP API.
    """

    name: str
    package: str
    reading: Reading
    tables: Sequence[Table[Any]]
    router: APIRouter
    settings: type[ServiceSettings] = ServiceSettings

    @property
    def topic(self) -> str:
        """The topic that this service alone publishes."""
        return TOPICS[self.reading.service]
