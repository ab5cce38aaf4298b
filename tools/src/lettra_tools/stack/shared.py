"""One pair of servers for several processes that come and go, as the workers of a parallel test run do.

The first to join starts the servers and owns them. The owner's `leave` waits until all others have left;
whoever joins after that starts new ones. A process that died without leaving is not waited for.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from lettra_tools.stack.files import locked, write_atomically
from lettra_tools.stack.for_tests import Started
from lettra_tools.stack.model import Servers
from lettra_tools.stack.process import identity


class SharedServers:
    """This process's share in the servers that `start` starts, agreed on in `folder`."""

    def __init__(self, folder: Path, start: Callable[[], Started]) -> None:
        self._folder = folder
        self._start = start
        self._started: Started | None = None
        self._where = folder / "shared.json"
        self._me = folder / f"user-{os.getpid()}"

    def join(self) -> Servers:
        """The servers, started if nobody did."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder / "shared.lock"):
            servers = self._running()
            if servers is None:
                self._started = self._start()
                servers = self._started.servers
                shared = {"owner": _name(os.getpid()), "servers": asdict(servers)}
                write_atomically(self._where, json.dumps(shared))
            self._me.write_text(_name(os.getpid()), encoding="utf-8")
        return servers

    def leave(self) -> None:
        """Give up the share; the owner waits for the others, then stops the servers."""
        self._me.unlink(missing_ok=True)
        if self._started is None:
            return
        while not self._close_if_unused():
            time.sleep(0.1)
        self._started.stop()

    def _running(self) -> Servers | None:
        try:
            found = json.loads(self._where.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Servers(**found["servers"]) if _lives(found["owner"]) else None

    def _close_if_unused(self) -> bool:
        with locked(self._folder / "shared.lock"):
            if any(_lives(user.read_text(encoding="utf-8")) for user in self._folder.glob("user-*")):
                return False
            self._where.unlink(missing_ok=True)
            return True


def _name(pid: int) -> str:
    return f"{pid} {identity(pid)}"


def _lives(name: str) -> bool:
    pid = name.partition(" ")[0]
    return pid.isdigit() and _name(int(pid)) == name
