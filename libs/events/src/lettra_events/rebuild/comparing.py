"""What differs between live tables and the same tables made anew: by table, key and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lettra_events.decisions.tables import Table
from lettra_events.progress import Progress
from lettra_events.rebuild.mending import same_values, values_as_text
from lettra_events.rebuild.schema import count_rows
from lettra_events.store.append import Connection


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs, as PostgreSQL prints it; None is null.

    `key`: the values of the table's key, in its order. `column` is None where the whole row is on one side only:
    then `live` and `rebuilt` are the row as text, and None where it is missing.
    """

    table: str
    key: tuple[str, ...]
    column: str | None
    live: str | None
    rebuilt: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`rows`: rebuilt rows by table; `differences`: those of the first rows a table; `count`: rows that differ."""

    rows: Mapping[str, int]
    differences: tuple[Difference, ...]
    count: int


SHOWN_MAX = 20
"""Rows of a table that are shown with their values."""


async def copy_live(connection: Connection, schema: str, tables: Iterable[Table[Any]]) -> None:
    """Copy the live rows beside the rebuilt ones, as of the caller's transaction."""
    for table in tables:
        await connection.execute(
            f'create unlogged table "{schema}"."{live_copy(table)}" as select * from "{table.name}"'  # noqa: S608
        )


def live_copy(table: Table[Any]) -> str:
    return f"live_{table.name}"


async def compare_tables(
    connection: Connection, schema: str, service: str, tables: Sequence[Table[Any]], progress: Progress
) -> Comparison:
    """Compare the copies of the live tables with the rebuilt ones, every column as PostgreSQL prints it."""
    what = f"{service}: tables compared"
    rows = await count_rows(connection, schema, tables)
    found: list[Difference] = []
    count = 0
    for number, table in enumerate(tables):
        progress(what, number, len(tables))
        differing = await connection.fetch(_differing_sql(schema, table), SHOWN_MAX)
        count += differing[0]["count"] if differing else 0
        for row in differing:
            found += _differences(table, row)
    progress(what, len(tables), len(tables))
    return Comparison(rows, tuple(found), count)


def _differing_sql(schema: str, table: Table[Any]) -> str:
    columns = ", ".join(table.columns)
    keys = ", ".join(table.key)
    live, rebuilt = values_as_text(table, "l"), values_as_text(table, "r")
    return (
        f"select count(*) over () as count, {live} as live, {rebuilt} as rebuilt,"  # noqa: S608
        f" row(l.*) is null as not_live, row(r.*) is null as not_rebuilt"
        f' from (select {columns} from "{schema}"."{live_copy(table)}") l'
        f' full join (select {columns} from "{schema}"."{table.name}") r using ({keys})'
        f" where not ({same_values(table, 'l', 'r')}) order by {keys} limit $1"
    )


def _differences(table: Table[Any], row: Any) -> list[Difference]:
    live: list[Any] | None = None if row["not_live"] else row["live"]
    rebuilt: list[Any] | None = None if row["not_rebuilt"] else row["rebuilt"]
    there = row["rebuilt"] if live is None else live
    key = tuple(there[table.columns.index(column)] for column in table.key)
    if live is None or rebuilt is None:
        return [Difference(table.name, key, None, _whole(table, live), _whole(table, rebuilt))]
    return [
        Difference(table.name, key, column, before, after)
        for column, before, after in zip(table.columns, live, rebuilt, strict=True)
        if before != after
    ]


def _whole(table: Table[Any], values: Sequence[str | None] | None) -> str | None:
    if values is None:
        return None
    return ", ".join(f"{column}={value}" for column, value in zip(table.columns, values, strict=True))
