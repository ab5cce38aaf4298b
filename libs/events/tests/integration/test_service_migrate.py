"""Migrations: applied once each, whoever else applies them at the same time."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from lettra_events.store.migrate import _LOCK, MigrationError, migrate, migrations
from lettra_events.testing.waiting import until_blocked


@pytest.fixture
async def empty(database: str, connection: asyncpg.Connection) -> str:
    """The DSN of a database without any table."""
    await connection.execute("drop schema public cascade; create schema public")
    return database


async def test_each_file_is_applied_once(empty, connection):
    """Guard: what is applied is in schema_migrations (store/migrate.py)."""
    names = [each.name for each in migrations(None)]
    assert names == sorted(names)
    assert len(names) >= 2
    assert await migrate(connection, None) == names
    assert await migrate(connection, None) == []


async def test_two_at_once_apply_each_file_once(empty, connection):
    """Guard: the advisory lock (store/migrate.py). Both are held at it, and let go together."""
    one, two = [await asyncpg.connect(empty) for _ in "12"]
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    both = [asyncio.create_task(migrate(each, None)) for each in (one, two)]
    for each in (one, two):
        await until_blocked(each, connection)
    await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    applied = await asyncio.gather(*both)
    assert sorted(applied, key=len) == [[], [each.name for each in migrations(None)]]
    assert await connection.fetchval("select count(*) from streams") == 0
    for each in (one, two):
        await each.close()


async def test_a_file_that_was_changed_afterwards_is_refused(empty, connection):
    """Guard: the digests are compared (store/migrate.py)."""
    first, *_ = await migrate(connection, None)
    await connection.execute("update schema_migrations set digest = 'other' where name = $1", first)
    with pytest.raises(MigrationError, match=f"{first} was changed after it was applied"):
        await migrate(connection, None)
