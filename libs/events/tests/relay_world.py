"""A world for any history of the store and the relay: writers whose transactions end in any order, relays that are
killed or replaced anywhere, and clerks that read what came of it from Kafka, again and again and two at once.

Beside it stands what must come of it, by plain lists: which events were committed, stream by stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from uuid import UUID

import asyncpg
import clerk
import toys
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from consuming import Office, Reader, check_whole
from publishing import History
from store_of_toys import Place, all_published, staged

from lettra_events import failpoints
from lettra_events.contracts import decode
from lettra_events.decisions.workspace import Staged
from lettra_events.envelope import LogEntry
from lettra_events.errors import StaleVersion
from lettra_events.kafka import relay as relay_module
from lettra_events.kafka.generations import Generation
from lettra_events.kafka.inbox import Inbox
from lettra_events.kafka.relay import Relay, RelayFailed
from lettra_events.kafka.sending import new_producer
from lettra_events.store.append import ANY_VERSION, append
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

WRITERS = 3
_LEADER = """
select pid from pg_locks where locktype = 'advisory' and granted
   and database = (select oid from pg_database where datname = current_database())"""


class Killed(BaseException):
    """The process ended here; nothing in it may catch that."""


@dataclass
class Writer:
    """A connection, the transaction that it has open, and what it appended there."""

    connection: asyncpg.Connection[Any]
    transaction: Any = None
    appended: list[Staged] = field(default_factory=list)


class World:
    """Publisher and clerk, each on a database that is emptied for each history, and a new topic for each."""

    def __init__(self, stack: AsyncExitStack, servers: Servers) -> None:
        self._stack = stack
        self._servers = servers

    @classmethod
    @asynccontextmanager
    async def on(cls, servers: Servers) -> AsyncIterator[World]:
        async with AsyncExitStack() as stack:
            world = cls(stack, servers)
            stack.enter_context(clerk.registered())
            world.store = await stack.enter_async_context(fresh_database(servers.postgres, ddl=toys.DDL))
            world.books = await stack.enter_async_context(fresh_database(servers.postgres, ddl=clerk.DDL))
            world.looker = await world._connect(world.store)
            world.clerk = await world._connect(world.books)
            world.writers = [Writer(await world._connect(world.store)) for _ in range(WRITERS)]
            world.pool = await asyncpg.create_pool(world.books, min_size=2, max_size=8)
            stack.callback(world.pool.terminate)
            world.consumers = [await world._consumer() for _ in range(2)]
            yield world

    async def _connect(self, dsn: str) -> asyncpg.Connection[Any]:
        connection = await asyncpg.connect(dsn)
        self._stack.callback(connection.terminate)
        return connection

    async def _consumer(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        self._stack.push_async_callback(consumer.stop)
        return consumer

    async def begin(self, partitions: int) -> None:
        """Nothing has happened yet."""
        for connection in (self.looker, self.clerk):
            tables = await connection.fetch(
                "select tablename from pg_tables where schemaname = 'public' and tablename not like '%migration%'"
            )
            script = "".join(f"delete from {row[0]};" for row in tables)
            await connection.execute(f"{script} insert into relay default values")
        self.topic = await fresh_topic(self._servers.kafka, partitions)
        self.place = Place(self.store, self._servers.kafka, self.topic)
        self.office = Office(
            self._servers.kafka, self.topic, self.books, self.clerk, partitions, History(partitions)
        )
        self.committed: dict[str, list[UUID]] = {}
        self.tps = [TopicPartition(self.topic, n) for n in range(partitions)]
        self.readers = []
        for consumer in self.consumers:
            consumer.assign(self.tps)
            self.readers.append(Reader(self.office, self._inbox(), consumer, 1))
        for number in range(len(self.readers)):
            await self.restart(number)

    async def clean_up(self) -> None:
        """No transaction stays open, whatever happened."""
        for writer in self.writers:
            await self.end(writer, commit=False)

    # ---- Appending ----

    async def begin_append(self, number: int, events: Sequence[Any], *, exactly: bool) -> None:
        """In a transaction of the writer's, on streams that no other has locked; at a known version or at any."""
        writer = self.writers[number]
        others = {one.event.stream_id() for w in self.writers if w is not writer for one in w.appended}
        items = [staged(event) for event in events if event.stream_id() not in others]
        if not items:
            return
        if writer.transaction is None:
            writer.transaction = writer.connection.transaction()
            await writer.transaction.start()
        versions = {one.event.stream_id(): ANY_VERSION for one in items}
        if exactly:
            versions = {stream: self._version(writer, stream) for stream in versions}
        await append(writer.connection, items, versions, service=toys.SERVICE)
        writer.appended += items

    def _version(self, writer: Writer, stream: str) -> int:
        return len(self.committed.get(stream, [])) + sum(
            one.event.stream_id() == stream for one in writer.appended
        )

    async def end(self, writer: Writer, *, commit: bool) -> None:
        """Commit what the writer appended, or roll it back."""
        if writer.transaction is None:
            return
        if commit:
            await writer.transaction.commit()
            for one in writer.appended:
                self.committed.setdefault(one.event.stream_id(), []).append(one.event_id)
        else:
            await writer.transaction.rollback()
        writer.transaction, writer.appended = None, []

    async def kill_writer(self, number: int) -> None:
        """Its connection is gone, and with it what it had not committed."""
        self.writers[number].connection.terminate()
        self.writers[number] = Writer(await self._connect(self.store))

    async def append_stale(self, event: Any) -> None:
        """A decision taken on another version is refused and leaves nothing, not even the events before it."""
        versions = {event.stream_id(): len(self.committed.get(event.stream_id(), [])) + 1}
        if any(one.event.stream_id() in versions for writer in self.writers for one in writer.appended):
            return
        with suppress(StaleVersion):
            async with self.looker.transaction():
                await append(self.looker, [staged(event)], versions, service=toys.SERVICE)
            raise AssertionError("a stale decision was appended")

    # ---- Relaying ----

    async def number(self, limits: Sequence[int]) -> None:
        """Number so many entries, by one or two at once."""
        connections = [self.looker, self.clerk_of_the_store]
        await asyncio.gather(
            *(sequence_outbox(one, limit) for one, limit in zip(connections, limits, strict=False))
        )

    @property
    def clerk_of_the_store(self) -> asyncpg.Connection[Any]:
        """A connection that appends nothing at this moment."""
        return next((w.connection for w in self.writers if w.transaction is None), self.looker)

    async def relay(self, batch_max: int, failpoint: str = "", times: int = 1) -> None:
        """A relay publishes everything, or is killed when it reaches the failpoint for the n-th time."""
        async with self._process():
            with killing(failpoint, times):
                relay = self.place.relay(batch_max=batch_max)
                task = self._start(relay)
                await self._published_by(relay, task)
                assert failpoint or not task.done(), task

    async def relay_in_turns(self, batch_max: int, events: Sequence[Any]) -> None:
        """The leader loses its connection with the lead, and the one that stands by goes on; a third one is late."""
        async with self._process():
            for _ in range(2):
                self._start(self.place.relay(batch_max=batch_max))
            await all_published(self.looker)
            await self._append_now(events)
            await self.looker.execute(f"select pg_terminate_backend(pid) from ({_LEADER}) leader")
            await all_published(self.looker, 40)

    async def relay_replaced_while_it_sends(self, batch_max: int, events: Sequence[Any]) -> None:
        """The leader is held up before it sends; meanwhile another one publishes everything; then it sends."""
        held_up, send_now = asyncio.Event(), asyncio.Event()
        send = Relay._send

        async def send_late(relay: Relay, *arguments: Any) -> Any:
            if relay is replaced:
                held_up.set()
                await send_now.wait()
            return await send(relay, *arguments)

        await self._append_now(events)
        if await self._nothing_waits():
            return
        replaced = self.place.relay(batch_max=batch_max)
        async with self._process():
            with patch.object(Relay, "_send", send_late):
                task = self._start(replaced)
                await _first_of(task, held_up)
                await self.looker.execute(f"select pg_terminate_backend(pid) from ({_LEADER}) leader")
                await self._relay_beside()
                send_now.set()
                await asyncio.wait([task], timeout=60)
                assert isinstance(task.exception(), RelayFailed)

    async def _relay_beside(self) -> None:
        relay = self.place.relay(batch_max=1_000)
        task = self._start(relay)
        await self._published_by(relay, task)
        assert not task.done(), task
        await _ended(task)

    async def relay_without_a_lead(self, batch_max: int, events: Sequence[Any]) -> None:
        """Two believe that they lead and read the same mark: at most one can move it; a third finishes."""
        both = asyncio.Barrier(2)
        check_fork = relay_module.check_fork

        async def check_together(*arguments: Any) -> None:
            await check_fork(*arguments)
            await both.wait()

        await self._append_now(events)
        while await sequence_outbox(self.looker, 1_000):
            pass
        if await self._nothing_waits():
            return
        without_lead = patch.object(relay_module, "wait_to_lead", _nothing)
        async with self._process():
            with without_lead, patch.object(relay_module, "check_fork", check_together):
                tasks = [self._start(self.place.relay(batch_max=batch_max)) for _ in range(2)]
                ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=60)
                assert [type(task.exception()) for task in ended] == [RelayFailed]
                await all_published(self.looker)

    async def _append_now(self, events: Sequence[Any]) -> None:
        for writer in self.writers[:1]:
            await self.end(writer, commit=True)
        await self.begin_append(0, events, exactly=False)
        await self.end(self.writers[0], commit=True)

    async def _nothing_waits(self) -> bool:
        """Whether all is published; what open transactions appended does not count."""
        waits = "select exists (select from outbox) or (select sequence > mark from relay)"
        return not await self.looker.fetchval(waits)

    async def _published_by(self, relay: Relay, task: asyncio.Task[None]) -> None:
        """The relay leads and everything is published, or it ended before."""

        async def done() -> bool:
            return task.done() or (relay.leading and await self._nothing_waits())

        await until(done, "everything is published", 60)

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[None]:
        """Relays that are started meanwhile end with it, and so do their producers, as with a killed process.

        What a producer has in flight then is delivered before anything that comes later.
        """
        self._tasks: list[asyncio.Task[None]] = []
        made: list[AIOKafkaProducer] = []

        def make(bootstrap: str) -> AIOKafkaProducer:
            made.append(new_producer(bootstrap))
            return made[-1]

        with patch.object(relay_module, "new_producer", make):
            try:
                yield
            finally:
                for task in self._tasks:
                    await _ended(task)
                await asyncio.gather(*(producer.stop() for producer in made))

    def _start(self, relay: Relay) -> asyncio.Task[None]:
        self._tasks.append(asyncio.create_task(relay.run()))
        return self._tasks[-1]

    # ---- Reading ----

    def _inbox(self) -> Inbox:
        return Inbox(
            clerk.reading(self.topic), self.pool, {self.topic: Generation(self.topic, 1, len(self.tps))}
        )

    async def restart(self, number: int) -> None:
        """A clerk that knows nothing but what the database says; also after a rebalance."""
        reader = self.readers[number]
        reader.inbox = self._inbox()
        await reader.inbox.assigned(reader.consumer, self.tps)

    async def read(self, numbers: Iterable[int], batch: int) -> None:
        """Clerks read a batch, perhaps at the same time."""
        readers = [self.readers[number] for number in numbers]
        for reader in readers:
            reader.batch = batch
        await asyncio.gather(*(reader.step() for reader in readers))
        assert not any(reader.inbox.stopped for reader in readers), "nothing here can stop a partition"

    async def rebalance(self, number: int) -> None:
        """The partitions are taken away and given back."""
        reader = self.readers[number]
        reader.inbox.revoked(self.tps)
        await reader.inbox.assigned(reader.consumer, self.tps)

    async def move(self, number: int, by: int) -> None:
        """The clerk's driver goes back, or ahead as if it had lost a batch, in every partition."""
        consumer = self.readers[number].consumer
        ends = await consumer.end_offsets(self.tps)
        for tp in self.tps:
            consumer.seek(tp, min(max(0, await consumer.position(tp) + by), ends[tp]))

    async def kill_reader(self, number: int, batch: int, failpoint: str, times: int) -> None:
        """The clerk is killed in a batch, and starts again."""
        with killing(failpoint, times), suppress(Killed):
            await self.read([number], batch)
        await asyncio.gather(*_groups(), return_exceptions=True)
        await self.restart(number)

    # ---- What must come of it ----

    async def check(self) -> None:
        """Publish and read the rest; then the topic is a sound history of what was committed, and is known."""
        for number, writer in enumerate(self.writers):
            await self.end(writer, commit=number != 1)
        await self.relay(1_000)
        topic = await read_topic(self._servers.kafka, self.topic)
        entries = prove(topic)
        self._is_what_was_committed(entries)
        heads = await self.looker.fetch("select partition, sequence from partition_heads where sequence > 0")
        for partition, records in topic.items():
            sequences = [int(dict(record.headers)["ce_sequence"]) for record in records]
            self.office.heads |= {partition: max(sequences)} if sequences else {}
        assert dict(map(tuple, heads)) == self.office.heads
        await self._is_what_the_clerk_knows(entries)

    def _is_what_was_committed(self, entries: Sequence[LogEntry]) -> None:
        found: dict[str, list[UUID]] = {}
        for entry in entries:
            found.setdefault(entry.event.stream_id, []).append(entry.event.event_id)
        assert found == self.committed

    async def _is_what_the_clerk_knows(self, entries: Sequence[LogEntry]) -> None:
        for number in range(2):
            await self.restart(number)
        self.readers[0].batch = 1_000
        await self.readers[0].read_all(60)
        known = [(entry.sequence, decode(entry.event)) for entry in entries]
        await check_whole(
            self.office, [(n, event) for n, event in known if isinstance(event, toys.Deposited)]
        )
        notices = await self.clerk.fetch("select partition, text from notices")
        texts = {event.text for _n, event in known if isinstance(event, toys.Broadcasted)}
        assert set(map(tuple, notices)) == {(tp.partition, text) for tp in self.tps for text in texts}


@contextmanager
def killing(failpoint: str, times: int) -> Iterator[None]:
    """The n-th time that the failpoint is reached the process is dead, and dies at whatever it reaches from then on."""
    left = times

    def reach(name: str) -> None:
        nonlocal left
        if left > 0 and name == failpoint:
            left -= 1
        if left <= 0 and name.partition(".")[0] != "append":
            raise Killed

    with patch.object(failpoints, "reach", reach):
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    """However it ended: killed, replaced, or cancelled now."""
    task.cancel()
    try:
        await task
    except (Killed, RelayFailed, asyncio.CancelledError):
        return
    except BaseExceptionGroup as group:
        _killed, other = group.split(Killed)
        if other is not None:
            raise


async def _first_of(task: asyncio.Task[Any], event: asyncio.Event) -> None:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
    waiting.cancel()
    assert event.is_set(), task


def _groups() -> list[asyncio.Task[Any]]:
    """What the inbox still does with other partitions."""
    return [t for t in asyncio.all_tasks() if t.get_coro().__qualname__ == Inbox._consume_group.__qualname__]


async def _nothing(*_arguments: Any) -> None:
    """In place of asking for the lead."""
