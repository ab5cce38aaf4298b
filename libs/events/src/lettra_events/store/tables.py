"""Tables of rows that are folded from events: the state of a service's own streams, and its projections.

A row is a frozen dataclass; a `Change` says how one event changes one row, as a pure function of the row before.
So the same code serves live, in a replay, and in tests without a database. Reading and writing is done for whole
batches, one statement a table. The DDL is in the service's migrations; `check_tables` refuses a drift at start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, get_type_hints
from uuid import UUID

from lettra_events.store.append import Connection


class Row(Protocol):
    """Any frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Row)
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


class TableDrift(Exception):
    """The database's table differs from the row that the code reads and writes."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """A table of rows `R`.

    `key`: the columns that identify a row. `finds`: columns by which rows are looked up (indexed in the migration).
    `guard`: for state tables, the stream that must be locked to decide on a row, from its key; a lookup by a
    `finds` column and a write that changes what it finds lock the looked-up value as well, so that two
    transactions cannot miss each other. Projections are written by one partition at a time and have no guard.
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

    def key_of(self, row: R) -> Key:
        return tuple(getattr(row, column) for column in self.key)

    @cached_property
    def load_sql(self) -> str:
        keys = ", ".join(f"${i}::{self.types[c]}[]" for i, c in enumerate(self.key, 1))
        wanted = ", ".join(self.key)
        return (
            f"select {self._select('t')} from {self.name} t"  # noqa: S608 - names come from code
            f" join unnest({keys}) as wanted({wanted}) using ({wanted})"
        )

    def find_sql(self, column: str) -> str:
        kind = self.types[column]
        match = f"t.{column} && $1::text[]" if kind == "text[]" else f"t.{column} = any($1::{kind}[])"
        return f"select {self._select('t')} from {self.name} t where {match}"  # noqa: S608

    @cached_property
    def write_sql(self) -> str:
        updates = ", ".join(f"{c} = excluded.{c}" for c in self.columns if c not in self.key)
        action = f"do update set {updates}" if updates else "do nothing"
        values = ", ".join(self._unnested(c) for c in self.columns)
        return (
            f"insert into {self.name} ({', '.join(self.columns)}) select {values}"  # noqa: S608
            f" from unnest({self._parameters(self.columns)}) as v({', '.join(self.columns)})"
            f" on conflict ({', '.join(self.key)}) {action}"
        )

    @cached_property
    def delete_sql(self) -> str:
        same = " and ".join(f"t.{c} = v.{c}" for c in self.key)
        return (
            f"delete from {self.name} t using unnest({self._parameters(self.key)})"  # noqa: S608
            f" as v({', '.join(self.key)}) where {same}"
        )

    def _select(self, alias: str) -> str:
        return ", ".join(f"{alias}.{column}" for column in self.columns)

    def _parameters(self, columns: Sequence[str]) -> str:
        scalar = {c: "text" if self.types[c] == "text[]" else self.types[c] for c in columns}
        return ", ".join(f"${i}::{scalar[c]}[]" for i, c in enumerate(columns, 1))

    def _unnested(self, column: str) -> str:
        return f"{column}::text[]" if self.types[column] == "text[]" else column


def _pg_type(hint: Any, place: str) -> str:
    options = [arg for arg in getattr(hint, "__args__", ()) if arg is not type(None)]
    optional = len(options) == 1 and type(None) in getattr(hint, "__args__", ())
    found = _PG_TYPES.get(options[0] if optional else hint)
    if found is None:
        raise TypeError(f"{place}: no column type for {hint}")
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Change(Generic[R]):
    """How one event changes one row: `apply` takes the row before (None: there is none) and gives the row after."""

    table: Table[R]
    key: Key
    apply: Callable[[R | None], R | None]


def put(table: Table[R], row: R) -> Change[R]:
    """The row becomes this, whatever it was."""
    return Change(table, table.key_of(row), lambda _before: row)


def change(table: Table[R], key: Key, how: Callable[[R], R | None]) -> Change[R]:
    """An existing row becomes what `how` makes of it. A missing row is an error of the history or of the code."""

    def apply(before: R | None) -> R | None:
        if before is None:
            raise LookupError(f"{table.name}{key}: the event changes a row that does not exist")
        return how(before)

    return Change(table, key, apply)


def remove(table: Table[R], key: Key) -> Change[R]:
    """The row is gone."""
    return Change(table, key, lambda _before: None)


async def load(connection: Connection, table: Table[R], keys: Iterable[Key]) -> list[R]:
    """The rows of these keys, in no order; one statement."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    if not columns:
        return []
    return [_row(table, record) for record in await connection.fetch(table.load_sql, *columns)]


async def find(connection: Connection, table: Table[R], column: str, values: Iterable[Any]) -> list[R]:
    """The rows whose column has (for an array: contains) one of these values; one statement."""
    return [_row(table, record) for record in await connection.fetch(table.find_sql(column), list(values))]


def _row(table: Table[R], record: Any) -> R:
    arrays = [column for column in table.columns if table.types[column] == "text[]"]
    values = dict(record)
    for column in arrays:
        if values[column] is not None:
            values[column] = tuple(values[column])
    return table.row(**values)


async def write(connection: Connection, table: Table[R], rows: Iterable[R]) -> None:
    """Insert or replace the rows; one statement."""
    values = [[_value(table, column, getattr(row, column)) for column in table.columns] for row in rows]
    if values:
        await connection.execute(table.write_sql, *map(list, zip(*values, strict=True)))


async def delete(connection: Connection, table: Table[Any], keys: Iterable[Key]) -> None:
    """Delete the rows of these keys; one statement."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    if columns:
        await connection.execute(table.delete_sql, *columns)


def _value(table: Table[Any], column: str, value: Any) -> Any:
    if table.types[column] != "text[]" or value is None:
        return value
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in value)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"


async def check_tables(connection: Connection, tables: Iterable[Table[Any]]) -> None:
    """Raise `TableDrift` naming the first table and column that the database has otherwise than the code."""
    for table in tables:
        records = await connection.fetch(
            "select attname, format_type(atttypid, null) as kind from pg_attribute"
            " where attrelid = to_regclass($1) and attnum > 0 and not attisdropped",
            table.name,
        )
        actual = {record["attname"]: record["kind"] for record in records}
        if actual != table.types:
            differing = sorted(set(actual.items()) ^ set(table.types.items()))
            raise TableDrift(f"table {table.name}: database and code differ at {differing}; run the role migrate")


if TYPE_CHECKING:
    AnyChange = Change[Any]
