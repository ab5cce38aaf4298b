"""`changed` gives what `dataclasses.replace` gives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from toys import Holding

from lettra_events.decisions.tables import changed


@dataclass(frozen=True)
class Purse:
    """What is in it, never less than nothing."""

    owner: str
    coins: int

    def __post_init__(self) -> None:
        if self.coins < 0:
            raise ValueError(f"{self.owner} has {self.coins}")


def test_the_other_values_stay_and_the_row_before_too() -> None:
    before = Holding("a", "h", ("n",))
    after = changed(before, holder="g")
    assert after == replace(before, holder="g") == Holding("a", "g", ("n",))
    assert before.holder == "h"


def test_what_a_row_must_not_be_is_refused() -> None:
    """Guard: `__post_init__` is asked (decisions/tables.py)."""
    with pytest.raises(ValueError, match="Anna has -1"):
        changed(Purse("Anna", 1), coins=-1)


def test_a_value_that_no_row_has_is_refused() -> None:
    """Guard: unknown names (decisions/tables.py)."""
    with pytest.raises(TypeError, match="Purse has no notes"):
        changed(Purse("Anna", 1), notes=1)
