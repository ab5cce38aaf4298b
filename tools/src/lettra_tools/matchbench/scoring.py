"""Counts how much of a benchmark's truth a list of allocations found, and how much of it is wrong.

A payment counts as **right** if what was applied of it is exactly the truth: each item, each amount, no other. As
**wrong** if anything else was applied, and so is one that settles nothing, or of which a clerk would have asked. Where
nothing was applied it was **proposed** (right, or another way) or **held**; no row at all is held. What was applied of
an entry that the truth does not know is wrong, and stands under a name of its own.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

NOT_IN_TRUTH = "(not in the truth)"
OUTCOMES = ("applied", "proposed", "held")

Settled = dict[str, Decimal]
"""What is settled of each item."""


class UnreadableTable(ValueError):
    """A file that is no truth or no list of allocations; the sentence names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Label:
    """The truth of a payment: the habit that made it, and what it settles; nothing of it, or not certainly."""

    case: str
    settles: Settled = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A row of allocations. `item_id` is empty where it is held."""

    entry_ref: str
    outcome: str
    item_id: str
    amount: Decimal


@dataclass(slots=True)
class Count:
    """The payments of a case. `applied` is right and wrong together; `right_share` is of the matchable, `wrong_share`
    of the applied, each zero where there are none.
    """

    payments: int = 0
    matchable: int = 0
    right: int = 0
    wrong: int = 0
    proposed_right: int = 0
    proposed_otherwise: int = 0
    held: int = 0

    @property
    def applied(self) -> int:
        return self.right + self.wrong

    @property
    def right_share(self) -> float:
        return self.right / self.matchable if self.matchable else 0.0

    @property
    def wrong_share(self) -> float:
        return self.wrong / self.applied if self.applied else 0.0

    def add(self, settles: Settled, applied: Settled, proposed: Settled) -> None:
        """Count a payment: what it settles in truth, what was applied of it, what proposed."""
        self.payments += 1
        self.matchable += bool(settles)
        if applied:
            is_right = applied == settles
            self.right += is_right
            self.wrong += not is_right
        elif proposed:
            is_right = proposed == settles
            self.proposed_right += is_right
            self.proposed_otherwise += not is_right
        else:
            self.held += 1

    def __add__(self, other: Count) -> Count:
        mine, its = asdict(self), asdict(other)
        return Count(**{name: mine[name] + its[name] for name in mine})


@dataclass(frozen=True, slots=True)
class Score:
    """The counts by case, in alphabetical order, and of all."""

    cases: dict[str, Count]
    wrong_entries: tuple[str, ...]
    """The `entry_ref` of each payment of which something wrong was applied."""

    @property
    def total(self) -> Count:
        return sum(self.cases.values(), Count())

    def to_json(self) -> dict[str, Any]:
        """Totals, both shares, and the counts of each case."""
        total = self.total
        shares = {"right_share": round(total.right_share, 6), "wrong_share": round(total.wrong_share, 6)}
        counts = {"applied": total.applied, **asdict(total)}
        cases = {case: asdict(count) for case, count in self.cases.items()}
        return {**shares, **counts, "cases": cases, "wrong_entries": list(self.wrong_entries)}


def score(truth: Mapping[str, Label], allocations: Iterable[Allocation]) -> Score:
    """Count what was allocated against the truth. Rows of one item add up."""
    applied: dict[str, Settled] = defaultdict(lambda: defaultdict(Decimal))
    proposed: dict[str, Settled] = defaultdict(lambda: defaultdict(Decimal))
    for row in allocations:
        if row.outcome != "held":
            (applied if row.outcome == "applied" else proposed)[row.entry_ref][row.item_id] += row.amount
    cases: dict[str, Count] = defaultdict(Count)
    wrong = [ref for ref in applied if ref not in truth]
    for ref in wrong:
        cases[NOT_IN_TRUTH].add({}, applied[ref], {})
    for ref, label in truth.items():
        cases[label.case].add(label.settles, applied.get(ref, {}), proposed.get(ref, {}))
        if ref in applied and applied[ref] != label.settles:
            wrong.append(ref)
    return Score(dict(sorted(cases.items())), tuple(wrong))


def read_truth(path: Path) -> dict[str, Label]:
    """The labels of a truth.csv by `entry_ref`, in its order. Raises `UnreadableTable`."""
    found: dict[str, Label] = {}
    for place, row in _rows(path, ("entry_ref", "case", "item_id", "amount")):
        label = found.setdefault(row["entry_ref"], Label(row["case"]))
        if label.case != row["case"]:
            raise UnreadableTable(f"{place}: {row['entry_ref']} has another case than before")
        if not row["item_id"]:
            continue
        if row["item_id"] in label.settles:
            raise UnreadableTable(f"{place}: {row['entry_ref']} settles {row['item_id']} twice")
        label.settles[row["item_id"]] = _amount(place, row["amount"])
    return found


def read_allocations(path: Path) -> list[Allocation]:
    """The rows of an allocations.csv. Raises `UnreadableTable`."""
    found = []
    for place, row in _rows(path, ("entry_ref", "outcome", "item_id", "amount")):
        outcome, item = row["outcome"], row["item_id"]
        if outcome not in OUTCOMES:
            raise UnreadableTable(f"{place}: the outcome is {outcome!r}, none of {', '.join(OUTCOMES)}")
        if not item and outcome != "held":
            raise UnreadableTable(f"{place}: {outcome}, but no item_id")
        amount = _amount(place, row["amount"]) if item else Decimal(0)
        found.append(Allocation(row["entry_ref"], outcome, item, amount))
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row by its columns, and its place in words."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            missing = [column for column in columns if column not in (table.fieldnames or ())]
            if missing:
                raise UnreadableTable(f"{path}: line 1: lacks the column {missing[0]}")
            for row in table:
                yield f"{path}: line {table.line_num}", {column: row[column] or "" for column in columns}
    except OSError as error:
        raise UnreadableTable(f"{path}: cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableTable(f"{path}: is no CSV file in UTF-8: {error}") from None


def _amount(place: str, raw: str) -> Decimal:
    try:
        amount = Decimal(raw)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UnreadableTable(f"{place}: {raw!r} is no amount")
    return amount
