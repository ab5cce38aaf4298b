"""Programs in processes of their own, which a test may kill and freeze; none outlives its test."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def program(script: Path, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    """A Python script that runs, with more environment than the test's own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), *arguments, env={**os.environ, **environment}, stdin=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def supervised(script: Path, *arguments: str, **environment: str) -> AsyncIterator[list[int]]:
    """A script that is started again whenever it ends; gives the exit codes of the runs that have ended."""
    codes: list[int] = []

    async def keep_running() -> None:
        while True:
            async with program(script, *arguments, **environment) as process:
                codes.append(await process.wait())

    keeper = asyncio.create_task(keep_running())
    try:
        yield codes
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
