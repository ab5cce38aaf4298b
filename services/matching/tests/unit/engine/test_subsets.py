"""Sums of a subset: all that a search by brute force finds, and bounded."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lettra_matching.engine.subsets import sums_to

AMOUNTS = st.lists(st.integers(-60, 60).filter(bool).map(lambda cents: Decimal(cents) / 100), max_size=9)


@given(AMOUNTS, st.integers(-100, 100).map(lambda cents: Decimal(cents) / 100))
def test_it_finds_what_brute_force_finds(amounts: list[Decimal], target: Decimal) -> None:
    every = [
        chosen
        for size in range(1, len(amounts) + 1)
        for chosen in combinations(range(len(amounts)), size)
        if sum(amounts[position] for position in chosen) == target
    ]
    sums = sums_to(amounts, target, answers_max=1_000)
    assert sorted(sums.found) == sorted(every)
    assert sums.count == len(every)


def test_a_million_answers_are_counted_and_two_are_shown() -> None:
    sums = sums_to([Decimal(1)] * 24, Decimal(12))
    assert sums.count == 2_704_156
    assert len(sums.found) == 2


def test_chance_grows_with_the_number_of_items() -> None:
    """Guard: `Sums.by_chance`: a unique sum of many items is no evidence."""
    amounts = [Decimal(1013 + 37 * n * n) / 100 for n in range(25)]
    few, many = (sums_to(amounts[:count], Decimal("99.99")).by_chance for count in (6, 25))
    assert few < 0.02 < many


def test_more_than_thirty_are_refused() -> None:
    with pytest.raises(ValueError, match="30 amounts at most"):
        sums_to([Decimal(1)] * 31, Decimal(1))
