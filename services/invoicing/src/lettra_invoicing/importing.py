"""Taking a file: read whole, checked against the state, then applied in chunks; what broke off goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal
from weakref import WeakKeyDictionary

import asyncpg
from pydantic import BaseModel

from lettra_events.decisions.needs import for_each
from lettra_events.decisions.tables import Table, put
from lettra_events.decisions.workspace import Workspace
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_invoicing.imports import ERRORS_REPORTED_MAX, BadCell, Kind, Row, Staged, digest_of, stage

Handle = Callable[[Workspace, Any], Any]
IMPORTS_AT_ONCE = 2
"""Of one process: each has a connection for its lock and needs another one for its rows. More wait for their turn."""
CHECKED_TOGETHER = 1_000
"""Rows that are checked in one go, at least: their memory is what an import takes."""


class Imported(BaseModel):
    """What became of a file: how many rows it has, and how many were new."""

    digest: str
    rows: int
    created: int


class Progress(BaseModel):
    """How far an import is: of `rows`, `done` are checked, or taken, by its phase."""

    digest: str
    kind: str
    phase: Literal["checking", "taking", "finished"]
    rows: int
    done: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Import:
    """How far the import of a file is, as it is stored; the file is known by its digest."""

    digest: str
    kind: str
    phase: str
    rows: int
    done: int
    started_at: datetime
    finished_at: datetime | None


IMPORTS: Table[Import] = Table("imports", Import, key=("digest",))


@dataclass(frozen=True, slots=True)
class Job:
    """One import: `name` tells what is done with the file; `handle` gives, by the file's columns, what takes a row."""

    kind: Kind
    name: str
    handle: Callable[[frozenset[str]], Handle]
    rows_max: int
    chunk_rows: int
    correlation_id: str


async def take(commands: Commands, job: Job, file: BinaryIO) -> Imported:
    """Take every row, or raise `ManyErrors` naming line and column of each bad one and take none.

    A second run of the same file goes over rows that are there already and changes nothing. One that broke off while
    rows were taken goes on behind the last chunk. What others change between the check and a row's turn can still
    refuse it: then the rows of the chunks before it are taken, and the answer says so.
    """
    digest = await asyncio.to_thread(digest_of, file)
    async with _turns(commands), _alone(commands.pool, digest):
        # In a thread: meanwhile the process answers others, publishes, and stays in its consumer group.
        staged = await asyncio.to_thread(stage, job.kind, file, job.rows_max)
        try:
            return await _take(commands, job, staged, digest)
        finally:
            staged.close()


_TURNS: WeakKeyDictionary[Commands, asyncio.Semaphore] = WeakKeyDictionary()


def _turns(commands: Commands) -> asyncio.Semaphore:
    at_once = min(IMPORTS_AT_ONCE, commands.pool.get_max_size() - 1)
    return _TURNS.setdefault(commands, asyncio.Semaphore(at_once))


@asynccontextmanager
async def _alone(pool: asyncpg.Pool[Any], digest: str) -> AsyncIterator[None]:
    """One import of a file at a time; the lock goes with the connection, so also with a process that is killed."""
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", digest):
            raise Rejected(
                "import-running",
                f"this file is being imported: GET /imports/{digest} says how far it is; then send it again",
                status=409,
                field="file",
            )
        try:
            yield
        finally:
            await connection.execute("select pg_advisory_unlock(hashtextextended($1, 0))", digest)


async def _take(commands: Commands, job: Job, staged: Staged, digest: str) -> Imported:
    handle = job.handle(staged.columns)
    begun = await _row(commands.pool, digest)
    if begun is not None and (begun.kind, begun.phase) == (job.name, "taking") and not staged.errors:
        state = begun
    else:
        state = Import(digest, job.name, "checking", len(staged), 0, datetime.now(UTC), None)
        await _check(commands, job, staged, handle, state)
        state = replace(state, phase="taking")
    created = 0
    for start in range(state.done, len(staged), job.chunk_rows):
        numbers = range(start, min(start + job.chunk_rows, len(staged)))
        state = replace(state, done=numbers.stop)
        created += await _apply(commands, job, handle, staged.rows(numbers), state)
    await _write(commands.pool, replace(state, phase="finished", finished_at=datetime.now(UTC)))
    return Imported(digest=digest, rows=len(staged), created=created)


async def progress(pool: asyncpg.Pool[Any], digest: str) -> Progress | None:
    """How far the import of this file is; None if none was begun."""
    row = await _row(pool, digest)
    return None if row is None else Progress.model_validate(asdict(row))


async def _row(pool: asyncpg.Pool[Any], digest: str) -> Import | None:
    row = await pool.fetchrow("select * from imports where digest = $1", digest)
    return None if row is None else Import(**dict(row))


_WRITE = """
insert into imports (digest, kind, phase, rows, done, started_at, finished_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (digest) do update set kind = excluded.kind, phase = excluded.phase, rows = excluded.rows,
       done = excluded.done, started_at = excluded.started_at, finished_at = excluded.finished_at"""


async def _write(pool: asyncpg.Pool[Any], row: Import) -> None:
    await pool.execute(_WRITE, *asdict(row).values())


async def _check(commands: Commands, job: Job, staged: Staged, handle: Handle, state: Import) -> None:
    """Raise `ManyErrors` with what would be refused, were every row taken now, each seeing those before it."""
    errors = list(staged.errors)
    done = 0
    if not errors:
        await _write(commands.pool, state)
        for numbers in staged.groups.batches(CHECKED_TOGETHER):
            rows = await asyncio.to_thread(staged.rows, numbers)
            errors += await _refusals(commands, job, handle, rows)
            done += len(numbers)
            await _write(commands.pool, replace(state, done=done))
            if len(errors) >= ERRORS_REPORTED_MAX:
                break
    if errors:
        await commands.pool.execute("delete from imports where digest = $1", state.digest)
        errors.sort(key=lambda error: error.line)
        raise ManyErrors("bad-rows", "nothing was taken", [asdict(e) for e in errors[:ERRORS_REPORTED_MAX]])


async def _refusals(commands: Commands, job: Job, handle: Handle, rows: Sequence[Row]) -> list[BadCell]:
    def decide(workspace: Workspace) -> list[BadCell]:
        found = for_each(rows, lambda row: _refused(workspace, handle, row))
        return [error for error in found if error is not None]

    return await commands.preview(decide, job.correlation_id)


def _refused(workspace: Workspace, handle: Handle, row: Row) -> BadCell | None:
    try:
        handle(workspace, row.command)
    except Rejected as refused:
        return BadCell(row.line, refused.field or "", refused.detail)
    return None


async def _apply(commands: Commands, job: Job, handle: Handle, chunk: Sequence[Row], after: Import) -> int:
    """One transaction, and how far the import is in it; how many of its rows were new."""

    def decide(workspace: Workspace) -> Answer:
        def take_one(row: Row | None) -> bool:
            if row is not None:
                return _is_new(_take_row(workspace, handle, row))
            workspace.apply(put(IMPORTS, after))
            return False

        # As one more of the items: what it misses is fetched with what the rows miss.
        return Answer(200, str(sum(for_each([*chunk, None], take_one))).encode())

    answer = await commands.run(decide, Request(job.correlation_id))
    return int(answer.body)


def _take_row(workspace: Workspace, handle: Handle, row: Row) -> Any:
    try:
        return handle(workspace, row.command)
    except Rejected as refused:
        raise ManyErrors(
            "import-overtaken",
            f"line {row.line} was changed by others while the file was being taken; lines before it may be taken:"
            " mend it and send the file again",
            [asdict(BadCell(row.line, refused.field or "", refused.detail))],
            status=409,
        ) from refused


def _is_new(result: Any) -> bool:
    return bool(getattr(result, "created", result))
