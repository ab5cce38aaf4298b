"""Bringing live tables to what was rebuilt, by their difference, inside the caller's transaction.

No table is exchanged: views and grants stay, nobody waits for a reader, and readers see the rows of before until the
transaction commits, and all of the new ones from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lettra_events.decisions.tables import Table
from lettra_events.store.append import Connection


async def mend(connection: Connection, schema: str, tables: Iterable[Table[Any]]) -> dict[str, int]:
    """Make the live tables as those of the schema, column for column as PostgreSQL prints them; rows changed by table.

    Nobody else may write to the tables meanwhile.
    """
    changed = {}
    for table in tables:
        gone = await connection.execute(_delete_sql(schema, table))
        come = await connection.execute(_write_sql(schema, table))
        changed[table.name] = _count(gone) + _count(come)
    return changed


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])


def same_values(table: Table[Any], one: str, other: str) -> str:
    """SQL: whether two rows are the same in every column, as PostgreSQL prints it: 1.0 is not 1.00."""
    return f"{values_as_text(table, one)} is not distinct from {values_as_text(table, other)}"


def values_as_text(table: Table[Any], row: str) -> str:
    """SQL: the row's columns as PostgreSQL prints them, in their order."""
    return f"array[{', '.join(f'{row}.{column}::text' for column in table.columns)}]"


def _same_key(table: Table[Any]) -> str:
    return " and ".join(f"l.{c} = r.{c}" for c in table.key)


def _delete_sql(schema: str, table: Table[Any]) -> str:
    return (
        f'delete from "{table.name}" l where not exists'  # noqa: S608 - names come from code
        f' (select from "{schema}"."{table.name}" r where {_same_key(table)})'
    )


def _write_sql(schema: str, table: Table[Any]) -> str:
    columns = ", ".join(table.columns)
    updates = ", ".join(f"{c} = excluded.{c}" for c in table.columns if c not in table.key)
    action = f"do update set {updates}" if updates else "do nothing"
    return (
        f'insert into "{table.name}" ({columns}) select {columns} from "{schema}"."{table.name}" r'  # noqa: S608
        f' where not exists (select from "{table.name}" l where {_same_key(table)}'
        f" and {same_values(table, 'l', 'r')}) on conflict ({', '.join(table.key)}) {action}"
    )
