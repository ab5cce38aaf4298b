"""The processes of the services: started, watched, started again when they end, never given up."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lettra_tools.stack.model import Servers, StackError
from lettra_tools.stack.ports import choose_ports, is_free
from lettra_tools.stack.process import Child
from lettra_tools.stack.services import Group, Service
from lettra_tools.stack.state import ProcessState, ServiceState

MIGRATE_SECONDS_MAX = 120.0


@dataclass
class Backoff:
    """How long to wait before the next start: doubling, and short again after a life of some length."""

    first_s: float = 0.2
    longest_s: float = 5.0
    healthy_after_s: float = 30.0
    delay_s: float = 0.0

    def after_life_of(self, seconds: float) -> float:
        """The pause that follows a process which ended after so many seconds."""
        fresh = self.delay_s == 0.0 or seconds >= self.healthy_after_s
        self.delay_s = self.first_s if fresh else min(self.delay_s * 2, self.longest_s)
        return self.delay_s


@dataclass
class Worker:
    """One process of a service and what is known about it."""

    child: Child
    state: ProcessState
    backoff: Backoff = field(default_factory=Backoff)
    started_at: float = 0.0
    due_at: float | None = None

    def start(self, now: float) -> None:
        """Start it, unless its port is taken: then say so and try again later."""
        if not is_free(self.state.port):
            self._retry(now, f"port {self.state.port} on 127.0.0.1 is taken by another program")
            return
        self.child.start()
        self.started_at, self.due_at = now, None
        self.state.pid, self.state.problem = self.child.pid, ""

    def tend(self, now: float) -> bool:
        """Look after it: note that it ended, start it when it is time. Whether anything changed."""
        if self.due_at is not None:
            if now < self.due_at:
                return False
            self.start(now)
            return True
        if self.child.pid is not None:
            return False
        self._retry(now, f"ended with exit code {self.child.exit_code}")
        return True

    def _retry(self, now: float, problem: str) -> None:
        self.due_at = now + self.backoff.after_life_of(now - self.started_at)
        self.state.pid, self.state.problem = None, problem
        self.state.restarts += 1


def make_workers(
    folder: Path, services: Sequence[Service], servers: Servers
) -> tuple[list[Worker], list[ServiceState]]:
    """The processes that the services need, not yet started, and what to tell about them."""
    names = [f"{service.name} {'+'.join(group)}" for service in services for group in service.groups]
    ports = choose_ports(folder / "ports.json", names)
    workers, states = [], []
    for service in services:
        own = [_make_worker(folder, service, group, ports, servers) for group in service.groups]
        workers += own
        api = next((each for each in own if "api" in each.state.roles), own[0])
        url = f"http://127.0.0.1:{api.state.port}"
        states.append(ServiceState(service.name, url, [each.state for each in own]))
    return workers, states


def _make_worker(
    folder: Path, service: Service, group: Group, ports: Mapping[str, int], servers: Servers
) -> Worker:
    port = ports[f"{service.name} {'+'.join(group)}"]
    log_name = service.name if len(service.groups) == 1 else f"{service.name}-{'-'.join(group)}"
    log = folder / "logs" / f"{log_name}.log"
    child = Child(
        name=f"{service.name} ({' '.join(group)})",
        command=[sys.executable, "-m", service.module, *group],
        log=log,
        environment=service_environment(servers)
        | {
            "LETTRA_HTTP_HOST": "127.0.0.1",
            "LETTRA_HTTP_PORT": str(port),
            # A stable name: after a crash its consumers rejoin at once instead of after a session timeout.
            "LETTRA_INSTANCE": "local-" + "-".join(group),
        },
    )
    return Worker(child, ProcessState(list(group), port, str(log)))


def service_environment(servers: Servers) -> dict[str, str]:
    """What a service is told: everything the caller set, and where the servers are."""
    return {
        **os.environ,
        "LETTRA_KAFKA": servers.kafka,
        "LETTRA_POSTGRES": servers.postgres,
        "PYTHONUNBUFFERED": "1",
    }


def migrate(folder: Path, services: Sequence[Service], servers: Servers) -> None:
    """Bring the databases of all services up to date, at the same time; raise if one of them fails."""
    children = [
        Child(
            name=f"the migration of {service.name}",
            command=[sys.executable, "-m", service.module, "migrate"],
            log=folder / "logs" / f"{service.name}-migrate.log",
            environment=service_environment(servers),
        )
        for service in services
    ]
    deadline = time.monotonic() + MIGRATE_SECONDS_MAX
    try:
        for child in children:
            child.start()
        for child in children:
            code = child.wait(max(0.0, deadline - time.monotonic()))
            if code != 0:
                how = f"failed with exit code {code}" if code is not None else "takes too long"
                raise StackError(f"{child.name} {how}. The end of {child.log}:\n{child.last_lines()}")
    finally:
        for child in children:
            child.kill()
