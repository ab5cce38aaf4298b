"""A toy service for the tests of the event backbone: accounts that take deposits, and who holds them.

Its contracts are in the registry only while a test asks for it (`registered`), so that tests of the real registry,
which may run in the same process, do not see them. Processes that a test starts call `register`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lettra_events.contracts import Event, _registry, contract
from lettra_events.contracts.parking import parking_contracts
from lettra_events.contracts.topics import topic_moved_contract
from lettra_events.decisions.tables import Change, Table, change, put, remove

SERVICE = "toy"
_BEFORE = set(_registry._contracts)


class _OfAccount(Event):
    account: str

    def stream_id(self) -> str:
        return f"account:{self.account}"

    def key(self) -> str:
        return self.account


@contract("toy.Deposited")
class Deposited(_OfAccount):
    """Money came to an account, which need not have been opened; `note` makes it as large as a test wants."""

    amount: int
    note: str = ""


@contract("toy.Opened")
class Opened(_OfAccount):
    """An account has a holder, and is known by these names."""

    holder: str
    names: tuple[str, ...] = ()


@contract("toy.Renamed")
class Renamed(_OfAccount):
    """The account has another holder and other names."""

    holder: str
    names: tuple[str, ...] = ()


@contract("toy.Closed")
class Closed(_OfAccount):
    """The account is no longer held by anyone."""


@contract("toy.Broadcasted", broadcast=True)
class Broadcasted(Event):
    """What every partition needs to know."""

    text: str

    def stream_id(self) -> str:
        return "broadcasts"


PARKING = parking_contracts(SERVICE)
MOVED = topic_moved_contract(SERVICE)
CONTRACTS = {name: cls for name, cls in _registry._contracts.items() if name not in _BEFORE}
for _name in CONTRACTS:
    del _registry._contracts[_name]


def register() -> None:
    """Put the toy contracts into the registry of this process."""
    _registry._contracts.update(CONTRACTS)


@contextmanager
def registered() -> Iterator[None]:
    """The toy contracts are in the registry meanwhile."""
    register()
    try:
        yield
    finally:
        for name in CONTRACTS:
            _registry._contracts.pop(name, None)


@dataclass(frozen=True)
class Account:
    """How much came to an account."""

    account: str
    balance: int


@dataclass(frozen=True)
class Holding:
    """Who holds an account, and the names that it is known by."""

    account: str
    holder: str
    names: tuple[str, ...]


ACCOUNTS: Table[Account] = Table("accounts", Account, key=("account",), guard=lambda key: f"account:{key[0]}")
HOLDINGS: Table[Holding] = Table(
    "holdings",
    Holding,
    key=("account",),
    finds=("holder", "names"),
    guard=lambda key: f"account:{key[0]}",
)
DDL = """
create table accounts (account text primary key, balance bigint not null);
create table holdings (account text primary key, holder text not null, names text[] not null);
create index holdings_holder on holdings (holder);
create index holdings_names on holdings using gin (names);
"""


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What the toy's own events do to its state."""
    match event:
        case Deposited():
            yield Change(ACCOUNTS, (event.account,), lambda row: _deposit(row, event))
        case Opened():
            yield put(HOLDINGS, Holding(event.account, event.holder, event.names))
        case Renamed():
            yield change(
                HOLDINGS,
                (event.account,),
                lambda row: replace(row, holder=event.holder, names=event.names),
            )
        case Closed():
            yield remove(HOLDINGS, (event.account,))


def _deposit(row: Account | None, event: Deposited) -> Account:
    return Account(event.account, (row.balance if row else 0) + event.amount)
