"""Tables that several workers of a rebuild change together: what each of them adds is there in the end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from lettra_events.decisions.tables import Change, Table
from lettra_events.rebuild.rows import Rows
from lettra_events.testing.servers import fresh_database

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

WORKERS, BATCHES = 4, 25


@dataclass(frozen=True)
class Total:
    """A sum over all accounts, whichever partition they are in."""

    name: str
    amount: int


TOTALS: Table[Total] = Table("totals", Total, key=("name",), guard=lambda key: f"total:{key[0]}")
DDL = "create table totals (name text primary key, amount bigint not null)"


def adding(amount: int) -> Change[Total]:
    return Change(TOTALS, ("all",), lambda row: Total("all", amount + (row.amount if row else 0)))


async def test_what_several_workers_add_to_one_row_is_all_there(servers: Servers) -> None:
    """Guard: the lock in Rows._fold_shared; without it what one reads, another is about to write over."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(fresh_database(servers.postgres, ddl=DDL))

        async def connect() -> asyncpg.Connection:
            connection = await asyncpg.connect(dsn)
            stack.push_async_callback(connection.close)
            return connection

        async def work(number: int) -> None:
            rows = Rows([TOTALS], await connect(), await connect(), [TOTALS])
            for batch in range(BATCHES):
                changes = [(None, [adding(number + 1), adding(1)]), (None, [adding(batch)])]
                await rows.fold(changes, lambda _cause, error: error)
            await rows.finish()

        await asyncio.gather(*(work(number) for number in range(WORKERS)))
        total = await (await connect()).fetchval("select amount from totals where name = 'all'")
    assert total == BATCHES * sum(number + 2 for number in range(WORKERS)) + WORKERS * sum(range(BATCHES))
