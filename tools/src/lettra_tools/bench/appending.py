"""append_vs_insert: appending one event a transaction, against a bare INSERT a transaction; 16 connections each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg

from lettra_events.contracts import encode
from lettra_events.decisions.workspace import Staged
from lettra_events.store.append import append
from lettra_tools.bench.toys import TEXT, Happened

CONNECTIONS = 16
ROUNDS = 3
_BARE_TABLE = """
create table if not exists bare (
    id uuid primary key, stream text not null, version bigint not null, type text not null, key text not null,
    payload bytea not null, recorded_at timestamptz not null)"""
_BARE_INSERT = "insert into bare values ($1, $2, $3, $4, $5, $6, $7)"

Once = Callable[[Any, int, int], Awaitable[None]]


async def measure(dsn: str, seconds: float) -> dict[str, float]:
    """Rates of both, and their ratio; the two take turns so that the machine's moods hit both."""
    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    await pool.execute(_BARE_TABLE)
    counts = {"insert": 0, "append": 0}
    turn = seconds / ROUNDS
    for _ in range(ROUNDS):
        counts["insert"] += await _turn(pool, _insert, turn)
        counts["append"] += await _turn(pool, _append, turn)
    await pool.close()
    inserts, appends = counts["insert"] / seconds, counts["append"] / seconds
    return {
        "append_per_s": round(appends),
        "insert_per_s": round(inserts),
        "append_vs_insert": round(appends / inserts, 3),
    }


async def _turn(pool: asyncpg.Pool[Any], once: Once, seconds: float) -> int:
    end = time.perf_counter() + seconds
    marker = uuid4().hex[:8]

    async def work(worker: int) -> int:
        done = 0
        async with pool.acquire() as connection:
            while time.perf_counter() < end:
                await once((connection, marker), worker, done)
                done += 1
        return done

    return sum(await asyncio.gather(*(work(n) for n in range(CONNECTIONS))))


async def _insert(where: Any, worker: int, number: int) -> None:
    connection, marker = where
    event = Happened(account=f"{marker}-{worker}", number=number, text=TEXT)
    await connection.execute(
        _BARE_INSERT,
        uuid4(),
        event.stream_id(),
        number + 1,
        event.event_type,
        event.key(),
        encode(event),
        datetime.now(UTC),
    )


async def _append(where: Any, worker: int, number: int) -> None:
    connection, marker = where
    event = Happened(account=f"{marker}-{worker}", number=number, text=TEXT)
    staged = [Staged(event, uuid4(), "bench", "bench")]
    await append(connection, staged, {event.stream_id(): number}, service="bench")
