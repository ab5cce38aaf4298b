"""Reading a file row by row. Pure but for the lines that it is given; see `kinds` for what a file may hold.

UTF-8, comma, header row, ISO dates, decimal point. Columns that a kind does not know are an error, so that nothing
that a user wrote is silently lost.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from lettra_events.service.problems import plain
from lettra_events.service.rejection import Rejected
from lettra_invoicing.imports.kinds import Cells, Kind

if TYPE_CHECKING:
    from _csv import Reader

ERRORS_REPORTED_MAX = 1_000
CELL_CHARS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where a row cannot be taken: the line in the file (the header is line 1), the column, and why."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be taken by itself, and the line that it begins on."""

    line: int
    command: Any


class Reading:
    """A file that is being read: `columns` are those of its header."""

    def __init__(self, kind: Kind, lines: Iterable[bytes], rows_max: int) -> None:
        """`Rejected` where the header is wrong."""
        csv.field_size_limit(CELL_CHARS_MAX)
        self._kind = kind
        self._rows_max = rows_max
        self._reader = csv.reader(_decoded(lines), strict=True)
        try:
            self._header = _header(self._reader, kind)
        except csv.Error as error:
            raise _malformed(self._reader, error) from None
        self.columns = frozenset(self._header)

    def rows(self) -> Iterator[Row | list[BadCell]]:
        """Each row, or what is wrong with it; `Rejected` where the file as a whole is not to be read."""
        for line, cells in self._lines():
            if isinstance(cells, str):
                yield [BadCell(line, "", cells)]
                continue
            filled = {name: value for name, value in cells.items() if value != ""}
            try:
                yield Row(line, self._kind.model.model_validate(self._kind.shape(filled)))
            except ValidationError as error:
                yield _bad_cells(line, error)

    def _lines(self) -> Iterator[tuple[int, Cells | str]]:
        """Each row with the line that it begins on; in place of its cells, what is wrong with it as a whole.

        Empty lines are no rows.
        """
        reader, header, count = self._reader, self._header, 0
        try:
            line = reader.line_num + 1
            for cells in reader:
                count += bool(cells)
                if count > self._rows_max:
                    raise Rejected(
                        "too-many-rows",
                        f"more than {self._rows_max} rows; split the file",
                        status=413,
                        field="file",
                    )
                if cells and len(cells) != len(header):
                    yield line, f"{len(cells)} cells, the header has {len(header)}"
                elif cells:
                    yield line, dict(zip(header, cells, strict=True))
                line = reader.line_num + 1
        except csv.Error as error:
            raise _malformed(reader, error) from None


def decode(model: type[BaseModel], data: bytes) -> Any:
    """A row's command again, from its JSON."""
    return model.model_validate_json(data)


def _malformed(reader: Reader, error: csv.Error) -> Rejected:
    return Rejected("malformed-csv", f"line {reader.line_num}: {error}", field="file")


def _bad_cells(line: int, error: ValidationError) -> list[BadCell]:
    return [BadCell(line, str(e["loc"][0]) if e["loc"] else "", plain(e["msg"])) for e in error.errors()]


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text, without a byte order mark; a carriage return alone ends a line as well."""
    for number, data in enumerate(lines, start=1):
        content = data.removeprefix(codecs.BOM_UTF8) if number == 1 else data
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = content[error.start]
            raise Rejected(
                "not-utf-8", f"line {number}: the byte {byte:#04x} is not UTF-8", field="file"
            ) from None
        if "\r" in text:
            yield from io.StringIO(text, newline="")
        else:
            yield text


def _header(reader: Reader, kind: Kind) -> list[str]:
    header = next(reader, [])
    known = (*kind.columns, *kind.optional)
    wrong = {
        "missing": [name for name in kind.columns if name not in header],
        "unknown": [name for name in header if name not in known],
        "twice": [name for name in known if header.count(name) > 1],
    }
    if any(wrong.values()):
        found = "; ".join(f"{what}: {', '.join(map(repr, names))}" for what, names in wrong.items() if names)
        raise Rejected("wrong-header", f"line 1: columns {found}", field="file")
    return header
