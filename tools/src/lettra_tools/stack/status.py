"""How the stack of a folder is, asked from its servers and services at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from lettra_tools.stack.model import Servers
from lettra_tools.stack.probe import kafka_answers, postgres_answers, why_not_ready
from lettra_tools.stack.state import ServiceState, State, read_state


@dataclass(frozen=True)
class Line:
    """One server, or one process of a service. `pid` is None where it is not ours, or does not run."""

    name: str
    roles: str
    address: str
    pid: int | None
    ready: bool
    restarts: int
    problem: str


@dataclass(frozen=True)
class Status:
    """The stack of one folder. `phase` is down when no supervisor lives, whatever was written before."""

    folder: str
    up: bool
    phase: str
    error: str
    servers: list[Line]
    services: list[Line]


def ask_status(folder: Path) -> Status:
    """Read the state and ask everything that it names."""
    folder = folder.absolute()
    state = read_state(folder)
    if state is None or not state.is_alive:
        return Status(
            str(folder), up=False, phase="down", error=state.error if state else "", servers=[], services=[]
        )
    services = [line for each in state.services for line in _lines(each)]
    up = state.phase == "up"
    return Status(
        str(folder), up=up, phase=state.phase, error=state.error, servers=_servers(state), services=services
    )


def without_password(dsn: str) -> str:
    """The address as it may be shown."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}"))


def _servers(state: State) -> list[Line]:
    lines = []
    if it := state.postgres:
        lines.append(
            Line(
                "postgres",
                "",
                without_password(it.address),
                it.pid,
                postgres_answers(it.address),
                0,
                it.problem,
            )
        )
    if it := state.kafka:
        lines.append(Line("kafka", "", it.address, it.pid, kafka_answers(it.address), 0, it.problem))
    return lines


def _lines(service: ServiceState) -> list[Line]:
    lines = []
    for process in service.processes:
        problem = process.problem or why_not_ready(process.port)
        roles, address = " ".join(process.roles), f"http://127.0.0.1:{process.port}"
        lines.append(Line(service.name, roles, address, process.pid, not problem, process.restarts, problem))
    return lines


def servers_of(folder: Path) -> Servers | None:
    """Where the servers of a stack that is up are; None when it is not up."""
    state = read_state(folder.absolute())
    if state is None or not state.is_alive or not (state.postgres and state.kafka):
        return None
    return Servers(state.postgres.address, state.kafka.address)
