"""When a business date may be closed. Guards: the three conditions of `closing.is_closed`, each seen red without it."""

from __future__ import annotations

from datetime import date

import pytest

from lettra_events.service.closing import is_closed
from lettra_events.service.rejection import Rejected

LAST = date(2026, 1, 31)


def test_the_first_date_and_the_next_ones_may_be_closed() -> None:
    assert is_closed(date(1999, 12, 31), None) is False
    assert is_closed(date(2026, 2, 1), LAST) is False
    assert is_closed(date(2027, 2, 1), LAST) is False


def test_the_last_date_is_closed_already() -> None:
    assert is_closed(LAST, LAST) is True


@pytest.mark.parametrize(
    ("day", "kind"),
    [(date(2026, 1, 30), "day-already-closed"), (date(2027, 2, 2), "day-too-far-ahead")],
)
def test_a_date_behind_or_far_ahead_is_refused(day: date, kind: str) -> None:
    with pytest.raises(Rejected) as refused:
        is_closed(day, LAST)
    assert (refused.value.kind, refused.value.field, refused.value.status) == (kind, "business_date", 409)
