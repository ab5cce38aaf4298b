"""What a person sees while something takes its time: a moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from lettra_events.progress import Progress as Counted
from lettra_tools.stack.model import Report


@contextmanager
def reporting() -> Iterator[Report]:
    """A `Report` that shows on standard error what is being waited for."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _plain()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda message: progress.update(task, description=message)


@contextmanager
def counting() -> Iterator[Counted]:
    """A bar for each thing that is counted, on standard error; a line as each begins where there is no terminal."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _begun()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as progress:

        def count(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield count


def _begun() -> Counted:
    """A line as each thing begins."""
    begun: set[str] = set()

    def count(what: str, _done: int, _total: int) -> None:
        if what not in begun:
            print(what, file=sys.stderr, flush=True)
        begun.add(what)

    return count


def _plain() -> Report:
    """A line for each new thing; a count that goes up behind a colon is not a new thing."""
    last = ""

    def report(message: str) -> None:
        nonlocal last
        thing = message.partition(":")[0]
        if thing != last:
            print(message, file=sys.stderr, flush=True)
        last = thing

    return report
