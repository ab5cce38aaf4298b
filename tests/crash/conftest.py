"""One pair of servers for all cells of a run (or of a worker of it); a whole run leaves its summary in docs/."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from lettra_tools.cli import KNOWN
from lettra_tools.stack import LocalServers
from lettra_tools.stack.for_tests import new_folder
from lettra_tools.stack.warm import import_before

from .cells import is_whole
from .company import SERVICES, main_of
from .summary import Result, write_summary

began, load = time.monotonic(), os.getloadavg()[0]
results: dict[str, Result] = {}


@pytest.fixture(scope="session")
def local() -> Iterator[LocalServers]:
    """Servers that may be killed; PostgreSQL writes through to the disk, as it must to survive that."""
    commands = {f"lettra_tools.commands.{known.module}" for known in KNOWN.values()}
    import_before([*map(main_of, SERVICES), "lettra_tools.cli", *sorted(commands), "uvloop", "uvicorn"])
    servers = LocalServers(new_folder(), fsync=True)
    try:
        servers.start()
        yield servers
    finally:
        servers.remove()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how each cell ended."""
    name = report.nodeid.partition("test_matrix.py::test_a_kill_changes_nothing[")[2].removesuffix("]")
    if name and (report.when == "call" or report.failed):
        results[name] = Result(report.outcome, report.duration)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A whole run is worth a summary, also one that was broken off: it says what was not run."""
    chosen = session.config.option.keyword or "PYTEST_XDIST_WORKER" in os.environ
    if is_whole() and results and not chosen:
        write_summary(results, time.monotonic() - began, (load, os.getloadavg()[0]))
