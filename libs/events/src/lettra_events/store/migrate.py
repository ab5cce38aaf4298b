"""Schema migrations: numbered SQL files, applied once each, in order, under an advisory lock.

Promises: two migrations at once are safe (the second finds nothing to do); each file is one transaction; a file
that was applied and changed afterwards is refused. There is no way back: a mistake is mended by a new file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, resources
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from lettra_events.store.append import Connection

_LOCK = 0x1E77_0001


class MigrationError(Exception):
    """A migration that cannot be applied; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file: its name in the table of applied ones is `<origin>/<file name>`."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(package: str | None) -> list[Migration]:
    """The event store's own migrations, then those of a service's package if one is given."""
    store = Path(str(resources.files("lettra_events.store"))) / "schema"
    own = _read(package, migrations_folder(package)) if package else ()
    return [*_read("events", store), *own]


def migrations_folder(package: str) -> Path:
    """Where a service keeps its SQL: inside the installed package, else beside `src` in a checkout."""
    module = import_module(package)
    home = Path(str(module.__file__)).parent
    for folder in (home / "migrations", home.parents[1] / "migrations"):
        if folder.is_dir():
            return folder
    raise MigrationError(f"{package}: no folder `migrations` in the package or beside its `src`")


def _read(origin: str, folder: Path) -> Iterator[Migration]:
    for file in sorted(folder.glob("*.sql")):
        yield Migration(f"{origin}/{file.name}", file.read_text(encoding="utf-8"))


async def ensure_database(dsn: str) -> bool:
    """Create the database that the DSN names if the server lacks it; True if it was created."""
    parts = urlsplit(dsn)
    name = parts.path.lstrip("/")
    connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    try:
        if await connection.fetchval("select 1 from pg_database where datname = $1", name):
            return False
        quoted = name.replace('"', '""')
        await connection.execute(f'create database "{quoted}"')
        return True
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return False
    finally:
        await connection.close()


async def migrate(connection: Connection, package: str | None) -> list[str]:
    """Apply what is missing; the names of the files applied, in order."""
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(
            "create table if not exists schema_migrations"
            " (name text primary key, digest text not null, applied_at timestamptz not null default now())"
        )
        rows = await connection.fetch("select name, digest from schema_migrations")
        applied = {row["name"]: row["digest"] for row in rows}
        return [m.name for m in migrations(package) if await _apply(connection, m, applied.get(m.name))]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _apply(connection: Connection, migration: Migration, applied: str | None) -> bool:
    if applied == migration.digest:
        return False
    if applied is not None:
        raise MigrationError(
            f"{migration.name} was changed after it was applied; restore it and put the change in a new file"
        )
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into schema_migrations (name, digest) values ($1, $2)", migration.name, migration.digest
        )
    return True
