"""`lettra up`, `down` and `status`: the local stack and the services."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.commands.progress import reporting
from lettra_tools.stack.control import bring_down, bring_up
from lettra_tools.stack.services import SERVICES, choose
from lettra_tools.stack.state import State
from lettra_tools.stack.status import Line, Status, ask_status, without_password

EXIT_DOWN = 3
Folder = Annotated[
    Path,
    typer.Option(
        envvar="LETTRA_FOLDER", help="Where servers and services keep everything.", show_default=True
    ),
]
DEFAULT_FOLDER = Path(".lettra")


def up(
    folder: Folder = DEFAULT_FOLDER,
    services: Annotated[
        str | None, typer.Option(help="Only these services, as in invoicing,matching.")
    ] = None,
    servers_only: Annotated[
        bool, typer.Option("--servers-only", help="PostgreSQL and Kafka, no service.")
    ] = False,
    roles: Annotated[
        str | None,
        typer.Option(help="The processes of each service, as in api,worker+relay. Default: one for all."),
    ] = None,
) -> None:
    """Start PostgreSQL, Kafka and the services on this machine. Harmless when they run."""
    chosen = [] if servers_only else choose(services, roles)
    with reporting() as report:
        # Also of the services that are not chosen: those that are wait for their topics.
        state = bring_up(folder, chosen, report, prepare=SERVICES if chosen else [])
    _show_addresses(state)


def down(folder: Folder = DEFAULT_FOLDER) -> None:
    """Stop services and servers; what they keep stays."""
    with reporting() as report:
        stopped = bring_down(folder, report)
    typer.echo("Stopped." if stopped else "Nothing was running.")


def status(
    folder: Folder = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """Show servers and services. Exit code 0 when the stack is up, 3 when it is not."""
    found = ask_status(folder)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
    else:
        _show_status(found)
    raise typer.Exit(0 if found.up else EXIT_DOWN)


def _show_addresses(state: State) -> None:
    console = wide_console()
    table = Table(box=None, show_header=False)
    for service in state.services:
        table.add_row(service.name, service.url)
    if state.postgres and state.kafka:
        table.add_row("postgres", without_password(state.postgres.address))
        table.add_row("kafka", state.kafka.address)
    console.print(table)


def _show_status(found: Status) -> None:
    console = wide_console()
    if not found.servers and not found.services:
        console.print(f"The stack in {found.folder} is {found.phase}.", soft_wrap=True)
        if found.error:
            console.print(f"It failed last time: {found.error}", soft_wrap=True, markup=False)
        return
    table = Table(box=None, header_style="bold")
    for header in ("", "roles", "address", "pid", "ready", "restarts", ""):
        table.add_column(header, overflow="fold")
    for line in (*found.servers, *found.services):
        table.add_row(*_cells(line))
    console.print(table)
    if not found.up:
        console.print(f"The stack is {found.phase}.")


def wide_console(*, verbatim: bool = False) -> Console:
    """As wide as the terminal; where there is none, wide enough not to break addresses.

    `verbatim`: what is in square brackets is shown as it is, and a line that is longer is left to the terminal.
    """
    console = Console(highlight=False, markup=not verbatim, soft_wrap=verbatim)
    if not console.is_terminal:
        console.width = 200
    return console


def _cells(line: Line) -> list[str]:
    ready = "[green]yes[/]" if line.ready else "[red]no[/]"
    pid = str(line.pid) if line.pid is not None else "-"
    return [line.name, line.roles, line.address, pid, ready, str(line.restarts or ""), line.problem]
