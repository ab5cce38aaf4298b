"""What integration tests share: real servers, a database of the test's own, the service on it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest
from bank_files import ACCOUNT

from lettra_events.service.roles import Process
from lettra_events.service.service import Service
from lettra_events.testing.servers import fresh_database
from lettra_payment_ingest.main import SERVICE
from lettra_tools.pytest_servers import own_servers, servers

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

sys.path.insert(0, str(Path(__file__).parent))

from on_database import OnDatabase

__all__ = ["own_servers", "servers"]


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[str]:
    """The DSN of a new, migrated database of the service."""
    async with fresh_database(servers.postgres, "lettra_payment_ingest") as dsn:
        yield dsn


class Api:
    """A running service as its callers see it, and its database as they do not."""

    def __init__(self, client: httpx.AsyncClient, pool: asyncpg.Pool[Any]) -> None:
        self.client = client
        self.pool = pool

    async def register(self, account: str = ACCOUNT, currency: str = "EUR", entity_id: str = "FR01") -> None:
        body = {"account": account, "currency": currency, "entity_id": entity_id}
        (await self.client.post("/accounts", json=body)).raise_for_status()

    async def send(self, data: bytes, name: str = "bank.xml") -> httpx.Response:
        """Send a bank file."""
        return await self.client.post("/statements", files={"file": (name, data, "application/xml")})

    async def take(self, data: bytes) -> list[dict[str, Any]]:
        """Send a bank file that is taken: what became of its statements."""
        response = await self.send(data)
        assert response.status_code == 200, response.text
        statements: list[dict[str, Any]] = response.json()["statements"]
        return statements

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def account(self, number: str = ACCOUNT) -> dict[str, Any]:
        (found,) = [a for a in (await self.get("/accounts"))["accounts"] if a["account"] == number]
        return dict(found)

    async def events(self) -> list[str]:
        """The types of the events so far, in their order."""
        rows = await self.pool.fetch("select type from outbox join events using (event_id) order by position")
        return [row["type"].partition(".")[2] for row in rows]

    async def table(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table, in an order of their own."""
        return [dict(row) for row in await self.pool.fetch(f"select * from {name} t order by t::text")]


Start = Callable[..., Any]


@pytest.fixture
async def start(database: str, servers: Servers) -> AsyncIterator[Start]:
    """Starts the service on the test's database; settings as keywords. Several are replicas of one another."""
    async with AsyncExitStack() as stack:

        async def run(service: Service = SERVICE, roles: tuple[str, ...] = ("api",), **settings: Any) -> Api:
            chosen = OnDatabase(postgres=servers.postgres, kafka=servers.kafka, dsn=database, **settings)
            return await stack.enter_async_context(_running(Process(service, chosen, roles)))

        yield run


@asynccontextmanager
async def _running(process: Process) -> AsyncIterator[Api]:
    async with process.running() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
            yield Api(client, app.state.pool)


@pytest.fixture
async def api(start: Start) -> Api:
    """The service with one registered account."""
    running: Api = await start()
    await running.register()
    return running
