"""Forks: a relay refuses to continue a history that its topic knows otherwise, and says what to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import toys
from aiokafka import AIOKafkaProducer
from store_of_toys import all_published, append_any, deposits, ids, published, relaying
from verifying import written

from lettra_events.kafka.relay import ForkDetected
from lettra_events.kafka.topics import ensure_topic, partition_of
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.published import read_topic, repeats
from lettra_events.testing.servers import drop_database, fresh_database, fresh_topic

if TYPE_CHECKING:
    from store_of_toys import Place

    from lettra_tools.stack import Servers

REMEDY = "Stop all processes of the service and restore a newer backup: see the runbook fork-after-restore.md"


async def publish(place: Place, count: int, note: str = "") -> None:
    """Append deposits and wait until a relay has published them."""
    connection = await asyncpg.connect(place.dsn)
    await append_any(connection, *deposits(count, note=note))
    async with relaying(place.relay()):
        await all_published(connection)
    await connection.close()


async def refused(place: Place) -> str:
    """Why the relay refuses; nothing is published by it."""
    before = await read_topic(place.kafka, place.topic)
    with pytest.raises(ForkDetected) as caught:
        async with asyncio.timeout(20):
            await place.relay().run()
    assert await read_topic(place.kafka, place.topic) == before
    return str(caught.value)


@asynccontextmanager
async def restored_backup(place: Place) -> AsyncIterator[Place]:
    """A second database, as the first one is now."""
    parts = urlsplit(place.dsn)
    name = parts.path.lstrip("/")
    copy = urlunsplit(parts._replace(path=f"/{name}_copy"))
    admin = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    await admin.execute(f"create database {name}_copy template {name}")
    await admin.close()
    try:
        yield replace(place, dsn=copy)
    finally:
        await drop_database(copy)


async def test_a_backup_older_than_the_topic_is_refused(place: Place) -> None:
    """Guard: check_fork finds that the topic's last entry is not in the log (kafka/fork.py)."""
    await publish(place, 10)
    async with restored_backup(place) as backup:
        await publish(place, 10, note="after the backup")
        connection = await asyncpg.connect(backup.dsn)
        await append_any(connection, *deposits(3, note="decided otherwise"))
        reason = await refused(backup)
        assert await connection.fetchval("select count(*) from log") == 10
        await connection.close()
    sequences = [entry.sequence for entry in await published(place)]
    place_named = re.search(r"\[(\d)\] ends with entry (\d+) \(chain [0-9a-f]{12}\)", reason)
    assert place_named is not None
    assert int(place_named[2]) in sequences[10:]
    assert REMEDY in reason
    assert place.topic in reason


async def test_a_backup_that_went_on_by_itself_is_refused(place: Place) -> None:
    """Guard: check_fork compares the chain, not only the number (kafka/fork.py)."""
    await publish(place, 10)
    async with restored_backup(place) as backup:
        await publish(place, 10, note="after the backup")
        connection = await asyncpg.connect(backup.dsn)
        await append_any(connection, *deposits(30, note="decided otherwise"))
        await sequence_outbox(connection, 100)
        await connection.close()
        assert "is not in this database's log (head 40)" in await refused(backup)


async def test_a_log_that_lost_its_tail_is_refused(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: as above; what was numbered and published is gone, and would be numbered again (kafka/fork.py)."""
    await publish(place, 10)
    await connection.execute(
        "delete from log where sequence > 8;"
        " update relay set sequence = 8, mark = 8, chain = (select chain from log where sequence = 8)"
    )
    assert "is not in this database's log (head 8)" in await refused(place)


async def test_one_partition_is_enough(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: every partition is looked at (check_fork in kafka/fork.py)."""
    account = next(name for name in "abcdefgh" if partition_of(name, 3) == 2)
    await publish(place, 10)
    await append_any(connection, toys.Deposited(account=account, amount=1))
    async with relaying(place.relay()):
        await all_published(connection)
    await connection.execute(
        "delete from log where sequence > 10;"
        " update relay set sequence = 10, mark = 10, chain = (select chain from log where sequence = 10)"
    )
    assert f"{place.topic}[2] ends with entry 11" in await refused(place)


async def test_a_backup_as_new_as_the_topic_goes_on(place: Place) -> None:
    """Guard: only a difference is refused; a restored database may go on where it was (kafka/fork.py)."""
    await publish(place, 10)
    async with restored_backup(place) as backup:
        await publish(backup, 10, note="after the move")
    assert len(await published(place)) == 20


async def test_a_topic_ahead_of_the_mark_is_no_fork(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: what was sent before the mark moved is in the log, and is sent again the same (kafka/fork.py)."""
    appended = await append_any(connection, *deposits(20))
    async with relaying(place.relay()):
        await all_published(connection)
    await connection.execute("update relay set mark = 0; update partition_heads set sequence = 0")
    async with relaying(place.relay()):
        await all_published(connection)
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) == 20


async def test_another_number_of_partitions_is_refused(place: Place, servers: Servers) -> None:
    """Guard: partition_heads keeps the number of the generation (Relay._take_over in kafka/relay.py)."""
    await publish(place, 10)
    wider = replace(place, topic=await fresh_topic(servers.kafka, partitions=5))
    assert await refused(wider) == (
        f"topic {wider.topic} has 5 partitions, generation 1 was begun with 3;"
        " make a new generation instead of changing this one"
    )


async def test_a_topic_that_was_made_anew_is_refused(place: Place, servers: Servers) -> None:
    """Guard: _check_empty (kafka/fork.py): going on would leave a hole for whoever reads from the beginning."""
    await publish(place, 10)
    emptied = replace(place, topic=await fresh_topic(servers.kafka, partitions=3))
    reason = await refused(emptied)
    assert f"{emptied.topic}[0] is empty, but entry" in reason
    assert "Restore it, or send again what it lost (lettra resend): see the runbook" in reason


async def test_an_empty_database_is_refused_where_a_later_generation_has_the_history(
    place: Place, servers: Servers
) -> None:
    """Guard: _later_partitions (kafka/fork.py): the first generation, made anew and empty, contradicts nobody."""
    later = replace(place, topic=f"{place.topic}.g3")
    await ensure_topic(servers.kafka, later.topic, 3)
    await publish(later, 10)
    async with fresh_database(servers.postgres, ddl=toys.DDL) as dsn:
        empty = replace(place, dsn=dsn)
        connection = await asyncpg.connect(dsn)
        await append_any(connection, *deposits(3, note="a second history"))
        await connection.close()
        reason = await refused(empty)
    assert re.search(rf"^{re.escape(later.topic)}\[\d\] ends with entry", reason)
    assert "is not in this database's log (head 0)" in reason
    assert REMEDY in reason


async def test_a_later_generation_of_the_same_history_is_no_fork(
    connection: asyncpg.Connection, place: Place, servers: Servers
) -> None:
    """Guard: only another history is refused; a move that was begun and given up is of this one (kafka/fork.py)."""
    await publish(place, 10)
    await ensure_topic(servers.kafka, f"{place.topic}.g2", 3)
    await written(servers.kafka, await read_topic(servers.kafka, place.topic), f"{place.topic}.g2")
    await publish(place, 10)
    assert len(await published(place)) == 20


async def test_a_record_of_somebody_else_is_passed_over(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: last_entry goes back to the last record that is an event of Lettra (kafka/fork.py)."""
    await publish(place, 10)
    producer = AIOKafkaProducer(bootstrap_servers=place.kafka)
    await producer.start()
    for partition in range(3):
        await producer.send_and_wait(place.topic, b"{}", key=None, partition=partition)
        await producer.send_and_wait(place.topic, None, key=b"k", partition=partition)
    await producer.stop()
    await append_any(connection, *deposits(10))
    async with relaying(place.relay()):
        await all_published(connection)
    await connection.execute("delete from log where sequence > 10; update relay set sequence = 10, mark = 10")
    assert "is not in this database's log (head 10)" in await refused(place)
