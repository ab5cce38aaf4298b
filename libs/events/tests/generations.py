"""Short words for the tests of a move: a toy service that publishes and a clerk that reads, on real servers.

What must come of it is what the deposits make, by the plain loops of `consuming`: as in a run without any move.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import clerk
import clerk_process
import moving_process
import toys
from consuming import Office, check_whole
from publishing import History
from store_of_toys import TOY_PROCESS, Place, append_any

from lettra_events.contracts import decode
from lettra_events.envelope import LogEntry
from lettra_events.kafka.generations import Generation, generation_name, published_topic
from lettra_events.kafka.republishing import Move, Publisher, repartition
from lettra_events.testing.processes import program, supervised
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from lettra_tools.stack import Servers

CLERK = Path(clerk_process.__file__)
MOVER = Path(moving_process.__file__)


@dataclass
class World:
    """The toy's database and topic, the clerk's database, and what each of them has come to."""

    place: Place
    toy: asyncpg.Connection[Any]
    office: Office

    @property
    def clerk(self) -> asyncpg.Connection[Any]:
        return self.office.connection

    @property
    def publisher(self) -> Publisher:
        return Publisher(toys.SERVICE, self.place.topic, self.place.dsn, self.place.kafka, batch_max=25)

    # ---- Who runs ----

    def relay(self, **environment: str) -> AbstractAsyncContextManager[list[int]]:
        """A relay that is started again when it ends."""
        return supervised(TOY_PROCESS, "relay", **self.place.environment, TOY_BATCH_MAX="20", **environment)

    def relay_once(self, failpoint: str) -> AbstractAsyncContextManager[Process]:
        environment = {**self.place.environment, "TOY_BATCH_MAX": "20", "LETTRA_FAILPOINT": failpoint}
        return program(TOY_PROCESS, "relay", **environment)

    def mover(self, partitions: int, failpoint: str) -> AbstractAsyncContextManager[Process]:
        environment = {**self.place.environment, "TOY_BATCH_MAX": "25", "LETTRA_FAILPOINT": failpoint}
        return program(MOVER, str(partitions), **environment)

    def worker(self, instance: str, **environment: str) -> AbstractAsyncContextManager[Process]:
        """A clerk at work in a process of its own."""
        return program(CLERK, **self._of_worker(instance), **environment)

    def workers(self, instance: str, **environment: str) -> AbstractAsyncContextManager[list[int]]:
        """As `worker`, started again when it ends."""
        return supervised(CLERK, **self._of_worker(instance), **environment)

    def _of_worker(self, instance: str) -> dict[str, str]:
        return {
            "CLERK_TOPIC": self.place.topic,
            "LETTRA_KAFKA": self.place.kafka,
            "LETTRA_POSTGRES": self.office.dsn,
            "LETTRA_INSTANCE": instance,
            "LETTRA_BATCH_MAX": "7",
        }

    # ---- What is done ----

    async def deposit(self, count: int, accounts: int = 20, note: str = "") -> None:
        """Deposits of 1, 2, 3... spread over accounts, in one transaction."""
        deposits = [toys.Deposited(account=f"a{n % accounts}", amount=n + 1, note=note) for n in range(count)]
        await append_any(self.toy, *deposits)

    @asynccontextmanager
    async def writers(self, count: int) -> AsyncIterator[None]:
        """So many deposit meanwhile, each as fast as it can; they end with the block."""
        done = asyncio.Event()

        async def write(name: str) -> None:
            connection = await asyncpg.connect(self.place.dsn)
            number = 0
            while not done.is_set():
                number += 1
                await append_any(
                    connection, toys.Deposited(account=f"{name}{number % 5}", amount=number % 99)
                )
                await asyncio.sleep(0.005)
            await connection.close()

        tasks = [asyncio.create_task(write("pqrstuvw"[n])) for n in range(count)]
        try:
            yield
        finally:
            done.set()
            await asyncio.gather(*tasks)

    async def move(self, partitions: int, seconds: float = 60) -> Move:
        moved = await repartition(self.publisher, partitions, switch_seconds_max=seconds)
        assert moved is not None
        return moved

    # ---- What has come of it ----

    async def topic(self, number: int) -> list[LogEntry]:
        """The history on this generation, proven sound: repeats are the same, nothing is missing."""
        return prove(await read_topic(self.place.kafka, generation_name(self.place.topic, number)))

    async def chains(self, number: int) -> list[tuple[int, bytes]]:
        """Sequence and chain of each entry of a generation."""
        return [(entry.sequence, entry.chain) for entry in await self.topic(number)]

    async def log(self) -> list[tuple[int, bytes]]:
        """The same of the database's log."""
        rows = await self.toy.fetch("select sequence, chain from log order by 1")
        return [(row[0], row[1]) for row in rows]

    async def ends(self, number: int) -> set[int]:
        """The last new entry of each partition of a generation."""
        found = await read_topic(self.place.kafka, generation_name(self.place.topic, number))
        sequences = ([int(dict(r.headers)["ce_sequence"]) for r in records] for records in found.values())
        return {max(numbers, default=0) for numbers in sequences}

    async def published(self) -> bool:
        """Whether nothing waits for the relay."""
        return not await self.toy.fetchval(
            "select exists (select from outbox) or (select sequence > mark from relay)"
        )

    async def positions(self) -> dict[int, int]:
        rows = await self.clerk.fetch(
            "select partition, sequence from consumer_offsets where topic = $1", self.place.topic
        )
        return {row[0]: row[1] for row in rows}

    async def applied(self) -> bool:
        """Whether the clerk has all that was published, in the generation that it is published in now."""
        if not await self.published():
            return False
        heads = await self.toy.fetch(
            "select h.partition, h.sequence from partition_heads h join relay using (generation)"
        )
        return await self.positions() == {row[0]: row[1] for row in heads if row[1]}

    async def until_applied(self, seconds: float = 60) -> None:
        await until(self.applied, "the clerk has all that was published", seconds)

    async def read_generations(self) -> list[tuple[int, int, int | None, bool]]:
        """Generation, partitions, last entry, and whether it was left, as the clerk's database has it."""
        rows = await self.clerk.fetch(
            "select generation, partitions, through, left_at is not null as gone from consumer_generations order by 1"
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]

    async def current(self) -> Generation:
        return await published_topic(self.toy, self.place.topic)

    async def check(self, number: int) -> list[LogEntry]:
        """The generation holds the log, and the clerk knows and decided what the deposits make."""
        entries = await self.topic(number)
        assert [(e.sequence, e.chain) for e in entries] == await self.log()
        deposits = [(e.sequence, decode(e.event)) for e in entries]
        await check_whole(self.office, [(s, d) for s, d in deposits if isinstance(d, toys.Deposited)])
        return entries


@asynccontextmanager
async def open_world(servers: Servers, partitions: int = 2) -> AsyncIterator[World]:
    """Databases and a topic of the test's own; nobody runs yet."""
    async with AsyncExitStack() as stack:
        stack.enter_context(clerk.registered())
        topic = await fresh_topic(servers.kafka, partitions)
        dsns = [
            await stack.enter_async_context(fresh_database(servers.postgres, ddl=ddl))
            for ddl in (toys.DDL, clerk.DDL)
        ]
        toy, reader = [await asyncpg.connect(dsn) for dsn in dsns]
        stack.push_async_callback(toy.close)
        stack.push_async_callback(reader.close)
        office = Office(servers.kafka, topic, dsns[1], reader, partitions, History(partitions))
        yield World(Place(dsns[0], servers.kafka, topic), toy, office)
