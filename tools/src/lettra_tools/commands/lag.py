"""`lettra lag`: who publishes and reads how far, and what stands still."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.commands.reaching import fail, reach
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN, Folder, wide_console
from lettra_tools.installed import load_services
from lettra_tools.lag import Lag, Publishing, Reading, ask_lag
from lettra_tools.stack.model import StackError

EXIT_WRONG = 1
EXIT_USAGE = 2
EPILOG = (
    "Examples: lettra lag · lettra lag matching --all · lettra lag --json. Exit codes: 0 all goes on (a lag alone is "
    "no fault), 1 something is parked, missing, stopped or published by nobody, 2 wrong usage, 3 a server is away."
)


def lag(
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVICE]...", help="Only these. Default: all that are installed."),
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="Also partitions that are read to their end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show how far each service publishes and reads, from its database and Kafka: what waits, is missing or parked.

    What a stopped partition waits for is asked from the processes of the stack in the folder; elsewhere, see the
    service's log (consume.stopped).
    """
    try:
        chosen = load_services(services or ())
    except StackError as error:
        fail(error, EXIT_USAGE)
    found = reach(ask_lag(chosen, folder))
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1, default=str))
    else:
        _show(found, wide_console(), show_all)
    if found.kafka_away is not None:
        fail(f"Kafka does not answer: {found.kafka_away}. What waits there is not known.", EXIT_DOWN)
    raise typer.Exit(EXIT_WRONG if found.is_wrong else 0)


def _show(found: Lag, console: Console, show_all: bool) -> None:
    console.print(_publishing(found.publishing))
    shown = [one for one in found.reading if show_all or _is_worth_a_line(one)]
    if shown:
        console.print()
        console.print(_reading(shown))
    if hidden := len(found.reading) - len(shown):
        console.print(f"\nRead to the end: {hidden} {'other ' if shown else ''}partitions.")
    if found.unready:
        console.print()
    for one in found.unready:
        console.print(f"{one.service} ({one.roles}) is not ready: {one.why}", markup=False, soft_wrap=True)


def _is_worth_a_line(one: Reading) -> bool:
    return bool(one.lag is None or one.lag or one.parked or one.missing is not None)


def _publishing(rows: list[Publishing]) -> Table:
    table = _table("publishes", "topic", ">entries", ">in the outbox", ">not on Kafka", "relay")
    for one in rows:
        relay = "leads" if one.relay_leads else "none leads"
        table.add_row(
            one.service,
            one.topic,
            str(one.sequence),
            str(one.outbox),
            str(one.unpublished),
            _red(relay, one.is_wrong),
        )
    return table


def _reading(rows: list[Reading]) -> Table:
    table = _table(
        "reads", "topic", ">partition", ">applied to", ">behind", "last applied", ">parked keys", ""
    )
    for one in rows:
        at = f"{one.applied_at:%Y-%m-%d %H:%M:%S}" if one.applied_at else "never"
        behind = "?" if one.lag is None else str(one.lag)
        wrong = "" if one.missing is None else f"entry {one.missing} is missing"
        table.add_row(
            one.service,
            one.topic,
            str(one.partition),
            str(one.sequence),
            behind,
            at,
            str(one.parked or ""),
            _red(wrong, True),
        )
    return table


def _table(*headers: str) -> Table:
    """A header that begins with > stands to the right."""
    table = Table(box=None, header_style="bold")
    for header in headers:
        side: Literal["left", "right"] = "right" if header.startswith(">") else "left"
        table.add_column(header.removeprefix(">"), justify=side, overflow="fold")
    return table


def _red(text: str, is_wrong: bool) -> str:
    return f"[red]{text}[/]" if is_wrong and text else text
