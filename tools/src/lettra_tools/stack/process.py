"""Child processes that never outlive their owner.

A `Child` runs in its own session, so that Ctrl-C in a terminal reaches only the owner, who ends its children
in order. The kernel sends it `death_signal` when the owner dies in whatever way (PR_SET_PDEATHSIG; Linux).
The kernel watches the *thread* that started the child: start children from the main thread, or from one that
lives as long.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lettra_tools.stack.account import Account, PopenAccount
from lettra_tools.stack.model import StackError

PR_SET_PDEATHSIG = 1
# Loaded here and not in the child: between fork and exec it must not import or allocate more than it has to.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that ties the child to the thread that starts it; runs after setuid, which undoes it."""
    owner = os.getpid()
    return lambda: die_with(owner, death_signal)


def die_with(owner: int, death_signal: signal.Signals) -> None:
    """Tie this process to its parent, which must be `owner`."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != owner:  # the owner died between fork and prctl
        os._exit(1)


@dataclass
class Child:
    """One program: how to start it, and the process while it runs."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    stop_seconds_max: float = 20.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self.process.pid if self.process and self.process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last run ended; None while it runs, and before the first one."""
        return self.process.poll() if self.process else None

    def start(self) -> None:
        """Start the program, its output appended to the log. Refuses to start it twice."""
        assert self.pid is None, f"{self.name} already runs"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        who: PopenAccount = self.account.popen_arguments() if self.account else {}
        try:
            with self.log.open("ab") as output:
                self.process = subprocess.Popen(
                    list(self.command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(self.environment) if self.environment is not None else None,
                    cwd=self.folder,
                    start_new_session=True,
                    preexec_fn=die_with_parent(self.death_signal),
                    **who,
                )
        except OSError as error:
            raise StackError(f"{self.name} could not be started from {self.command[0]}: {error}.") from error

    def ask_to_stop(self) -> None:
        """Send the polite signal, if it runs."""
        if self.process and self.pid is not None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to stop and wait; kill it after `stop_seconds_max`. Harmless when it does not run."""
        self.ask_to_stop()
        if self.process is not None:
            self.wait(self.stop_seconds_max)
            self.kill()

    def wait(self, seconds_max: float) -> int | None:
        """Wait for its end and return the exit code; None if it still runs after `seconds_max`."""
        assert self.process is not None, f"{self.name} was not started"
        try:
            return self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it at once, as a crash would. Returns when it is gone."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for a message about its failure."""
        return last_lines(self.log, count)


def last_lines(log: Path, count: int = 15) -> str:
    """The last lines of a file, indented; a remark when there are none."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            tail = [f"  {line.rstrip()}" for line in deque(lines, maxlen=count)]
    except OSError:
        tail = []
    return "\n".join(tail) if tail else "  (it wrote nothing)"


def identity(pid: int) -> str | None:
    """What tells this process from a later one of its number: boot and start time. None: no such process.

    A process that has ended and was not waited for (a zombie) counts as gone.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return _identity_without_proc(pid)
    fields = line.rpartition(")")[2].split()  # the name before it may hold blanks
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _identity_without_proc(pid: int) -> str | None:
    """Where there is no /proc, `ps` tells the start time."""
    if Path("/proc/self/stat").exists():
        return None
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
