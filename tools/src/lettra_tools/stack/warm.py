"""Programs that start in no time: forked from a process that has imported their modules before.

For tests that start the same programs hundreds of times. Each is a process of its own, as `python -m MODULE` would be:
its environment, arguments and log are its own, and it may be killed. Nothing outlives the process that uses this.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lettra_events import failpoints
from lettra_tools.stack.process import die_with

STOP_SECONDS_MAX = 20.0


def import_before(modules: Sequence[str]) -> None:
    """Name what the programs import, before the first one starts; later it has no effect."""
    multiprocessing.set_forkserver_preload([__name__, *modules])


@dataclass
class Program:
    """A module to be run as a program, and its process while it runs."""

    name: str
    module: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    process: ForkServerProcess | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self.process.pid if self.process is not None and self.process.is_alive() else None

    @property
    def exit_code(self) -> int | None:
        """How the last run ended (-9: killed); None while it runs, and before the first one."""
        return self.process.exitcode if self.process is not None else None

    def start(self) -> None:
        """Start it, its output appended to the log."""
        assert self.pid is None, f"{self.name} already runs"
        told = (self.module, list(self.arguments), dict(self.environment), str(self.log), str(self.folder))
        self.process = multiprocessing.get_context("forkserver").Process(
            target=_become, args=told, name=self.name
        )
        self.process.start()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if it runs."""
        if self.process is not None and self.pid is not None:
            self.process.terminate()

    def stop(self) -> None:
        """Ask it to stop and wait; kill it if that takes long. Harmless when it does not run."""
        self.ask_to_stop()
        if self.process is not None:
            self.process.join(STOP_SECONDS_MAX)
            self.kill()

    def kill(self) -> None:
        """End it at once. Returns when it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.join()


def _become(module: str, arguments: list[str], environment: dict[str, str], log: str, folder: str) -> None:
    """In the new process: be this program."""
    die_with(os.getppid(), signal.SIGKILL)
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    failpoints.arm()
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # it runs as `__main__`, and was only imported for what it imports
    runpy.run_module(module, run_name="__main__", alter_sys=True)
