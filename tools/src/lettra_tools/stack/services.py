"""Which services there are, and in which processes each of them runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lettra_tools.stack.files import write_atomically
from lettra_tools.stack.model import StackError

Group = tuple[str, ...]
"""Roles that run together in one process."""

ALL_IN_ONE: tuple[Group, ...] = (("api", "worker", "relay"),)


@dataclass(frozen=True)
class Service:
    """A service; `python -m MODULE ROLE...` runs some of its roles, and with `migrate` its migrations."""

    name: str
    module: str
    groups: tuple[Group, ...] = ALL_IN_ONE


def service(name: str) -> Service:
    """A service of the workspace, whose module follows from its name."""
    return Service(name, f"lettra_{name.replace('-', '_')}.main")


# In the order in which they are started and shown.
SERVICES = (service("invoicing"), service("payment-ingest"), service("matching"))


def choose(
    names: str | None, groups: str | None = None, known: Sequence[Service] = SERVICES
) -> list[Service]:
    """The services of a comma-separated list, all without one; `groups` as in "api,worker+relay"."""
    by_name = {each.name: each for each in known}
    wanted = _split(names, ",") if names is not None else list(by_name)
    for name in wanted:
        if name not in by_name:
            raise StackError(f"There is no service {name!r}. Choose among {', '.join(by_name)}.")
    chosen = [each for each in known if each.name in wanted]
    if groups is not None:
        split = tuple(tuple(_split(group, "+")) for group in _split(groups, ","))
        if not split:
            raise StackError("No role is named. Name them as in api,worker+relay.")
        chosen = [replace(each, groups=split) for each in chosen]
    return chosen


def _split(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


@dataclass(frozen=True)
class Plan:
    """What the supervisor does: the services that it runs, and those whose databases and topics it prepares.

    A service waits for the topics that it reads, so those of services that do not run are needed too.
    """

    run: Sequence[Service]
    prepare: Sequence[Service]


def write_plan(path: Path, plan: Plan) -> None:
    """Tell the supervisor what to do."""
    write_atomically(path, json.dumps(asdict(plan), indent=1))


def read_plan(path: Path) -> Plan:
    """What `write_plan` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Plan(_services(found["run"]), _services(found["prepare"]))


def _services(found: list[dict[str, Any]]) -> list[Service]:
    return [Service(it["name"], it["module"], tuple(tuple(group) for group in it["groups"])) for it in found]
