"""Which rows of a file must be checked together. Pure.

Checking all rows in one go would hold every row that they touch in memory. Rows that share no subject cannot change
what the check of each other says, so they are checked in batches, whatever their place in the file.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator


class Groups:
    """Rows by their number, from zero on, in groups that share a subject, directly or through other rows."""

    def __init__(self) -> None:
        self._parents = array("Q")
        self._first: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._parents)

    def add(self, subjects: Iterable[str]) -> None:
        """The next row. Subjects are known by a hash: two that share one join groups, which does no harm."""
        row = len(self._parents)
        self._parents.append(row)
        for subject in subjects:
            other = self._first.setdefault(hash(subject), row)
            root, mine = self._root(other), self._root(row)
            self._parents[max(root, mine)] = min(root, mine)

    def _root(self, row: int) -> int:
        parents = self._parents
        while parents[row] != row:
            parents[row] = parents[parents[row]]
            row = parents[row]
        return row

    def batches(self, rows_min: int) -> Iterator[list[int]]:
        """Every row once: whole groups, each in the file's order, until a batch has as many rows."""
        batch: list[int] = []
        before = None
        for root, row in sorted((self._root(row), row) for row in range(len(self))):
            if root != before and len(batch) >= rows_min:
                yield batch
                batch = []
            batch.append(row)
            before = root
        if batch:
            yield batch
