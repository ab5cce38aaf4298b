"""pytest fixtures that give real servers: `servers` for most tests, `own_servers` for those that break them.

`servers` takes what LETTRA_POSTGRES and LETTRA_KAFKA name, else containers where a Docker engine answers,
else the local stack. All tests of a run share one pair, also across the workers of pytest-xdist: a test must
use names of its own for databases and topics.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lettra_tools.stack import LocalServers, Servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Kafka, started when the first test asks and stopped after the last one."""
    from lettra_tools.stack.shared import SharedServers

    share = SharedServers(_common_folder(tmp_path_factory))
    try:
        yield share.join()
    finally:
        share.leave()


def _common_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one parallel run know."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return factory.getbasetemp().parent / "lettra-servers"
    return factory.mktemp("lettra-servers")


@pytest.fixture
def own_servers() -> Iterator[Callable[..., LocalServers]]:
    """A function that starts servers of the test's own, which it may kill; options as of `LocalServers`."""
    from lettra_tools.stack import LocalServers
    from lettra_tools.stack.for_tests import new_folder

    with contextlib.ExitStack() as stack:

        def start(*, fsync: bool = True, postgres: bool = True, kafka: bool = True) -> LocalServers:
            local = LocalServers(new_folder(), fsync=fsync, postgres=postgres, kafka=kafka)
            stack.callback(local.remove)
            local.start()
            return local

        yield start
