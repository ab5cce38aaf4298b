"""`up`, `down` and `status` as functions: start and stop the supervisor of a folder, and see how things are."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lettra_tools.stack.files import locked
from lettra_tools.stack.model import Report, StackError, silent
from lettra_tools.stack.process import identity, last_lines
from lettra_tools.stack.services import SERVICES, Plan, Service, write_plan
from lettra_tools.stack.state import State, read_state

START_SECONDS_MAX = 600.0  # a first download over a slow line, then everything else
STOP_SECONDS_MAX = 60.0
PAUSE_SECONDS = 0.05


def bring_up(
    folder: Path,
    services: Sequence[Service] = SERVICES,
    report: Report = silent,
    *,
    prepare: Sequence[Service] | None = None,
) -> State:
    """Start servers and services, and return when all are ready. Harmless when they run already.

    `prepare` names the services whose databases and topics are prepared; those that run, if left out. Raises
    `StackError` when something does not start; then, and when interrupted, nothing is left running.
    """
    folder = folder.absolute()
    _make(folder)
    with locked(folder / "up.lock"):  # a second `up` waits for the first one, and finds everything running
        running = _running(folder)
        if running is not None:
            _demand_same(running, services, folder)
            return running
        return _start(folder, Plan(services, services if prepare is None else prepare), report)


def bring_down(folder: Path, report: Report = silent) -> bool:
    """Stop the services, then Kafka, then PostgreSQL. False when nothing ran."""
    state = read_state(folder.absolute())
    if state is None or not state.is_alive:
        return False
    report("stopping services and servers")
    _end(state.supervisor_pid, state.supervisor_identity)
    return True


def _make(folder: Path) -> None:
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, os.strerror(13))
    except OSError as error:
        raise StackError(
            f"The folder {folder} cannot be used ({error.strerror}). Choose another one with --folder."
        ) from error


def _running(folder: Path) -> State | None:
    """The state of a supervisor that is up; one that is on its way down, or up, is waited for."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while (state := read_state(folder)) is not None and state.is_alive:
        if state.phase == "up":
            return state
        if time.monotonic() > deadline:
            raise StackError(f"The stack in {folder} is {state.phase} and does not get on. Run: lettra down.")
        time.sleep(PAUSE_SECONDS)
    return None


def _demand_same(running: State, services: Sequence[Service], folder: Path) -> None:
    now = {each.name: [tuple(process.roles) for process in each.processes] for each in running.services}
    wanted = {each.name: list(each.groups) for each in services}
    if now != wanted:
        names = ", ".join(now) or "the servers only"
        raise StackError(
            f"The stack in {folder} already runs, with {names}. To run something else: lettra down."
        )


def _start(folder: Path, plan: Plan, report: Report) -> State:
    _keep_previous_logs(folder / "logs")
    write_plan(folder / "plan.json", plan)
    ours, theirs = os.pipe()  # ours to read in the supervisor: it stops when we go away without a word
    log = folder / "logs" / "supervisor.log"
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "lettra_tools.stack.supervisor", str(folder)],
            stdin=ours,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    os.close(ours)
    try:
        state = _await_up(folder, supervisor, report)
        os.write(theirs, b".")
        return state
    except StackError as error:
        _end(supervisor.pid, identity(supervisor.pid))
        raise StackError(f"{error}\nEverything was stopped. All logs are in {folder / 'logs'}.") from error
    except BaseException:
        report("stopping")
        _end(supervisor.pid, identity(supervisor.pid))
        raise
    finally:
        os.close(theirs)


def _await_up(folder: Path, supervisor: subprocess.Popen[bytes], report: Report) -> State:
    deadline = time.monotonic() + START_SECONDS_MAX
    said = ""
    while time.monotonic() < deadline:
        ended = supervisor.poll() is not None  # before the state is read, which is then the last one
        state = read_state(folder)
        if state is not None and state.supervisor_pid == supervisor.pid:
            if state.phase == "up":
                return state
            if state.waiting_for and state.waiting_for != said:
                said = state.waiting_for
                report(said)
        if ended:
            raise StackError(_why(folder, state))
        time.sleep(PAUSE_SECONDS)
    raise StackError(f"The stack in {folder} did not start within {START_SECONDS_MAX / 60:.0f} minutes.")


def _why(folder: Path, state: State | None) -> str:
    if state is not None and state.error:
        return state.error
    log = folder / "logs" / "supervisor.log"
    return f"The supervisor ended. The end of {log}:\n{last_lines(log)}"


def _end(pid: int, known: str | None) -> None:
    """Ask the supervisor to stop; if it takes too long, kill it: the kernel then ends everything it started."""
    if known is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if identity(pid) != known:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while identity(pid) == known and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)


def _keep_previous_logs(logs: Path) -> None:
    """Every start has fresh logs; those of the start before are kept beside them."""
    for log in logs.glob("*.log"):
        log.replace(log.with_name(f"{log.name}.1"))
