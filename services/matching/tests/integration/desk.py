"""Matching at work on a real database: records go through `apply_batch`, also on two connections at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from published_here import Publisher
from receivables import INVOICING, PAYMENTS_TOPIC, say

from lettra_events.contracts import decode_data
from lettra_events.decisions.needs import for_each
from lettra_events.decisions.tables import remove
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.applying import apply_batch, read_position
from lettra_events.kafka.contiguity import Position
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS
from lettra_events.kafka.reading import Reading
from lettra_events.store.relay_store import read_log, sequence_outbox
from lettra_events.store.running import run_decisions
from lettra_events.testing.waiting import until
from lettra_matching.days import process_held_days
from lettra_matching.main import READING, SERVICE

STATE = (*(table.name for table in (*SERVICE.state, *SERVICE.projections)), "parked_keys", "parked_records")
_BEFORE_COMMIT = "insert into consumer_batches"


class Desk:
    """Two publishers and matching's database."""

    def __init__(self, stack: AsyncExitStack, dsn: str, partitions: int) -> None:
        self._stack = stack
        self._dsn = dsn
        self.invoicing = Publisher(INVOICING, partitions)
        self.payments = Publisher(PAYMENTS_TOPIC, partitions)
        self.partitions = {INVOICING: partitions, PAYMENTS_TOPIC: partitions}
        self.connection: asyncpg.Connection[Any]

    @classmethod
    @asynccontextmanager
    async def at(cls, dsn: str, partitions: int = 2) -> AsyncIterator[Desk]:
        async with AsyncExitStack() as stack:
            desk = cls(stack, dsn, partitions)
            desk.connection = await desk.connect()
            yield desk

    async def connect(self) -> asyncpg.Connection[Any]:
        connection = await asyncpg.connect(self._dsn)
        self._stack.push_async_callback(connection.close)
        return connection

    async def apply(
        self,
        deliveries: Sequence[Delivery],
        size: int = 1_000,
        connection: Any = None,
        reading: Reading = READING,
    ) -> None:
        """Apply records, partition after partition, in batches of at most this size."""
        places = sorted({(one.topic, one.partition) for one in deliveries})
        for topic, partition in places:
            mine = [one for one in deliveries if (one.topic, one.partition) == (topic, partition)]
            for start in range(0, len(mine), size):
                await self._apply_one(connection or self.connection, reading, mine[start : start + size])

    async def _apply_one(self, connection: Any, reading: Reading, batch: Sequence[Delivery]) -> None:
        first, last = batch[0], batch[-1]
        before = await read_position(connection, first.topic, first.partition)
        after = Position(last.entry.sequence, last.offset + 1)
        await apply_batch(connection, reading, self.partitions, batch, before, after)

    async def release_all(self, rounds: list[int]) -> None:
        """Let everything go that is parked, as if nothing had to be applied; `rounds` grows with each round."""
        keys = [(row["topic"], row["key"]) for row in await self.rows("parked_keys")]
        records = [
            (row["topic"], row["partition"], row["sequence"]) for row in await self.rows("parked_records")
        ]

        def let_go(workspace: Workspace) -> None:
            rounds.append(1)
            workspace.begin(Cause("release", "release", "release"))
            for_each(
                [
                    *(remove(PARKED_KEYS, key) for key in keys),
                    *(remove(PARKED_RECORDS, key) for key in records),
                ],
                workspace.apply,
            )
            process_held_days(workspace, self.partitions)

        await run_decisions(self.connection, READING.evolve, let_go, service="matching")

    async def overlap(self, first: Sequence[Delivery], second: Sequence[Delivery]) -> None:
        """Apply two batches at once: the first is all written when the second begins, and commits only when the
        second waits for it, or has written everything too.
        """
        one, two = Unhurried(await self._spare()), Unhurried(await self._spare())
        leader = asyncio.create_task(self.apply(first, connection=one))
        await _either(one.written, leader)
        follower = asyncio.create_task(self.apply(second, connection=two))

        async def met() -> bool:
            waits = await self.connection.fetchval("select cardinality(pg_blocking_pids($1)) > 0", two.pid)
            return bool(waits) or two.written.is_set() or follower.done()

        await until(met, "the second batch meets the first")
        one.may_commit.set()
        await leader
        two.may_commit.set()
        await follower

    async def _spare(self) -> asyncpg.Connection[Any]:
        if not hasattr(self, "_spares"):
            self._spares = [await self.connect(), await self.connect()]
        self._spares.reverse()
        return self._spares[0]

    # ---- What became of it ----

    async def decided(self) -> list[str]:
        """All decisions as sentences, in the order of the log, which is numbered first as the relay does."""
        while await sequence_outbox(self.connection, 10_000):
            pass
        entries = await read_log(self.connection, 0, 100_000)
        return [
            say(decode_data(one.event.type, one.event.schema_version, one.event.payload)) for one in entries
        ]

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, in an order of their own."""
        found = await self.connection.fetch(f"select * from {table} t order by t::text")
        return [dict(row) for row in found]

    async def item(self, number: str) -> Any:
        """What is open of a document."""
        return await self.connection.fetchval(
            "select open from open_items where document_number = $1", number
        )

    async def payment(self, name: str) -> dict[str, Any]:
        return dict(
            await self.connection.fetchrow("select * from payments where payment_id = $1", name) or {}
        )


class Unhurried:
    """A connection that, with everything written, waits to be told to commit."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self.pid = connection.get_server_pid()
        self.written = asyncio.Event()
        self.may_commit = asyncio.Event()

    async def execute(self, query: str, *arguments: Any) -> str:
        if query.lstrip().startswith(_BEFORE_COMMIT):
            self.written.set()
            await self.may_commit.wait()
        return await self._connection.execute(query, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def _either(event: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Until the event, or what the task raised."""
    waiting = asyncio.create_task(_wait(event))
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()


def _wait(event: asyncio.Event) -> Coroutine[Any, Any, Any]:
    return event.wait()
