"""PostgreSQL and Kafka are killed and started again under load: the worker goes on by itself, nothing lost or twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import clerk_process
import pytest
from aiokafka import AIOKafkaProducer
from consuming import Office, check_whole, open_office
from toys import Deposited

from lettra_events.testing.processes import program
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import LocalServers

CLERK = Path(clerk_process.__file__)
PAUSE_SECONDS = 0.005


class Load:
    """A publisher who goes on whatever happens; his producer waits for a broker that is away."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._goes_on = True
        self.written: list[Deposited] = []
        self.acknowledged = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Load]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._office.kafka, linger_ms=0, enable_idempotence=True, acks="all"
        )
        await producer.start()
        task = asyncio.create_task(self._write(producer))
        try:
            yield self
            self._goes_on = False
            await asyncio.wait_for(task, 60)
        finally:
            task.cancel()
            await asyncio.wait([task])
            await producer.stop()

    async def _write(self, producer: AIOKafkaProducer) -> None:
        while self._goes_on:
            n = len(self.written) + 1
            deposit = Deposited(account=f"a{n % 11}", amount=n % 150)
            (record,) = self._office.history.write(deposit)
            self.written.append(deposit)
            await producer.send_and_wait(
                self._office.topic,
                record.value,
                record.key,
                partition=record.partition,
                headers=record.headers,
            )
            self._office.heads[record.partition] = record.sequence
            self.acknowledged += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def more(self, records: int = 100) -> None:
        """Until so many more are acknowledged."""
        wanted = self.acknowledged + records

        async def look() -> bool:
            return self.acknowledged >= wanted

        await until(look, "the publisher goes on", 60)


@asynccontextmanager
async def office_at_work(local: LocalServers, log: Path) -> AsyncIterator[tuple[Office, Load]]:
    """An office on servers of its own, a worker in a process, and a publisher who does not stop.

    At the end all that was written must be applied, once.
    """
    async with open_office(local.start(), partitions=3) as office:
        environment = {
            "CLERK_TOPIC": office.topic,
            "CLERK_LOG": str(log),
            "LETTRA_KAFKA": office.kafka,
            "LETTRA_POSTGRES": office.dsn,
            "LETTRA_INSTANCE": "one",
        }
        async with program(CLERK, **environment) as worker:
            async with Load(office).running() as load:
                await until(lambda: _applied(office), "the worker applies", 40)
                yield office, load
            await until(office.all_read, "all is applied", 40)
            assert worker.returncode is None
        await check_whole(office, list(enumerate(load.written, 1)))


async def _applied(office: Office) -> int:
    return int(await office.connection.fetchval("select coalesce(sum(sequence), 0) from consumer_offsets"))


def lines(log: Path, event: str) -> int:
    return log.read_text().count(event)


@pytest.mark.slow
async def test_postgresql_is_killed_and_started_again_under_load(
    own_servers: Callable[..., LocalServers], tmp_path: Path
) -> None:
    """Guards: Inbox._stop puts back what failed and tries again; the position is in the same database as the writes."""
    local, log = own_servers(), tmp_path / "clerk.log"
    async with office_at_work(local, log) as (office, load):
        await _kill_postgresql(local, log, office, load)
        await _kill_postgresql(local, log, office, load)
        await load.more()


async def _kill_postgresql(local: LocalServers, log: Path, office: Office, load: Load) -> None:
    before, stops = await _applied(office), lines(log, "consume.stopped")

    async def stopped() -> bool:
        return lines(log, "consume.stopped") > stops

    local.kill_postgres()
    await until(stopped, "the worker finds PostgreSQL away")
    await load.more()
    local.start_postgres()
    office.connection = await asyncpg.connect(office.dsn)
    await until(lambda: _is_past(office, before), "the worker goes on", 40)


async def _is_past(office: Office, applied: int) -> bool:
    return await _applied(office) > applied


@pytest.mark.slow
async def test_kafka_is_killed_and_started_again_under_load(
    own_servers: Callable[..., LocalServers], tmp_path: Path
) -> None:
    """Nothing depends on what Kafka remembers: the position is stored, and contiguity sees what comes twice."""
    local, log = own_servers(), tmp_path / "clerk.log"
    async with office_at_work(local, log) as (office, load):
        local.kill_kafka()
        await until(lambda: _waits(load), "the publisher waits for Kafka")
        local.start_kafka()
        await load.more()
        before = await _applied(office)
        await load.more()
        await until(lambda: _is_past(office, before), "the worker goes on", 60)


async def _waits(load: Load) -> bool:
    return len(load.written) > load.acknowledged
