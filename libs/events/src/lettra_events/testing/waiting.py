"""Waiting for a condition, with a deadline: what tests do instead of sleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

_PAUSE_SECONDS = 0.02


async def until(look: Callable[[], Awaitable[T]], what: str, seconds: float = 20.0) -> T:
    """Look again and again until there is something; AssertionError says `what` did not come."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(_PAUSE_SECONDS)
    return found


async def until_blocked(waiting: Any, looking: Any) -> None:
    """Wait until a database connection waits for a lock; `looking` is an idle one that can tell."""
    pid = waiting.get_server_pid()

    async def blocked() -> bool:
        return bool(await looking.fetchval("select cardinality(pg_blocking_pids($1)) > 0", pid))

    await until(blocked, "a connection waits for a lock", seconds=10)
