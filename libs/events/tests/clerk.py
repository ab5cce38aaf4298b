"""A toy service that consumes: it shows what came to accounts, and books each deposit itself.

It reads the events of `toys`. What is in them chooses what goes wrong (`RAISES`, a NUL, more than `BALANCE_MAX`), so
that a test says in its data what it is about. As in `toys`, the contracts are registered only on demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import toys

from lettra_events.contracts import Event, _registry, contract
from lettra_events.contracts.parking import parking_contracts
from lettra_events.decisions.tables import Change, Table, put
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Context, Reading, types

SERVICE = "clerk"
RAISES = "the clerk cannot read this"
REFUSED = "the table refuses this"
BALANCE_MAX = 1_000_000
FLAGGED_FROM = 100
_BEFORE = set(_registry._contracts)


@contract("clerk.Booked")
class Booked(Event):
    """A deposit is in the books: its number in the account, and the balance after it."""

    account: str
    number: int
    balance: int

    def stream_id(self) -> str:
        return f"book:{self.account}"

    def key(self) -> str:
        return self.account


@contract("clerk.Flagged")
class Flagged(Event):
    """A large deposit, on a stream that many accounts share, so that partitions meet in it."""

    branch: str
    account: str

    def stream_id(self) -> str:
        return f"branch:{self.branch}"

    def key(self) -> str:
        return self.account


PARKING = parking_contracts(SERVICE)
CONTRACTS = {name: cls for name, cls in _registry._contracts.items() if name not in _BEFORE}
for _name in CONTRACTS:
    del _registry._contracts[_name]


def register() -> None:
    """Put the contracts of both toy services into the registry of this process."""
    toys.register()
    _registry._contracts.update(CONTRACTS)


@contextmanager
def registered() -> Iterator[None]:
    """The contracts of both toy services are in the registry meanwhile."""
    with toys.registered():
        _registry._contracts.update(CONTRACTS)
        try:
            yield
        finally:
            for name in CONTRACTS:
                _registry._contracts.pop(name, None)


@dataclass(frozen=True)
class Book:
    """State: what the clerk booked of an account."""

    account: str
    number: int
    balance: int


@dataclass(frozen=True)
class Seen:
    """Projection: what came to an account. `trail` tells every order and every repeat from every other."""

    account: str
    deposits: int
    total: int
    trail: int
    note: str


@dataclass(frozen=True)
class Notice:
    """Projection: the broadcasts that a partition brought."""

    partition: int
    text: str


BOOKS: Table[Book] = Table("books", Book, key=("account",), guard=lambda key: f"book:{key[0]}")
SEEN: Table[Seen] = Table("seen", Seen, key=("account",))
NOTICES: Table[Notice] = Table("notices", Notice, key=("partition", "text"))
TABLES = (BOOKS, SEEN, NOTICES)
DDL = f"""
create table books (account text primary key, number bigint not null,
                    balance bigint not null check (balance <= {BALANCE_MAX}));
create table seen (account text primary key, deposits bigint not null, total bigint not null,
                   trail bigint not null, note text not null);
create table notices (partition bigint not null, text text not null check (text <> '{REFUSED}'),
                      primary key (partition, text));
"""


def follow(trail: int, sequence: int) -> int:
    """One step of a trail."""
    return (trail * 31 + sequence) % 1_000_000_007


def evolve(event: Event) -> Iterable[Change[Any]]:
    if isinstance(event, Booked):
        yield put(BOOKS, Book(event.account, event.number, event.balance))


def project(event: Event, context: Context) -> Iterable[Change[Any]]:
    if isinstance(event, toys.Deposited):
        yield Change(SEEN, (event.account,), lambda row: _see(row, event, context.sequence))
    elif isinstance(event, toys.Broadcasted):
        yield put(NOTICES, Notice(context.partition, event.text))


def _see(row: Seen | None, event: toys.Deposited, sequence: int) -> Seen:
    before = row or Seen(event.account, 0, 0, 0, "")
    return Seen(
        event.account,
        before.deposits + 1,
        before.total + event.amount,
        follow(before.trail, sequence),
        event.note,
    )


def react(workspace: Workspace, event: Event, _context: Context) -> None:
    if isinstance(event, toys.Broadcasted) and event.text == RAISES:
        raise ValueError(RAISES)
    if not isinstance(event, toys.Deposited):
        return
    book = workspace.get(BOOKS, event.account) or Book(event.account, 0, 0)
    workspace.append(
        Booked(account=event.account, number=book.number + 1, balance=book.balance + event.amount)
    )
    if event.amount >= FLAGGED_FROM:
        workspace.append(Flagged(branch=event.account[0], account=event.account))
    # Last, so that there is something to undo.
    if event.note == RAISES:
        raise ValueError(RAISES)


def reading(topic: str, **changed: Any) -> Reading:
    """The clerk as the consuming function sees it, with what a test wants otherwise."""
    parts: Mapping[str, Any] = {
        "service": SERVICE,
        "topics": (topic,),
        "reads": types(toys.Deposited, toys.Broadcasted),
        "parking": PARKING,
        "evolve": with_parking(evolve),
        "project": project,
        "react": react,
    }
    return Reading(**{**parts, **changed})
