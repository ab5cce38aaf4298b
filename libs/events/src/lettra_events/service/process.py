"""What runs in a service's process, started and stopped in order: pool, worker, relay, gauges, application."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from prometheus_client import REGISTRY

from lettra_events import metrics
from lettra_events.decisions.compacting import PENDING_CHANGES, CompactedTopic
from lettra_events.kafka.beginning import begin_reading
from lettra_events.kafka.compacted import CompactedPublisher
from lettra_events.kafka.moving import GenerationMoved, check_read_here
from lettra_events.kafka.parked import Measured, measure_parked
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS
from lettra_events.kafka.relay import ForkDetected, Relay, RelayFailed, RelaySettings
from lettra_events.kafka.subscribing import Subscription
from lettra_events.service import http
from lettra_events.service.commands import Commands
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.rows import check_tables

log = structlog.get_logger(__name__)

EX_TEMPFAIL, EX_CONFIG = 75, 78
WAIT_FOR_SERVERS_SECONDS = 60.0
GAUGES_EVERY_SECONDS = 2.0
LOOK_FOR_MOVE_SECONDS = 2.0
CHECK_SECONDS_MAX = 2.0
PARKING_EVENTS = ("KeyParked", "KeyReleased", "EventSkipped")


class Process:
    """One process of a service, in some of its roles."""

    def __init__(self, service: Service, settings: ServiceSettings, roles: Sequence[str]) -> None:
        self.service = service
        self.settings = settings
        self.roles = roles
        self.wake = asyncio.Event()
        self.pool: asyncpg.Pool[Any] | None = None
        self.subscription: Subscription | None = None
        self.relay: Relay | None = None
        self.broker = self._new_broker()

    def _new_broker(self) -> KafkaBroker:
        return KafkaBroker(
            self.settings.kafka,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=self.settings.shutdown_seconds,
            logger=logging.getLogger("faststream"),
            middlewares=[KafkaPrometheusMiddleware(registry=REGISTRY)],
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FastAPI]:
        """Everything started; the application to serve."""
        async with AsyncExitStack() as stack:
            await self._open_pool(stack)
            if "worker" in self.roles and self.service.reading.topics:
                await self._start_worker(stack)
            if "relay" in self.roles:
                self._start_task(stack, self._relay())
                for compacted in self.service.compacted:
                    self._start_task(stack, self._publish_compacted(compacted))
            self._start_task(stack, self._gauges())
            yield self._application()

    async def _open_pool(self, stack: AsyncExitStack) -> None:
        timeout = str(self.settings.statement_timeout_seconds * 1000)
        self.pool = await asyncpg.create_pool(
            self.settings.database(self.service.name),
            min_size=1,
            max_size=self.settings.pool_max,
            server_settings={
                "application_name": f"lettra-{self.service.name}",
                "statement_timeout": timeout,
                "idle_in_transaction_session_timeout": timeout,
            },
        )
        stack.push_async_callback(self._close_pool)
        async with self.pool.acquire() as connection:
            await check_tables(
                connection, [*self.service.tables, PARKED_KEYS, PARKED_RECORDS, PENDING_CHANGES]
            )

    async def _close_pool(self) -> None:
        assert self.pool is not None
        try:
            await asyncio.wait_for(self.pool.close(), self.settings.shutdown_seconds)
        except TimeoutError:
            self.pool.terminate()

    async def _start_worker(self, stack: AsyncExitStack) -> None:
        stack.push_async_callback(self._stop_reading)
        await self._read()
        self._start_task(stack, self._follow_generations())

    async def _read(self) -> None:
        assert self.pool is not None
        topics = self.service.reading.topics
        log.info("worker.waits_for_topics", topics=list(topics), seconds_max=WAIT_FOR_SERVERS_SECONDS)
        async with self.pool.acquire() as connection:
            generations = await begin_reading(
                connection, self.settings.kafka, topics, WAIT_FOR_SERVERS_SECONDS
            )
        self.subscription = Subscription(
            self.broker,
            self.service.reading,
            self.pool,
            generations,
            instance=self.settings.instance,
            batch_max=self.settings.batch_max,
            wake=self.wake,
        )
        await self.broker.start()
        log.info("worker.reads", topics={g.name: g.partitions for g in generations.values()})

    async def _stop_reading(self) -> None:
        self.subscription = None
        await self.broker.stop()

    async def _follow_generations(self) -> None:
        """When the service has moved to another generation of a topic, by this replica or another, read that one."""
        while True:
            if not await self._has_moved():
                continue
            try:
                await self._stop_reading()
                self.broker = self._new_broker()
                await self._read()
            except Exception as error:
                log.error("worker.cannot_follow", reason=f"{type(error).__name__}: {error}")
                _end_process(EX_TEMPFAIL)

    async def _has_moved(self) -> bool:
        """Looks when a generation ends, and now and then."""
        assert self.pool is not None
        assert self.subscription is not None
        inbox = self.subscription.inbox
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_FOR_MOVE_SECONDS):
                await inbox.ends.wait()
        inbox.ends.clear()
        try:
            async with self.pool.acquire() as connection:
                await check_read_here(connection, inbox.partitions)
        except GenerationMoved as moved:
            log.info("worker.moves", reason=str(moved))
            return True
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("worker.database_away", reason=f"{type(error).__name__}: {error}")
        return False

    def _start_task(self, stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)

        async def stop() -> None:
            task.cancel()
            await asyncio.wait([task], timeout=self.settings.shutdown_seconds)

        stack.push_async_callback(stop)

    def _relay_settings(self) -> RelaySettings:
        return RelaySettings(
            bootstrap=self.settings.kafka,
            topic=self.service.topic,
            service=self.service.reading.service,
            batch_max=self.settings.relay_batch_max,
            poll_seconds=self.settings.relay_poll_ms / 1000,
            publish_timeout_seconds=self.settings.publish_timeout_seconds,
        )

    async def _relay(self) -> None:
        dsn = self.settings.database(self.service.name)
        self.relay = Relay(self._relay_settings(), dsn, self.wake)
        await _run_or_end(self.relay.run())

    async def _publish_compacted(self, compacted: CompactedTopic[Any]) -> None:
        segment_seconds = self.settings.compacted_segment_ms / 1000
        dsn = self.settings.database(self.service.name)
        publisher = CompactedPublisher(self._relay_settings(), compacted, dsn, segment_seconds)
        await _run_or_end(publisher.run())

    async def _gauges(self) -> None:
        assert self.pool is not None
        name = self.service.reading.service
        while True:
            try:
                async with self.pool.acquire() as connection:
                    waiting = await connection.fetchval("select count(*) from outbox")
                    parked = await measure_parked(connection, name)
                metrics.OUTBOX_WAITING.labels(name).set(waiting)
                _show_parked(name, parked)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                log.warning("metrics.database_away", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(GAUGES_EVERY_SECONDS)

    def _application(self) -> FastAPI:
        assert self.pool is not None
        app = FastAPI(title=f"Lettra {self.service.name}", version="0.1.0")
        app.state.pool = self.pool
        app.state.settings = self.settings
        reading = self.service.reading
        app.state.commands = Commands(self.pool, reading.evolve, reading.service, self.wake)
        checks = {
            "database": self._database_check,
            "broker": self._broker_check,
            "worker": self._worker_check,
        }
        if "api" in self.roles:
            app.include_router(self.service.router)
        http.install(
            app,
            reading.service,
            checks,
            self.settings.body_bytes_max,
            self.settings.upload_bytes_max,
            lives=self._lives,
        )
        return app

    async def _database_check(self) -> str | None:
        assert self.pool is not None
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX), self.pool.acquire() as connection:
                await connection.fetchval("select 1")
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    async def _broker_check(self) -> str | None:
        """One of the bootstrap servers is enough: it names the others."""
        if not {"worker", "relay"} & set(self.roles):
            return None
        errors = [await _connect_error(server) for server in self.settings.kafka.split(",")]
        return None if None in errors else f"the broker does not answer: {errors[0]}"

    async def _lives(self) -> str | None:
        """What nothing but another process can mend; not that a server is away, which passes by itself."""
        if self.subscription is not None and not self.subscription.alive():
            return "the consuming task has ended"
        return None

    async def _worker_check(self) -> str | None:
        if self.subscription is None:
            return None
        if (ended := await self._lives()) is not None:
            return ended
        stopped = self.subscription.inbox.stopped
        return "; ".join(stopped.values()) or None


def _show_parked(service: str, parked: Measured) -> None:
    metrics.PARKED.labels(service).set(parked.keys)
    metrics.PARKED_RECORDS.labels(service).set(parked.records)
    metrics.PARKED_OLDEST.labels(service).set(parked.oldest_seconds)
    for event in PARKING_EVENTS:
        metrics.PARKING_DECISIONS.labels(service, event).set(parked.decisions.get(event, 0))


async def _connect_error(server: str) -> str | None:
    host, _, port = server.rpartition(":")
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            _reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
    except (TimeoutError, OSError) as error:
        return type(error).__name__
    return None


async def _run_or_end(publishing: Coroutine[Any, Any, None]) -> None:
    """A failure of what publishes ends the process."""
    try:
        await publishing
    except ForkDetected as error:
        log.error("relay.fork", reason=str(error))
        _end_process(EX_CONFIG)
    except RelayFailed as error:
        log.error("relay.failed", reason=str(error))
        _end_process(EX_TEMPFAIL)


def _end_process(code: int) -> None:
    """At once, without closing the producer: an abandoned one could still deliver."""
    sys.stderr.flush()
    os._exit(code)
