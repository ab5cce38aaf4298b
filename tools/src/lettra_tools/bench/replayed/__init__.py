"""A service that only projects: three events to a row, far apart, each of about 500 bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from lettra_events.contracts import Event
from lettra_events.contracts.parking import parking_contracts
from lettra_events.decisions.tables import Change, Table, put
from lettra_events.decisions.workspace import no_state
from lettra_events.kafka.reading import Context, Reading, types
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_tools.bench.toys import Happened

TOPIC = "bench.happenings"


@dataclass(frozen=True)
class Happening:
    """The last that happened under a number of an account."""

    account: str
    number: int
    text: str


HAPPENINGS: Table[Happening] = Table("happenings", Happening, key=("account", "number"))


def project(event: Event, _context: Context) -> Iterable[Change[Any]]:
    if isinstance(event, Happened):
        yield put(HAPPENINGS, Happening(event.account, event.number, event.text))


class Settings(ServiceSettings):
    """Settings that name the database itself."""

    def database(self, name: str) -> str:
        del name
        return self.postgres


SERVICE = Service(
    name="bench",
    package=__name__,
    reading=Reading(
        service="bench",
        topics=(TOPIC,),
        reads=types(Happened),
        parking=parking_contracts("bench"),
        evolve=no_state,
        project=project,
    ),
    state=(),
    projections=(HAPPENINGS,),
    router=APIRouter(),
    settings=Settings,
)
