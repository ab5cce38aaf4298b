"""CSV files in: every row that cannot be taken is reported with its line and column; and the answer out, whole.

UTF-8, comma, header row. Columns beyond the known ones are left out.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

REPORTED_MAX = 1_000
CELL_CHARS_MAX = 100_000

Cells = dict[str, str]


class BadTable(ValueError):
    """A file of which nothing is taken: a sentence for each place that is wrong."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def read_table(
    path: Path,
    columns: Sequence[str],
    take: Callable[[Cells], None],
    bad_cell: type[Exception],
    advance: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Give each row to `take`, which raises `bad_cell` (with `column` and `reason`); how many there are.

    Raises `BadTable` behind the last row, with all that is wrong, up to `REPORTED_MAX`.
    """
    wrong: list[str] = []
    count = 0
    for line, cells in _rows(path, columns, wrong):
        count += 1
        try:
            take(cells)
        except bad_cell as error:
            wrong.append(
                f"{path}: line {line}, column {getattr(error, 'column', '?')}: {getattr(error, 'reason', error)}"
            )
        if len(wrong) >= REPORTED_MAX:
            wrong.append(f"{path}: and perhaps more: only the first {REPORTED_MAX} are shown")
            break
        advance(count)
    if wrong:
        raise BadTable(wrong)
    return count


def _rows(path: Path, columns: Sequence[str], wrong: list[str]) -> Iterator[tuple[int, Cells]]:
    csv.field_size_limit(CELL_CHARS_MAX)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                header = next(reader, [])
                _check_header(path, header, columns)
                for row in reader:
                    if not row:
                        continue
                    if len(row) == len(header):
                        yield reader.line_num, dict(zip(header, row, strict=True))
                    else:
                        wrong.append(
                            f"{path}: line {reader.line_num}: {len(row)} cells in a table of {len(header)} columns"
                        )
            except csv.Error as error:
                raise BadTable([*wrong, f"{path}: line {reader.line_num}: is no CSV: {error}"]) from None
            except UnicodeDecodeError as error:
                place = f"after line {reader.line_num}"
                raise BadTable([*wrong, f"{path}: {place}: is not UTF-8: {error.reason}"]) from None
    except OSError as error:
        raise BadTable([f"{path}: cannot be read: {error.strerror or error}"]) from None


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    twice = sorted({column for column in header if header.count(column) > 1})
    if missing:
        raise BadTable([f"{path}: line 1: the header lacks {', '.join(missing)}"])
    if twice:
        raise BadTable([f"{path}: line 1: the header has {', '.join(twice)} twice"])


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    """Write all of it beside the place, then put it there: whoever reads sees the old file or the new one. OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
