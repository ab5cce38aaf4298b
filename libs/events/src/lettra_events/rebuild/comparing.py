"""What differs between live tables and the same tables made anew: by table, key and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs, as PostgreSQL prints it; None is null.

    `key`: the values of the table's key, in its order. `column` is None where the whole row is on one side only:
    then `live` and `rebuilt` are the row as text, and None where it is missing.
    """

    table: str
    key: tuple[str, ...]
    column: str | None
    live: str | None
    rebuilt: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`rows`: rebuilt rows by table; `differences`: those of the first rows a table; `count`: rows that differ."""

    rows: Mapping[str, int]
    differences: tuple[Difference, ...]
    count: int
