"""Rows in PostgreSQL: what is written is read back, and a table that differs from the code is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
import toys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lettra_events.decisions.tables import Table
from lettra_events.store.rows import TableDrift, check_tables, delete, find, load, write
from lettra_events.testing.servers import empty_database

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@dataclass(frozen=True)
class Everything:
    """A column of each type that a row may have, and each of them left out."""

    id: str
    part: int
    yes: bool | None
    amount: Decimal | None
    day: date | None
    moment: datetime | None
    uid: UUID | None
    data: bytes | None
    words: tuple[str, ...]
    more_words: tuple[str, ...] | None


@dataclass(frozen=True)
class OnlyKey:
    name: str


EVERYTHING: Table[Everything] = Table(
    "everything", Everything, key=("id", "part"), finds=("amount", "words", "day")
)
ONLY_KEY: Table[OnlyKey] = Table("only_key", OnlyKey, key=("name",))
DDL = """
create table everything (
    id text, part bigint, yes boolean, amount numeric, day date, moment timestamptz, uid uuid, data bytea,
    words text[] not null, more_words text[], primary key (id, part));
create table only_key (name text primary key);
"""
FULL = Everything(
    id='é "quoted" \\ {a,b}',
    part=-(2**63),
    yes=True,
    amount=Decimal("-12345678901234567890.123456789"),
    day=date(2026, 2, 28),
    moment=datetime(2026, 3, 2, 9, 30, 1, 234567, tzinfo=UTC),
    uid=UUID(int=7),
    data=b"\x00\xff",
    words=("a", "", 'say "x"', "back\\slash", "{braces, and commas}", "NULL", "l1\nl2"),
    more_words=(),
)
BARE = Everything("bare", 0, None, None, None, None, None, None, (), None)


@pytest.fixture
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    async with empty_database(servers.postgres) as dsn:
        opened = await asyncpg.connect(dsn)
        await opened.execute(DDL + toys.DDL)
        yield opened
        await opened.close()


async def test_rows_of_every_type_come_back_as_they_were(connection: asyncpg.Connection) -> None:
    """Guard: _parameters, _value and _row, which carry arrays through unnest as text (store/rows.py)."""
    await write(connection, EVERYTHING, [FULL, BARE])
    keys = [EVERYTHING.key_of(FULL), EVERYTHING.key_of(BARE), ("absent", 1)]
    assert {row.id: row for row in await load(connection, EVERYTHING, keys)} == {FULL.id: FULL, "bare": BARE}
    assert await load(connection, EVERYTHING, [("bare", 1)]) == []


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(texts, max_size=5).map(tuple))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_words_come_back_and_are_found(
    connection: asyncpg.Connection, words: tuple[str, ...]
) -> None:
    """Guard: the quoting of array items in _value (store/rows.py)."""
    row = replace(BARE, words=words)
    await write(connection, EVERYTHING, [row])
    assert await load(connection, EVERYTHING, [("bare", 0)]) == [row]
    assert await find(connection, EVERYTHING, "words", words[:1]) == ([row] if words else [])


async def test_a_row_of_the_same_key_is_replaced(connection: asyncpg.Connection) -> None:
    """Guard: on conflict do update of all other columns (_write_sql in store/rows.py)."""
    await write(connection, EVERYTHING, [FULL, BARE])
    emptied = replace(BARE, id=FULL.id, part=FULL.part)
    await write(connection, EVERYTHING, [emptied])
    assert await load(connection, EVERYTHING, [EVERYTHING.key_of(FULL)]) == [emptied]
    assert await connection.fetchval("select count(*) from everything") == 2


async def test_a_table_of_keys_alone(connection: asyncpg.Connection) -> None:
    """Guard: without another column there is nothing to update (_write_sql in store/rows.py)."""
    await write(connection, ONLY_KEY, [OnlyKey("a")])
    await write(connection, ONLY_KEY, [OnlyKey("a"), OnlyKey("b")])
    assert sorted(row.name for row in await load(connection, ONLY_KEY, [("a",), ("b",), ("c",)])) == [
        "a",
        "b",
    ]


async def test_only_the_named_rows_are_deleted(connection: asyncpg.Connection) -> None:
    """Guard: _delete_sql compares the whole key (store/rows.py)."""
    await write(connection, EVERYTHING, [BARE, replace(BARE, part=1), replace(BARE, id="other", part=1)])
    await delete(connection, EVERYTHING, [("bare", 1), ("other", 0)])
    left = await connection.fetch("select id, part from everything order by id")
    assert [tuple(row) for row in left] == [("bare", 0), ("other", 1)]


async def test_rows_are_found_by_any_of_the_values(connection: asyncpg.Connection) -> None:
    """Guard: _find_sql, `= any` for a value and `&&` for an array (store/rows.py)."""
    one = replace(BARE, id="one", amount=Decimal("1.50"), words=("x", "y"), day=date(2026, 1, 1))
    two = replace(BARE, id="two", amount=Decimal(2), words=("y", "z"), day=date(2026, 1, 2))
    await write(connection, EVERYTHING, [one, two, BARE])

    async def found(column: str, *values: object) -> list[str]:
        return sorted(row.id for row in await find(connection, EVERYTHING, column, values))

    assert await found("amount", Decimal("1.5"), Decimal(3)) == ["one"]
    assert await found("words", "y") == ["one", "two"]
    assert await found("words", "x", "z", "nothing") == ["one", "two"]
    assert await found("day", date(2026, 1, 2)) == ["two"]
    assert await found("words") == []


async def test_nothing_to_write_load_or_delete_is_no_statement(connection: asyncpg.Connection) -> None:
    """Guard: the empty case in each function (store/rows.py)."""
    await write(connection, EVERYTHING, [])
    await delete(connection, EVERYTHING, [])
    assert await load(connection, EVERYTHING, []) == []


async def test_tables_as_the_code_has_them_pass(connection: asyncpg.Connection) -> None:
    """Guard: _PG_TYPES says what PostgreSQL calls each type (decisions/tables.py)."""
    await check_tables(connection, [EVERYTHING, ONLY_KEY, toys.ACCOUNTS, toys.HOLDINGS])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table holdings drop column holder", r"table holdings: .*\('holder', 'text'\)"),
        ("alter table holdings add column extra date", r"table holdings: .*\('extra', 'date'\)"),
        (
            "drop index holdings_names; alter table holdings alter names type text",
            r"table holdings: .*\('names', 'text'\), \('names', 'text\[\]'\)",
        ),
        ("drop table holdings", r"table holdings: .*'account'.*'holder'.*'names'"),
    ],
)
async def test_a_table_that_differs_is_named_with_its_column(
    connection: asyncpg.Connection, change: str, named: str
) -> None:
    """Guard: check_tables compares names and types of all columns (store/rows.py)."""
    await connection.execute(change)
    with pytest.raises(TableDrift, match=named):
        await check_tables(connection, [toys.ACCOUNTS, toys.HOLDINGS])
    await check_tables(connection, [toys.ACCOUNTS])
