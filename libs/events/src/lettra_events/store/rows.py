"""Reading and writing the rows of a `Table` in PostgreSQL: whole batches, one statement a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from lettra_events.decisions.tables import Key, Row, Table
from lettra_events.store.append import Connection

R = TypeVar("R", bound=Row)


class TableDrift(Exception):
    """The database's table differs from the row that the code reads and writes."""


@lru_cache
def _load_sql(table: Table[Any]) -> str:
    wanted = ", ".join(table.key)
    return (
        f"select {_select(table)} from {table.name} t"  # noqa: S608 - names come from code
        f" join unnest({_parameters(table, table.key)}) as wanted({wanted}) using ({wanted})"
    )


@lru_cache
def _find_sql(table: Table[Any], column: str) -> str:
    """An array column is searched value by value: for thousands of values at once PostgreSQL would read it all."""
    kind = table.types[column]
    if kind != "text[]":
        return f"select {_select(table)} from {table.name} t where t.{column} = any($1::{kind}[])"  # noqa: S608
    keys = ", ".join(f"t.{c}" for c in table.key)
    return (
        f"select distinct on ({keys}) {_select(table)} from unnest($1::text[]) as wanted(value)"  # noqa: S608
        f" cross join lateral (select * from {table.name} o where o.{column} @> array[wanted.value] offset 0) t"
    )


@lru_cache
def _find_few_sql(table: Table[Any], column: str, limit: int) -> str:
    """Of each value one row more than wanted at most: enough to see that it is a crowd."""
    kind = table.types[column]
    test = f"o.{column} @> array[wanted.value]" if kind == "text[]" else f"o.{column} = wanted.value"
    scalar = "text" if kind == "text[]" else kind
    return (
        f"select wanted.value as wanted_value, {_select(table)} from unnest($1::{scalar}[]) as wanted(value)"  # noqa: S608
        f" cross join lateral (select * from {table.name} o where {test} limit {limit}) t"
    )


@lru_cache
def _write_sql(table: Table[Any]) -> str:
    columns = ", ".join(table.columns)
    updates = ", ".join(f"{c} = excluded.{c}" for c in table.columns if c not in table.key)
    action = f"do update set {updates}" if updates else "do nothing"
    values = ", ".join(f"{c}::text[]" if table.types[c] == "text[]" else c for c in table.columns)
    return (
        f"insert into {table.name} ({columns}) select {values}"  # noqa: S608
        f" from unnest({_parameters(table, table.columns)}) as v({columns})"
        f" on conflict ({', '.join(table.key)}) {action}"
    )


@lru_cache
def _delete_sql(table: Table[Any]) -> str:
    same = " and ".join(f"t.{c} = v.{c}" for c in table.key)
    return (
        f"delete from {table.name} t using unnest({_parameters(table, table.key)})"  # noqa: S608
        f" as v({', '.join(table.key)}) where {same}"
    )


def _select(table: Table[Any]) -> str:
    return ", ".join(f"t.{column}" for column in table.columns)


def _parameters(table: Table[Any], columns: Sequence[str]) -> str:
    """`unnest` flattens arrays of arrays, so an array column travels as text and is cast."""
    scalar = {c: "text" if table.types[c] == "text[]" else table.types[c] for c in columns}
    return ", ".join(f"${i}::{scalar[c]}[]" for i, c in enumerate(columns, 1))


async def load(connection: Connection, table: Table[R], keys: Iterable[Key]) -> list[R]:
    """The rows of these keys, in no order; one statement."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    if not columns:
        return []
    return [_row(table, record) for record in await connection.fetch(_load_sql(table), *columns)]


async def find(connection: Connection, table: Table[R], column: str, values: Iterable[Any]) -> list[R]:
    """The rows whose column has (for an array: contains) one of these values; one statement."""
    return [_row(table, record) for record in await connection.fetch(_find_sql(table, column), list(values))]


async def find_few(
    connection: Connection, table: Table[R], column: str, values: Sequence[Any], at_most: int
) -> tuple[list[R], set[Any]]:
    """As `find`, without the values that more than `at_most` rows have; these values."""
    records = await connection.fetch(_find_few_sql(table, column, at_most + 1), list(values))
    counts = Counter(record["wanted_value"] for record in records)
    crowds = {value for value, count in counts.items() if count > at_most}
    found = [_row(table, record) for record in records if record["wanted_value"] not in crowds]
    return found, crowds


def _row(table: Table[R], record: Any) -> R:
    values = {column: record[column] for column in table.columns}
    for column in table.arrays:
        if values[column] is not None:
            values[column] = tuple(values[column])
    return table.row(**values)


async def write(connection: Connection, table: Table[R], rows: Iterable[R]) -> None:
    """Insert or replace the rows; one statement."""
    written = list(rows)
    if written:
        columns = [_column(table, column, written) for column in table.columns]
        await connection.execute(_write_sql(table), *columns)


def _column(table: Table[R], column: str, rows: Sequence[R]) -> list[Any]:
    values = list(map(attrgetter(column), rows))
    return [_array(value) for value in values] if column in table.arrays else values


async def delete(connection: Connection, table: Table[Any], keys: Iterable[Key]) -> None:
    """Delete the rows of these keys; one statement."""
    columns = [list(column) for column in zip(*keys, strict=True)]
    if columns:
        await connection.execute(_delete_sql(table), *columns)


def _array(value: tuple[str, ...] | None) -> str | None:
    if value is None:
        return None
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
            raise TableDrift(
                f"table {table.name}: database and code differ at {differing}; run the role migrate"
            )
