"""A company whose services run as processes, are killed, and are started again; so are the servers under them.

Everything is done from the one thread of the test: whenever it waits, it looks after the processes (`tend`), as a
supervisor would. What was asked and not answered is asked again, with the same idempotency key.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from lettra_tools.stack import LocalServers, Servers
from lettra_tools.stack.ports import choose_ports
from lettra_tools.stack.process import last_lines
from lettra_tools.stack.warm import Program

T = TypeVar("T")

SERVICES = ("invoicing", "payment-ingest", "matching")
ROLES = ("api", "worker", "relay")
PATIENCE_SECONDS = 90.0
COMMAND_SECONDS_MAX = 300.0
STARTS_MAX = 12
PAUSE_SECONDS = 0.5
ANSWER_SECONDS_MAX = 15.0
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCatalogNameError,  # not made yet
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
RUNS_AGAIN = {-9, 75}
"""Exit codes after which a service is started again: it was killed, or could not go on without its servers."""
SERVER_AWAY = 3
TO_RUN_AGAIN = "run this again"
"""What a command says that ended because a process of its own was killed."""
# Small batches, so that the short history of a cell is many batches, rounds and chunks.
SETTINGS = {
    "LETTRA_PARTITIONS": "3",
    "LETTRA_BATCH_MAX": "4",
    "LETTRA_RELAY_BATCH_MAX": "3",
    "LETTRA_IMPORT_CHUNK_TRANSACTIONS": "2",
    "LETTRA_PUBLISH_TIMEOUT_SECONDS": "6",
    "LETTRA_SHUTDOWN_SECONDS": "5",
    "LETTRA_COMPACTED_SEGMENT_MS": "1000",
}


def main_of(service: str) -> str:
    """The module that runs a service."""
    return f"lettra_{service.replace('-', '_')}.main"


@dataclass(frozen=True)
class Armed:
    """Where a failpoint is armed: in a service, or in the operator's commands (`lettra`)."""

    where: str
    failpoint: str
    trace: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"LETTRA_FAILPOINT": self.failpoint, "LETTRA_FAILPOINT_TRACE": str(self.trace)}


@dataclass
class Company:
    """The services on a pair of servers, in a folder of their own; `tend` keeps all of it running.

    `armed_at`: the step in which a service is armed; without it everything is armed from the start.
    """

    local: LocalServers
    folder: Path
    armed: Armed | None = None
    armed_at: str = ""
    outage_seconds: float = 0.0
    children: dict[str, Program] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    ended: dict[str, list[int]] = field(default_factory=dict)
    away_since: dict[str, float] = field(default_factory=dict)
    starts_at: dict[str, float] = field(default_factory=dict)
    servers_killed: list[str] = field(default_factory=list)
    killed_commands: list[int] = field(default_factory=list)

    @property
    def servers(self) -> Servers:
        return self.local.start()

    def start(self) -> None:
        """Start all services; each makes its database and its topic first."""
        self.ports = choose_ports(self.folder / "ports.json", SERVICES)
        for name in SERVICES:
            self.children[name] = Program(
                name=name,
                module=main_of(name),
                arguments=["migrate", *ROLES],
                log=self.folder / f"{name}.log",
                environment=self.environment(name)
                | {"LETTRA_HTTP_PORT": str(self.ports[name]), "LETTRA_INSTANCE": f"{name}-0"},
                folder=self.folder,
            )
            self.children[name].start()

    def begin(self, step: str) -> None:
        """Start the service anew, armed, if this is the step for it."""
        if self.armed is None or step != self.armed_at:
            return
        child = self.children[self.armed.where]
        child.stop()
        child.environment = {**child.environment, **self.armed.environment}
        child.arguments = ROLES
        child.start()

    def stop(self) -> None:
        """End the services; the servers stay."""
        for child in self.children.values():
            child.ask_to_stop()
        for child in self.children.values():
            child.stop()

    def environment(self, where: str) -> dict[str, str]:
        """The environment of a service or of a command; armed if the cell says so."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("LETTRA_")}
        servers = {"LETTRA_POSTGRES": self.servers.postgres, "LETTRA_KAFKA": self.servers.kafka}
        now = self.armed is not None and self.armed.where == where and not self.armed_at
        armed = self.armed.environment if self.armed is not None and now else {}
        return own | SETTINGS | servers | armed

    def tend(self) -> None:
        """Start again what has ended."""
        self._tend_servers()
        for name, child in self.children.items():
            if child.exit_code is not None:
                self._tend_service(name, child, child.exit_code)

    def _tend_service(self, name: str, child: Program, code: int) -> None:
        """Start it again after a pause, which grows each time, as a supervisor would."""
        codes = self.ended.setdefault(name, [])
        if name not in self.starts_at:
            codes.append(code)
            assert code in RUNS_AGAIN, f"{name} ended with {code}\n{self.last_words()}"
            assert len(codes) < STARTS_MAX, f"{name} ends again and again: {codes}\n{self.last_words()}"
            self.starts_at[name] = time.monotonic() + PAUSE_SECONDS * (len(codes) - 1)
        if time.monotonic() >= self.starts_at[name]:
            del self.starts_at[name]
            child.arguments = ROLES
            child.start()

    def _tend_servers(self) -> None:
        """A killed server comes back when its outage is over."""
        assert self.local.postgres is not None
        assert self.local.kafka is not None
        starts = {
            "postgres": (self.local.postgres.child, self.local.start_postgres),
            "kafka": (self.local.kafka.child, self.local.start_kafka),
        }
        for name, (child, start) in starts.items():
            if child.exit_code is None:
                continue
            since = self.away_since.setdefault(name, time.monotonic())
            if time.monotonic() - since >= self.outage_seconds:
                self.servers_killed.append(name)
                del self.away_since[name]
                start()

    async def until(
        self, what: str, look: Callable[[], Awaitable[T]], seconds: float = PATIENCE_SECONDS
    ) -> T:
        """Look again and again until there is something, looking after the processes meanwhile."""
        deadline = time.monotonic() + seconds
        reason = ""
        while True:
            self.tend()
            try:
                if found := await look():
                    return found
            except AWAY as error:
                reason = f" ({type(error).__name__}: {error})"
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:g} s: {what}{reason}\n{self.last_words()}")
            await asyncio.sleep(0.03)

    def last_words(self) -> str:
        """The ends of all logs."""
        logs = [child.log for child in self.children.values()] + [self.folder / "commands.log"]
        return "\n".join(f"--- {log.name}\n{last_lines(log, 12)}" for log in logs)

    # ---- Asking ----

    async def post(self, service: str, path: str, body: Mapping[str, Any] | None = None, *, key: str) -> Any:
        """Give a command until it is answered; `key` makes it one, however often it is sent."""
        headers = {"Idempotency-Key": key, "X-Correlation-Id": key}
        return await self._ask(service, path, key, json=body, headers=headers)

    async def send_file(self, service: str, path: str, content: bytes, *, key: str) -> Any:
        """Send a file until it is taken."""
        files = {"file": (f"{key}.xml", content)}
        return await self._ask(service, path, key, files=files, headers={"X-Correlation-Id": key})

    async def _ask(self, service: str, path: str, what: str, **options: Any) -> Any:
        url = f"http://127.0.0.1:{self.ports[service]}{path}"
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:

            async def answered() -> httpx.Response | None:
                try:
                    answer = await client.post(url, **options)
                except httpx.TransportError:
                    return None
                assert not answer.is_client_error, f"{what}: {answer.text}"
                return answer if answer.is_success else None

            return (await self.until(f"{service} answers {what}", answered)).json()

    # ---- The operator's command ----

    async def lettra(self, *arguments: str, done: Callable[[], Awaitable[bool]] | None = None) -> str:
        """Run `lettra ...` until it succeeds, again when it was killed or found a server away; its output.

        `done` says whether all is as the command was to make it: the run that was cut off may have come that far, and
        then the next one has nothing to do, and may say so by its exit code.
        """
        for _ in range(STARTS_MAX):
            code, output = await self._run(*arguments)
            if code == 0:
                return output
            if code not in (-9, SERVER_AWAY) and TO_RUN_AGAIN not in output:
                told = f"lettra {' '.join(arguments)} ended with {code}:\n{output}"
                assert done is not None, told
                assert self.killed_commands, told
                await self.until(told, done)
                return output
            self.killed_commands.append(code)
        raise AssertionError(f"lettra {' '.join(arguments)} did not succeed:\n{output}")

    async def _run(self, *arguments: str) -> tuple[int, str]:
        log = self.folder / "commands.log"
        begins = log.stat().st_size if log.exists() else 0
        child = Program(
            name="lettra",
            module="lettra_tools.cli",
            arguments=arguments,
            log=log,
            environment=self.environment("lettra"),
            folder=self.folder,
        )
        child.start()
        try:

            async def over() -> bool:
                return child.exit_code is not None

            await self.until(f"lettra {' '.join(arguments)} ends", over, COMMAND_SECONDS_MAX)
        finally:
            child.kill()
        assert child.exit_code is not None
        return child.exit_code, log.read_bytes()[begins:].decode(errors="replace")

    # ---- Looking ----

    def dsn(self, service: str) -> str:
        """The database of a service."""
        name = f"/lettra_{service.replace('-', '_')}"
        return urlunsplit(urlsplit(self.servers.postgres)._replace(path=name))

    async def rows(self, service: str, query: str, *values: Any) -> list[Any]:
        """What a query finds in a service's database."""
        connection = await asyncpg.connect(self.dsn(service), timeout=5, command_timeout=10)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            connection.terminate()

    async def execute(self, service: str, script: str) -> None:
        """Change a service's database, as a release would."""
        connection = await asyncpg.connect(self.dsn(service), timeout=5, command_timeout=10)
        try:
            await connection.execute(script)
        finally:
            connection.terminate()
