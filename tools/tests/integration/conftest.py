"""What the tests of the stack share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lettra_tools.pytest_servers import own_servers, servers
from lettra_tools.stack.control import bring_down
from lettra_tools.stack.for_tests import new_folder
from lettra_tools.stack.local import LocalServers

__all__ = ["own_servers", "servers"]

sys.path.insert(0, str(Path(__file__).parent))
# The commands on a service's database are tried on the toy services of the event backbone.
sys.path.insert(1, str(Path(__file__).parents[3] / "libs" / "events" / "tests"))

if TYPE_CHECKING:
    from clerks_terminal import Desk

    from lettra_tools.stack import Servers


@pytest.fixture
def desk(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An operator's terminal in the office of the toy clerk."""
    from clerks_terminal import opened_desk

    with opened_desk(servers, monkeypatch) as opened:
        yield opened


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a stack; whatever still runs in it afterwards is stopped, and it is deleted."""
    path = new_folder()
    yield path
    bring_down(path)
    LocalServers(path).remove()
