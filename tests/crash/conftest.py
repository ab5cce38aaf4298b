"""One pair of servers for all cells of a run (or of a worker of it); a whole run leaves its summary in docs/."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from lettra_tools.stack import LocalServers
from lettra_tools.stack.for_tests import new_folder
from lettra_tools.stack.warm import import_before

from .cells import cells, is_whole
from .company import SERVICES, main_of
from .summary import Result, write_summary

began, load = time.monotonic(), os.getloadavg()[0]
results: dict[str, Result] = {}


@pytest.fixture(scope="session")
def local() -> Iterator[LocalServers]:
    """Servers that may be killed; PostgreSQL writes through to the disk, as it must to survive that."""
    import_before([*map(main_of, SERVICES), "lettra_tools.cli", "uvloop", "uvicorn"])
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
    """Only a run of all cells is worth a summary; a worker of a parallel run knows a part of them."""
    if "PYTEST_XDIST_WORKER" in os.environ or not is_whole():
        return
    if results.keys() >= {cell.name for cell in cells(whole=True)}:
        write_summary(results, time.monotonic() - began, (load, os.getloadavg()[0]))
