"""Taking an import that was read without errors: checked against the state, then applied in resumable chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import BaseModel

from lettra_events.decisions.workspace import Workspace, for_each
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_invoicing.imports import ERRORS_REPORTED_MAX, BadCell, Checked

Handle = Callable[[Workspace, Any], Any]

_BEGIN = """
insert into imports (digest, kind, rows, done, started_at) values ($1, $2, $3, 0, clock_timestamp())
    on conflict (digest) do update set done = 0, finished_at = null"""
_ADVANCE = "update imports set done = $2 where digest = $1"
_FINISH = "update imports set finished_at = clock_timestamp() where digest = $1"


class Imported(BaseModel):
    """What became of a file: how many rows it has, and how many were new."""

    digest: str
    rows: int
    created: int


class Progress(BaseModel):
    """How far an import is."""

    digest: str
    kind: str
    rows: int
    done: int
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """One import: `handle` takes a row's command over a workspace."""

    digest: str
    kind: str
    handle: Handle
    chunk_rows: int
    correlation_id: str


async def take(commands: Commands, job: Job, checked: Checked[Any]) -> Imported:
    """Take every row, or raise `ManyErrors` naming line and column of each bad one and take none.

    A second run of the same file goes over rows that are there already and changes nothing, so an import that was
    interrupted is finished by sending the file again. What others change between the check and a row's turn can
    still refuse it: then the rows of the chunks before it are taken, and the answer says so.
    """
    errors = checked.errors or await _check_against_state(commands, job, checked.rows)
    if errors:
        raise ManyErrors("bad-rows", "nothing was taken", [asdict(e) for e in errors[:ERRORS_REPORTED_MAX]])
    await commands.pool.execute(_BEGIN, job.digest, job.kind, len(checked.rows))
    created = 0
    for start in range(0, len(checked.rows), job.chunk_rows):
        chunk = checked.rows[start : start + job.chunk_rows]
        created += await _apply(commands, job, chunk)
        await commands.pool.execute(_ADVANCE, job.digest, start + len(chunk))
    await commands.pool.execute(_FINISH, job.digest)
    return Imported(digest=job.digest, rows=len(checked.rows), created=created)


async def progress(pool: asyncpg.Pool[Any], digest: str) -> Progress | None:
    """How far the import of this file is; None if none was begun."""
    row = await pool.fetchrow("select * from imports where digest = $1", digest)
    return None if row is None else Progress(**dict(row))


async def _check_against_state(
    commands: Commands, job: Job, rows: Sequence[tuple[int, Any]]
) -> list[BadCell]:
    """What would be refused, were every row taken now, in the file's order, each seeing those before it."""

    def decide(workspace: Workspace) -> list[BadCell]:
        found = for_each(rows, lambda row: _refused(workspace, job, *row))
        return [error for error in found if error is not None]

    return await commands.preview(decide, job.correlation_id)


def _refused(workspace: Workspace, job: Job, line: int, command: Any) -> BadCell | None:
    try:
        job.handle(workspace, command)
    except Rejected as refused:
        return BadCell(line, refused.field or "", refused.detail)
    return None


async def _apply(commands: Commands, job: Job, chunk: Sequence[tuple[int, Any]]) -> int:
    """One transaction; how many of its rows were new."""

    def decide(workspace: Workspace) -> Answer:
        results = for_each(chunk, lambda row: _is_new(_take_row(workspace, job, *row)))
        return Answer(200, str(sum(results)).encode())

    answer = await commands.run(decide, Request(job.correlation_id))
    return int(answer.body)


def _take_row(workspace: Workspace, job: Job, line: int, command: Any) -> Any:
    try:
        return job.handle(workspace, command)
    except Rejected as refused:
        raise ManyErrors(
            "import-overtaken",
            f"line {line} was changed by others while the file was being taken; lines before it may be taken:"
            " mend it and send the file again",
            [asdict(BadCell(line, refused.field or "", refused.detail))],
            status=409,
        ) from refused


def _is_new(result: Any) -> bool:
    return bool(getattr(result, "created", result))
