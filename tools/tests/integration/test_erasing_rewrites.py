"""What `lettra erase` says of the database while somebody still holds the deleted rows in the table's file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import toys
from fastapi import APIRouter

from lettra_events.decisions.tables import Table
from lettra_events.kafka.reading import Reading
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.testing.servers import fresh_database
from lettra_tools import erasing
from lettra_tools.commands import erase as command

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

ADDRESS = "loubet7@example.com"
CONTACTS = "create table contacts (contact_id text primary key, email text); create table other (x int)"

WROTE = "insert into other values (1)"
READ = "set transaction isolation level repeatable read; select from other"


@dataclass(frozen=True)
class Contact:
    contact_id: str
    email: str | None


@dataclass
class Keeper:
    """A service with contacts, of whom one is deleted, and a connection to its database."""

    service: Service
    connection: asyncpg.Connection[Any]

    async def holds_the_address(self) -> bool:
        """Whether the file of the table does, once everything is written to it."""
        await self.connection.execute("checkpoint")
        where = "select current_setting('data_directory') || '/' || pg_relation_filepath('contacts')"
        return await asyncio.to_thread(_has_the_address, Path(await self.connection.fetchval(where)))


def _has_the_address(file: Path) -> bool:
    return ADDRESS.encode() in file.read_bytes()


@asynccontextmanager
async def opened(dsn: str, holds: str) -> AsyncIterator[Keeper]:
    """A session `psql` stands in a transaction in which it has done this, and then a contact is deleted."""

    class Settings(ServiceSettings):
        def database(self, name: str) -> str:
            del name
            return dsn

    reading = Reading("toy", (), frozenset(), toys.PARKING, toys.evolve)
    aside = (Table("contacts", Contact, key=("contact_id",)),)
    psql = await asyncpg.connect(dsn, server_settings={"application_name": "psql"})
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(CONTACTS)
        await connection.execute(
            "insert into contacts values ('c6', 'kept@example.com'), ('c7', $1)", ADDRESS
        )
        await psql.execute(f"begin; {holds}")
        await connection.execute("delete from contacts where contact_id = 'c7'")
        yield Keeper(Service("toy", "toy", reading, (), (), APIRouter(), Settings, aside=aside), connection)
    finally:
        await psql.close()
        await connection.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch, servers: Servers) -> None:
    monkeypatch.setattr(erasing, "OLD_READERS_SECONDS_MAX", 0.1)
    monkeypatch.setenv("LETTRA_POSTGRES", servers.postgres)
    monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("holds", [WROTE, READ])
async def test_whoever_keeps_the_deleted_rows_in_the_file_is_named_with_4(
    servers: Servers, holds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards: backend_xid and backend_xmin in erasing._OLD_READERS; commands.erase._finish."""
    async with fresh_database(servers.postgres) as dsn, opened(dsn, holds) as keeper:
        monkeypatch.setattr(command, "load_service", lambda _name: keeper.service)
        code = await asyncio.to_thread(command._finish, None, [], Path("nowhere"), None)  # type: ignore[arg-type]
        assert code == command.EXIT_LEFT
        told = capsys.readouterr().err
        assert "contacts not rewritten: what is older than the erasure" in told
        assert "psql (pid " in told
        assert await keeper.holds_the_address()


@pytest.mark.usefixtures("soon")
async def test_what_postgresql_kept_all_the_same_is_told(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: erasing._rewrite_one hears how many rows PostgreSQL kept, whoever keeps them."""
    monkeypatch.setattr(erasing, "_OLD_READERS", "select '' where $1 = ''")
    async with fresh_database(servers.postgres) as dsn:
        async with opened(dsn, WROTE) as keeper:
            done = await erasing.rewrite(keeper.service, Path("nowhere"))
            assert await keeper.holds_the_address()
        assert done.problem == (
            "1 deleted rows of contacts may still be seen by a transaction, and are in its file"
        )


@pytest.mark.usefixtures("soon")
async def test_without_anybody_nothing_is_left(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes on these servers meanwhile is waited for, in whatever database.

    Guard: neither check says so where all is gone; a session that looked and ended its transaction is nobody."""
    monkeypatch.setattr(erasing, "OLD_READERS_SECONDS_MAX", 60)
    async with fresh_database(servers.postgres) as dsn, opened(dsn, "commit; select 1") as keeper:
        done = await erasing.rewrite(keeper.service, Path("nowhere"))
        assert done.problem == ""
        assert not await keeper.holds_the_address()
