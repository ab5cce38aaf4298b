"""What decisions lack: asked for all together, so that it is fetched in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lettra_events.decisions.tables import Key, Table

T = TypeVar("T")
U = TypeVar("U")


@dataclass(slots=True)
class Needs:
    """What decisions asked for and did not find in memory."""

    streams: set[str] = field(default_factory=set)
    guards: set[str] = field(default_factory=set)
    rows: set[tuple[Table[Any], Key]] = field(default_factory=set)
    finds: set[tuple[Table[Any], str, Any]] = field(default_factory=set)
    few: set[tuple[Table[Any], str, Any, int]] = field(default_factory=set)

    def add(self, other: Needs) -> None:
        self.streams |= other.streams
        self.guards |= other.guards
        self.rows |= other.rows
        self.finds |= other.finds
        self.few |= other.few

    def __bool__(self) -> bool:
        return bool(self.streams or self.guards or self.rows or self.finds or self.few)


class Missing(Exception):
    """A decision needs more than is in memory; not an error, the runner fetches it and starts over."""

    def __init__(self, needs: Needs) -> None:
        super().__init__("more rows are needed")
        self.needs = needs


def for_each(items: Iterable[T], decide: Callable[[T], U]) -> list[U]:
    """Decide on many items in order, collecting what all of them miss, so that it is fetched in one go."""
    needs = Needs()
    results = []
    for item in items:
        try:
            results.append(decide(item))
        except Missing as missing:
            needs.add(missing.needs)
        except Exception:
            # Decided beside rows that are not there yet, this error says nothing.
            if not needs:
                raise
    if needs:
        raise Missing(needs)
    return results


def together(*steps: Callable[[], object]) -> None:
    """Take different steps in order, collecting what all of them miss, so that it is fetched in one go."""
    for_each(steps, _take)


def _take(step: Callable[[], object]) -> object:
    return step()
