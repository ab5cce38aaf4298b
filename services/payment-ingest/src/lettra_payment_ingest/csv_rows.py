"""A CSV file of commands: read whole, every bad row with its line and column. Pure.

Rows that are equal in the columns that a `Table` groups by are one command; without such columns each row is one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

COMMANDS_MAX = 100_000
ERRORS_MAX = 100
BYTES_MAX = 50_000_000

M = TypeVar("M", bound=BaseModel)
Row = dict[str, str]


class BadCell(Exception):
    """A cell that cannot be taken: which row of its command, which column, and why."""

    def __init__(self, row: int, column: str, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.column = column
        self.reason = reason


@dataclass(frozen=True)
class Table(Generic[M]):
    """How a file becomes commands of `model`.

    `build` makes the command's content of its rows; `rows_in` is the field that holds them, if it is several.
    `columns` names the column of a field that is called otherwise; `whole` the one for what is wrong with all of it.
    """

    model: type[M]
    needed: Sequence[str]
    optional: Sequence[str]
    grouped_by: Sequence[str]
    build: Callable[[list[Row]], dict[str, Any]]
    whole: str
    rows_in: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    many: str = "rows"


@dataclass(slots=True)
class Checked(Generic[M]):
    """The commands of a file with the line on which each begins, or what is wrong: line, column and reason each."""

    commands: list[M] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)


def wrong(line: int, column: str, reason: str) -> dict[str, Any]:
    """An error as the answer tells it."""
    return {"line": line, "column": column, "reason": reason}


def read_rows(data: bytes, table: Table[M]) -> Checked[M]:
    """Everything that the file says, or everything that is wrong with it (the first hundred)."""
    if len(data) > BYTES_MAX:
        return Checked(errors=[wrong(1, "", f"is larger than {BYTES_MAX} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Checked(errors=[wrong(data.count(b"\n", 0, error.start) + 1, "", "is not UTF-8")])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _read(reader, table)
    except csv.Error as error:
        return Checked(errors=[wrong(reader.line_num, "", f"is not CSV: {error}")])


def _read(reader: Any, table: Table[M]) -> Checked[M]:
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in table.needed if name not in header]
    unknown = [name for name in header if name not in (*table.needed, *table.optional)]
    if missing or unknown or len(set(header)) < len(header):
        words = f"expected {', '.join(table.needed)} (and {', '.join(table.optional)}); there are "
        words += ", ".join(header) or "none"
        return Checked(errors=[wrong(1, (missing or unknown or header)[0], words)])
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    found: Checked[M] = Checked()
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} fields, the header has {len(header)}"
            found.errors.append(wrong(reader.line_num, "", reason))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        key = tuple(row.get(name, "") for name in table.grouped_by) or (str(reader.line_num),)
        groups.setdefault(key, []).append((reader.line_num, row))
        if len(groups) > COMMANDS_MAX:
            return Checked(errors=[wrong(reader.line_num, "", f"more than {COMMANDS_MAX} {table.many}")])
    for rows in groups.values():
        _take(rows, table, found)
    if not groups and not found.errors:
        found.errors.append(wrong(1, "", "no row in the file"))
    found.errors = sorted(found.errors, key=lambda error: error["line"])[:ERRORS_MAX]
    return found


def _take(rows: list[tuple[int, Row]], table: Table[M], found: Checked[M]) -> None:
    lines = [line for line, _ in rows]
    try:
        found.commands.append(table.model.model_validate(table.build([row for _, row in rows])))
        found.lines.append(lines[0])
    except BadCell as bad:
        found.errors.append(wrong(lines[bad.row], bad.column, bad.reason))
    except ValidationError as error:
        found.errors += _errors(error, lines, table)


def _errors(error: ValidationError, lines: list[int], table: Table[M]) -> Iterator[dict[str, Any]]:
    for each in error.errors(include_url=False, include_input=False):
        place = each["loc"]
        of_row = len(place) > 2 and place[0] == table.rows_in
        name = str(place[0]) if place else table.whole
        column = str(place[2]) if of_row else table.columns.get(name, name)
        line = lines[int(place[1])] if of_row else lines[0]
        yield wrong(line, column, each["msg"].removeprefix("Value error, "))


def filled(row: Row, names: Sequence[str]) -> Row:
    """The cells of these columns that are not empty."""
    return {name: row[name] for name in names if row.get(name)}
