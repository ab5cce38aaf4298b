"""State tables folded anew from a service's own events: its log in order, then what is not yet numbered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from lettra_events import failpoints
from lettra_events.contracts import decode
from lettra_events.decisions.tables import Table
from lettra_events.envelope import RecordedEvent
from lettra_events.kafka.parking import PARKED_KEYS
from lettra_events.progress import Progress
from lettra_events.rebuild.comparing import Comparison, compare_tables, copy_live
from lettra_events.rebuild.errors import NotNow, RebuildError
from lettra_events.rebuild.mending import mend
from lettra_events.rebuild.rows import Rows
from lettra_events.rebuild.schema import (
    LOCK_SECONDS_MAX,
    STATEMENT_SECONDS_MAX,
    alone,
    drop_schema,
    make_indexes,
    make_schema,
    open_connection,
    retry_lock,
)
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.append import Connection
from lettra_events.store.relay_store import read_log, read_pending

RESTATED = "restated"
PAGE = 2_000
PAGE_BYTES_MAX = 8_000_000
TAIL_MAX = 2_000
ROUNDS_MAX = 20
# In the order in which a transaction that appends takes them, so that the two cannot wait for each other. Whoever has
# read a row of state holds one of the first three; so nobody goes on with a row of before. The state tables are last:
# whoever else holds rows of them is waited for here, while nothing has been folded yet.
_KEEP_APPENDS_OUT = "lock table consumer_offsets, guards, streams, events, outbox, {tables} in exclusive mode"
_KEEP_PENDING = f"""
create unlogged table {RESTATED}.pending (position bigint primary key, event_id uuid not null);
insert into {RESTATED}.pending select position, event_id from outbox"""  # noqa: S608
_HEAD = "select coalesce(max(sequence), 0) from log"


def state_tables(service: Service) -> tuple[Table[Any], ...]:
    """All that own events alone make; which keys are stopped is told by own events too."""
    return (*service.state, PARKED_KEYS)


@dataclass(slots=True)
class Restating:
    """A fold of a service's own events; `sequence`: the last entry of the log that is in it.

    `complete`: what is not in the log yet is in it too. No more can be folded then: it would count twice once numbered.
    """

    service: Service
    reading: Connection
    rows: Rows
    progress: Progress
    sequence: int = 0
    complete: bool = False

    async def fold_log(self, through: int) -> None:
        """Fold the entries up to this one."""
        what = f"{self.service.name}: own events folded"
        while self.sequence < through:
            limit = min(PAGE, through - self.sequence)
            entries = await read_log(self.reading, self.sequence, limit, PAGE_BYTES_MAX)
            if not entries:
                raise RebuildError(f"the log of {self.service.name} has no entry {self.sequence + 1}")
            await self._fold((f"entry {one.sequence}", one.event) for one in entries)
            self.sequence = entries[-1].sequence
            self.progress(what, self.sequence, through)
        await self.rows.finish()

    async def fold_pending(self, pending: str, connection: Connection) -> None:
        """Fold what was appended and is not in the log yet, in the order in which it will be."""
        self.complete = True
        place = -1
        while found := await read_pending(connection, pending, place, PAGE, PAGE_BYTES_MAX):
            await self._fold((f"the unnumbered event {event.event_id}", event) for _, event in found)
            place, _ = found[-1]
        await self.rows.finish()

    async def _fold(self, events: Iterable[tuple[str, RecordedEvent]]) -> None:
        told = []
        for place, event in events:
            cause = f"{place} ({event.type} on {event.stream_id})"
            try:
                told.append((cause, list(self.service.reading.evolve(decode(event)))))
            except Exception as error:
                raise self._cannot_fold(cause, error) from error
        await self.rows.fold(told, self._cannot_fold)

    def _cannot_fold(self, cause: str, error: Exception) -> RebuildError:
        return RebuildError(
            f"{self.service.name}: {cause} cannot be folded by this release: {type(error).__name__}: {error};"
            " mend the code"
        )


@asynccontextmanager
async def restating(
    connection: Connection, service: Service, dsn: str, schema: str, progress: Progress
) -> AsyncIterator[Restating]:
    """A fold into tables of the schema, which exist and are empty."""
    async with AsyncExitStack() as stack:

        async def opened(place: str | None, **settings: str) -> Connection:
            made = await open_connection(dsn, place, **settings)
            stack.push_async_callback(made.close, timeout=10)
            return made

        reading = await opened(None, default_transaction_read_only="on")
        rows = Rows(
            state_tables(service),
            await opened(schema),
            await opened(schema, synchronous_commit="off"),
        )
        yield Restating(service, reading, rows, progress)


async def compare_restated(service: Service, settings: ServiceSettings, progress: Progress) -> Comparison:
    """Fold the state as of one moment and compare; what was folded stays only where something differs."""
    tables = state_tables(service)
    dsn = settings.database(service.name)
    async with alone(service, settings) as connection:
        indexes = await make_schema(connection, RESTATED, service.package, tables, kept=False)
        async with connection.transaction(isolation="repeatable_read"):
            await copy_live(connection, RESTATED, tables)
            head = await connection.fetchval(_HEAD)
            await connection.execute(_KEEP_PENDING)
        async with restating(connection, service, dsn, RESTATED, progress) as work:
            await work.fold_log(head)
            await work.fold_pending(f"{RESTATED}.pending", connection)
        await make_indexes(connection, indexes)
        found = await compare_tables(connection, RESTATED, service.name, tables, progress)
        if not found.count:
            await drop_schema(connection, RESTATED)
    return found


async def restate(service: Service, settings: ServiceSettings, progress: Progress) -> Mapping[str, int]:
    """Fold the state anew and bring the live tables to it, while the service goes on; rows changed by table.

    The end of it is one transaction that nobody appends beside.
    """
    dsn = settings.database(service.name)
    async with alone(service, settings) as connection:
        await make_schema(connection, RESTATED, service.package, state_tables(service), kept=False)
        async with restating(connection, service, dsn, RESTATED, progress) as work:
            await _catch_up(connection, work)
            await connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS_MAX}s'")
            changed = await retry_lock(lambda: _switch(connection, work), service)
        failpoints.reach("restate.committed")
        await drop_schema(connection, RESTATED)
    return changed


async def _catch_up(connection: Connection, work: Restating) -> None:
    """What is left for under the lock is to be little."""
    for _ in range(ROUNDS_MAX):
        head = await connection.fetchval(_HEAD)
        if head - work.sequence < TAIL_MAX and work.sequence:
            return
        await work.fold_log(head)


async def _switch(connection: Connection, work: Restating) -> dict[str, int]:
    if work.complete:
        raise NotNow(
            f"the tables of {work.service.name} were locked by somebody else at the end; nothing was changed;"
            " run this again"
        )
    names = ", ".join(f'"{table.name}"' for table in state_tables(work.service))
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = '{LOCK_SECONDS_MAX}s'")
        await connection.execute(_KEEP_APPENDS_OUT.format(tables=names))
        failpoints.reach("restate.locked")
        await work.fold_log(await connection.fetchval(_HEAD))
        await work.fold_pending("outbox", connection)
        changed = await mend(connection, RESTATED, state_tables(work.service))
        failpoints.reach("restate.written")
    return changed
