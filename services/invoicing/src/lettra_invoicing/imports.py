"""Imports from CSV: a file is read and checked whole, and taken only if every row can be. Pure reading; see `api`.

UTF-8, comma, header row, ISO dates, decimal point. Columns that a kind does not know are an error, so that nothing
that a user wrote is silently lost.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from lettra_events.service.problems import plain
from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain import ImportDocument, RegisterCustomer

if TYPE_CHECKING:
    from _csv import Reader

C = TypeVar("C", bound=BaseModel)
Cells = dict[str, str]

ERRORS_REPORTED_MAX = 1_000
CELL_CHARS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where a row cannot be taken: the line in the file (the header is line 1), the column, and why."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked(Generic[C]):
    """The commands of a file, each with its line; or the errors, and then the file is not taken at all."""

    rows: list[tuple[int, C]]
    errors: list[BadCell]
    columns: frozenset[str]


_CUSTOMER_COLUMNS = ("customer_id", "name", "siren", "vat_number", "ibans", "email", "language", "group_id")
_CUSTOMER_OPTIONAL = ("address", "country", "siret", "terms", "debtor_class", "channel")
_INVOICE_COLUMNS = (
    "entity_id",
    "customer_id",
    "document_number",
    "kind",
    "issue_date",
    "due_date",
    "currency",
    "net",
    "vat",
    "gross",
    "payment_reference",
    "corrects",
)


def read_customers(data: bytes, rows_max: int) -> Checked[RegisterCustomer]:
    """`customers.csv`; `ibans` are separated by blanks, `address` is on one line."""
    return _read(data, _CUSTOMER_COLUMNS, _CUSTOMER_OPTIONAL, RegisterCustomer, rows_max, _split_ibans)


def read_invoices(data: bytes, rows_max: int) -> Checked[ImportDocument]:
    """`invoices.csv`: invoices and credit notes that keep the ERP's numbers."""
    return _read(data, _INVOICE_COLUMNS, (), ImportDocument, rows_max, dict)


def _split_ibans(cells: Cells) -> dict[str, Any]:
    return cells | {"ibans": tuple(cells["ibans"].split())} if "ibans" in cells else dict(cells)


def _read(
    data: bytes,
    columns: tuple[str, ...],
    optional: tuple[str, ...],
    model: type[C],
    rows_max: int,
    shape: Callable[[Cells], dict[str, Any]],
) -> Checked[C]:
    rows: list[tuple[int, C]] = []
    errors: list[BadCell] = []
    reader, header = _begin(data, columns, optional)
    for line, cells in _lines(reader, header, rows_max):
        if isinstance(cells, str):
            errors.append(BadCell(line, "", cells))
        else:
            filled = {name: value for name, value in cells.items() if value != ""}
            try:
                rows.append((line, model.model_validate(shape(filled))))
            except ValidationError as error:
                errors += _bad_cells(line, error)
        if len(errors) >= ERRORS_REPORTED_MAX:
            break
    return Checked(rows, errors, frozenset(header))


def _bad_cells(line: int, error: ValidationError) -> list[BadCell]:
    return [BadCell(line, str(e["loc"][0]) if e["loc"] else "", plain(e["msg"])) for e in error.errors()]


def _begin(data: bytes, columns: tuple[str, ...], optional: tuple[str, ...]) -> tuple[Reader, list[str]]:
    csv.field_size_limit(CELL_CHARS_MAX)
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    try:
        return reader, _header(reader, columns, optional)
    except csv.Error as error:
        raise Rejected("malformed-csv", f"line {reader.line_num}: {error}", field="file") from None


def _lines(reader: Reader, header: list[str], rows_max: int) -> Iterator[tuple[int, Cells | str]]:
    """Each row with the line that it begins on; in place of its cells, what is wrong with it as a whole.

    Empty lines are no rows.
    """
    count = 0
    try:
        line = reader.line_num + 1
        for cells in reader:
            count += bool(cells)
            if count > rows_max:
                raise Rejected(
                    "too-many-rows", f"more than {rows_max} rows; split the file", status=413, field="file"
                )
            if cells and len(cells) != len(header):
                yield line, f"{len(cells)} cells, the header has {len(header)}"
            elif cells:
                yield line, dict(zip(header, cells, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Rejected("malformed-csv", f"line {reader.line_num}: {error}", field="file") from None


def _text(data: bytes) -> str:
    content = data.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = content[error.start]
        raise Rejected("not-utf-8", f"line {line}: the byte {byte:#04x} is not UTF-8", field="file") from None


def _header(reader: Reader, columns: tuple[str, ...], optional: tuple[str, ...]) -> list[str]:
    header = next(reader, [])
    known = (*columns, *optional)
    wrong = {
        "missing": [name for name in columns if name not in header],
        "unknown": [name for name in header if name not in known],
        "twice": [name for name in known if header.count(name) > 1],
    }
    if any(wrong.values()):
        found = "; ".join(f"{what}: {', '.join(map(repr, names))}" for what, names in wrong.items() if names)
        raise Rejected("wrong-header", f"line 1: columns {found}", field="file")
    return header
