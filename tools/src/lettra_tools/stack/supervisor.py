"""The process behind `lettra up`: it owns servers and services, and ends them in order.

`python -m lettra_tools.stack.supervisor FOLDER` reads `plan.json` there and tells in `state.json` how things
are. SIGTERM stops everything, services first. Whatever ends this process otherwise, the kernel ends its
children. Until it has read a byte from its standard input it belongs to whoever started it: end of file means
stop.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from lettra_tools.stack.kafka import Kafka
from lettra_tools.stack.local import LocalServers
from lettra_tools.stack.model import Servers, StackError
from lettra_tools.stack.named import named_servers
from lettra_tools.stack.postgres import Postgres
from lettra_tools.stack.probe import why_not_ready
from lettra_tools.stack.process import identity
from lettra_tools.stack.services import Plan, read_plan
from lettra_tools.stack.state import Phase, ServerState, State, write_state
from lettra_tools.stack.worker import Backoff, Worker, make_workers, migrate

READY_SECONDS_MAX = 60.0
EARLY_ENDS_MAX = 5
PAUSE_SECONDS = 0.1


class Stopped(BaseException):
    """Somebody asked the supervisor to stop."""


class Supervisor:
    """Runs the plan of one folder until it is asked to stop."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._state = State("starting", os.getpid(), identity(os.getpid()))
        self._local: LocalServers | None = None
        self._watched: list[WatchedServer] = []
        self._workers: list[Worker] = []

    def run(self) -> int:
        """Start everything, watch it, stop it; returns the exit code."""
        last: Phase = "down"
        try:
            self._start()
            while True:
                self._watch()
                time.sleep(PAUSE_SECONDS)
        except Stopped:
            pass
        except StackError as error:
            self._state.error, last = str(error), "failed"
        except BaseException as error:
            self._state.error, last = f"The supervisor failed: {error!r}.", "failed"
            raise
        finally:
            ignore_signals()
            self._stop(last)
        return 1 if last == "failed" else 0

    def _start(self) -> None:
        servers = self._start_servers()
        if self._plan.prepare:
            self._say("the migrations of " + ", ".join(each.name for each in self._plan.prepare))
            migrate(self._folder, self._plan.prepare, servers)
        self._workers, self._state.services = make_workers(self._folder, self._plan.run, servers)
        for worker in self._workers:
            worker.start(time.monotonic())
        self._await_ready()
        self._enter("up")

    def _start_servers(self) -> Servers:
        named = named_servers()
        named.check()
        self._local = LocalServers(
            self._folder, self._say, postgres=not named.postgres, kafka=not named.kafka
        )
        started = self._local.start()
        servers = Servers(named.postgres or started.postgres, named.kafka or started.kafka)
        self._state.postgres, self._state.kafka = ServerState(servers.postgres), ServerState(servers.kafka)
        if self._local.postgres:
            self._watched.append(WatchedServer(self._local.postgres, self._state.postgres))
        if self._local.kafka:
            self._watched.append(WatchedServer(self._local.kafka, self._state.kafka))
        return servers

    def _await_ready(self) -> None:
        """Wait for every process of every service to say that it is ready."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        waiting = list(self._workers)
        while waiting:
            self._say("waiting for " + ", ".join(worker.child.name for worker in waiting))
            self._watch()
            for worker in waiting:
                if worker.state.restarts > EARLY_ENDS_MAX:
                    raise StackError(_what_failed(worker, f"does not stay up: it {worker.state.problem}"))
            if time.monotonic() > deadline:
                problem = waiting[0].state.problem or why_not_ready(waiting[0].state.port)
                how = f"was not ready after {READY_SECONDS_MAX:.0f} s: it {problem or 'was late'}"
                raise StackError(_what_failed(waiting[0], how))
            waiting = [each for each in waiting if each.state.pid is None or why_not_ready(each.state.port)]
            time.sleep(PAUSE_SECONDS)

    def _watch(self) -> None:
        """Start again what ended, each when its time has come."""
        now = time.monotonic()
        changed = [server.tend(now) for server in self._watched] + [
            worker.tend(now) for worker in self._workers
        ]
        if any(changed):
            write_state(self._folder, self._state)

    def _stop(self, last: Phase) -> None:
        """Services first, all at once; then Kafka, then PostgreSQL."""
        self._enter("stopping")
        for worker in self._workers:
            worker.child.ask_to_stop()
        for worker in self._workers:
            worker.child.stop()
        if self._local:
            self._local.stop()
        self._enter(last)

    def _say(self, what: str) -> None:
        if self._state.waiting_for != what:
            self._state.waiting_for = what
            write_state(self._folder, self._state)

    def _enter(self, phase: Phase) -> None:
        self._state.phase, self._state.waiting_for = phase, ""
        write_state(self._folder, self._state)


class WatchedServer:
    """One of our own servers: started again when it ends by itself."""

    def __init__(self, server: Postgres | Kafka, state: ServerState) -> None:
        self._server = server
        self._state = state
        self._state.pid = server.child.pid
        self._backoff = Backoff()
        self._started_at = time.monotonic()
        self._due_at = 0.0

    def tend(self, now: float) -> bool:
        """Start it again if it ended and it is time. Whether anything changed."""
        if self._server.child.pid is not None or now < self._due_at:
            return False
        self._state.pid = None
        self._due_at = now + self._backoff.after_life_of(now - self._started_at)
        self._started_at = now
        try:
            self._server.start()
        except StackError as error:
            self._state.problem = str(error)
        else:
            self._state.pid, self._state.problem = self._server.child.pid, ""
        return True


def _what_failed(worker: Worker, how: str) -> str:
    return f"{worker.child.name} {how}. The end of {worker.child.log}:\n{worker.child.last_lines()}"


def heed_signals() -> None:
    """Let SIGTERM and SIGINT stop the supervisor in order, wherever it is."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()  # once is enough: what stops must not be interrupted
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def ignore_signals() -> None:
    """Stopping has begun."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def stop_when_abandoned() -> None:
    """Stop if the starter goes away without having let go of us: it was interrupted, or it crashed."""
    if os.read(sys.stdin.fileno(), 1) == b"":
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Run the plan of the folder that the command line names."""
    folder = Path(sys.argv[1])
    heed_signals()
    threading.Thread(target=stop_when_abandoned, daemon=True).start()
    return Supervisor(folder, read_plan(folder / "plan.json")).run()


if __name__ == "__main__":
    sys.exit(main())
