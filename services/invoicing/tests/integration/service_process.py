"""The service in a process of its own, which a test asks, stops, kills, and whose log it reads."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

ON_DATABASE = (str(Path(__file__).with_name("invoicing_on_database.py")),)
THE_REAL_ONE = ("-m", "lettra_invoicing.main")


@dataclass
class Started:
    """A process of the service."""

    process: Process
    client: httpx.AsyncClient
    log: Path

    async def ended(self, seconds: float = 30) -> int:
        """Its exit code, once it has ended."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """Its log so far; of one event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    async def answers(self) -> None:
        """Wait until it does."""

        async def look() -> bool:
            assert self.process.returncode is None, self.log.read_text()
            try:
                return (await self.client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        await until(look, "the service answers", 60)


@asynccontextmanager
async def started(arguments: Sequence[str], folder: Path, **environment: str) -> AsyncIterator[Started]:
    """A process that was started just now; it is killed where it has not ended by itself."""
    port = _free_port()
    log = folder / f"service-{port}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, "LETTRA_HTTP_PORT": str(port)} | environment,
            stdin=DEVNULL,
            stdout=stderr,
            stderr=stderr,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Started(process, client, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def serving(
    servers: Servers, database: str, folder: Path, *roles: str, **environment: str
) -> AsyncIterator[Started]:
    """The service on a test's database, once it answers."""
    settings = {"LETTRA_POSTGRES": servers.postgres, "LETTRA_KAFKA": servers.kafka, "LETTRA_DSN": database}
    async with started([*ON_DATABASE, *roles], folder, **settings, **environment) as service:
        await service.answers()
        yield service


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
