"""An operator's terminal in the office of the toy clerk: the real command, on the clerk's database and code."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import clerk
import pytest
from clerk_process import Settings
from consuming import Office, open_office
from fastapi import APIRouter
from typer.testing import CliRunner, Result

from lettra_events.contracts import TOPICS
from lettra_events.service.service import Service
from lettra_tools.cli import app
from lettra_tools.commands import lag, parked

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@dataclass
class Desk:
    """The clerk's office, and whoever operates it."""

    office: Office
    runner: asyncio.Runner
    monkeypatch: pytest.MonkeyPatch

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def install(self, *services: str, **reading: Any) -> None:
        """These services are installed, each with the clerk's code and database."""
        made = [
            Service(name, "clerk", clerk.reading(self.office.topic, **reading), (), (), APIRouter(), Settings)
            for name in services or ("clerk",)
        ]

        def load(names: Sequence[str]) -> list[Service]:
            return [service for service in made if not names or service.name in names]

        for command in (lag, parked):
            self.monkeypatch.setattr(command, "load_services", load)

    def lettra(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def lead(self) -> None:
        """As if a relay of the clerk's led."""

        async def work() -> None:
            await self.office.connection.execute("set application_name = 'lettra-relay-clerk'")
            await self.office.connection.execute("select pg_advisory_lock(1)")

        self.do(work())

    def read(self) -> None:
        """The clerk reads to the end of what was published."""

        async def work() -> None:
            async with self.office.reader() as reader:
                await reader.read_to_the_end()

        self.do(work())

    def park(self, *events: Any) -> None:
        """Publish these, and let the clerk read all of it."""

        async def work() -> None:
            await self.office.write(*events)
            async with self.office.reader() as reader:
                await reader.read_all()

        self.do(work())


@contextmanager
def opened_desk(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The servers are named in the environment, and the clerk is the only service."""
    with asyncio.Runner() as runner:
        opened = open_office(servers)
        office = runner.run(opened.__aenter__())
        try:
            monkeypatch.setenv("LETTRA_POSTGRES", office.dsn)
            monkeypatch.setenv("LETTRA_KAFKA", office.kafka)
            monkeypatch.setitem(TOPICS, clerk.SERVICE, "clerk.events")
            desk = Desk(office, runner, monkeypatch)
            desk.install()
            yield desk
        finally:
            runner.run(opened.__aexit__(None, None, None))
