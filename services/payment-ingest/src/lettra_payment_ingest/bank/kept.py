"""Sequences that may be longer than the memory should hold: where a reader keeps what it has read of a statement.

The readers append and then look through, forwards or backwards, as often as they like. `InMemory` keeps all of it;
whoever reads files of any size gives a `Keep` that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeAlias, TypeVar, overload

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Series(Protocol[T_co]):
    """What was kept, complete: a sequence, read from where it lies."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...
    def __reversed__(self) -> Iterator[T_co]: ...
    @overload
    def __getitem__(self, place: int, /) -> T_co: ...
    @overload
    def __getitem__(self, place: slice, /) -> Iterable[T_co]: ...


class Growing(Protocol[T]):
    """What is being kept."""

    def __len__(self) -> int: ...
    def append(self, item: T, /) -> None: ...
    def extend(self, items: Iterable[T], /) -> None: ...
    def sealed(self) -> Series[T]:
        """All of it; nothing is added afterwards."""
        ...


Keep: TypeAlias = Callable[[], Growing[Any]]
"""Begins a new sequence."""


class InMemory(list[T]):
    """Kept as a list, for files that are small."""

    def sealed(self) -> tuple[T, ...]:
        return tuple(self)
