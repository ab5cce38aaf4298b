"""The services that are installed beside this tool, found by their entry points: it imports none by name.

`lettra replay`, `verify` and the like run a service's own code against its database, in this process. So they work
wherever service and tool are installed together: in a checkout, and in an operator's image.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings, SettingsError
from lettra_tools.stack.model import StackError
from lettra_tools.stack.state import read_state

GROUP = "lettra.services"


def service_names() -> list[str]:
    """All installed services, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def service_point(name: str) -> EntryPoint:
    """Where a service's code is, as `module:attribute`; `StackError` lists those that there are."""
    found = sorted(entry_points(group=GROUP, name=name), key=lambda point: point.value)
    if not found:
        known = ", ".join(service_names()) or "none"
        raise StackError(f"There is no service {name!r} installed here. Installed: {known}.")
    return found[0]


def load_service(name: str) -> Service:
    """The service of this name."""
    return cast("Service", service_point(name).load())


def load_services(names: Sequence[str] = ()) -> list[Service]:
    """The services of these names, in that order; all installed ones without a name."""
    return [load_service(name) for name in names or service_names()]


def settings_of(service: Service, folder: Path) -> ServiceSettings:
    """The service's settings: of the environment, and the servers of the folder's stack where it names none.

    `StackError` says what is missing; nothing is started.
    """
    servers = {} if _named() else _running(folder)
    try:
        return service.settings.load(**servers)
    except SettingsError as error:
        raise StackError(f"The settings of {service.name} are not complete:\n{error}") from None


def _named() -> bool:
    return bool(os.environ.get("LETTRA_POSTGRES") and os.environ.get("LETTRA_KAFKA"))


def _running(folder: Path) -> dict[str, str]:
    state = read_state(folder)
    if state is None or not state.is_alive or state.postgres is None or state.kafka is None:
        raise StackError(
            f"No stack runs in {folder.absolute()}. Start it with `lettra up`, name its folder with --folder, "
            "or set LETTRA_KAFKA and LETTRA_POSTGRES to the servers that are meant."
        )
    return {"postgres": state.postgres.address, "kafka": state.kafka.address}
