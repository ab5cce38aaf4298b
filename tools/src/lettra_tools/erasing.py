"""What follows an erasure: rewriting the tables that held the person, and looking for him on the compacted topic."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from lettra_events.kafka.compaction import EVERYTHING, keys_left
from lettra_events.kafka.topics import count_partitions, partition_of
from lettra_events.service.service import Service
from lettra_events.store.append import Connection
from lettra_tools.commands.reaching import Away, database, reachable_settings
from lettra_tools.stack.model import Report

OLD_READERS_SECONDS_MAX = 10.0
REWRITE_PAUSE_SECONDS = 0.5
TOPIC_SECONDS_MAX = 10.0
LOOK_SECONDS_MAX = 120.0
PAUSE_SECONDS_MAX = 10.0
# A session that only wrote has an id and no snapshot; a standby that tells what it still reads has no database. What
# writes in another database counts too: the rewrite's own snapshot is as old as the oldest id that runs anywhere.
_OLD_READERS = """
select who from (
  select coalesce(nullif(application_name, ''), backend_type) || ' (pid ' || pid || ')' as who,
         greatest(age(backend_xid), case when coalesce(datname = current_database(), true) then age(backend_xmin) end)
           as age
    from pg_stat_activity
   where pid <> pg_backend_pid()
  union all
  select 'prepared transaction ' || gid, age(transaction) from pg_prepared_xacts
  union all
  select 'replication slot ' || slot_name, age(xmin) from pg_replication_slots) holder
 where age > age($1::text::xid) order by age desc"""
_FIRST_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was done in PostgreSQL. `problem`: why the tables were not rewritten, "" if they were.

    `wal_switched`: the write-ahead log goes on in a new file, and a checkpoint has let go of those before;
    `wal_recycled`: PostgreSQL keeps such files under new names, with their old bytes, until it overwrites them.
    """

    tables: Sequence[str]
    problem: str
    wal_switched: bool
    wal_recycled: bool


async def rewrite(service: Service, folder: Path) -> Rewritten:
    """Write the tables that no event tells anew, without their dead rows, and let go of the log that has them.

    PostgreSQL leaves a deleted row in its page, and VACUUM alone leaves its bytes there.
    """
    settings = reachable_settings(service, folder)
    async with database(service, settings, "erase") as connection:
        tables = [table.name for table in service.aside]
        problem = await _old_readers(connection)
        if not problem:
            problem = await _vacuum(connection, tables)
        switched = await _switch_wal(connection)
        recycled = await connection.fetchval("select current_setting('wal_recycle')") == "on"
    return Rewritten(tables, problem, switched, recycled)


async def _old_readers(connection: Connection) -> str:
    """Wait for those who may still see the deleted rows; for them a rewrite would keep these. Who stays, in words."""
    now = await connection.fetchval("select pg_current_xact_id()::xid::text")
    deadline = time.monotonic() + OLD_READERS_SECONDS_MAX
    while names := [row[0] for row in await connection.fetch(_OLD_READERS, now)]:
        if time.monotonic() > deadline:
            return f"what is older than the erasure may still see the deleted rows ({', '.join(names)})"
        await asyncio.sleep(0.1)
    return ""


async def _vacuum(connection: Connection, tables: Sequence[str]) -> str:
    """Rewrite the tables; what kept that from being whole, in words.

    A query of a moment may hold the rows too: what it may see depends on all that runs in the server, whosever it is.
    """
    deadline = time.monotonic() + OLD_READERS_SECONDS_MAX
    try:
        for table in tables:
            while kept := await _rewrite_one(connection, table):
                if time.monotonic() > deadline:
                    return f"{kept} deleted rows of {table} may still be seen by a transaction, and are in its file"
                await asyncio.sleep(REWRITE_PAUSE_SECONDS)
    except (
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.InsufficientPrivilegeError,
    ) as error:
        return str(error)
    return ""


async def _rewrite_one(connection: Connection, table: str) -> int:
    """How many deleted rows PostgreSQL has kept in the new file; it says so, in its own language."""
    details: list[str] = []

    def listen(_connection: Connection, message: asyncpg.PostgresLogMessage) -> None:
        details.append(message.detail or "")

    connection.add_log_listener(listen)
    try:
        await connection.execute(f"vacuum (full, verbose) {table}")
    finally:
        connection.remove_log_listener(listen)
    numbers = [_FIRST_NUMBER.search(detail) for detail in details]
    return max((int(number[0]) for number in numbers if number), default=0)


async def _switch_wal(connection: Connection) -> bool:
    """False where this role may not."""
    try:
        await connection.fetchval("select pg_switch_wal()::text")
        await connection.execute("checkpoint")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.QueryCanceledError):
        return False
    return True


async def wait_until_gone(
    service: Service,
    folder: Path,
    keys: Collection[str],
    sent: Callable[[], bool],
    report: Report,
    seconds_max: float,
) -> set[str]:
    """Look until the service's compacted topics hold neither value nor tombstone of these keys, or time is up.

    `sent` says whether the tombstones are on the topic; before, nothing can be concluded. What is left at the end.
    """
    settings = reachable_settings(service, folder)
    began = time.monotonic()
    while True:
        left = set(keys)
        if sent():
            left = {
                key for topic in service.compacted for key in await _left(settings.kafka, topic.topic, keys)
            }
        passed = time.monotonic() - began
        if not left or passed >= seconds_max:
            return left
        report(f"waiting until Kafka has compacted the topic: {passed:.0f} s of at most {seconds_max:.0f}")
        await asyncio.sleep(min(PAUSE_SECONDS_MAX, 0.5 + passed / 10, seconds_max - passed))


async def _left(kafka: str, topic: str, keys: Collection[str]) -> set[str]:
    count = (await count_partitions(kafka, [topic], TOPIC_SECONDS_MAX))[topic]
    left: set[str] = set()
    for partition in sorted({partition_of(key, count) for key in keys}):
        here = {key: EVERYTHING for key in keys if partition_of(key, count) == partition}
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                left |= await keys_left(kafka, topic, partition, here)
        except TimeoutError:
            raise Away(f"Kafka took more than {LOOK_SECONDS_MAX:.0f} s to show {topic}. Try again.") from None
    return left
