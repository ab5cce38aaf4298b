"""The booked credits of bank files and what returns them, in the order of the files, by payment-ingest's own code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_Identity = tuple[Any, ...]


@dataclass
class Credits:
    """Credits and returns in order; what is left out, in sentences; whether a statement is in quarantine."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    quarantined: bool = False
    repeated: int = 0
    _seen: Counter[_Identity] = field(default_factory=Counter)

    def take(self, file: Path, statements: Iterator[Any]) -> None:
        """All statements of a file. One whose balances do not add up gives nothing."""
        for statement in statements:
            if statement.quarantined is not None:
                self.quarantined = True
                self.notes.append(
                    f"{file}: {statement.place}: quarantined, nothing of it: {statement.quarantined}"
                )
            else:
                self._take(zip(statement.rows(), statement.kinds(), strict=True))

    def _take(self, rows: Iterator[tuple[Row, str]]) -> None:
        """Booked credits, and debits that return one; what an earlier statement told already is the same money."""
        here: Counter[_Identity] = Counter()
        for row, kind in rows:
            if kind != "booked" or row["reversal"] is not is_return(row) or not _is_money(row):
                continue
            identity = (row["account"], row["currency"], row["booking_date"], row["entry_ref"], row["amount"])
            here[identity] += 1
            if here[identity] <= self._seen[identity]:
                self.repeated += 1
            else:
                self.rows.append(row)
        self._seen |= here


def is_return(row: Row) -> bool:
    """Whether it takes an earlier credit back."""
    return bool(row["direction"] == "debit")


def _is_money(row: Row) -> bool:
    return any(digit in "123456789" for digit in row["amount"]) and bool(
        row["booking_date"] or row["value_date"]
    )


def read_credits(
    files: Sequence[Path], parse: Callable[..., Iterator[Any]], advance: Callable[[int, str], None]
) -> Credits:
    """The credits of all files; raises what `parse` raises, and OSError."""
    found = Credits()
    done = 0
    for file in files:
        with file.open("rb") as source:
            found.take(file, parse(source, str(file), None))
        done += file.stat().st_size
        advance(done, file.name)
    return found
