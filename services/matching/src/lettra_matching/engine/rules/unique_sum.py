"""Rule 7: the only choice of open items, credit notes taken away, that adds up to the amount.

Among many items any amount comes out by chance. So a unique sum is applied only where the items have so few sums
that hitting this one by accident is unlikely.
"""

from __future__ import annotations

from collections.abc import Sequence

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.model import Item, RuleName
from lettra_matching.engine.subsets import sums_to
from lettra_matching.engine.undesignated import doubts, net, pools, settled

RULE: RuleName = "unique_sum"
_Answer = tuple[tuple[Item, ...], bool]


def find(case: Case) -> Finding | None:
    """The choice of items; with more than 30 of them, nothing is searched."""
    for pool in pools(case):
        if not 2 <= len(pool) <= case.rules.subset_items_max:
            continue
        answers, count, by_chance = _answers(case, pool)
        if answers:
            return _judged(case, pool, answers[0], count, by_chance)
    return None


def _answers(case: Case, pool: Sequence[Item]) -> tuple[list[_Answer], int, float]:
    """The first choices, how many there are, and how many there would be by chance; with and without discounts."""
    ways = [False, True] if any(item.discount_on(case.payment.day) > 0 for item in pool) else [False]
    answers: dict[frozenset[str], _Answer] = {}
    count, by_chance = 0, 0.0
    for discounted in ways:
        amounts = [net(item, case) if discounted else item.signed for item in pool]
        sums = sums_to(amounts, case.payment.amount)
        by_chance += sums.by_chance
        for found in sums.found:
            chosen = tuple(pool[position] for position in found)
            answers.setdefault(frozenset(item.item_id for item in chosen), (chosen, discounted))
        count = max(count + sums.count, 0) if sums.count > 2 else count
    return list(answers.values()), max(count, len(answers)), by_chance


def _judged(case: Case, pool: Sequence[Item], answer: _Answer, count: int, by_chance: float) -> Finding:
    items, discounted = answer
    numbers = ", ".join(item.document_number for item in items)
    how = f"of the {len(pool)} items open, only {numbers} add up to {case.payment.amount}"
    if count > 1:
        how = f"of the {len(pool)} items open, {numbers} add up to {case.payment.amount}, and so do others"
    settlement = settled(case, items, discounted, how)
    evidence = (case.who.evidence, how)
    if count > 1:
        return Finding(RULE, settlement, False, "ambiguous", evidence, count)
    reasons = doubts(case, settlement)
    if by_chance > case.rules.chance_max:
        reasons.append(f"but so many sums are possible that {by_chance:.2f} would be this amount by chance")
    confidence = "weak" if reasons else "unique_sum"
    return Finding(RULE, settlement, not reasons, confidence, (*evidence, *reasons))
