"""Progress of what takes its time: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int, str], None]
"""Told how many are done, and what is being done now."""

PLAIN_EVERY_SECONDS = 5.0


@contextmanager
def bar(console: Console, title: str, total: int | None, *, after_seconds: float = 0.0) -> Iterator[Advance]:
    """Show progress while the block runs; nothing of it stays on a terminal. `total` None: nobody knows.

    What is over before `after_seconds` have passed shows nothing.
    """
    shown = _on_terminal if console.is_terminal else _in_lines
    with shown(console, title, total, after_seconds) as advance:
        yield advance


@contextmanager
def _on_terminal(console: Console, title: str, total: int | None, after_seconds: float) -> Iterator[Advance]:
    columns = (
        TextColumn(title, markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task("", total=total)
    begun = time.monotonic()
    started = False

    def advance(done: int, what: str) -> None:
        nonlocal started
        if not started and time.monotonic() - begun >= after_seconds:
            progress.start()
            started = True
        progress.update(task, completed=done, description=what)

    try:
        advance(0, "")
        yield advance
    finally:
        if started:
            progress.stop()


@contextmanager
def _in_lines(console: Console, title: str, total: int | None, after_seconds: float) -> Iterator[Advance]:
    due = time.monotonic() + after_seconds

    def advance(done: int, what: str) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        count = f" {done} of {total}" if total else ""
        console.print(f"{title}:{count} {what}".rstrip(" :"), markup=False, highlight=False, soft_wrap=True)
        due = time.monotonic() + PLAIN_EVERY_SECONDS

    advance(0, "")
    yield advance
