"""`lettra parked`: what is stopped, why, who waits for it; and how it goes on.

Exit codes: 0 done, 1 stopped again or refused, 2 wrong usage or no such ID or KEY, 3 a server is away.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lettra_events.kafka.releasing import NotParked, NotWhole, Release, Skip
from lettra_tools.commands.deciding import decider, one_line
from lettra_tools.commands.progress import counting
from lettra_tools.commands.reaching import fail, reach
from lettra_tools.commands.stack import DEFAULT_FOLDER, Folder, wide_console
from lettra_tools.installed import load_services
from lettra_tools.parked import Found, Held, Shown, find_parked, look_at, release
from lettra_tools.stack.model import StackError

EXIT_STOPPED = 1
EXIT_USAGE = 2
ID_CHARS_MIN = 8
DAYS_SHOWN_MAX = 20

app = typer.Typer(
    name="parked",
    help="Keys that are stopped by an event that could not be applied: look, release, skip.",
    no_args_is_help=True,
    epilog="Examples: lettra parked list · lettra parked show 3f2a91c0 · lettra parked release payment:P1 · "
    'lettra parked skip 3f2a91c0 --why "sent twice by the bank". '
    "Exit codes: 0 done, 1 stopped again or refused, 2 wrong usage or no such ID or KEY, 3 a server is away.",
)

OfService = Annotated[str | None, typer.Option("--service", help="Only what this service has parked.")]
OfTopic = Annotated[str | None, typer.Option("--topic", help="Only keys of this topic.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Id = Annotated[
    str, typer.Argument(metavar="ID", help="The id of the event, or how it begins, as of the list.")
]


@app.command("list", epilog="Examples: lettra parked list · lettra parked list --service matching --json")
def list_parked(service: OfService = None, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER) -> None:
    """All keys that are parked, the longest parked first; nothing parked is exit code 0 too."""
    found = _find(folder, service)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=1))
    elif not found:
        typer.echo("Nothing is parked.")
    else:
        wide_console().print(_table(found))
        typer.echo("Look at one: lettra parked show ID")


@app.command(epilog="Examples: lettra parked show 3f2a91c0 · lettra parked show 3f2a91c0 --service invoicing")
def show(
    event_id: Id, service: OfService = None, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER
) -> None:
    """The event that could not be applied, the whole error, what waits behind it, and whom that holds back."""
    one = _one(_find(folder, service), event_id, "show")
    try:
        shown = reach(look_at(one, folder))
    except NotParked as error:
        fail(f"{error}; it has moved on meanwhile: lettra parked list", EXIT_STOPPED)
    typer.echo(json.dumps(_shown_as_json(shown), indent=1) if as_json else "\n".join(_lines(shown)))


@app.command(
    "release",
    epilog="Examples: lettra parked release payment:P1 · "
    "lettra parked release C-17 --service matching --topic ar.invoicing.events",
)
def release_key(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The parked key, as of the list.")],
    service: OfService = None,
    topic: OfTopic = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Apply what waits of the key, with the code that is installed here: first mend it, then release.

    Exit code 1 if an event fails again: what was before it stays applied, the key stays parked there.
    """
    found = [one for one in _find(folder, service) if one.parked.key == key]
    matching = [one for one in found if topic in (None, one.parked.topic)]
    if not matching:
        fail(_not_parked(f"The key {key}", found), EXIT_USAGE)
    if len(matching) > 1:
        ways = "\n".join(f"  {_release_line(one)}" for one in matching)
        fail(f"The key {key} is parked {len(matching)} times. Say which:\n{ways}", EXIT_USAGE)
    _release(matching[0], folder, None)


@app.command(
    epilog='Example: lettra parked skip 3f2a91c0 --why "sent twice by the bank, agreed with Mme Roux"'
)
def skip(
    event_id: Id,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it is kept for ever.")],
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Who decides. Default: the login.")
    ] = None,
    service: OfService = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask on a terminal.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Never apply this event, here or in any replay, and release what waits behind it. There is no way back.

    Only the event at which its key stands can be skipped.
    """
    decided_by = decider(who)
    why = one_line(why, "--why")
    if not decided_by or not why:
        fail("An event is skipped by somebody, for a reason: give --who and --why.", EXIT_USAGE)
    one = _one(_find(folder, service), event_id, "skip")
    if _asks() and not yes:
        parked = one.parked
        what = f"{parked.type} of the key {parked.key} (entity {parked.entity_id or 'unknown'})"
        typer.confirm(f"{one.service.name} will never apply {what}. Skip it?", abort=True, err=True)
    _release(one, folder, Skip(one.parked.sequence, decided_by, why))


def _asks() -> bool:
    return sys.stdin.isatty()


def _find(folder: Path, service: str | None) -> list[Found]:
    """All that is parked, each with an id that is short and still unique among them."""
    try:
        services = load_services(() if service is None else [service])
    except StackError as error:
        fail(error, EXIT_USAGE)
    found = reach(find_parked(services, folder))
    ids = [one.id for one in found]
    return [replace(one, id=_short(one.id, ids)) for one in found]


def _short(full: str, all_ids: Sequence[str]) -> str:
    """The same event may be parked by several services: then its id is given whole."""
    for length in range(ID_CHARS_MIN, len(full)):
        if sum(other.startswith(full[:length]) for other in all_ids) == 1:
            return full[:length]
    return full


def _one(found: Sequence[Found], event_id: str, verb: str) -> Found:
    """The only one whose id begins so. An event that several services have parked is told apart by the service."""
    wanted = event_id.strip().lower()
    these = [one for one in found if wanted and str(one.parked.event_id).startswith(wanted)]
    if not these:
        fail(_not_parked(f"An event {event_id}", found), EXIT_USAGE)
    if len(these) > 1:
        ways = "\n".join(f"  lettra parked {verb} {one.id} --service {one.service.name}" for one in these)
        fail(f"Several parked events begin with {event_id}. Say which:\n{ways}", EXIT_USAGE)
    return these[0]


def _not_parked(what: str, found: Sequence[Found]) -> str:
    if not found:
        return f"{what} is not parked. See: lettra parked list"
    parked = ", ".join(f"{one.id} (key {one.parked.key} of {one.parked.topic})" for one in found[:10])
    return f"{what} is not parked. Parked are: {parked}. See: lettra parked list"


def _release_line(one: Found) -> str:
    return f"lettra parked release {one.parked.key} --service {one.service.name} --topic {one.parked.topic}"


def _release(one: Found, folder: Path, skip: Skip | None) -> None:
    try:
        with counting() as progress:
            outcome = reach(release(one, folder, skip, progress))
    except NotParked as error:
        fail(f"{error}. Nothing was done; it has moved on meanwhile: lettra parked list", EXIT_STOPPED)
    except NotWhole as error:
        fail(f"{error}. Look at docs/runbooks/parked-key.md.", EXIT_STOPPED)
    except typer.Exit:
        raise
    except Exception as error:  # of the service's own code: what it decides once the key runs
        fail(
            f"{one.service.name} could not let the key {one.parked.key} run ({type(error).__name__}: {error}). "
            "What could not be written was undone; mend the code and release it again.",
            EXIT_STOPPED,
        )
    typer.echo(_told(one, outcome))
    if not outcome.runs:
        raise typer.Exit(EXIT_STOPPED)


def _told(one: Found, outcome: Release) -> str:
    done = f"{outcome.applied} applied" + (f", {outcome.skipped} skipped" if outcome.skipped else "")
    if outcome.runs:
        return f"Released: {done}. The key {one.parked.key} of {one.parked.topic} runs again in {one.service.name}."
    return (
        f"Stopped again at entry {outcome.stopped_at} of {one.parked.topic}, after {done}:\n{outcome.error}\n"
        f"It and what follows of the key {one.parked.key} wait. Look at it: lettra parked list"
    )


def _table(found: Sequence[Found]) -> Table:
    table = Table(box=None, header_style="bold")
    for header in ("id", "service", "topic", "key", "event", "entry", "entity", "since", "behind", "error"):
        table.add_column(
            header, overflow="fold", justify="right" if header in ("entry", "behind") else "left"
        )
    for one in found:
        it = one.parked
        table.add_row(
            one.id,
            one.service.name,
            it.topic,
            it.key,
            it.type,
            str(it.sequence),
            it.entity_id or "-",
            f"{it.since:%Y-%m-%d %H:%M:%S}",
            str(it.waiting - 1),
            it.error.partition("\n")[0],
        )
    return table


def _as_json(one: Found) -> dict[str, Any]:
    it = one.parked
    return {
        "id": str(it.event_id),
        "service": one.service.name,
        "topic": it.topic,
        "partition": it.partition,
        "key": it.key,
        "type": it.type,
        "sequence": it.sequence,
        "entity_id": it.entity_id,
        "since": it.since.isoformat(),
        "behind": it.waiting - 1,
        "error": it.error,
    }


def _lines(shown: Shown) -> list[str]:
    it = shown.found.parked
    lines = [
        f"{shown.found.service.name} could not apply this event:",
        f"  id       {it.event_id}",
        f"  type     {it.type}",
        f"  place    {it.topic}, partition {it.partition}, entry {it.sequence}",
        f"  stream   {shown.stream_id}, version {shown.version}",
        f"  key      {it.key}",
        f"  entity   {it.entity_id or 'unknown: every entity may be concerned'}",
        f"  parked   since {it.since:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "Error",
        *_indented(it.error),
        "",
        "Data",
        *_indented(shown.data),
        "",
        "Attributes",
        *_indented(shown.attributes),
        "",
        f"Behind it: {it.waiting - 1} records of the key",
        *(f"  {one.sequence:>10}  {one.type}  {one.stream_id}" for one in shown.behind),
    ]
    if it.waiting - 1 > len(shown.behind):
        lines.append(f"  and {it.waiting - 1 - len(shown.behind)} more")
    return [*lines, "", *_held_lines(shown.held)]


def _held_lines(held: Held | None) -> list[str]:
    if held is None:
        return ["Held back by it: the key alone."]
    who = ", ".join(held.entities) if held.entities else "every entity, for nobody can tell whose it is"
    days = ", ".join(f"{day} of {entity}" for day, entity in held.days[:DAYS_SHOWN_MAX]) or "none yet"
    more = len(held.days) - DAYS_SHOWN_MAX
    return [
        f"Held back by it: the days of {who}: none is processed from now on until the key runs.",
        f"Days that wait: {days}" + (f", and {more} more" if more > 0 else ""),
    ]


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _shown_as_json(shown: Shown) -> dict[str, Any]:
    return {
        **_as_json(shown.found),
        "stream_id": shown.stream_id,
        "version": shown.version,
        "data": shown.data,
        "attributes": shown.attributes,
        "waiting": [asdict(one) for one in shown.behind],
        "held": asdict(shown.held) if shown.held else None,
    }
