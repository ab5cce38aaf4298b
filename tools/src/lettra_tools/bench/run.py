"""One run of all benchmarks, on servers of its own."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg
import uvloop

from lettra_events.service.logs import configure_logs
from lettra_events.testing.servers import fresh_database
from lettra_tools.bench import appending, latency, matching, relaying, replaying, statements, verifying
from lettra_tools.stack import LocalServers, Servers
from lettra_tools.stack.control import bring_down, bring_up
from lettra_tools.stack.services import choose
from lettra_tools.stack.state import State

BARS = {
    "append_vs_insert": ">= 0.6",
    "relay_vs_produce": ">= 0.55",
    "verify_vs_hash": ">= 0.4",
    "replay_vs_loop": ">= 0.7",
    "end_to_end_p99_ms": "< 150",
    "camt_parse_per_s": ">= 5000",
    "camt_commit_per_s": ">= 1500",
    "camt_import_memory_mb": "< 300",
    "match_payments_per_s": ">= 1000",
    "match_slower_with_items": "<= 1.5",
    "match_memory_mb": "< 500",
}
"""What the figures are meant to reach on an idle machine."""

Report = Callable[[str], None]


def run_all(report: Report) -> dict[str, Any]:
    """Every figure by its name. Starts PostgreSQL and Kafka, then the services, and stops them again."""
    configure_logs("bench", "WARNING")  # to standard error: standard output is for the figures
    folder = Path(mkdtemp(prefix="lettra-bench-"))
    servers = LocalServers(folder / "servers", report)
    try:
        running = servers.start()
        uvloop.run(_track_commits(running))
        servers.kill_postgres()
        servers.start_postgres()
        figures = uvloop.run(_backbone(running, report))
        figures |= _end_to_end(folder / "services", running, report)
    finally:
        servers.remove()
    return figures | machine()


def run_bank_file(report: Report, megabytes: int) -> dict[str, Any]:
    """The figures of one CAMT.053 file of about that size through the whole service: its time and its memory."""
    configure_logs("bench", "WARNING")
    folder = Path(mkdtemp(prefix="lettra-bench-"))
    servers = LocalServers(folder / "servers", report)
    try:
        running = servers.start()
        with _services(folder / "services", running, report) as state:
            return _bank_file(state, report, statements.transactions_of(megabytes)) | machine()
    finally:
        servers.remove()


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


async def _track_commits(running: Servers) -> None:
    connection = await asyncpg.connect(running.postgres)
    await connection.execute("alter system set track_commit_timestamp = on")
    await connection.close()


async def _backbone(running: Servers, report: Report) -> dict[str, Any]:
    async with fresh_database(running.postgres) as dsn:
        report("appending against bare inserts")
        figures: dict[str, Any] = await appending.measure(dsn, seconds=12)
    report("relaying against a bare producer")
    figures |= await relaying.measure(running.postgres, running.kafka, events=40_000)
    report("verifying log and Kafka against a bare consumer that hashes")
    figures |= await verifying.measure(running.postgres, running.kafka, events=100_000)
    report("replaying against a bare loop that consumes and upserts")
    figures |= await replaying.measure(running.postgres, running.kafka, events=150_000)
    report("matching payments beside 100,000 open items, and beside a million")
    return figures | await matching.measure(running.postgres, items=1_000_000)


def _end_to_end(folder: Path, running: Servers, report: Report) -> dict[str, Any]:
    with _services(folder, running, report) as state:
        report("measuring from answer to projection")
        url = next(service.url for service in state.services if service.name == "invoicing")
        figures: dict[str, Any] = asyncio.run(latency.measure(running.postgres, url, latency.Offered()))
        return figures | _bank_file(state, report, transactions=20_000)


@contextmanager
def _services(folder: Path, running: Servers, report: Report) -> Iterator[State]:
    """All services on these servers."""
    named = {"LETTRA_POSTGRES": running.postgres, "LETTRA_KAFKA": running.kafka}
    os.environ.update(named)
    try:
        yield bring_up(folder, choose(None, None), report)
    finally:
        bring_down(folder, report)
        for name in named:
            os.environ.pop(name, None)


def _bank_file(state: State, report: Report, transactions: int) -> dict[str, Any]:
    report("reading a bank file, and importing it")
    ingest = next(service for service in state.services if service.name == "payment-ingest")
    pid = next(p.pid for p in ingest.processes if "api" in p.roles and p.pid is not None)
    return statements.measure(ingest.url, pid, transactions)
