"""What the supervisor of a folder lets others know, in `state.json`: read by `up`, `down` and `status`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from lettra_tools.stack.files import write_atomically
from lettra_tools.stack.process import identity

Phase = Literal["starting", "up", "stopping", "down", "failed"]


@dataclass
class ProcessState:
    """One process of a service. `problem` says why it does not run; empty while it does."""

    roles: list[str]
    port: int
    log: str
    pid: int | None = None
    restarts: int = 0
    problem: str = ""


@dataclass
class ServiceState:
    """A service. Its URL is that of the process which has the role `api`, or of the first one."""

    name: str
    url: str
    processes: list[ProcessState]


@dataclass
class ServerState:
    """PostgreSQL or Kafka. `pid` is None where it is not ours."""

    address: str
    pid: int | None = None
    problem: str = ""


@dataclass
class State:
    """Everything about the stack of one folder."""

    phase: Phase
    supervisor_pid: int
    supervisor_identity: str | None
    waiting_for: str = ""
    error: str = ""
    postgres: ServerState | None = None
    kafka: ServerState | None = None
    services: list[ServiceState] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Whether the supervisor that wrote this still runs, and not another process of its number."""
        found = identity(self.supervisor_pid)
        return found is not None and found == self.supervisor_identity


def state_file(folder: Path) -> Path:
    """Where the state of a folder is written."""
    return folder / "state.json"


def write_state(folder: Path, state: State) -> None:
    """Replace the state; a reader never sees half of it."""
    write_atomically(state_file(folder), json.dumps(asdict(state), indent=1))


def read_state(folder: Path) -> State | None:
    """The last state written; None where there is none that can be read."""
    try:
        found = json.loads(state_file(folder).read_text(encoding="utf-8"))
        return _state(found)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _state(found: dict[str, Any]) -> State:
    services = [
        ServiceState(it["name"], it["url"], [ProcessState(**process) for process in it["processes"]])
        for it in found["services"]
    ]
    postgres, kafka = (ServerState(**found[name]) if found[name] else None for name in ("postgres", "kafka"))
    return State(**found | {"services": services, "postgres": postgres, "kafka": kafka})
