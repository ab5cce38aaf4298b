"""`lettra replay` and `lettra restate`: tables made anew from the events, beside the live ones.

Exit codes: 0 done, and nothing differs; 1 rows differ; 2 it cannot be done as asked; 3 a server is away.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from lettra_events.progress import Progress
from lettra_events.rebuild.comparing import SHOWN_MAX, Comparison
from lettra_events.rebuild.errors import RebuildError, ServersAway
from lettra_events.rebuild.replaying import Replayed, Request, compare, replay_beside
from lettra_events.rebuild.workers import DATABASE_AWAY, away
from lettra_events.service.logs import configure_logs
from lettra_events.service.roles import collect_seldom
from lettra_events.store.rows import TableDrift
from lettra_tools.commands.progress import counting
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN
from lettra_tools.installed import load_service, service_point, settings_of
from lettra_tools.stack.model import StackError

EXIT_DIFFERS = 1
EXIT_REFUSED = 2
EXIT_CODES = (
    "Exit codes: 0 done, nothing differs; 1 rows differ; 2 cannot be done as asked; 3 a server is away."
)
VALUE_CHARS_MAX = 60

T = TypeVar("T")
Named = Annotated[
    str, typer.Argument(metavar="SERVICE", help="As in `lettra status`: invoicing, matching...")
]
Folder = Annotated[
    Path,
    typer.Option(envvar="LETTRA_FOLDER", help="The folder of the stack whose servers are meant."),
]


def replay(
    service: Named,
    compares: Annotated[
        bool, typer.Option("--compare", help="Build to exactly the live positions, and show what differs.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many read at once. Default: one a processor.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Build a service's projections again from Kafka, beside the live ones. Nothing is sent, appended or called."""
    with _sentences():
        with counting() as progress:
            request = _request(service, folder, processes, progress)
            if compares:
                found = _run(compare(request))
            else:
                built = _run(replay_beside(request))
        if not compares:
            _show_built(request, built)
            return
        _show_comparison(found)
    raise typer.Exit(EXIT_DIFFERS if found.count else 0)


def _request(name: str, folder: Path, processes: int | None, progress: Progress) -> Request:
    try:
        reference = service_point(name).value
    except StackError as error:
        raise RebuildError(str(error)) from None
    service = load_service(name)
    try:
        settings = settings_of(service, folder)
    except StackError as error:
        raise ServersAway(str(error)) from None
    configure_logs("replay", "ERROR")  # to standard error: standard output is for what was found
    collect_seldom()
    return Request(service, settings, reference, progress, processes)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return uvloop.run(work)


@contextmanager
def _sentences() -> Iterator[None]:
    """What went wrong, as a sentence and an exit code."""
    try:
        yield
    except ServersAway as error:
        _end(str(error), EXIT_DOWN)
    except (RebuildError, TableDrift) as error:
        _end(str(error), EXIT_REFUSED)
    except asyncpg.InvalidCatalogNameError as error:
        _end(f"{error}; run the role migrate of the service", EXIT_REFUSED)
    except DATABASE_AWAY as error:
        _end(str(away(error)), EXIT_DOWN)
    except asyncpg.PostgresError as error:
        _end(f"PostgreSQL refuses: {type(error).__name__}: {error}", EXIT_REFUSED)


def _end(sentence: str, code: int) -> None:
    typer.echo(f"lettra: {sentence}", err=True)
    raise typer.Exit(code)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def _show_built(request: Request, built: Replayed) -> None:
    console = _console()
    _show_rows(console, built.rows)
    console.print(
        f"Built in {built.seconds:.1f} s, in the schema {built.schema} of {request.service.name}'s database;"
        " it stays there until the next replay.",
        soft_wrap=True,
    )


def _show_rows(console: Console, rows: Any) -> None:
    table = Table(box=None, header_style="bold")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console.print(table)


def _show_comparison(found: Comparison) -> None:
    console = _console()
    _show_rows(console, found.rows)
    if not found.count:
        console.print("Every row is as live, column for column.")
        return
    table = Table(box=None, header_style="bold")
    for header in ("table", "key", "column", "live", "rebuilt"):
        table.add_column(header, overflow="fold")
    for one in found.differences:
        table.add_row(
            one.table, ", ".join(one.key), one.column or "(row)", _value(one.live), _value(one.rebuilt)
        )
    console.print(table)
    console.print(f"Rows that differ: {found.count}. Shown are the first {SHOWN_MAX} of each table.")


def _value(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 3] + "..."
