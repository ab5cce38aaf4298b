"""What a person sees while something takes its time: a moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

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
