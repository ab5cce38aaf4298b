"""What integration tests share: real servers, a database and a topic of the test's own, the toy contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from store_of_toys import Place

from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_tools.pytest_servers import own_servers, servers

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

__all__ = ["own_servers", "servers"]


@pytest.fixture(autouse=True)
def _toy_contracts() -> Iterator[None]:
    with toys.registered():
        yield


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[str]:
    """The DSN of a new database with the event store and the toy service's tables."""
    async with fresh_database(servers.postgres, ddl=toys.DDL) as dsn:
        yield dsn


@pytest.fixture
async def topic(servers: Servers) -> str:
    """A new topic of three partitions."""
    return await fresh_topic(servers.kafka, partitions=3)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the test's database."""
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


@pytest.fixture
def place(database: str, servers: Servers, topic: str) -> Place:
    """The test's database, and the topic that its relay publishes to."""
    return Place(database, servers.kafka, topic)
