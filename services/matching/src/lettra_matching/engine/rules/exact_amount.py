"""Rule 5: one open item of exactly this amount for who pays; less a discount still valid, as rule 8 allows."""

from __future__ import annotations

from collections.abc import Sequence

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.keys import amount_key, name_search_keys
from lettra_matching.engine.model import Item, RuleName
from lettra_matching.engine.names import likeness
from lettra_matching.engine.numbers import anatomy
from lettra_matching.engine.rules.natural_group import groups_in
from lettra_matching.engine.settling import Settlement, less_disputed
from lettra_matching.engine.undesignated import doubts, net, pools, settled

RULE: RuleName = "exact_amount"
_Found = tuple[Item, bool]
RESEMBLING = 0.7
"""How like a name must be where nobody else of a like name owes this amount."""
RESEMBLING_MARGIN = 0.2
ROUND = 10
"""Amounts in whole tens are owed by many, so that such a one does not decide between two names."""


def find(case: Case) -> Finding | None:
    """The item, if it is the only one; of several equal ones, the one whose month the text names."""
    if not case.who:
        return _of_anyone(case)
    for pool in pools(case):
        found = _exact(case, pool)
        if found:
            return _judged(case, found, case.who.evidence, pool)
    return _without_disputed(case)


def _without_disputed(case: Case) -> Finding | None:
    """The one invoice of which all was paid that is not disputed."""
    amount = case.payment.amount
    for pool in pools(case):
        found = [i for i in pool if i.kind == "invoice" and 0 < i.disputed < i.open and i.expected == amount]
        settlement = less_disputed(found[:1], amount)
        if settlement is None:
            continue
        several = (
            [f"but {len(found)} disputed items fit this amount; this is the oldest"] if found[1:] else []
        )
        others = groups_in(case, pool)
        also = [f"but so is {group.title}" for group in others[:1]]
        reasons = [*several, *also, *doubts(case, settlement)]
        evidence = (case.who.evidence, settlement.how, *reasons)
        confidence = "weak" if reasons else "exact_amount"
        return Finding(RULE, settlement, not reasons, confidence, evidence, len(found) + len(also))
    return None


def _exact(case: Case, pool: Sequence[Item]) -> list[_Found]:
    """The invoices of this amount, each with whether a discount is kept back."""
    amount = case.payment.amount
    invoices = [item for item in pool if item.kind == "invoice"]
    whole = [(item, False) for item in invoices if item.open == amount]
    return whole + [(item, True) for item in invoices if item.open != amount and net(item, case) == amount]


def _judged(case: Case, found: list[_Found], who: str, pool: Sequence[Item] = ()) -> Finding:
    options, why = _told_apart(case, found)
    item, discounted = options[0]
    settlement = _settlement(case, item, discounted)
    evidence = [who, settlement.how]
    if len(options) > 1:
        evidence.append(f"but {len(options)} open items fit this amount; this is the oldest")
        return Finding(RULE, settlement, False, "ambiguous", tuple(evidence), len(options), blocks=True)
    if len(found) > 1:
        evidence.append(f"of {len(found)} that fit, {why}")
    also = _also(case, item, pool)
    reasons = [*doubts(case, settlement), *also]
    confidence = "ambiguous" if also else "weak" if reasons else "exact_amount"
    solutions = 1 + len(also)
    return Finding(
        RULE, settlement, not reasons, confidence, (*evidence, *reasons), solutions, blocks=bool(also)
    )


def _also(case: Case, item: Item, pool: Sequence[Item]) -> list[str]:
    """What else these customers would settle together gives this amount too, as round amounts do; unless the text
    names the month.
    """
    if case.is_of_named_month(item):
        return []
    others = [
        group for group in groups_in(case, pool) if {each.item_id for each in group.items} != {item.item_id}
    ]
    return [f"but so is {group.title}" for group in others[:1]]


def _told_apart(case: Case, found: list[_Found]) -> tuple[list[_Found], str]:
    """Of several that fit: the one whose serial number stands in the text, else those of the month that it names, else
    those that are due (1342-10), and why.
    """
    if len(found) == 1:
        return found, ""
    figures = case.reading.figures_alone
    named = [each for each in found if anatomy(each[0].document_number).bare in figures]
    if named:
        return named, "the serial number of this one stands in the text"
    of_month = [each for each in found if case.is_of_named_month(each[0])]
    if of_month:
        return of_month, "the text names the month of this one"
    due = [each for each in found if each[0].due_date <= case.payment.day]
    return (due, "only this one is due") if len(due) == 1 else (found, "")


def _settlement(case: Case, item: Item, discounted: bool) -> Settlement:
    less = f" less its discount of {item.discount_amount}" if discounted else ""
    how = f"{item.document_number} is open with {item.open}{less}, exactly what was paid"
    return settled(case, [item], discounted, how)


def _of_anyone(case: Case) -> Finding | None:
    """Nobody is known to pay: among all items of this amount, one whose customer's name is like the payer's."""
    payment = case.payment
    key = amount_key(payment.currency, payment.amount)
    items = case.candidates.items_named([key], payment.entity_id).get(key, ())
    pool = [
        item
        for item in items
        if item.currency == payment.currency and item.issue_date <= payment.booking_date
    ]
    ranked = _ranked(case, [(item, discounted) for item, discounted in _exact(case, pool)])
    if not ranked:
        return None
    best, item, discounted = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    if best < RESEMBLING or best - second < RESEMBLING_MARGIN:
        return None
    if payment.amount % ROUND == 0 and _is_tied(case, item.customer_id, best):
        return None
    name = (payment.counterparty_name or "").strip()
    words = (
        f"the payer's name {name!r} is like that of {item.customer_id}, and of no other who owes this amount"
    )
    return _judged(case, [(item, discounted)], words)


def _is_tied(case: Case, customer_id: str, best: float) -> bool:
    """Whether another customer's name is as like: that one may have paid what is settled otherwise."""
    name = case.payment.counterparty_name or ""
    found = case.candidates.payers(name_search_keys(name))
    rivals = {
        p.customer_id: p.name for payers in found.values() for p in payers if p.customer_id != customer_id
    }
    return any(best - likeness(name, rival) < case.rules.name_margin for rival in rivals.values())


def _ranked(case: Case, found: list[_Found]) -> list[tuple[float, Item, bool]]:
    """Most alike first."""
    name = case.payment.counterparty_name or ""
    payers = case.candidates.payers_of(sorted({item.customer_id for item, _ in found})) if found else {}
    ranked = [
        (likeness(name, payers[item.customer_id].name), item, discounted)
        for item, discounted in found
        if item.customer_id in payers
    ]
    return sorted(ranked, key=lambda r: (-r[0], r[1].item_id))
