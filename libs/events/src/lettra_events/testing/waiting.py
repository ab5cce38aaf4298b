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


async def until_blocked(holder: Any, waiting: Any) -> None:
    """Wait until a database connection waits for a lock that another one, which is idle, holds."""
    its, mine = waiting.get_server_pid(), holder.get_server_pid()

    async def blocked() -> bool:
        return mine in await holder.fetchval("select pg_blocking_pids($1)", its)

    await until(blocked, "the second connection waits for the first", seconds=10)
