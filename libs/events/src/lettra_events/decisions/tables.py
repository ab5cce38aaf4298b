"""Tables of rows that are folded from events: the state of a service's own streams, and its projections.

A row is a frozen dataclass; a `Change` says how one event changes one row, as a pure function of the row before.
So the same code serves live, in a replay, and in tests without a database. The DDL is in the service's
migrations; `lettra_events.store.rows` reads and writes rows, and refuses at start a table that differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, get_type_hints
from uuid import UUID

from lettra_events.errors import Unstorable


class Row(Protocol):
    """Any frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Row)
_BIGINT_END = 2**63
Key = tuple[Any, ...]

_PG_TYPES: Mapping[Any, str] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    Decimal: "numeric",
    date: "date",
    datetime: "timestamp with time zone",
    UUID: "uuid",
    bytes: "bytea",
    tuple[str, ...]: "text[]",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """A table of rows `R`.

    `key`: the columns that identify a row. `finds`: columns by which rows are looked up (indexed in the migration).
    `guard`: for state tables, the stream that must be locked to decide on a row, from its key; a lookup by a
    `finds` column and a write that changes what it finds lock the looked-up value as well, so that two
    transactions cannot miss each other. Projections are written by one partition at a time and have no guard.

    Of a row that several events of a batch change, only the last state is written. So what a row must not be is
    refused by `check` and by the row's own `__post_init__`, at the event that makes it; a check in the DDL is the
    second net, for what the first one should have caught.
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    finds: tuple[str, ...] = ()
    guard: Callable[[Key], str] | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in dataclasses.fields(self.row))

    @cached_property
    def types(self) -> dict[str, str]:
        hints = get_type_hints(self.row)
        return {column: _pg_type(hints[column], f"{self.name}.{column}") for column in self.columns}

    @cached_property
    def arrays(self) -> tuple[str, ...]:
        return tuple(column for column, kind in self.types.items() if kind == "text[]")

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(column for column, kind in self.types.items() if kind in ("text", "text[]"))

    @cached_property
    def _integers(self) -> tuple[str, ...]:
        return tuple(column for column, kind in self.types.items() if kind == "bigint")

    @cached_property
    def _key(self) -> Callable[[Any], Any]:
        return attrgetter(*self.key)

    def key_of(self, row: R) -> Key:
        found = self._key(row)
        return found if len(self.key) > 1 else (found,)

    def check(self, row: R) -> None:
        """Raise `Unstorable` for a value that Python takes and PostgreSQL does not."""
        for column in self._texts:
            value = getattr(row, column)
            if value and not _is_storable(value):
                raise Unstorable(f"{self.name}.{column}: PostgreSQL does not take this text: {value!r}")
        for column in self._integers:
            value = getattr(row, column)
            if value and not -_BIGINT_END <= value < _BIGINT_END:
                raise Unstorable(
                    f"{self.name}.{column}: PostgreSQL does not take a number this large: {value}"
                )


def _is_storable(text: str | tuple[str, ...]) -> bool:
    if isinstance(text, tuple):
        return all(map(_is_storable, text))
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _pg_type(hint: Any, place: str) -> str:
    options = [arg for arg in getattr(hint, "__args__", ()) if arg is not type(None)]
    optional = len(options) == 1 and type(None) in getattr(hint, "__args__", ())
    found = _PG_TYPES.get(options[0] if optional else hint)
    if found is None:
        raise TypeError(f"{place}: no column type for {hint}")
    return found


def changed(row: R, **values: Any) -> R:
    """The row with other values: `dataclasses.replace` for rows (no slots, all fields in `__init__`), in less time.

    The row's own `__post_init__` is asked, as there. `TypeError` names a value that the row does not have.
    """
    fields = row.__dataclass_fields__
    if unknown := values.keys() - fields.keys():
        raise TypeError(f"{type(row).__name__} has no {', '.join(sorted(unknown))}")
    after = object.__new__(type(row))
    after.__dict__.update({name: row.__dict__[name] for name in fields}, **values)
    check = getattr(after, "__post_init__", None)
    if check is not None:
        check()
    return after


class Change(NamedTuple, Generic[R]):
    """How one event changes one row: `apply` takes the row before (None: there is none) and gives the row after.

    `blind`: it does not look at the row before, which need not be read for it.
    """

    table: Table[R]
    key: Key
    apply: Callable[[R | None], R | None]
    blind: bool = False


def put(table: Table[R], row: R) -> Change[R]:
    """The row becomes this, whatever it was."""
    return Change(table, table.key_of(row), lambda _before: row, blind=True)


def change(table: Table[R], key: Key, how: Callable[[R], R | None]) -> Change[R]:
    """An existing row becomes what `how` makes of it. A missing row is an error of the history or of the code."""

    def apply(before: R | None) -> R | None:
        if before is None:
            raise LookupError(f"{table.name}{key}: the event changes a row that does not exist")
        return how(before)

    return Change(table, key, apply)


def remove(table: Table[R], key: Key) -> Change[R]:
    """The row is gone."""
    return Change(table, key, lambda _before: None, blind=True)
