"""Migrations: each file once, in order, whole or not at all, and never changed afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from lettra_events.store.migrate import MigrationError, ensure_database, migrate, migrations_folder
from lettra_events.testing.servers import drop_database, empty_database
from lettra_events.testing.waiting import until_blocked

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

OWN = [
    "events/001_event_store.sql",
    "events/002_consuming.sql",
    "events/003_generations.sql",
    "events/004_compacted.sql",
]


@pytest.fixture
async def empty(servers: Servers) -> AsyncIterator[str]:
    async with empty_database(servers.postgres) as dsn:
        yield dsn


@pytest.fixture
async def connection(empty: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(empty)
    yield opened
    await opened.close()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service's package with two migrations beside its `src`, as in a checkout; its name is new for every test."""
    name = f"toy_{abs(hash(tmp_path))}"
    source = tmp_path / "src" / name
    source.mkdir(parents=True)
    (source / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "src")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_one.sql").write_text("create table one (n int);")
    (tmp_path / "migrations" / "002_two.sql").write_text("alter table one add column two int;")
    return name


async def test_files_are_applied_once_in_order(connection: asyncpg.Connection, package: str) -> None:
    """Guard: the digest of an applied file is remembered in schema_migrations (store/migrate.py)."""
    assert await migrate(connection, package) == [*OWN, f"{package}/001_one.sql", f"{package}/002_two.sql"]
    assert await migrate(connection, package) == []
    (migrations_folder(package) / "003_three.sql").write_text("alter table one rename column two to three;")
    assert await migrate(connection, package) == [f"{package}/003_three.sql"]
    assert await connection.fetch("select n, three from one") == []


async def test_several_at_once_apply_each_file_once(empty: str, package: str) -> None:
    """Guard: the advisory lock (store/migrate.py); without it two create the same tables."""
    connections = [await asyncpg.connect(empty) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(each, package) for each in connections))
    assert sorted(len(names) for names in applied) == [0, 0, 0, len(OWN) + 2]
    for each in connections:
        await each.close()


async def test_a_second_one_waits_for_the_first(connection: asyncpg.Connection, empty: str) -> None:
    """Guard: the lock is held over all files, and waited for (store/migrate.py)."""
    first = await asyncpg.connect(empty)
    await first.execute("select pg_advisory_lock($1)", 0x1E77_0001)
    second = asyncio.create_task(migrate(connection, None))
    await until_blocked(connection, first)
    assert await first.fetchval("select to_regclass('streams')") is None
    await first.close()
    assert await second == OWN


async def test_a_file_that_was_changed_afterwards_is_refused(
    connection: asyncpg.Connection, package: str
) -> None:
    """Guard: the digest is compared (store/migrate.py)."""
    await migrate(connection, package)
    (migrations_folder(package) / "001_one.sql").write_text("create table one (n bigint);")
    (migrations_folder(package) / "003_three.sql").write_text("create table three (n int);")
    with pytest.raises(
        MigrationError, match=f"{package}/001_one.sql was changed after it was applied; restore it"
    ):
        await migrate(connection, package)
    assert await connection.fetchval("select to_regclass('three')") is None


@pytest.mark.parametrize(
    "failing",
    ["create table one (n int);", "alter table schema_migrations rename column digest to gone;"],
    ids=["the file", "its mark"],
)
async def test_a_file_that_fails_leaves_nothing_and_can_be_mended(
    connection: asyncpg.Connection, package: str, failing: str
) -> None:
    """Guard: each file and its mark are one transaction (store/migrate.py)."""
    second = migrations_folder(package) / "002_two.sql"
    second.write_text(f"create table half (n int); {failing}")
    with pytest.raises(asyncpg.exceptions.SyntaxOrAccessError):
        await migrate(connection, package)
    assert await connection.fetchval("select to_regclass('half')") is None
    second.write_text("create table half (n int);")
    assert await migrate(connection, package) == [f"{package}/002_two.sql"]


async def test_the_lock_is_given_back_after_a_failure(
    connection: asyncpg.Connection, empty: str, package: str
) -> None:
    """Guard: pg_advisory_unlock in the end, whatever happened: the connection may live on (store/migrate.py)."""
    (migrations_folder(package) / "002_two.sql").write_text("this is no SQL")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await migrate(connection, package)
    other = await asyncpg.connect(empty)
    assert await other.fetchval("select pg_try_advisory_lock($1)", 0x1E77_0001)
    await other.close()


def test_a_package_without_migrations_is_told(package: str) -> None:
    """Guard: migrations_folder looks in the package, then beside `src`, and guesses no further (store/migrate.py)."""
    folder = migrations_folder(package)
    inside = folder.parent / "src" / package / "migrations"
    folder.rename(inside)
    assert migrations_folder(package) == inside
    inside.rename(folder.parent / "elsewhere")
    with pytest.raises(MigrationError, match=f"{package}: no folder `migrations`"):
        migrations_folder(package)


async def test_a_database_is_created_once(servers: Servers) -> None:
    """Guard: that it exists already, also since a moment ago, is no error (ensure_database in store/migrate.py)."""
    dsn = servers.postgres.rpartition("/")[0] + f"/test_{abs(hash(asyncio.current_task()))}"
    try:
        made = await asyncio.gather(*(ensure_database(dsn) for _ in range(4)))
        assert sorted(made) == [False, False, False, True]
        assert await ensure_database(dsn) is False
    finally:
        await drop_database(dsn)
