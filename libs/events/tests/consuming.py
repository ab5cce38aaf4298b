"""Short words for the tests of consuming: an office with a topic to read, and a clerk who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import asyncpg
import clerk
import publishing
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from prometheus_client import REGISTRY
from publishing import History, Record

from lettra_events.kafka.generations import Generation
from lettra_events.kafka.inbox import Inbox
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    import toys

    from lettra_tools.stack import Servers


@dataclass
class Office:
    """A topic with the history that was written to it, and the clerk's database."""

    kafka: str
    topic: str
    dsn: str
    connection: asyncpg.Connection[Any]
    partitions: int
    history: History
    heads: dict[int, int] = field(default_factory=dict)
    one_asks: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def publish(self, *records: Record) -> None:
        await publishing.publish(self.kafka, self.topic, records)
        for record in records:
            self.heads[record.partition] = max(record.sequence, self.heads.get(record.partition, 0))

    async def write(self, *events: Any) -> None:
        await self.publish(*self.history.write(*events))

    async def position(self, partition: int = 0) -> tuple[int, int]:
        """Sequence and next offset that are stored."""
        row = await self.connection.fetchrow(
            "select sequence, next_offset from consumer_offsets where topic = $1 and partition = $2",
            self.topic,
            partition,
        )
        return (row["sequence"], row["next_offset"]) if row else (0, 0)

    async def all_read(self) -> bool:
        """Whether all that was published is applied."""
        async with self.one_asks:
            rows = await self.connection.fetch("select partition, sequence from consumer_offsets")
        return {row[0]: row[1] for row in rows} == {p: s for p, s in self.heads.items() if s}

    @asynccontextmanager
    async def beside(self, server: str) -> AsyncIterator[Office]:
        """Another office on the same topic, with a database of its own."""
        async with fresh_database(server, ddl=clerk.DDL) as dsn:
            connection = await asyncpg.connect(dsn)
            try:
                yield replace(self, dsn=dsn, connection=connection, one_asks=asyncio.Lock())
            finally:
                await connection.close()

    @asynccontextmanager
    async def reader(self, batch: int = 1_000, **options: Any) -> AsyncIterator[Reader]:
        """A clerk who reads all partitions, driven by a bare consumer. `options` as of `Reader.open`."""
        async with AsyncExitStack() as stack:
            yield await Reader.open(stack, self, batch, **options)


class Reader:
    """An inbox on a consumer that is its own: nobody takes its partitions away."""

    def __init__(self, office: Office, inbox: Inbox, consumer: AIOKafkaConsumer, batch: int) -> None:
        self.office = office
        self.inbox = inbox
        self.consumer = consumer
        self.batch = batch

    @classmethod
    async def open(
        cls,
        stack: AsyncExitStack,
        office: Office,
        batch: int,
        *,
        partitions: Iterable[int] | None = None,
        settings: dict[str, str] | None = None,
        **reading: Any,
    ) -> Reader:
        pool = await asyncpg.create_pool(
            office.dsn,
            min_size=1,
            max_size=2,
            server_settings={"application_name": "clerk", **(settings or {})},
        )
        stack.push_async_callback(pool.close)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=office.kafka,
            group_id=f"bare-{office.topic}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        stack.push_async_callback(consumer.stop)
        mine = [TopicPartition(office.topic, p) for p in partitions or range(office.partitions)]
        consumer.assign(mine)
        # aiokafka 0.14 does not survive a change of the assignment while it looks for its coordinator.
        await consumer.committed(mine[0])
        generations = {office.topic: Generation(office.topic, 1, office.partitions)}
        inbox = Inbox(clerk.reading(office.topic, **reading), pool, generations)
        await inbox.assigned(consumer, mine)
        return cls(office, inbox, consumer, batch)

    async def take(self) -> list[ConsumerRecord[Any, Any]]:
        """The next batch, perhaps empty."""
        found = await self.consumer.getmany(timeout_ms=50, max_records=self.batch)
        return [record for records in found.values() for record in records]

    async def take_some(self) -> list[ConsumerRecord[Any, Any]]:
        """The next batch."""
        return await until(self.take, "the next batch is there")

    async def step(self) -> None:
        await self.inbox.consume(self.consumer, await self.take())

    async def consume(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Consume these records in batches of exactly the reader's size."""
        for start in range(0, len(records), self.batch):
            await self.inbox.consume(self.consumer, records[start : start + self.batch])

    async def read(self, condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 20.0) -> None:
        """Read until the condition holds."""

        async def look() -> bool:
            await self.step()
            return await condition()

        await until(look, what, seconds)

    async def read_all(self, seconds: float = 20.0) -> None:
        await self.read(self.office.all_read, "all that was published is applied", seconds)

    async def read_to_the_end(self) -> None:
        """Read until the consumer stands at the end of each partition, whatever was applied of it."""
        tps = list(self.consumer.assignment())

        async def at_the_end() -> bool:
            ends = await self.consumer.end_offsets(tps)
            return all([await self.consumer.position(tp) >= ends[tp] for tp in tps])

        await self.read(at_the_end, "the end of the topic")

    async def all_records(self) -> list[ConsumerRecord[Any, Any]]:
        """Every record, taken and not consumed."""
        tps = list(self.consumer.assignment())
        ends = await self.consumer.end_offsets(tps)
        found: list[ConsumerRecord[Any, Any]] = []

        async def all_taken() -> bool:
            found.extend(await self.take())
            return len(found) >= sum(ends.values())

        await until(all_taken, "all records are taken")
        return found


@asynccontextmanager
async def open_office(servers: Servers, partitions: int = 1) -> AsyncIterator[Office]:
    """An office with a topic and a database of its own."""
    topic = await fresh_topic(servers.kafka, partitions)
    async with fresh_database(servers.postgres, ddl=clerk.DDL) as dsn:
        connection = await asyncpg.connect(dsn)
        office = Office(servers.kafka, topic, dsn, connection, partitions, History(partitions))
        try:
            with clerk.registered():
                yield office
        finally:
            await office.connection.close()


# ---- What must be there, by plain loops over what was written ----


@dataclass
class Account:
    """What the clerk must know of an account, and the decisions that he must have taken, in order."""

    deposits: int = 0
    total: int = 0
    trail: int = 0
    note: str = ""
    booked: list[tuple[int, int]] = field(default_factory=list)


def expected(deposits: Iterable[tuple[int, toys.Deposited]]) -> dict[str, Account]:
    """What follows from these deposits, each with its sequence."""
    accounts: dict[str, Account] = {}
    for sequence, deposit in deposits:
        account = accounts.setdefault(deposit.account, Account())
        account.deposits += 1
        account.total += deposit.amount
        account.trail = (account.trail * 31 + sequence) % 1_000_000_007
        account.note = deposit.note
        account.booked.append((account.deposits, account.total))
    return accounts


async def actual(connection: asyncpg.Connection[Any]) -> dict[str, Account]:
    """What the clerk knows, and what he decided by the events that are in his history."""
    accounts = {
        row["account"]: Account(row["deposits"], row["total"], row["trail"], row["note"])
        for row in await connection.fetch("select * from seen")
    }
    events = await connection.fetch(
        "select data ->> 'account' as account, (data ->> 'number')::int as number,"
        " (data ->> 'balance')::int as balance from events_json where type = 'clerk.Booked'"
        " order by stream_id, version"
    )
    for row in events:
        accounts.setdefault(row["account"], Account()).booked.append((row["number"], row["balance"]))
    return accounts


async def parked(connection: asyncpg.Connection[Any]) -> dict[str, list[int]]:
    """The stopped keys, each with the sequences that wait."""
    rows = await connection.fetch(
        "select k.key, array_agg(r.sequence order by r.sequence) as waiting"
        " from parked_keys k left join parked_records r using (topic, key) group by 1"
    )
    orphans = await connection.fetchval(
        "select count(*) from parked_records r where not exists"
        " (select from parked_keys k where (k.topic, k.key) = (r.topic, r.key))"
    )
    assert orphans == 0
    return {row["key"]: list(row["waiting"]) for row in rows}


_IMAGE = {
    "events": "select o.n, e.event_id, e.stream_id, e.version, e.type, e.schema_version, e.key, e.payload,"
    " j.attributes - 'time' as attributes from events e join events_json j using (stream_id, version)"
    " join (select event_id, row_number() over (order by position) as n from outbox) o"
    " on o.event_id = e.event_id order by o.n",
    "streams": "select * from streams where version > 0 order by 1",
    "positions": "select partition, sequence, next_offset from consumer_offsets order by 1",
    "parked keys": "select * from parked_keys order by 1, 2",
    "parked records": "select * from parked_records order by 1, 2, 3",
    "seen": "select * from seen order by 1",
    "books": "select * from books order by 1",
    "notices": "select * from notices order by 1, 2",
}


async def image(connection: asyncpg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """All that the clerk has, but for the time at which he wrote it."""
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in _IMAGE.items()}


async def check_whole(office: Office, deposits: Sequence[tuple[int, toys.Deposited]]) -> None:
    """Nothing lost, nothing twice: projections, state, decisions and the outbox are what the deposits make."""
    wanted = expected(deposits)
    assert await actual(office.connection) == wanted
    books = await office.connection.fetch("select account, number, balance from books")
    assert {row[0]: (row[1], row[2]) for row in books} == {n: a.booked[-1] for n, a in wanted.items()}
    flagged = sum(1 for _, deposit in deposits if deposit.amount >= clerk.FLAGGED_FROM)
    counts = await office.connection.fetchrow(
        "select count(*) filter (where type = 'clerk.Flagged') as flagged, count(*) as all_events,"
        " (select count(*) from outbox) as outbox, (select count(*) from parked_keys) as parked from events"
    )
    assert dict(counts or {}) == {
        "flagged": flagged,
        "all_events": flagged + len(deposits),
        "outbox": flagged + len(deposits),
        "parked": 0,
    }


async def waits_for_a_lock(
    connection: asyncpg.Connection[Any], backends: int = 1, name: str = "clerk"
) -> None:
    """Until so many of the clerk's backends wait for a lock that somebody else holds."""

    async def look() -> bool:
        found = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and application_name = $1 and wait_event_type = 'Lock'",
            name,
        )
        return bool(found == backends)

    await until(look, f"{backends} of {name} wait for a lock")


# ---- What operators see ----


class Lines:
    """In place of a module's log: the lines that it wrote."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def _write(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    info = warning = error = _write

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


def gauge(name: str, topic: str, partition: int | None = None) -> float | None:
    """A metric of the clerk's as Prometheus would scrape it; None if it says nothing of this partition."""
    labels = {"service": clerk.SERVICE, "topic": topic}
    if partition is not None:
        labels["partition"] = str(partition)
    return REGISTRY.get_sample_value(name, labels)
