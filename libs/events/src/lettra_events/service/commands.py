"""Running a command: decide, append and answer in one transaction, once for each idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

from lettra_events.decisions.workspace import Cause, Evolve, Workspace
from lettra_events.errors import IdempotencyKeyReused
from lettra_events.store.append import Connection
from lettra_events.store.running import preview_decisions, run_decisions

T = TypeVar("T")

KEY_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered, as it was sent; `repeated`: it is the stored answer of an earlier request."""

    status: int
    body: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A command's identity: `fingerprint` is a hash of what was asked, to tell a repeat from a reuse."""

    correlation_id: str
    key: str | None = None
    fingerprint: bytes = b""


Decide = Callable[[Workspace], Answer]


class Commands:
    """Runs the commands of one service. `wake` is set after each, for a relay in the same process."""

    def __init__(
        self, pool: asyncpg.Pool[Any], evolve: Evolve, service: str, wake: asyncio.Event | None = None
    ) -> None:
        self.pool = pool
        self._evolve = evolve
        self._service = service
        self._wake = wake or asyncio.Event()

    async def run(self, decide: Decide, request: Request) -> Answer:
        """Run it once. A repeat of the key gives the first answer, `IdempotencyKeyReused` for another request."""
        async with self.pool.acquire() as connection:
            earlier = await _stored(connection, request)
            if earlier is not None:
                return earlier
            try:
                answer = await self._decide(connection, decide, request)
            except Exception:
                # A request of the same key may have been faster, and be what this one failed on: as a duplicate,
                # or because its own effects refuse it. Then its answer is the answer.
                earlier = await _answered_meanwhile(connection, request)
                if earlier is None:
                    raise
                return earlier
        self._wake.set()
        return answer

    async def preview(self, decide: Callable[[Workspace], T], correlation_id: str) -> T:
        """What a decision would be now, without taking it."""

        def run(workspace: Workspace) -> T:
            workspace.begin(Cause("preview", correlation_id, f"{self._service}.preview"))
            return decide(workspace)

        async with self.pool.acquire() as connection:
            return await preview_decisions(connection, self._evolve, run)

    async def _decide(self, connection: Connection, decide: Decide, request: Request) -> Answer:
        cause = Cause(request.key or str(uuid4()), request.correlation_id, f"{self._service}.command")
        answers: list[Answer] = []

        def run(workspace: Workspace) -> Answer:
            workspace.begin(cause)
            answers[:] = [decide(workspace)]
            return answers[0]

        return await run_decisions(
            connection,
            self._evolve,
            run,
            service=self._service,
            also_write=partial(_store, request, answers) if request.key else None,
        )


async def _stored(connection: Connection, request: Request) -> Answer | None:
    if request.key is None:
        return None
    row = await connection.fetchrow(
        "select fingerprint, status, answer from idempotency_keys where key = $1", request.key
    )
    if row is None:
        return None
    if row["fingerprint"] != request.fingerprint:
        raise IdempotencyKeyReused(f"the idempotency key {request.key!r} came before with another request")
    return Answer(row["status"], row["answer"], repeated=True)


async def _answered_meanwhile(connection: Connection, request: Request) -> Answer | None:
    """As `_stored`; None where the connection is broken, so that what broke it is what is raised."""
    try:
        return await _stored(connection, request)
    except (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
        return None


async def _store(
    request: Request, answers: list[Answer], connection: Connection, _workspace: Workspace
) -> None:
    await connection.execute(
        "insert into idempotency_keys (key, fingerprint, status, answer, recorded_at) values ($1, $2, $3, $4, $5)",
        request.key,
        request.fingerprint,
        answers[0].status,
        answers[0].body,
        datetime.now(UTC),
    )
