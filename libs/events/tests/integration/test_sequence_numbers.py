"""Continuous numbers of invoicing: 1 to N without a hole and none twice, however many draw them, killed or not.

CGI ann. II art. 242 nonies A. Real commands of invoicing, over real connections, in processes of their own where
they are killed (issuing_process.py).
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import issuing_process
import pytest

from lettra_events.service.rejection import Rejected
from lettra_events.testing.processes import program
from lettra_events.testing.servers import fresh_database

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

SCRIPT = Path(issuing_process.__file__)
WRITERS = 16


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[str]:
    """Invoicing's database, with one legal entity and one customer."""
    async with fresh_database(servers.postgres, "lettra_invoicing") as dsn:
        await issuing_process.prepare(dsn)
        yield dsn


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def numbers(connection: asyncpg.Connection) -> list[int]:
    """The numbers in the history of the series, in its order, as its events say them."""
    rows = await connection.fetch(
        "select (data ->> 'number')::int from events_json where type = 'invoicing.NumberDrawn' order by version"
    )
    return [row[0] for row in rows]


async def issued(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch("select document_number from documents order by document_number")
    return [row[0] for row in rows]


def documents(count: int) -> list[str]:
    return [f"FA-{number:06d}" for number in range(1, count + 1)]


async def test_sixteen_writers_draw_every_number_once(database: str, connection: asyncpg.Connection) -> None:
    """Guard: the number is drawn under the lock of its series, in the transaction that appends the invoice
    (handlers.issue_invoice, decider._draw_number in invoicing; _lock in store/running.py)."""
    async with asyncpg.create_pool(database, min_size=WRITERS, max_size=WRITERS) as pool:
        answers = await asyncio.gather(
            *(issuing_process.issue(pool, f"writer {writer}", 10) for writer in range(WRITERS))
        )
    assert sorted(number for each in answers for number in each) == documents(160)
    assert await numbers(connection) == list(range(1, 161))
    assert await issued(connection) == documents(160)


async def test_a_refused_invoice_uses_no_number(database: str, connection: asyncpg.Connection) -> None:
    """Guard: a refusal rolls back what was drawn (run_decisions in store/running.py)."""
    async with asyncpg.create_pool(database, min_size=2, max_size=2) as pool:
        await issuing_process.issue(pool, "before", 1)
        with pytest.raises(Rejected, match="the last document of series FA is of 2026-03-02"):
            await issuing_process.issue(pool, "too early", 1, issue_date=date(2026, 3, 1))
        await issuing_process.issue(pool, "after", 1)
    assert await numbers(connection) == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["append.before@4", "append.written@4", "append.committed@4"])
async def test_a_writer_killed_among_others_leaves_no_hole(
    database: str, connection: asyncpg.Connection, failpoint: str
) -> None:
    """Guard: as above; a killed writer's number is rolled back with its invoice, or both are there, and its key
    gets the same number when it is asked again."""
    environment = {"ISSUING_DSN": database}
    armed = {**environment, "LETTRA_FAILPOINT": failpoint}
    async with (
        program(SCRIPT, "killed", "10", **armed) as killed,
        program(SCRIPT, "other", "30", **environment) as other,
        asyncio.timeout(60),
    ):
        assert await killed.wait() == -signal.SIGKILL
        assert await other.wait() == 0
    drawn = 30 + (4 if failpoint.startswith("append.committed") else 3)
    assert await numbers(connection) == list(range(1, drawn + 1))
    async with program(SCRIPT, "killed", "10", **environment) as again, asyncio.timeout(60):
        assert await again.wait() == 0
    assert await numbers(connection) == list(range(1, 41))
    assert await issued(connection) == documents(40)
