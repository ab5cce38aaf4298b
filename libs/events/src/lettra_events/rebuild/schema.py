"""Schemas in which tables are made anew, by the same migrations that made the live ones.

One rebuild of a service's database at a time. What an earlier one left is dropped when the next begins, so a rebuild
that was killed is simply run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from lettra_events.decisions.tables import Table
from lettra_events.rebuild.errors import NotNow
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.append import Connection
from lettra_events.store.migrate import migrations
from lettra_events.store.rows import TableDrift, check_tables

REBUILD = "rebuild"
APPLICATION = "lettra-rebuild"
LOCK_SECONDS_MAX = 5
LOCK_TRIES_MAX = 10
LOCK_PAUSE_SECONDS = 1.0
STATEMENT_SECONDS_MAX = 600
T = TypeVar("T")
_ONE_AT_A_TIME = 0x1E77_0005
_WORKERS = 0x1E77_0006
_WORKERS_END_SECONDS = 20
_OBJECTS = """
select format('drop %s if exists %s cascade',
              case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass)
  from pg_class c
 where c.relnamespace = $1::text::regnamespace and c.relkind in ('r', 'S') and c.relname <> all($2::text[])
   and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i'))
union all
select format('drop routine if exists %s', p.oid::regprocedure)
  from pg_proc p where p.pronamespace = $1::text::regnamespace"""
_USERS = """
select distinct format('pid %s, user %s, application "%s"', a.pid, a.usename, a.application_name) as who
  from pg_locks l join pg_class c on c.oid = l.relation join pg_stat_activity a using (pid)
 where c.relnamespace = to_regnamespace($1) and a.datname = current_database() and a.pid <> pg_backend_pid()"""
_INDEXES = """
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
  from pg_index i join pg_class c on c.oid = i.indrelid
 where c.relnamespace = $1::text::regnamespace and not i.indisunique"""


async def open_connection(dsn: str, schema: str | None = None, **settings: str) -> asyncpg.Connection[Any]:
    """A connection that sees nothing but the schema; the live tables without one.

    It may be idle for as long as others of the same rebuild work.
    """
    wanted = {
        "application_name": APPLICATION,
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0",
        **({} if schema is None else {"search_path": schema}),
        **settings,
    }
    return await asyncpg.connect(dsn, server_settings=wanted, timeout=30)


@asynccontextmanager
async def alone(service: Service, settings: ServiceSettings) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to the service's database that holds the right to rebuild in it.

    `NotNow` if somebody else does, `TableDrift` where the database is not as this release would make it.
    """
    connection = await open_connection(settings.database(service.name))
    try:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", _ONE_AT_A_TIME):
            raise NotNow(
                f"another rebuild of {service.name} runs; wait for its end, or end it, and run this again"
            )
        await _workers_gone(connection)
        await _check_release(connection, service)
        yield connection
    finally:
        await connection.close(timeout=10)


async def hold_as_worker(connection: Connection) -> None:
    """Show, as long as the connection lives, that a worker may still write into a rebuild."""
    await connection.execute("select pg_advisory_lock_shared($1)", _WORKERS)


async def _workers_gone(connection: Connection) -> None:
    """The workers of a rebuild that was killed end by themselves, a moment later."""
    try:
        async with connection.transaction():
            await connection.execute(f"set local lock_timeout = '{_WORKERS_END_SECONDS}s'")
            await connection.execute("select pg_advisory_xact_lock($1)", _WORKERS)
    except asyncpg.LockNotAvailableError:
        raise NotNow(
            f"workers of an earlier rebuild still run after {_WORKERS_END_SECONDS} s;"
            f" end the processes that are connected as {APPLICATION}, and run this again"
        ) from None


async def _check_release(connection: Connection, service: Service) -> None:
    try:
        rows = await connection.fetch("select name, digest from schema_migrations")
    except asyncpg.UndefinedTableError:
        rows = []
    applied = {row["name"]: row["digest"] for row in rows}
    wanted = {one.name: one.digest for one in migrations(service.package)}
    if applied != wanted:
        differing = sorted({name for name, _ in applied.items() ^ wanted.items()})
        raise TableDrift(
            f"the database of {service.name} is not migrated to this release ({', '.join(differing)});"
            " run the role migrate of the release that runs, or use the tool of that release"
        )
    await check_tables(connection, service.tables)


async def make_schema(
    connection: Connection, schema: str, package: str | None, tables: Iterable[Table[Any]], *, kept: bool
) -> list[str]:
    """Make the schema anew with these tables, empty, and the views on them; the DDL of what is to be indexed later.

    `kept`: the rows are to outlive a crash of the server; else the tables are not logged. `NotNow` names who has read
    from the schema in a transaction that has not ended.
    """
    names = [table.name for table in tables]
    try:
        return await _make(connection, schema, package, names, kept=kept)
    except asyncpg.LockNotAvailableError:
        users = ", ".join(row["who"] for row in await connection.fetch(_USERS, schema))
        raise NotNow(
            f"the schema {schema} cannot be made anew while somebody stands in it ({users or 'gone by now'});"
            " let the transaction end, and run this again"
        ) from None


async def _make(
    connection: Connection, schema: str, package: str | None, names: Sequence[str], *, kept: bool
) -> list[str]:
    async with connection.transaction():
        await _drop(connection, schema)
        await connection.execute(f'create schema "{schema}"')
        await connection.execute(f'set local search_path = "{schema}"')
        for migration in migrations(package):
            await connection.execute(migration.sql)
        for (statement,) in await connection.fetch(_OBJECTS, schema, names):
            await connection.execute(statement)
        indexes = await connection.fetch(_INDEXES, schema)
        for index in indexes:
            await connection.execute(f"drop index {index['name']}")
        for name in names if not kept else ():
            await connection.execute(f'alter table "{name}" set unlogged')
    return [index["definition"] for index in indexes]


async def make_indexes(connection: Connection, definitions: Iterable[str]) -> None:
    """Index what is loaded now."""
    for definition in definitions:
        await connection.execute(definition)


async def drop_schema(connection: Connection, schema: str) -> None:
    """Drop what is of no use any more. Where somebody stands in it, it is left to the next rebuild."""
    with suppress(asyncpg.LockNotAvailableError):
        async with connection.transaction():
            await _drop(connection, schema)


async def _drop(connection: Connection, schema: str) -> None:
    await connection.execute(f"set local lock_timeout = '{LOCK_SECONDS_MAX}s'")
    await connection.execute(f'drop schema if exists "{schema}" cascade')


async def count_rows(connection: Connection, schema: str, tables: Iterable[Table[Any]]) -> dict[str, int]:
    """How many rows each table of the schema has."""
    return {
        table.name: await connection.fetchval(f'select count(*) from "{schema}"."{table.name}"')  # noqa: S608
        for table in tables
    }


async def retry_lock(switch: Callable[[], Awaitable[T]], service: Service) -> T:
    """Do what needs a lock that others hold for a while; `NotNow` after some tries."""
    for _ in range(LOCK_TRIES_MAX):
        try:
            return await switch()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
    raise NotNow(
        f"{service.name} is too busy: {LOCK_TRIES_MAX} times a lock did not come within {LOCK_SECONDS_MAX} s;"
        " nothing was changed; try again, or stop its workers for a moment"
    )
