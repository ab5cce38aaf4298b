"""Short words for the tests of rebuilding: the bookkeeper's office, and what he is asked for there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import bookkeeper
import clerk
import pytest
from consuming import Office
from publishing import History

from lettra_events.progress import silent
from lettra_events.rebuild.replaying import Request
from lettra_events.testing.servers import fresh_database, fresh_topic

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@asynccontextmanager
async def open_office(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, partitions: int = 3
) -> AsyncIterator[Office]:
    """An office with a topic, and the bookkeeper's migrated database; processes find both."""
    topic = await fresh_topic(servers.kafka, partitions)
    monkeypatch.setenv("BOOKKEEPER_TOPIC", topic)
    async with fresh_database(servers.postgres, "bookkeeper") as dsn:
        connection = await asyncpg.connect(dsn)
        office = Office(servers.kafka, topic, dsn, connection, partitions, History(partitions))
        try:
            with clerk.registered():
                yield office
        finally:
            await office.connection.close()


def request(office: Office, processes: int = 1, **reading: Any) -> Request:
    """A rebuild of the bookkeeper's tables. What `reading` changes is known in this process only."""
    return Request(
        bookkeeper.service(office.topic, **reading),
        bookkeeper.Settings(kafka=office.kafka, postgres=office.dsn),
        "bookkeeper.at_work:SERVICE",
        silent,
        processes,
    )


READS = {"project": bookkeeper.project, "reads": bookkeeper.READS}
"""How the clerk reads where he is the bookkeeper; options of `Office.reader`."""


async def image_of(connection: asyncpg.Connection[Any], *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of these tables."""
    return {
        table: [tuple(row) for row in await connection.fetch(f"select t.* from {table} t order by t::text")]
        for table in tables
    }
