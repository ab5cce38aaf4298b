"""A database and topics of their own for each test, on real servers. Used by integration tests only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from lettra_events.kafka.topics import ensure_topic
from lettra_events.store.migrate import ensure_database, migrate


@asynccontextmanager
async def empty_database(server: str) -> AsyncIterator[str]:
    """The DSN of a new database without any table, dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    dsn = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    await ensure_database(dsn)
    try:
        yield dsn
    finally:
        await drop_database(dsn)


async def drop_database(dsn: str) -> None:
    """Drop it, whoever is still connected."""
    parts = urlsplit(dsn)
    admin = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    await admin.execute(f"drop database if exists {parts.path.lstrip('/')} with (force)")
    await admin.close()


@asynccontextmanager
async def fresh_database(server: str, package: str | None = None, *, ddl: str = "") -> AsyncIterator[str]:
    """The DSN of a new migrated database, dropped afterwards.

    `package`: the service whose tables are wanted; `ddl`: more of them.
    """
    async with empty_database(server) as dsn:
        connection = await asyncpg.connect(dsn)
        await migrate(connection, package)
        if ddl:
            await connection.execute(ddl)
        await connection.close()
        yield dsn


async def fresh_topic(bootstrap: str, partitions: int = 3) -> str:
    """The name of a new, empty topic."""
    name = f"test.{uuid4().hex[:12]}"
    await ensure_topic(bootstrap, name, partitions)
    return name
