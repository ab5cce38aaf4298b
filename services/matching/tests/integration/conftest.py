"""What integration tests share: real servers, a database of the test's own, and matching at its desk on it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from lettra_events.service.roles import Process
from lettra_events.testing.servers import fresh_database
from lettra_matching.main import SERVICE
from lettra_matching.settings import MatchingSettings
from lettra_tools.pytest_servers import own_servers, servers

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

sys.path.insert(0, str(Path(__file__).parent))

from desk import Desk

__all__ = ["own_servers", "servers"]


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[str]:
    """The DSN of a new, migrated database of the service."""
    async with fresh_database(servers.postgres, "lettra_matching") as dsn:
        yield dsn


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    """Matching on its database, with topics of two partitions."""
    async with Desk.at(database) as opened:
        yield opened


class OnDatabase(MatchingSettings):
    """The service's settings, but for the database."""

    dsn: str

    def database(self, name: str) -> str:
        return self.dsn


@pytest.fixture
async def client(database: str, servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    """The service's API on the test's database."""
    settings = OnDatabase(postgres=servers.postgres, kafka=servers.kafka, dsn=database)
    async with Process(SERVICE, settings, ("api",)).running() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as opened:
            yield opened
