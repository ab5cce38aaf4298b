"""What integration tests share: real servers, a database of the test's own, the service on it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lettra_events.service.process import Process
from lettra_events.service.service import Service
from lettra_events.testing.servers import fresh_database
from lettra_invoicing.main import SERVICE
from lettra_tools.pytest_servers import own_servers, servers

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

sys.path.insert(0, str(Path(__file__).parent))

from invoicing_api import Api, running
from invoicing_on_database import OnDatabase

__all__ = ["own_servers", "servers"]


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[str]:
    """The DSN of a new, migrated database of the service."""
    async with fresh_database(servers.postgres, "lettra_invoicing") as dsn:
        yield dsn


Start = Callable[..., Any]


@pytest.fixture
async def start(database: str, servers: Servers) -> AsyncIterator[Start]:
    """Starts the service on the test's database; settings as keywords. Several are replicas of one another."""
    async with AsyncExitStack() as stack:

        async def run(service: Service = SERVICE, roles: tuple[str, ...] = ("api",), **settings: Any) -> Api:
            chosen = OnDatabase(postgres=servers.postgres, kafka=servers.kafka, dsn=database, **settings)
            return await stack.enter_async_context(running(Process(service, chosen, roles)))

        yield run


@pytest.fixture
async def api(start: Start) -> Api:
    """The service with a legal entity and two customers."""
    started: Api = await start()
    await started.register()
    return started
