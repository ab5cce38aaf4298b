"""Killed anywhere, or two of them on one partition: nothing is lost and nothing is decided twice."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import clerk_process
import pytest
from clerk import RAISES
from consuming import Lines, Office, check_whole, open_office, parked, waits_for_a_lock
from parking_history import deposit
from toys import Deposited

from lettra_events.kafka import inbox
from lettra_events.testing.processes import program
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

CLERK = Path(clerk_process.__file__)


def working(
    office: Office, instance: str, *, failpoint: str = "", batch: int = 1_000, log: Path | None = None
) -> AbstractAsyncContextManager[Process]:
    """A clerk at work in a process of its own."""
    return program(
        CLERK,
        CLERK_TOPIC=office.topic,
        CLERK_LOG=str(log or ""),
        LETTRA_KAFKA=office.kafka,
        LETTRA_POSTGRES=office.dsn,
        LETTRA_INSTANCE=instance,
        LETTRA_BATCH_MAX=str(batch),
        LETTRA_FAILPOINT=failpoint,
    )


def deposits(count: int, accounts: str = "abcdefg") -> list[Deposited]:
    return [Deposited(account=accounts[n % len(accounts)], amount=n * 10) for n in range(1, count + 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "failpoint",
    [
        "consume.before@3",
        "consume.decided@3",
        "consume.written@3",
        "consume.committed@3",
        "consume.offset_committed",
    ],
)
async def test_killed_anywhere_it_resumes_with_nothing_lost_and_nothing_twice(
    servers: Servers, failpoint: str
) -> None:
    """Guards: the position moves in the transaction that writes, in applying.py; Kafka's offset is not asked."""
    async with open_office(servers, partitions=3) as office:
        written = deposits(80)
        await office.write(*written[:60])
        async with working(office, "one", failpoint=failpoint, batch=7) as killed:
            assert await asyncio.wait_for(killed.wait(), 40) == -signal.SIGKILL
        if failpoint.endswith("@3"):
            assert not await office.all_read()
        await office.write(*written[60:])
        async with working(office, "one", batch=7):
            await until(office.all_read, "all is applied after the kill", 40)
        await check_whole(office, list(enumerate(written, 1)))


@pytest.mark.slow
async def test_killed_while_it_parks_it_parks_once(servers: Servers) -> None:
    """Guard: KeyParked, the record that waits and the position are one transaction (kafka/applying.py)."""
    async with open_office(servers) as office:
        await office.write(deposit("bad", 1, RAISES), deposit("good"), deposit("bad", 2))
        async with working(office, "one", failpoint="park.written") as killed:
            assert await asyncio.wait_for(killed.wait(), 40) == -signal.SIGKILL
        assert await parked(office.connection) == {}
        async with working(office, "one"):
            await until(office.all_read, "all is applied or put behind after the kill", 40)
        assert await parked(office.connection) == {"bad": [1, 3]}
        told = "select count(*) from events where type = 'clerk.KeyParked'"
        assert await office.connection.fetchval(told) == 1


@asynccontextmanager
async def _held(office: Office, stream: str) -> AsyncIterator[asyncpg.transaction.Transaction]:
    """Whoever decides on this stream waits, until the transaction ends."""
    locker = await asyncpg.connect(office.dsn)
    await locker.execute("insert into streams values ($1, 0)", stream)
    transaction = locker.transaction()
    await transaction.start()
    await locker.execute("select from streams where stream_id = $1 for update", stream)
    try:
        yield transaction
    finally:
        await locker.close()


async def test_of_two_inboxes_on_one_partition_one_applies_and_the_other_finds_it_moved(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: the compare-and-set of applying._hold_position and _move_position."""
    lines = Lines()
    monkeypatch.setattr(inbox, "log", lines)
    async with open_office(servers) as office:
        written = deposits(30, accounts="abc")
        await office.write(*written[:20])
        async with office.reader() as one, office.reader() as other, _held(office, "book:a") as transaction:
            taken = [await one.all_records(), await other.all_records()]
            both = asyncio.gather(
                one.inbox.consume(one.consumer, taken[0]), other.inbox.consume(other.consumer, taken[1])
            )
            await waits_for_a_lock(office.connection, 2)
            await transaction.rollback()
            await both
            assert len(lines.of("consume.position_moved")) == 1
            assert await office.all_read()
            await check_whole(office, list(enumerate(written[:20], 1)))
            # Both go on, and meet as it happens.
            await office.write(*written[20:])
            await asyncio.gather(one.read_all(), other.read_all())
        await check_whole(office, list(enumerate(written, 1)))


@pytest.mark.slow
async def test_two_processes_of_a_group_share_a_partition_during_a_rebalance(
    servers: Servers, tmp_path: Path
) -> None:
    """Guards: as above. A rebalance does not wait for the batch in progress, so both hold the partition at once."""
    async with open_office(servers) as office, _held(office, "book:a") as transaction:
        written = deposits(60)
        await office.write(*written[:40])
        log = tmp_path / "clerks.log"
        # Partitions are dealt in the order of the names, so the one that comes later gets the only one.
        async with working(office, "b-first", batch=10, log=log):
            await waits_for_a_lock(office.connection, 1, "lettra-clerk")
            async with working(office, "a-late", batch=10, log=log):
                await waits_for_a_lock(office.connection, 2, "lettra-clerk")
                await transaction.rollback()
                await until(office.all_read, "all is applied")
                await office.write(*written[40:])
                await until(office.all_read, "what came after the rebalance is applied")
        await check_whole(office, list(enumerate(written, 1)))
        assert "consume.position_moved" in log.read_text()
