"""What the tests of the stack share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lettra_tools.pytest_servers import own_servers, servers
from lettra_tools.stack.control import bring_down
from lettra_tools.stack.for_tests import new_folder
from lettra_tools.stack.local import LocalServers

__all__ = ["own_servers", "servers"]

sys.path.insert(0, str(Path(__file__).parent))
# The commands on a service's database are tried on the toy services of the event backbone.
sys.path.insert(1, str(Path(__file__).parents[3] / "libs" / "events" / "tests"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a stack; whatever still runs in it afterwards is stopped, and it is deleted."""
    path = new_folder()
    yield path
    bring_down(path)
    LocalServers(path).remove()
