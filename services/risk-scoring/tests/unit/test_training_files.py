"""A file of settled items is taken whole, or refused with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_risk_scoring.training.files import IBM, OWN, BadFile, SettledItem, read_items

HEADER = ",".join(OWN)
GOOD = "C1,I1,EUR,100.50,2026-01-05,2026-02-04,2026-02-10,false"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "items.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_own_layout(tmp_path: Path) -> None:
    items = read_items(written(tmp_path, HEADER, GOOD, "C1,I2,EUR,7,2026-01-05,2026-02-04,,true"))
    first = SettledItem(
        "C1", "I1", "EUR", Decimal("100.50"), date(2026, 1, 5), date(2026, 2, 4), date(2026, 2, 10), False
    )
    assert items[0] == first
    assert (items[1].settled_on, items[1].disputed) == (None, True)


def test_the_public_samples_layout_has_the_day_first(tmp_path: Path) -> None:
    row = "391,0379-NEVHP,06/04/2013,611365,02/01/2013,01/02/2013,55.94,Yes,15/01/2013,Paper,13,0"
    (only,) = read_items(written(tmp_path, ",".join(IBM), row))
    assert (only.issue_date, only.due_date, only.settled_on) == (
        date(2013, 1, 2),
        date(2013, 2, 1),
        date(2013, 1, 15),
    )
    assert (only.customer_id, only.amount, only.disputed) == ("0379-NEVHP", Decimal("55.94"), True)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "line 1: the header is neither"),
        (["countryCode" + ",".join(IBM)[11:]], "line 1: the header is neither"),
        ([HEADER, GOOD, GOOD], "line 3: item I1 is there twice"),
        ([HEADER, GOOD.replace("100.50", "0")], "line 2: amount 0"),
        ([HEADER, GOOD.replace("100.50", "NaN")], "line 2: amount NaN"),
        ([HEADER, GOOD.replace("100.50", "ten")], "line 2: "),
        ([HEADER, GOOD.replace("2026-02-10", "10/02/2026")], "line 2: Invalid isoformat"),
        ([HEADER, GOOD.replace("2026-02-04", "2025-02-04")], "line 2: due on 2025-02-04, before"),
        ([HEADER, GOOD.replace("2026-02-10", "2025-02-10")], "line 2: settled on 2025-02-10, before"),
        ([HEADER, GOOD.replace("false", "no")], "line 2: 'no' is neither true nor false"),
        ([HEADER, "C1,I1"], "line 2: "),
        ([HEADER, GOOD.replace("C1", "")], "line 2: a customer or an item without a name"),
    ],
)
def test_what_cannot_be_taken_is_named(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(BadFile, match=f"items.csv: {sentence}"):
        read_items(written(tmp_path, *lines))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"away\.csv: cannot be read"):
        read_items(tmp_path / "away.csv")
