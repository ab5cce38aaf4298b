"""A file's rows, checked one by one and put aside on disk, so that memory does not grow with the file."""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections.abc import Iterable
from typing import BinaryIO

from lettra_invoicing.imports.grouping import Groups
from lettra_invoicing.imports.kinds import Kind
from lettra_invoicing.imports.reading import ERRORS_REPORTED_MAX, BadCell, Reading, Row, decode

_READ_BYTES = 1 << 20


class Staged:
    """The rows of a file by their number, from zero on, on disk until `close`; or its errors, and then no rows."""

    def __init__(self, kind: Kind, columns: frozenset[str]) -> None:
        self.kind = kind
        self.columns = columns
        self.errors: list[BadCell] = []
        self.groups = Groups()
        self._lines = array("Q")
        self._places = array("Q", [0])
        # Without a name: what customers' rows say of persons goes with the process.
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - `close` does it

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, row: Row) -> None:
        """Put a row aside."""
        written = row.command.model_dump_json(exclude_none=True).encode()
        self._file.write(written)
        self._lines.append(row.line)
        self._places.append(self._places[-1] + len(written))
        self.groups.add(self.kind.subjects(row.command))

    def rows(self, numbers: Iterable[int]) -> list[Row]:
        """These rows again."""
        found = []
        for number in numbers:
            begin, end = self._places[number], self._places[number + 1]
            self._file.seek(begin)
            found.append(Row(self._lines[number], decode(self.kind.model, self._file.read(end - begin))))
        return found

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 digest of a file, by which its import is known."""
    digest = hashlib.sha256()
    file.seek(0)
    while data := file.read(_READ_BYTES):
        digest.update(data)
    return digest.hexdigest()


def stage(kind: Kind, file: BinaryIO, rows_max: int) -> Staged:
    """Read all of a file and check each row by itself. `Rejected` where the file as a whole is not to be read."""
    file.seek(0)
    reading = Reading(kind, file, rows_max)
    staged = Staged(kind, reading.columns)
    try:
        for row in reading.rows():
            if isinstance(row, Row):
                staged.add(row)
            else:
                staged.errors += row
            if len(staged.errors) >= ERRORS_REPORTED_MAX:
                break
    except BaseException:
        staged.close()
        raise
    return staged
