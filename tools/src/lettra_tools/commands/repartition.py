"""`lettra repartition`: a service's topic gets more partitions, while it is written to and read.

Exit codes: 0 done, 1 refused or not finished in time, 2 wrong usage, 3 a server is away.
"""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from lettra_events.errors import StaleVersion
from lettra_events.kafka.fork import ForkDetected
from lettra_events.kafka.republishing import Move, MoveRefused, NotSwitched
from lettra_events.kafka.topics import PARTITIONS_MAX
from lettra_events.service.service import Service
from lettra_events.store.relay_store import MarkMoved
from lettra_tools.commands.progress import counting
from lettra_tools.commands.reaching import fail, reach
from lettra_tools.commands.stack import DEFAULT_FOLDER, Folder, wide_console
from lettra_tools.generations import State, ask, delete_ended, move, until_moved
from lettra_tools.installed import load_service, load_services
from lettra_tools.stack.model import StackError

EXIT_NOT_DONE = 1
EXIT_USAGE = 2
RELAY_SECONDS_MAX = 60.0
EPILOG = (
    "Examples: lettra repartition invoicing · lettra repartition invoicing --partitions 12 --wait 120 · "
    "lettra repartition invoicing --delete-old. "
    "Exit codes: 0 done, 1 refused or not finished in time, 2 wrong usage, 3 a server is away."
)

T = TypeVar("T")


def repartition(
    name: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Whose topic it is, as `lettra status` says it.")
    ],
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=PARTITIONS_MAX,
            help="How many the topic is to have: more than now. Without it, only show what there is.",
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            max=86_400,
            metavar="SECONDS",
            help="Wait so long for all services that read the topic to move.",
        ),
    ] = 0,
    delete_old: Annotated[
        bool,
        typer.Option(
            "--delete-old",
            help="Delete the topics that have ended, once every service that is installed has moved.",
        ),
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Give a service's topic more partitions: publish its history again to a new topic, and let everybody move there.

    Writers and readers go on meanwhile. Killed or interrupted, the same command goes on where it was. The old topic
    stays until you delete it: see docs/runbooks/topic-generation.md.
    """
    try:
        service, others = load_service(name), load_services()
    except StackError as error:
        fail(error, EXIT_USAGE)
    console = wide_console()
    if partitions is not None:
        with counting() as progress:
            done = _run(move(service, folder, partitions, RELAY_SECONDS_MAX, progress))
        _tell(console, done, partitions)
    state = _state(service, others, folder, wait)
    _show(console, state)
    if state.behind and (wait or delete_old):
        names = ", ".join(reader.service for reader in state.behind)
        waited = f"did not move within {wait:g} s" if wait else "did not move yet: nothing was deleted"
        fail(f"{names} {waited}. See whether its worker runs, and `lettra lag`.", EXIT_NOT_DONE)
    if delete_old:
        deleted = reach(delete_ended(service, folder, state))
        typer.echo(f"\nDeleted: {', '.join(deleted) or 'nothing, no topic that has ended is there'}.")


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return reach(work)
    except StaleVersion as error:
        fail(f"The announcement was not appended ({error}). Run this again: it goes on there.", EXIT_NOT_DONE)
    except (MoveRefused, NotSwitched, ForkDetected, MarkMoved) as error:
        fail(error, EXIT_NOT_DONE)


def _state(service: Service, others: list[Service], folder: Path, wait: float) -> State:
    if wait == 0:
        return reach(ask(service, others, folder))
    with counting() as progress:
        return reach(until_moved(service, others, folder, wait, progress))


def _tell(console: Console, done: Move | None, partitions: int) -> None:
    if done is None:
        console.print(f"The topic has {partitions} partitions: there is nothing to move.\n", highlight=False)
        return
    console.print(
        f"{done.new.name} has {done.new.partitions} partitions and the whole history;"
        f" {done.republished:,} events were published again. {done.old.name} ({done.old.partitions} partitions) ended"
        f" with entry {done.end:,}, the announcement. {done.seconds:.1f} s.\n",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _show(console: Console, state: State) -> None:
    topics = _table("topic", "partitions", "published to entry", "")
    for one in state.generations:
        topics.add_row(one.name, str(one.partitions), str(one.mark), one.state)
    console.print(topics)
    readers = _table("read by", "topic", "partitions", "at its last entry")
    for reader in state.readers:
        end = str(reader.at_the_end) if reader in state.behind else ""
        readers.add_row(reader.service, reader.name, str(reader.partitions), end)
    if state.readers:
        console.print()
        console.print(readers)


def _table(*headers: str) -> Table:
    table = Table(box=None, header_style="bold")
    for header in headers:
        number = header in ("partitions", "published to entry", "at its last entry")
        table.add_column(header, justify="right" if number else "left", overflow="fold")
    return table
