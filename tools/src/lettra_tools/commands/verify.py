"""`lettra verify`: is what the services tell sound? Ends at the first difference, and says where it is.

Exit codes: 0 sound, 1 a difference, 2 it cannot be done as asked, 3 not now: a server is away, or another rebuild runs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from lettra_tools.commands.progress import counting
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN, Folder, wide_console
from lettra_tools.installed import load_service, service_names, service_point
from lettra_tools.stack.model import StackError
from lettra_tools.stack.state import read_state

if TYPE_CHECKING:
    from lettra_events.progress import Progress
    from lettra_events.service.service import Service
    from lettra_events.service.settings import ServiceSettings
    from lettra_events.verify.finding import Finding
    from lettra_events.verify.heads import Head
    from lettra_events.verify.history import Sound

EXIT_DIFFERS = 1
EXIT_REFUSED = 2
EPILOG = (
    "Examples: lettra verify · lettra verify invoicing --expect-head 1204:9f2c... · "
    "lettra verify --expect-head invoicing=1204:9f2c... --json · lettra verify --kafka-only --kafka broker:9092. "
    "Exit codes: 0 sound, 1 a difference, 2 it cannot be done as asked, 3 not now: a server is away, or another rebuild"
    " runs."
)
_COLUMNS = {
    "entries": "entries",
    "records": "records on Kafka",
    "repeats": "repeats",
    "foreign": "foreign",
    "kept_rows": "rows kept beside",
    "positions": "positions",
    "state_rows": "state rows",
    "projection_rows": "projection rows",
}


@dataclass
class _Verified:
    """What was found sound so far, and the difference that ended it."""

    sound: list[Sound] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    finding: Finding | None = None


class _Refused(Exception):
    """The tables cannot be compared here, or by this role. The message names the reason and the remedy."""


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Default: all that are installed.")
    ] = None,
    kept: Annotated[
        list[str] | None,
        typer.Option(
            "--expect-head",
            metavar="SEQUENCE:HASH",
            help="A head that was kept; the history must contain it. With several services: SERVICE=SEQUENCE:HASH.",
        ),
    ] = None,
    skip_rebuild: Annotated[
        bool,
        typer.Option("--skip-rebuild", help="Faster: do not compare state and projections with a rebuild."),
    ] = False,
    kafka_only: Annotated[
        bool, typer.Option("--kafka-only", help="The topics alone; no database is asked or needed.")
    ] = False,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="With --kafka-only: the broker. Default: LETTRA_KAFKA."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Check each service's store, log and topic against each other, positions, state and projections.

    No event, record or table of a service is changed, and the services may run meanwhile.

    At the end: the heads to keep for --expect-head.
    """
    if kafka and not kafka_only:
        raise typer.BadParameter("goes with --kafka-only", param_hint="--kafka")
    services = _services(names or ())
    heads = _heads(kept or (), services)
    verified = _Verified()
    with counting() as progress:
        if kafka_only:
            work = _verify_topics(services, heads, _bootstrap(kafka, folder), progress, verified)
        else:
            work = _verify_services(services, heads, folder, progress, verified, rebuild=not skip_rebuild)
        _run(work)
    _show_json(verified) if as_json else _show(verified)
    raise typer.Exit(EXIT_DIFFERS if verified.finding else 0)


def _services(names: Sequence[str]) -> list[Service]:
    from lettra_tools.commands.reaching import fail

    try:
        return [load_service(name) for name in dict.fromkeys(names or service_names())]
    except StackError as error:
        fail(error, EXIT_REFUSED)


def _heads(kept: Sequence[str], services: Sequence[Service]) -> dict[str, Head]:
    """By service; one without a name is meant for the only one."""
    from lettra_events.verify.heads import MalformedHead, read_head
    from lettra_tools.commands.reaching import fail

    known = [service.name for service in services]
    heads: dict[str, Head] = {}
    for text in kept:
        name, named, head = text.rpartition("=")
        if not named and len(known) > 1:
            fail(
                f"--expect-head: of which service? Write {known[0]}={text}, or name one service.",
                EXIT_REFUSED,
            )
        name = name or known[0]
        if name not in known:
            fail(f"--expect-head: {name} is not among what is verified: {', '.join(known)}.", EXIT_REFUSED)
        try:
            heads[name] = read_head(head)
        except MalformedHead as error:
            fail(f"--expect-head: {error}", EXIT_REFUSED)
    return heads


def _bootstrap(kafka: str | None, folder: Path) -> str:
    from lettra_events.service.settings import check_bootstrap
    from lettra_tools.commands.reaching import fail

    if named := kafka or os.environ.get("LETTRA_KAFKA"):
        try:
            return check_bootstrap(named)
        except ValueError as error:
            fail(f"{'--kafka' if kafka else 'LETTRA_KAFKA'}: {error}, not {named!r}.", EXIT_REFUSED)
    state = read_state(folder)
    if state is None or state.kafka is None or not state.is_alive:
        fail(
            f"No stack runs in {folder.absolute()}: name the broker with --kafka or in LETTRA_KAFKA.",
            EXIT_DOWN,
        )
    return state.kafka.address


def _run(work: Coroutine[Any, Any, None]) -> None:
    from lettra_events.rebuild.errors import NotNow, ServersAway
    from lettra_events.service.logs import configure_logs
    from lettra_events.service.roles import collect_seldom
    from lettra_events.store.rows import TableDrift
    from lettra_events.verify.lanes import KafkaSilent
    from lettra_tools.commands.reaching import fail, reach

    configure_logs("verify", "CRITICAL")  # what is wrong is said once, in a sentence
    collect_seldom()
    try:
        reach(work)
    except (KafkaSilent, ServersAway) as error:
        fail(error, EXIT_DOWN)
    except NotNow as error:
        fail(f"Not verified to the end, and no difference found so far: {error}.", EXIT_DOWN)
    except (_Refused, TableDrift) as error:
        fail(error, EXIT_REFUSED)


async def _verify_services(
    services: Sequence[Service],
    heads: Mapping[str, Head],
    folder: Path,
    progress: Progress,
    verified: _Verified,
    *,
    rebuild: bool,
) -> None:
    from dataclasses import replace

    from lettra_events.verify.finding import Unsound
    from lettra_events.verify.history import verify_history
    from lettra_tools.commands.reaching import database, reachable_settings

    try:
        for service in services:
            started = time.perf_counter()
            settings = reachable_settings(service, folder)
            async with database(service, settings, "verify"):
                pass  # it says in a sentence what cannot be reached
            sound = await verify_history(service, settings, heads.get(service.name), progress)
            if rebuild:
                rows = await _verify_tables(service, settings, progress)
                sound = replace(sound, counts={**sound.counts, **rows})
            verified.sound.append(sound)
            verified.seconds[service.name] = time.perf_counter() - started
    except Unsound as unsound:
        verified.finding = unsound.finding


async def _verify_tables(
    service: Service, settings: ServiceSettings, progress: Progress
) -> Mapping[str, int]:
    import asyncpg

    from lettra_events.verify.history import verify_tables

    try:
        return await verify_tables(service, settings, service_point(service.name).value, progress)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError) as error:
        raise _Refused(
            f"{service.name}: PostgreSQL refuses: {error}. State and projections are made anew in schemas of their own:"
            " that needs a role with CREATE on the database, and the primary. Or leave it out with --skip-rebuild."
        ) from error


async def _verify_topics(
    services: Sequence[Service],
    heads: Mapping[str, Head],
    bootstrap: str,
    progress: Progress,
    verified: _Verified,
) -> None:
    from lettra_events.verify.finding import Unsound
    from lettra_events.verify.history import verify_topic

    try:
        for service in services:
            started = time.perf_counter()
            head = heads.get(service.name)
            verified.sound.append(await verify_topic(service.name, service.topic, bootstrap, head, progress))
            verified.seconds[service.name] = time.perf_counter() - started
    except Unsound as unsound:
        verified.finding = unsound.finding


def _show(verified: _Verified) -> None:
    console = wide_console()
    if verified.sound:
        console.print(_table(verified))
        console.print("Heads, to keep:")
        for sound in verified.sound:
            console.print(f"  {sound.service}={sound.head}", markup=False, soft_wrap=True)
        for sound in verified.sound:
            for sentence in _reservations(sound):
                console.print(f"{sound.service}: {sentence}", markup=False, soft_wrap=True)
    if verified.finding is not None:
        typer.echo(f"Not sound. {verified.finding}", err=True)
    else:
        console.print("Sound.")


def _table(verified: _Verified) -> Table:
    there = [name for name in _COLUMNS if any(name in sound.counts for sound in verified.sound)]
    table = Table(box=None, header_style="bold")
    table.add_column("service")
    for name in (*there, "seconds"):
        table.add_column(_COLUMNS.get(name, name), justify="right")
    for sound in verified.sound:
        counts = [f"{sound.counts[name]:,}" if name in sound.counts else "-" for name in there]
        table.add_row(sound.service, *counts, f"{verified.seconds[sound.service]:.1f}")
    return table


def _reservations(sound: Sound) -> list[str]:
    """What could not be looked at."""
    counts, said = sound.counts, []
    if counts.get("unpublished"):
        said.append(
            f"{counts['unpublished']} entries are not published yet, and were looked at in the store only."
        )
    if counts.get("waiting"):
        said.append(f"{counts['waiting']} events wait for their number; no hash covers them yet.")
    if counts.get("positions_ahead"):
        said.append(
            f"{counts['positions_ahead']} positions are ahead of what is published in a topic's new generation; they"
            " were compared with the journal only."
        )
    if counts.get("parked_unseen"):
        said.append(
            f"{counts['parked_unseen']} records that wait behind stopped keys could not be compared with the topic: it"
            " has them no more, or not yet in its new generation."
        )
    if counts.get("far_repeats"):
        said.append(
            f"{counts['far_repeats']} repeats stand too far behind the first to be compared without the log."
        )
    if counts.get("unfollowed_events"):
        said.append(
            f"there are more than {counts['streams']:,} streams; {counts['unfollowed_events']:,} events of later ones"
            " were not checked for a gap in their stream."
        )
    return said


def _show_json(verified: _Verified) -> None:
    said: dict[str, Any] = {
        "sound": verified.finding is None,
        "services": [
            {
                "service": sound.service,
                "head": str(sound.head),
                "seconds": round(verified.seconds[sound.service], 3),
                "counts": dict(sound.counts),
            }
            for sound in verified.sound
        ],
    }
    if verified.finding is not None:
        said["difference"] = verified.finding.as_json()
    typer.echo(json.dumps(said, indent=1))
