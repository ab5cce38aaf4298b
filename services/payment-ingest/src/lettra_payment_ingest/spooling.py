"""What was read of a bank file, kept in a temporary file: a statement may have more transactions than memory has room.

One file serves all sequences of an import; it has no name, and is gone when it is closed, also after a kill.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")

BLOCK_ITEMS = 250
"""Of a sequence in memory at a time: what is read at once, and what is not written yet."""


class Spool:
    """The temporary file. Use it as a context; `keep` begins a sequence in it."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115, closed by `close`
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gone: no sequence of it can be read any longer."""
        self._file.close()

    def keep(self) -> Spooled[Any]:
        """A new sequence."""
        return Spooled(self)

    def write(self, items: list[Any]) -> int:
        """Where the items lie now."""
        at = self._end
        data = pickle.dumps(items, protocol=5)
        self._file.seek(at)
        self._file.write(data)
        self._end += len(data)
        return at

    def read(self, at: int) -> list[Any]:
        """The items that lie there."""
        self._file.seek(at)
        items: list[Any] = pickle.load(self._file)  # noqa: S301, it is what `write` wrote
        return items


class Spooled(Sequence[T], Generic[T]):
    """A sequence in the spool: `BLOCK_ITEMS` of it are in memory."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._blocks: list[int] = []
        self._last: list[T] = []
        self._count = 0
        self._read: tuple[int, list[T]] = (-1, [])

    def append(self, item: T) -> None:
        """Add an item."""
        self._last.append(item)
        self._count += 1
        if len(self._last) == BLOCK_ITEMS:
            self._write()

    def extend(self, items: Iterable[T]) -> None:
        """Add items."""
        for item in items:
            self.append(item)

    def sealed(self) -> Self:
        """All of it, nothing left in memory."""
        if self._last:
            self._write()
        return self

    def _write(self) -> None:
        self._blocks.append(self._spool.write(self._last))
        self._last = []

    def __len__(self) -> int:
        return self._count

    def _block(self, number: int) -> list[T]:
        if number == len(self._blocks):
            return self._last
        if self._read[0] != number:
            self._read = number, self._spool.read(self._blocks[number])
        return self._read[1]

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self._blocks) + bool(self._last)):
            yield from self._block(number)

    def __reversed__(self) -> Iterator[T]:
        for number in reversed(range(len(self._blocks) + bool(self._last))):
            yield from reversed(self._block(number))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(self._count))]
        at = place + self._count if place < 0 else place
        if not 0 <= at < self._count:
            raise IndexError(place)
        return self._block(at // BLOCK_ITEMS)[at % BLOCK_ITEMS]
