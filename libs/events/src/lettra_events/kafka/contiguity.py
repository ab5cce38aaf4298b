"""Which records of a partition may be applied: each once, in order, none missing.

Every record carries its own sequence and that of the record before it in its partition, so a repeat and a hole
are both seen from the records alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    """A record that carries its place: its sequence, that of the record before it in its partition, its offset."""

    @property
    def sequence(self) -> int: ...
    @property
    def previous(self) -> int: ...
    @property
    def offset(self) -> int: ...


N = TypeVar("N", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition is applied. `next_offset`: where reading goes on after a restart."""

    sequence: int = 0
    next_offset: int = 0


@dataclass(slots=True)
class Sorted(Generic[N]):
    """A batch sorted out: what to apply, how many were repeats, and where the first hole is."""

    fresh: list[N] = field(default_factory=list)
    repeated: int = 0
    hole: N | None = None


def sort_out(position: Position, records: Sequence[N]) -> Sorted[N]:
    """Take what follows the position without a gap.

    A record whose predecessor is not known yet is a hole: it is not applied, and those behind it are looked at
    on, because the missing record may stand further down (it was sent late) and close the gap.
    """
    result: Sorted[N] = Sorted()
    known = position.sequence
    for record in records:
        sequence = record.sequence
        if sequence <= known:
            result.repeated += 1
        elif record.previous == known:
            result.fresh.append(record)
            known = sequence
        elif result.hole is None:
            result.hole = record
    return result


def position_after(
    position: Position, batch: Sorted[N], last_offset: int, waiting_at: int | None = None
) -> Position:
    """The position once `batch.fresh` is applied: behind a hole, reading starts again at the hole.

    `waiting_at`: the offset of a hole that an earlier batch found and that is still open.
    """
    sequence = batch.fresh[-1].sequence if batch.fresh else position.sequence
    if waiting_at is not None:
        return Position(sequence, waiting_at)
    if batch.hole is not None:
        return Position(sequence, batch.hole.offset)
    return Position(sequence, last_offset + 1)
