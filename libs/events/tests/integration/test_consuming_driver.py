"""FastStream drives the inbox: what it would lose, drop or create, it does not; and readiness sees its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from clerk_process import Settings, process
from consuming import Office, check_whole, open_office
from publishing import foreign
from toys import Deposited

from lettra_events.kafka import inbox
from lettra_events.kafka.generations import Generation
from lettra_events.kafka.inbox import Inbox
from lettra_events.kafka.subscribing import Subscription
from lettra_events.service.process import Process
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


def settings(office: Office, **more: Any) -> Settings:
    return Settings(kafka=office.kafka, postgres=office.dsn, shutdown_seconds=2, **more)


@asynccontextmanager
async def working(office: Office, **more: Any) -> AsyncIterator[Process]:
    """A worker in this process."""
    worker = process(settings(office, **more), office.topic)
    async with worker.running():
        yield worker


async def alive(worker: Process) -> bool:
    return worker.subscription is not None and worker.subscription.alive()


async def _ready(worker: Process) -> bool:
    return await worker._worker_check() is None


def deposits(count: int) -> list[Deposited]:
    return [Deposited(account="abcdefg"[n % 7], amount=n * 10) for n in range(1, count + 1)]


async def test_records_that_faststream_cannot_read_do_not_drop_the_batch(servers: Servers) -> None:
    """Guards: raw parser and decoder, and a body that the Prometheus middleware can weigh, in subscribing.py."""
    async with open_office(servers) as office:
        written = deposits(9)
        records = office.history.write(*written)
        records[2].headers.append(("null", None))
        await office.publish(
            foreign(value=None),
            foreign(headers=[("ce_type", None)]),
            *records[:5],
            foreign(value=b"\xff", headers=[("content-type", b"no/such")]),
            foreign(value=None),
            *records[5:],
        )
        async with working(office) as worker:
            await until(office.all_read, "all is applied")
            assert await alive(worker)
            assert await worker._worker_check() is None
        await check_whole(office, list(enumerate(written, 1)))


async def test_a_batch_that_faststream_swallows_is_read_again(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Inbox._looks_again. FastStream goes on past a handler that raised, as if nothing was."""
    swallowed: list[int] = []
    consume = Inbox.consume

    async def fails_once(self: Inbox, consumer: Any, records: Sequence[Any]) -> None:
        if not swallowed:
            swallowed.append(len(records))
            raise ZeroDivisionError("a fault of ours that nothing caught")
        await consume(self, consumer, records)

    monkeypatch.setattr(Inbox, "consume", fails_once)
    async with open_office(servers) as office:
        written = deposits(9)
        await office.write(*written)
        async with working(office, batch_max=5) as worker:
            await until(office.all_read, "all is applied")
            assert await alive(worker)
        assert swallowed
        await check_whole(office, list(enumerate(written, 1)))


@pytest.mark.parametrize(
    "fault",
    [ZeroDivisionError("code"), OSError("network"), TimeoutError(), MemoryError()],
    ids=lambda fault: type(fault).__name__,
)
async def test_the_handler_raises_nothing_and_the_partition_goes_on(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    """Guard: `except Exception` in Inbox.consume; readiness says why the partition stands until it goes on."""
    faults = [fault, fault]
    apply_batch = inbox.apply_batch
    escaped: list[BaseException] = []
    handle = Subscription._handle

    async def fails_twice(*arguments: Any) -> None:
        if faults:
            raise faults.pop()
        await apply_batch(*arguments)

    async def watched(self: Subscription, records: Sequence[Any]) -> None:
        try:
            await handle(self, records)
        except BaseException as error:
            escaped.append(error)
            raise

    monkeypatch.setattr(inbox, "apply_batch", fails_twice)
    monkeypatch.setattr(Subscription, "_handle", watched)
    async with open_office(servers) as office:
        written = deposits(9)
        await office.write(*written)
        async with working(office) as worker:
            reason = await until(worker._worker_check, "the worker is not ready")
            assert type(fault).__name__ in reason
            await until(office.all_read, "all is applied")
            await until(lambda: _ready(worker), "the worker is ready again")
        assert escaped == []
        await check_whole(office, list(enumerate(written, 1)))


async def test_a_cancelled_handler_is_seen_by_readiness(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Subscription.alive looks at FastStream's tasks: the consuming one has ended for good."""

    async def cancelled(*_arguments: Any) -> None:
        raise asyncio.CancelledError

    async with open_office(servers) as office:
        async with working(office) as worker:
            assert await alive(worker)
            monkeypatch.setattr(inbox, "apply_batch", cancelled)
            await office.write(*deposits(1))
            assert (
                await until(worker._worker_check, "the worker is not ready") == "the consuming task has ended"
            )
            assert worker.subscription is not None
            assert worker.subscription._subscriber.running
        assert not await office.all_read()


async def test_a_worker_that_will_never_read_again_is_not_live(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Process._lives, asked by /health/live: a supervisor that looks there starts another process.

    A partition that is stopped makes the process unready and not dead: it goes on by itself.
    """
    faults: list[type[BaseException]] = [ZeroDivisionError]

    async def fails(*_arguments: Any) -> None:
        raise faults[0]

    async with open_office(servers) as office:
        worker = process(settings(office), office.topic)
        async with worker.running() as app:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

                async def status(of: str) -> int:
                    return (await client.get(f"/health/{of}")).status_code

                async def dead() -> bool:
                    return await status("live") == 503

                monkeypatch.setattr(inbox, "apply_batch", fails)
                await office.write(*deposits(1))
                await until(worker._worker_check, "the worker is not ready")
                assert (await status("ready"), await status("live")) == (503, 200)
                faults[0] = asyncio.CancelledError
                await until(dead, "the process is not live")
                assert (await client.get("/health/live")).json() == {"status": "the consuming task has ended"}


async def test_the_end_of_the_coordination_is_seen_by_readiness(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Subscription.alive looks at aiokafka's coordination: without it every poll raises."""

    async def fails() -> None:
        raise ZeroDivisionError("a fault of aiokafka's that it does not expect")

    async with open_office(servers) as office, working(office) as worker:
        assert worker.subscription is not None
        assert await worker._worker_check() is None
        coordinator = worker.subscription.consumer._coordinator
        monkeypatch.setattr(coordinator, "ensure_coordinator_known", fails)
        coordinator.request_rejoin()
        assert await until(worker._worker_check, "the worker is not ready") == "the consuming task has ended"
        assert not any(task.done() for task in worker.subscription._subscriber.tasks)


async def test_a_topic_that_is_missing_is_not_created(servers: Servers) -> None:
    """Guard: allow_auto_create_topics=False where the broker is made. Else it has one partition, for ever."""
    async with open_office(servers) as office:
        missing = f"missing.{office.topic}"
        worker = process(settings(office), missing)
        generations = {missing: Generation(missing, 1, 3)}
        subscription = Subscription(worker.broker, worker.service.reading, None, generations)  # type: ignore[arg-type]
        starting = asyncio.create_task(worker.broker.start())
        try:
            # FastStream creates topics before it makes its consumer, which then waits for the topic.
            await until(lambda: _consumes(subscription), "the consumer is made")
            admin = AIOKafkaAdminClient(bootstrap_servers=office.kafka)
            await admin.start()
            topics = await admin.list_topics()
            await admin.close()
        finally:
            starting.cancel()
            await asyncio.wait([starting])
            await worker.broker.stop()
        assert office.topic in topics
        assert missing not in topics


async def _consumes(subscription: Subscription) -> bool:
    return subscription._subscriber.consumer is not None


async def test_a_worker_that_is_stopped_leaves_the_rest_to_the_next(servers: Servers) -> None:
    """Guard: stopping ends the batch in progress whole or not at all."""
    async with open_office(servers, partitions=3) as office:
        written = deposits(400)
        await office.write(*written)
        async with working(office, batch_max=20):
            await until(lambda: _some(office), "something is applied")
        assert not await office.all_read()
        async with working(office):
            await until(office.all_read, "all is applied")
        await check_whole(office, list(enumerate(written, 1)))


async def _some(office: Office) -> bool:
    return bool(await office.connection.fetchval("select count(*) from consumer_offsets where sequence > 0"))
