"""The roles of a service's process: `api`, `worker`, `relay`, `migrate`; one a process, or several in one.

Ends with 0 after SIGTERM or SIGINT, 64 for a wrong command line, 75 where a supervisor should start it again (a relay
that could not publish ends its process on purpose: see `lettra_events.kafka.relay`), 78 where a person must act.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import asyncpg
import structlog
import uvicorn
from aiokafka.errors import KafkaError

from lettra_events.kafka.generations import Generation, published_topic
from lettra_events.kafka.relay import ForkDetected
from lettra_events.kafka.topics import (
    TopicMisfit,
    ensure_compacted_topic,
    ensure_topic,
    misfit,
    topic_sizes,
)
from lettra_events.service.logs import configure_logs
from lettra_events.service.process import EX_CONFIG, EX_TEMPFAIL, Process
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings, SettingsError
from lettra_events.store.migrate import MigrationError, ensure_database, migrate
from lettra_events.store.rows import TableDrift

__all__ = ["EX_CONFIG", "EX_TEMPFAIL", "EX_USAGE", "ROLES", "Process", "collect_seldom", "run"]

log = structlog.get_logger(__name__)

ROLES = ("api", "worker", "relay", "migrate")
EX_USAGE = 64


def run(service: Service, arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of every service's `main.py`. Does not return."""
    chosen = _command_line(service, arguments)
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
    collect_seldom()
    with asyncio.Runner(loop_factory=_loop) as runner:
        raise SystemExit(runner.run(_until_stopped(service, settings, list(dict.fromkeys(chosen.roles)))))


def collect_seldom() -> None:
    """Keep the garbage collector from walking through a batch while it is applied: it took up to half of the time.

    A batch is thousands of small objects that live as long as it does and form no cycles, so the collector's
    defaults look at all of them again and again. What start-up made is never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EX_USAGE, f"{self.format_usage()}{self.prog}: {message}\n")


def _command_line(service: Service, arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog=f"lettra-{service.name}",
        description=f"Lettra's {service.name} service. Settings come from the environment (LETTRA_...).",
        epilog=f"examples: lettra-{service.name} migrate · lettra-{service.name} api worker relay",
    )
    parser.add_argument("roles", nargs="*", metavar="ROLE", help=", ".join(ROLES))
    parser.add_argument(
        "--settings", action="store_true", help="print the settings in force, without secrets, and end"
    )
    chosen = parser.parse_args(arguments)
    if unknown := [role for role in chosen.roles if role not in ROLES]:
        parser.error(f"there is no role {', '.join(unknown)}; roles: {', '.join(ROLES)}")
    if not chosen.roles and not chosen.settings:
        parser.error(f"name at least one role: {', '.join(ROLES)}")
    return chosen


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


class _Stop:
    """SIGTERM or SIGINT: stops what is starting, and lets the server finish what is in flight.

    uvicorn handles both while it serves, but raises them again afterwards, which would end the process before
    worker, relay and pool are closed; here they come back, and are known.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self.signal: str | None = None
        self.server: uvicorn.Server | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._come)

    def _come(self, number: int, _frame: object) -> None:
        if self.signal is None and self.server is None:
            self._task.cancel()
        elif self.server is not None:
            self.server.should_exit = True
        self.signal = signal.Signals(number).name


async def _until_stopped(service: Service, settings: ServiceSettings, roles: list[str]) -> int:
    task = asyncio.current_task()
    assert task is not None
    stop = _Stop(task)
    try:
        code = await _start(service, settings, roles, stop)
    except asyncio.CancelledError:
        if stop.signal is None:
            raise
        code = 0
    if stop.signal is not None:
        log.info("service.stopped", signal=stop.signal)
    return code


async def _start(service: Service, settings: ServiceSettings, roles: list[str], stop: _Stop) -> int:
    log.info("service.starting", roles=roles, settings=settings.printable())
    try:
        if "migrate" in roles:
            await _migrate(service, settings)
        if serving := [role for role in roles if role != "migrate"]:
            await _serve(service, settings, serving, stop)
        return 0
    except (MigrationError, TableDrift, TopicMisfit, ForkDetected) as error:
        log.error("service.refuses", reason=str(error))
        return EX_CONFIG
    except asyncpg.InvalidCatalogNameError as error:
        log.error("service.refuses", reason=f"{error}; run the role migrate")
        return EX_CONFIG
    except asyncpg.ClientConfigurationError as error:
        # Its message may repeat the DSN.
        log.error("service.refuses", reason=f"LETTRA_POSTGRES cannot be used: {type(error).__name__}")
        return EX_CONFIG
    except (OSError, asyncpg.PostgresError, KafkaError) as error:
        log.error("service.cannot_start", reason=f"{type(error).__name__}: {error}")
        return EX_TEMPFAIL


async def _migrate(service: Service, settings: ServiceSettings) -> None:
    dsn = settings.database(service.name)
    created = await ensure_database(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        applied = await migrate(connection, service.package)
        published = await published_topic(connection, service.topic)
    finally:
        await connection.close()
    made = await ensure_topic(
        settings.kafka, published.name, _partitions(settings, published), settings.replication
    )
    sizes = await topic_sizes(settings.kafka) if service.compacted else {}
    for each in service.compacted:
        await ensure_compacted_topic(
            settings.kafka,
            each.topic,
            sizes.get(each.topic, settings.partitions),
            settings.replication,
            settings.compacted_segment_ms,
        )
    log.info(
        "service.migrated",
        database_created=created,
        applied=applied,
        topic=published.name,
        topic_created=made,
    )


def _partitions(settings: ServiceSettings, published: Generation) -> int:
    """How many the setting says, before anything is published; then only a move changes it."""
    if published.partitions == 0:
        return settings.partitions
    if "partitions" in settings.model_fields_set and settings.partitions != published.partitions:
        raise misfit(published.name, published.partitions, settings.partitions, "LETTRA_PARTITIONS")
    return published.partitions


async def _serve(service: Service, settings: ServiceSettings, roles: Sequence[str], stop: _Stop) -> None:
    async with Process(service, settings, roles).running() as app:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        stop.server = uvicorn.Server(config)
        with _listening(settings) as listener:
            url = f"http://{settings.http_host}:{settings.http_port}"
            log.info("service.ready", roles=list(roles), url=url)
            await stop.server.serve(sockets=[listener])


def _listening(settings: ServiceSettings) -> socket.socket:
    """Made here and not by uvicorn, which ends the process by itself where the port is taken."""
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    return socket.create_server((settings.http_host, settings.http_port), family=family)
