"""A compacted topic holds the present rows, and of an erased one nothing, wherever its publisher was killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import phone_book
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from phone_book import Book

from lettra_events.kafka.compacted import MARKER_KEY, CompactedPublisher
from lettra_events.kafka.relay import RelayFailed
from lettra_events.kafka.topics import TopicMisfit, ensure_compacted_topic, ensure_topic
from lettra_events.testing.processes import program, supervised
from lettra_events.testing.servers import fresh_database
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

SCRIPT = Path(phone_book.__file__)
SEGMENT_MS = round(phone_book.SEGMENT_SECONDS * 1000)
PARTITIONS = 2


@pytest.fixture
async def book(servers: Servers) -> AsyncIterator[Book]:
    """An empty phone book with a database and a topic of its own."""
    topic = f"test.{uuid4().hex[:12]}"
    await ensure_compacted_topic(servers.kafka, topic, PARTITIONS, 1, SEGMENT_MS)
    async with fresh_database(servers.postgres, ddl=phone_book.DDL) as dsn:
        yield Book(dsn, servers.kafka, topic)


@pytest.fixture
async def connection(book: Book) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the book's database."""
    opened = await asyncpg.connect(book.dsn)
    yield opened
    await opened.close()


@asynccontextmanager
async def publishing(publisher: CompactedPublisher) -> AsyncIterator[asyncio.Task[None]]:
    """The publisher runs meanwhile."""
    task = asyncio.create_task(publisher.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def rest(connection: asyncpg.Connection) -> None:
    """Wait until nothing is to be sent any more."""

    async def sent() -> bool:
        return not await connection.fetchval("select exists (select from compacted_changes)")

    await until(sent, "all changes are sent", 30)


async def compacted_away(connection: asyncpg.Connection) -> None:
    """Wait until the publisher has seen that nothing is left of who was erased."""

    async def seen() -> bool:
        return not await connection.fetchval("select exists (select from compacted_erasures)")

    await until(seen, "the tombstones are compacted away", 60)


async def test_the_topic_ends_with_the_present_rows(book: Book, connection: asyncpg.Connection) -> None:
    """Guard: CompactedPublisher sends the row as it is when it is read, a tombstone for none (kafka/compacted.py)."""
    await book.write(connection, 1, ada="1", ben="2", cy="3")
    await book.write(connection, 2, ben="22", cy=None, nobody=None)
    async with publishing(book.publisher()):
        await rest(connection)
        await book.write(connection, 3, ada="111")
        await rest(connection)
        known = await book.read()
    assert {name: known[name] for name in ("ada", "ben")} == {"ada": "111", "ben": "22"}
    assert not {known.get("cy"), known.get("nobody")} - {None}
    values = [value for key, value in await book.records() if key == b"cy"]
    assert values == [None]  # what was never sent need not be erased, and nobody can know


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["contacts.before_send", "contacts.sent", "contacts.forgotten"])
async def test_killed_anywhere_nothing_is_lost_and_the_erasure_is_finished(
    book: Book, connection: asyncpg.Connection, failpoint: str
) -> None:
    """Guards: a change is forgotten after its acknowledgement, in one transaction with what is still to be marked
    (compacted_store.published); what is to be marked is kept in the database and not in memory."""
    await book.write(connection, 1, ada="1", ben="2")
    async with publishing(book.publisher()):
        await rest(connection)
    await book.write(connection, 2, ada=None, ben="22", cy="3")
    armed = {**book.environment, "LETTRA_FAILPOINT": failpoint}
    async with program(SCRIPT, **armed) as process, asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL
    sent = sum(value == b"22" for _, value in await book.records(committed=False))
    waiting = await connection.fetchval("select count(*) from compacted_changes")
    to_mark = await connection.fetchval("select count(*) from compacted_erasures")
    assert (sent, waiting, to_mark) == {
        "contacts.before_send": (0, 3, 0),
        "contacts.sent": (1, 3, 0),
        "contacts.forgotten": (1, 0, 1),
    }[failpoint]
    async with supervised(SCRIPT, **book.environment) as codes:
        await rest(connection)
        await compacted_away(connection)
    assert codes == []
    known = await book.read()
    assert {name: known[name] for name in ("ben", "cy")} == {"ben": "22", "cy": "3"}
    assert b"ada" not in [key for key, _ in await book.records(committed=False)]


async def test_a_change_during_the_sending_is_sent_too(book: Book, connection: asyncpg.Connection) -> None:
    """Guard: only the revision that was sent is forgotten (compacted_store._FORGET)."""
    await book.write(connection, 1, ada="1")
    other = await asyncpg.connect(book.dsn)
    change = other.transaction()
    await change.start()
    await other.execute("update phones set number = '2'")
    await other.execute("update compacted_changes set revision = 2")
    async with publishing(book.publisher()):
        await until(lambda: blocked(connection), "the publisher has sent, and waits to forget")
        assert await book.read() == {"ada": "1"}
        await change.commit()
        await rest(connection)
        assert await book.read() == {"ada": "2"}
    await other.close()


async def blocked(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval(
        "select exists (select from pg_stat_activity where datname = current_database()"
        " and application_name like 'lettra-compacted%' and wait_event_type = 'Lock')"
    )


async def test_a_publisher_that_was_replaced_brings_nobody_back(
    book: Book, connection: asyncpg.Connection
) -> None:
    """Guard: the successor fences the producer (transactional_id in kafka/compacted.py). A process that was frozen
    with a value in its hands would else send it behind the tombstone."""
    await book.write(connection, 1, ada="1")
    frozen, woken = asyncio.Event(), asyncio.Event()
    first, second = book.publisher(), book.publisher()
    first._send = held(first._send, frozen, woken)  # type: ignore[method-assign]
    async with publishing(first) as replaced:
        await asyncio.wait_for(frozen.wait(), 30)
        await book.write(connection, 2, ada=None)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and application_name like 'lettra-compacted%'"
        )
        async with publishing(second):
            await rest(connection)
            woken.set()
            with pytest.raises(RelayFailed, match="ProducerFenced"):
                await asyncio.wait_for(asyncio.shield(replaced), 30)
            assert [value for key, value in await book.records(committed=False) if key == b"ada"] == [None]


def held(
    work: Callable[..., Awaitable[Any]], frozen: asyncio.Event, woken: asyncio.Event
) -> Callable[..., Awaitable[Any]]:
    """The same work, but first it says that it is frozen, and waits until it is woken."""

    async def run(*arguments: Any) -> Any:
        frozen.set()
        await woken.wait()
        return await work(*arguments)

    return run


async def test_one_leads_at_a_time(book: Book, connection: asyncpg.Connection) -> None:
    """Guard: the lock of `wait_to_lead` (CompactedPublisher.run)."""
    first, second = book.publisher(), book.publisher()
    async with publishing(first):
        await book.write(connection, 1, ada="1")
        await rest(connection)
        async with publishing(second):
            assert not second.leading
            await book.write(connection, 2, ada="2")
            await rest(connection)
            assert (first.leading, second.leading) == (True, False)


async def test_of_an_erased_key_nothing_is_left(book: Book, connection: asyncpg.Connection) -> None:
    """Guards: the markers, and the look that ends them (CompactedPublisher._follow): without the ones the key stays
    in the active segment, without the other nobody learns that it is gone."""
    await book.write(connection, 1, ada="1", ben="2")
    async with publishing(book.publisher()):
        await rest(connection)
        await book.write(connection, 2, ada=None)
        await rest(connection)
        await compacted_away(connection)
    assert {key for key, _ in await book.records(committed=False)} == {b"ben", MARKER_KEY}


class TestTopic:
    """Guards: ensure_compacted_topic (kafka/topics.py)."""

    async def settings(self, book: Book) -> dict[str, str]:
        return {name: value for name, value, *_ in await described(book)}

    async def test_it_is_configured_anew_and_keeps_what_an_operator_set(self, book: Book) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=book.kafka)
        await admin.start()
        found = await self.settings(book)
        assert (found["cleanup.policy"], found["segment.ms"]) == ("compact", str(SEGMENT_MS))
        assert (found["delete.retention.ms"], found["min.cleanable.dirty.ratio"]) == ("0", "0.0")
        resource = ConfigResource(
            ConfigResourceType.TOPIC, book.topic, {"cleanup.policy": "compact", "segment.bytes": "1048576"}
        )
        await admin.alter_configs([resource])
        await admin.close()
        assert await ensure_compacted_topic(book.kafka, book.topic, PARTITIONS, 1, 60_000) is False
        found = await self.settings(book)
        assert (found["segment.ms"], found["segment.bytes"]) == ("60000", "1048576")
        assert found["delete.retention.ms"] == "0"

    async def test_a_history_is_not_compacted(self, servers: Servers) -> None:
        topic = f"test.{uuid4().hex[:12]}"
        await ensure_topic(servers.kafka, topic, PARTITIONS)
        with pytest.raises(TopicMisfit, match=r"cleanup\.policy 'delete'"):
            await ensure_compacted_topic(servers.kafka, topic, PARTITIONS, 1, SEGMENT_MS)


async def described(book: Book) -> list[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=book.kafka)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, book.topic)])
    await admin.close()
    return list(answer.resources[0][4])
