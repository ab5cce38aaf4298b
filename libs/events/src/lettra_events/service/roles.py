"""The roles of a service's process: `api`, `worker`, `relay`, `migrate`; one a process, or several in one.

Ends with 0 after a signal, 64 for a wrong command line, 75 where a supervisor should start it again (a relay that
could not publish ends its process on purpose: see `lettra_events.kafka.relay`), 78 where a person must act.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import structlog
import uvicorn
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from prometheus_client import REGISTRY

from lettra_events import metrics
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS
from lettra_events.kafka.relay import ForkDetected, Relay, RelayFailed, RelaySettings
from lettra_events.kafka.subscribing import Subscription
from lettra_events.kafka.topics import TopicMisfit, count_partitions, ensure_topic
from lettra_events.service import http
from lettra_events.service.commands import Commands
from lettra_events.service.logs import configure_logs
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings, SettingsError
from lettra_events.store.migrate import MigrationError, ensure_database, migrate
from lettra_events.store.rows import TableDrift, check_tables

log = structlog.get_logger(__name__)

ROLES = ("api", "worker", "relay", "migrate")
EX_USAGE, EX_TEMPFAIL, EX_CONFIG = 64, 75, 78
WAIT_FOR_SERVERS_SECONDS = 60.0
GAUGES_EVERY_SECONDS = 2.0


def run(service: Service, arguments: Sequence[str] | None = None) -> None:
    """Entry point of every service's `main.py`. Does not return."""
    parser = argparse.ArgumentParser(
        prog=f"lettra-{service.name}",
        description=f"Lettra's {service.name} service. Settings come from the environment (LETTRA_...).",
        epilog=f"examples: lettra-{service.name} migrate · lettra-{service.name} api worker relay",
    )
    parser.add_argument("roles", nargs="+", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    parser.add_argument(
        "--settings", action="store_true", help="print the settings in force, without secrets, and end"
    )
    chosen = parser.parse_args(arguments)
    try:
        settings = service.settings.load()
    except SettingsError as error:
        sys.stderr.write(f"lettra-{service.name}: the environment is not complete:\n{error}\n")
        raise SystemExit(EX_CONFIG) from None
    if chosen.settings:
        for name, value in settings.printable().items():
            sys.stdout.write(f"LETTRA_{name.upper()}={'' if value is None else value}\n")
        raise SystemExit(0)
    configure_logs(service.name, settings.log_level)
    with asyncio.Runner(loop_factory=_loop) as runner:
        raise SystemExit(runner.run(_main(service, settings, list(dict.fromkeys(chosen.roles)))))


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _main(service: Service, settings: ServiceSettings, roles: list[str]) -> int:
    log.info("service.starting", roles=roles, settings=settings.printable())
    try:
        if "migrate" in roles:
            await _migrate(service, settings)
            roles.remove("migrate")
        return await _serve(service, settings, roles) if roles else 0
    except (MigrationError, TableDrift, TopicMisfit, ForkDetected) as error:
        log.error("service.refuses", reason=str(error))
        return EX_CONFIG
    except (OSError, asyncpg.PostgresError, KafkaError, TimeoutError) as error:
        log.error("service.cannot_start", reason=f"{type(error).__name__}: {error}")
        return EX_TEMPFAIL


async def _migrate(service: Service, settings: ServiceSettings) -> None:
    dsn = settings.database(service.name)
    created = await ensure_database(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        applied = await migrate(connection, service.package)
    finally:
        await connection.close()
    made = await ensure_topic(settings.kafka, service.topic, settings.partitions, settings.replication)
    log.info(
        "service.migrated", database_created=created, applied=applied, topic=service.topic, topic_created=made
    )


class Process:
    """What runs in this process; started and stopped in order."""

    def __init__(self, service: Service, settings: ServiceSettings, roles: Sequence[str]) -> None:
        self.service = service
        self.settings = settings
        self.roles = roles
        self.wake = asyncio.Event()
        self.pool: asyncpg.Pool[Any] | None = None
        self.subscription: Subscription | None = None
        self.relay: Relay | None = None
        self.broker = KafkaBroker(
            settings.kafka,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=settings.shutdown_seconds,
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
            await check_tables(connection, [*self.service.tables, PARKED_KEYS, PARKED_RECORDS])

    async def _close_pool(self) -> None:
        assert self.pool is not None
        try:
            await asyncio.wait_for(self.pool.close(), self.settings.shutdown_seconds)
        except TimeoutError:
            self.pool.terminate()

    async def _start_worker(self, stack: AsyncExitStack) -> None:
        assert self.pool is not None
        partitions = await count_partitions(
            self.settings.kafka, self.service.reading.topics, WAIT_FOR_SERVERS_SECONDS
        )
        self.subscription = Subscription(
            self.broker,
            self.service.reading,
            self.pool,
            partitions,
            instance=self.settings.instance,
            batch_max=self.settings.batch_max,
            wake=self.wake,
        )
        await self.broker.start()
        stack.push_async_callback(self.broker.stop)

    def _start_task(self, stack: AsyncExitStack, work: Any) -> None:
        task = asyncio.create_task(work)

        async def stop() -> None:
            task.cancel()
            await asyncio.wait([task], timeout=self.settings.shutdown_seconds)

        stack.push_async_callback(stop)

    async def _relay(self) -> None:
        settings = RelaySettings(
            bootstrap=self.settings.kafka,
            topic=self.service.topic,
            service=self.service.reading.service,
            batch_max=self.settings.relay_batch_max,
            poll_seconds=self.settings.relay_poll_ms / 1000,
            publish_timeout_seconds=self.settings.publish_timeout_seconds,
        )
        self.relay = Relay(settings, self.settings.database(self.service.name), self.wake)
        try:
            await self.relay.run()
        except ForkDetected as error:
            log.error("relay.fork", reason=str(error))
            _end_process(EX_CONFIG)
        except RelayFailed as error:
            log.error("relay.failed", reason=str(error))
            _end_process(EX_TEMPFAIL)

    async def _gauges(self) -> None:
        assert self.pool is not None
        name = self.service.reading.service
        while True:
            try:
                async with self.pool.acquire() as connection:
                    waiting = await connection.fetchval("select count(*) from outbox")
                    parked = await connection.fetchval("select count(*) from parked_keys")
                metrics.OUTBOX_WAITING.labels(name).set(waiting)
                metrics.PARKED.labels(name).set(parked)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                log.warning("metrics.database_away", reason=str(error))
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
            app, self.service.name, checks, self.settings.body_bytes_max, self.settings.upload_bytes_max
        )
        return app

    async def _database_check(self) -> str | None:
        assert self.pool is not None
        try:
            async with asyncio.timeout(2), self.pool.acquire() as connection:
                await connection.fetchval("select 1")
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return f"the database does not answer: {type(error).__name__}"
        return None

    async def _broker_check(self) -> str | None:
        if not {"worker", "relay"} & set(self.roles):
            return None
        host, _, port = self.settings.kafka.split(",")[0].rpartition(":")
        try:
            async with asyncio.timeout(2):
                _reader, writer = await asyncio.open_connection(host, int(port))
                writer.close()
        except (TimeoutError, OSError) as error:
            return f"the broker does not answer: {type(error).__name__}"
        return None

    async def _worker_check(self) -> str | None:
        if self.subscription is None:
            return None
        if not self.subscription.alive():
            return "the consuming task has ended"
        stopped = self.subscription.inbox.stopped
        return "; ".join(stopped.values()) or None


def _end_process(code: int) -> None:
    """At once, without closing the producer: an abandoned one could still deliver."""
    sys.stderr.flush()
    os._exit(code)


async def _serve(service: Service, settings: ServiceSettings, roles: Sequence[str]) -> int:
    process = Process(service, settings, roles)
    async with process.running() as app:
        config = uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        server = uvicorn.Server(config)
        log.info("service.ready", roles=list(roles), url=f"http://{settings.http_host}:{settings.http_port}")
        await server.serve()
    log.info("service.stopped", signal=signal.Signals.SIGTERM.name)
    return 0
