"""Remittance advices from a CSV file: read whole, every bad row with its line and column. Pure.

Columns: customer_id, payment_date, currency, total, document_number, amount; a row a document. Rows of one customer,
day, currency and total are one advice. Optional: entity_id, reference.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from lettra_payment_ingest.domain import AdviseRemittance

NEEDED = ("customer_id", "payment_date", "currency", "total", "document_number", "amount")
OPTIONAL = ("entity_id", "reference")
ADVICES_MAX = 100_000
ERRORS_MAX = 100


@dataclass(slots=True)
class Checked:
    """The advices of a file, or what is wrong with it: line, column and reason each."""

    advices: list[AdviseRemittance] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)


def read_remittances(data: bytes) -> Checked:
    """Everything that the file says, or everything that is wrong with it (the first hundred)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _wrong(data.count(b"\n", 0, error.start) + 1, "", "is not UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _read(reader)
    except csv.Error as error:
        return _wrong(reader.line_num, "", f"is not CSV: {error}")


def _wrong(line: int, column: str, reason: str) -> Checked:
    return Checked(errors=[{"line": line, "column": column, "reason": reason}])


def _read(reader: Any) -> Checked:
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in (*NEEDED, *OPTIONAL)]
    if missing or unknown or len(set(header)) < len(header):
        words = f"expected {', '.join(NEEDED)} (and {', '.join(OPTIONAL)}); there are {', '.join(header) or 'none'}"
        return _wrong(1, (missing or unknown or header)[0], words)
    groups: dict[tuple[str, ...], list[tuple[int, dict[str, str]]]] = {}
    found = Checked()
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} fields, the header has {len(header)}"
            found.errors.append({"line": reader.line_num, "column": "", "reason": reason})
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        key = tuple(row.get(name, "") for name in (*NEEDED[:4], *OPTIONAL))
        groups.setdefault(key, []).append((reader.line_num, row))
        if len(groups) > ADVICES_MAX:
            return _wrong(reader.line_num, "", f"more than {ADVICES_MAX} advices")
    for rows in groups.values():
        _take(rows, found)
    if not groups and not found.errors:
        return _wrong(1, "", "no row in the file")
    found.errors = sorted(found.errors, key=lambda error: error["line"])[:ERRORS_MAX]
    return found


def _take(rows: list[tuple[int, dict[str, str]]], found: Checked) -> None:
    first_line, first = rows[0]
    told: dict[str, Any] = {name: first[name] for name in NEEDED[:4]}
    told |= {name: first[name] for name in OPTIONAL if first.get(name)}
    told["lines"] = [{"document_number": r["document_number"], "amount": r["amount"]} for _, r in rows]
    try:
        found.advices.append(AdviseRemittance.model_validate(told))
    except ValidationError as error:
        found.errors += _errors(error, [line for line, _ in rows], first_line)


def _errors(error: ValidationError, lines: list[int], first_line: int) -> Iterator[dict[str, Any]]:
    for each in error.errors(include_url=False, include_input=False):
        place = each["loc"]
        of_line = len(place) > 2 and place[0] == "lines"
        column = str(place[2]) if of_line else str(place[0]) if place else "total"
        line = lines[int(place[1])] if of_line else first_line
        yield {"line": line, "column": column, "reason": each["msg"].removeprefix("Value error, ")}
