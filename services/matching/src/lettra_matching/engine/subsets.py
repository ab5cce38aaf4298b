"""Which of some amounts add up to a sum: all answers up to two, in bounded work, and how likely chance is one.

Exact integers, meet in the middle: the sums of each half are listed once, so that 30 amounts take 2 times 32,768
sums and not a thousand million.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

_SCALE = 5
ITEMS_MAX = 30


@dataclass(frozen=True, slots=True)
class Sums:
    """`found`: the first answers, as positions in ascending order, at most `answers_max`. `count`: how many there
    are in all. `by_chance`: how many answers an amount of about this size has on average, whatever it is.
    """

    found: tuple[tuple[int, ...], ...]
    count: int
    by_chance: float


NONE = Sums((), 0, 0.0)


def units(amount: Decimal) -> int:
    """The amount in the smallest part that money has here."""
    return int(amount.scaleb(_SCALE))


def sums_to(amounts: Sequence[Decimal], target: Decimal, answers_max: int = 2) -> Sums:
    """The non-empty subsets of at most 30 amounts (negative ones too) that add up to the target."""
    if len(amounts) > ITEMS_MAX:
        raise ValueError(f"sums are searched among {ITEMS_MAX} amounts at most, not {len(amounts)}")
    values = [units(amount) for amount in amounts]
    wanted = units(target)
    step = gcd(*values) if values else 0
    if step == 0 or wanted % step:
        return NONE
    values, wanted = [value // step for value in values], wanted // step
    half = len(values) // 2
    left, right = (
        _all_sums(values[:half]),
        sorted((s, mask) for mask, s in enumerate(_all_sums(values[half:]))),
    )
    totals = [s for s, _mask in right]
    found, count = _pairs(left, right, totals, wanted, half, answers_max)
    return Sums(tuple(sorted(found)), count, _density(left, totals, wanted, values))


def _all_sums(values: Sequence[int]) -> list[int]:
    """The sum of each subset, at the position whose bits say which are in it."""
    sums = [0]
    for value in values:
        sums += [before + value for before in sums]
    return sums


def _pairs(
    left: list[int], right: list[tuple[int, int]], totals: list[int], wanted: int, half: int, answers_max: int
) -> tuple[list[tuple[int, ...]], int]:
    found: list[tuple[int, ...]] = []
    count = 0
    for mask, total in enumerate(left):
        first, behind = bisect_left(totals, wanted - total), bisect_right(totals, wanted - total)
        for _sum, other in right[first : min(behind, first + answers_max)]:
            chosen = mask | other << half
            if chosen and len(found) < answers_max:
                found.append(_positions(chosen))
        count += behind - first
    return found, count - (1 if wanted == 0 else 0)


def _positions(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)


def _density(left: list[int], totals: list[int], wanted: int, values: Sequence[int]) -> float:
    """Sums per step in the neighbourhood of the target: a tenth of it, or of what there is, to each side."""
    width = max(1, min(abs(wanted), sum(map(abs, values))) // 10)
    near = sum(
        bisect_right(totals, wanted - s + width) - bisect_left(totals, wanted - s - width) for s in left
    )
    return max(0, near - 1) / (2 * width + 1)
