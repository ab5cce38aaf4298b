"""Saying how far something is that takes its time, to whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then: of `what`, `done` of `total` are done. What is new is named for the first time."""

    def __call__(self, what: str, done: int, total: int, /) -> None: ...


def silent(_what: str, _done: int, _total: int) -> None:
    """Shows nothing."""
