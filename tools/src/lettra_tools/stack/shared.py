"""One pair of servers for several processes that come and go, as the workers of a parallel test run do.

The servers belong to a keeper, a process of its own: it stops them as soon as nobody who joined is alive any
more, whether they left or died. Whoever joins after that starts a new keeper.

`python -m lettra_tools.stack.shared FOLDER` is the keeper.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lettra_tools.stack.files import locked, write_atomically
from lettra_tools.stack.for_tests import start_for_tests
from lettra_tools.stack.model import Servers, StackError
from lettra_tools.stack.process import identity, last_lines

SHARED = "shared.json"
START_SECONDS_MAX = 300.0  # a first download over a slow line
STOP_SECONDS_MAX = 30.0


class SharedServers:
    """This process's share in servers whose whereabouts are agreed on in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._me = folder / f"user-{os.getpid()}-{uuid.uuid4()}"  # a process may have several shares
        self._keeper = ""

    def join(self) -> Servers:
        """The servers, started if they do not run. Every `join` is followed by a `leave`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder / "shared.lock"):
            self._me.write_text(_name(os.getpid()), encoding="utf-8")
            found = _read(self._folder)
            if found is None or not _lives(found["keeper"]):
                found = self._start_keeper()
        self._keeper = found["keeper"]
        if "error" in found:
            raise StackError(found["error"])
        return Servers(**found["servers"])

    def leave(self) -> None:
        """Give up the share. The last one to leave returns when the servers are gone."""
        self._me.unlink(missing_ok=True)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while _lives(self._keeper) and not _users(self._folder) and time.monotonic() < deadline:
            time.sleep(0.05)

    def _start_keeper(self) -> dict[str, Any]:
        (self._folder / SHARED).unlink(missing_ok=True)
        log = self._folder / "keeper.log"
        with log.open("ab") as output:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "lettra_tools.stack.shared", str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for those who use the servers; it sees them leave
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        ended = False
        while not ended and time.monotonic() < deadline:
            ended = keeper.poll() is not None  # asked before reading: a keeper writes why it ends, then ends
            found = _read(self._folder)
            if found is not None:
                return found
            time.sleep(0.02)
        keeper.kill()
        raise StackError(f"The servers for the tests did not start. The end of {log}:\n{last_lines(log)}")


def keep(folder: Path) -> None:
    """Start the servers, tell where they are, stop them when nobody uses them."""
    me = _name(os.getpid())
    try:
        started = start_for_tests()
    except StackError as error:
        write_atomically(folder / SHARED, json.dumps({"keeper": me, "error": str(error)}))
        return
    try:
        write_atomically(folder / SHARED, json.dumps({"keeper": me, "servers": asdict(started.servers)}))
        while not _close_if_unused(folder):
            time.sleep(0.1)
    finally:
        started.stop()


def _close_if_unused(folder: Path) -> bool:
    """Under the lock, so that nobody joins servers that are about to stop."""
    if _users(folder):
        return False
    try:
        with locked(folder / "shared.lock"):
            if _users(folder):
                return False
            (folder / SHARED).unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # the whole folder was deleted
    return True


def _users(folder: Path) -> list[str]:
    """Those who joined, did not leave, and live."""
    names = []
    for user in folder.glob("user-*"):
        with contextlib.suppress(OSError):
            names.append(user.read_text(encoding="utf-8"))
    return [name for name in names if _lives(name)]


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / SHARED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _name(pid: int) -> str:
    return f"{pid} {identity(pid)}"


def _lives(name: str) -> bool:
    pid = name.partition(" ")[0]
    return pid.isdigit() and identity(int(pid)) is not None and _name(int(pid)) == name


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    keep(Path(sys.argv[1]))
