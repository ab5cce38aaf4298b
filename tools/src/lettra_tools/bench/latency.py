"""End to end: from the HTTP answer of invoicing to the commit of the projection in matching, at a steady rate.

The commit's time is PostgreSQL's own (`track_commit_timestamp`), so nothing that polls adds to it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx

WARM_UP = 200
WAIT_SECONDS_MAX = 30.0
_COMMITTED = """
select customer_id, pg_xact_commit_timestamp(xmin) as at from payers where customer_id like $1"""


@dataclass(frozen=True, slots=True)
class Offered:
    """How much is asked: commands a second, for so many seconds."""

    per_second: int = 200
    seconds: int = 10


async def measure(postgres: str, invoicing_url: str, offered: Offered) -> dict[str, float]:
    """Percentiles in milliseconds over all commands after a warm-up, and the rate that was really reached."""
    marker = f"B{uuid4().hex[:8]}"
    async with httpx.AsyncClient(base_url=invoicing_url, timeout=30) as client:
        await _send(
            client, f"{marker}-warm", Offered(offered.per_second, max(1, WARM_UP // offered.per_second))
        )
        started = time.perf_counter()
        answered = await _send(client, f"{marker}-run", offered)
        took = time.perf_counter() - started
    committed = await _wait_for_commits(postgres, f"{marker}-run-%", len(answered))
    delays = sorted((committed[name] - at) * 1000 for name, at in answered.items())
    return {
        "end_to_end_p50_ms": round(delays[len(delays) // 2], 1),
        "end_to_end_p99_ms": round(delays[len(delays) * 99 // 100], 1),
        "end_to_end_commands_per_s": round(len(answered) / took),
    }


async def _send(client: httpx.AsyncClient, marker: str, offered: Offered) -> dict[str, float]:
    """Register customers at a steady pace; the wall-clock time of each answer."""
    answered: dict[str, float] = {}

    async def register(name: str) -> None:
        answer = await client.post("/customers", json={"customer_id": name, "name": "Bench"})
        answer.raise_for_status()
        answered[name] = time.time()

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(offered.per_second * offered.seconds):
            await asyncio.sleep(max(0.0, begin + n / offered.per_second - time.perf_counter()))
            group.create_task(register(f"{marker}-{n}"))
    return answered


async def _wait_for_commits(postgres: str, like: str, count: int) -> dict[str, float]:
    dsn = urlunsplit(urlsplit(postgres)._replace(path="/lettra_matching"))
    connection = await asyncpg.connect(dsn)
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    try:
        while True:
            rows: list[Any] = await connection.fetch(_COMMITTED, like)
            if len(rows) >= count:
                return {row["customer_id"]: _seconds(row["at"]) for row in rows}
            if time.monotonic() > deadline:
                raise TimeoutError(f"matching has {len(rows)} of {count} after {WAIT_SECONDS_MAX} s")
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def _seconds(at: datetime) -> float:
    return at.timestamp()
