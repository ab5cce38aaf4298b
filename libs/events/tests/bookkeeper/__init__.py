"""The clerk as a whole service with migrations: he books deposits, and projects more than one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import clerk
import toys
from fastapi import APIRouter

from lettra_events.contracts import Event
from lettra_events.decisions.tables import Change, Table, change, put, remove
from lettra_events.kafka.reading import Context, types
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings


@dataclass(frozen=True)
class Holder:
    """Projection: who holds an account, by which names, and a number with a scale."""

    account: str
    holder: str
    names: tuple[str, ...]
    share: Decimal | None


@dataclass(frozen=True)
class First:
    """Projection: the first broadcast of a text, whichever partition brings it."""

    text: str
    sequence: int


HOLDERS: Table[Holder] = Table("holders", Holder, key=("account",))
FIRSTS: Table[First] = Table("firsts", First, key=("text",), guard=lambda key: f"first:{key[0]}")
PROJECTIONS = (clerk.SEEN, clerk.NOTICES, HOLDERS, FIRSTS)
READS = types(toys.Deposited, toys.Broadcasted, toys.Opened, toys.Renamed, toys.Closed)


def project(event: Event, context: Context) -> Iterable[Change[Any]]:
    yield from clerk.project(event, context)
    match event:
        case toys.Broadcasted():
            first = First(event.text, context.sequence)
            yield Change(FIRSTS, (event.text,), lambda row: _first(row, first))
        case toys.Opened():
            yield put(HOLDERS, Holder(event.account, event.holder, event.names, Decimal("1.00")))
        case toys.Renamed():
            yield change(
                HOLDERS,
                (event.account,),
                lambda row: replace(row, holder=event.holder, names=event.names),
            )
        case toys.Closed():
            yield remove(HOLDERS, (event.account,))


def _first(row: First | None, first: First) -> First:
    return row if row is not None and row.sequence <= first.sequence else first


def doubling(event: Event, context: Context) -> Iterable[Change[Any]]:
    """A mistake: of large deposits it shows twice as much."""
    if isinstance(event, toys.Deposited) and event.amount > 50:
        event = event.model_copy(update={"amount": 2 * event.amount})
    yield from project(event, context)


class Settings(ServiceSettings):
    """Settings that name the database itself."""

    def database(self, name: str) -> str:
        del name
        return self.postgres


def service(topic: str, **reading: Any) -> Service:
    """The bookkeeper who reads this topic."""
    return Service(
        name="bookkeeper",
        package="bookkeeper",
        reading=clerk.reading(topic, **{"project": project, "reads": READS, **reading}),
        state=(clerk.BOOKS,),
        projections=PROJECTIONS,
        router=APIRouter(),
        settings=Settings,
    )
