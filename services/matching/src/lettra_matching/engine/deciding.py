"""`decide`: the rules in order, until one opens the door; else the best proposal; else the money is held.

Uniqueness, not a score, opens the door to automatic posting. The confidence is told afterwards, from how the
answer was found, for whoever reviews.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from lettra_matching.engine.candidates import Candidates
from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.keys import alias_key, amount_key, iban_key, is_strong, siren_key
from lettra_matching.engine.model import Decision, Incoming, MayBe, Outcome
from lettra_matching.engine.rules import IN_ORDER
from lettra_matching.engine.ruleset import Rules

CONFIDENCE = {
    "designated_exact": Decimal("0.99"),
    "designated_less": Decimal("0.96"),
    "loosely_designated": Decimal("0.97"),
    "designated_and_one": Decimal("0.93"),
    "designated_more": Decimal("0.93"),
    "designated_part": Decimal("0.92"),
    "exact_amount": Decimal("0.95"),
    "natural_group": Decimal("0.94"),
    "unique_sum": Decimal("0.92"),
    "weak": Decimal("0.50"),
    "ambiguous": Decimal("0.40"),
    "contradicted": Decimal("0.30"),
    "imputed": Decimal("0.30"),
    "settled": Decimal("0.80"),
}
"""How sure a finding is, by how it was found; for people, never for the decision itself."""
WAITS_MAX = 256
MAY_BE_MAX = 20


def decide(payment: Incoming, candidates: Candidates, rules: Rules) -> Decision:
    """What becomes of a payment; a pure function of it, of the state that the candidates show, and of the rules."""
    case = Case(payment, candidates, rules)
    proposal: Finding | None = None
    for name, find in IN_ORDER:
        if name not in rules.on:
            continue
        finding = find(case)
        if finding is None:
            continue
        if finding.opens and not payment.in_hand and (proposal is None or not proposal.blocks):
            return _decision(case, finding, "applied")
        proposal = _better(proposal, finding)
    if proposal is None or proposal.settlement is None:
        return _held(case, proposal)
    return _decision(case, proposal, "proposed")


def _better(first: Finding | None, second: Finding) -> Finding:
    """The proposal of the earlier rule, unless it has none to make, or the later one would have been applied."""
    if first is None or first.opens:
        return first or second
    if second.settlement is None or not second.opens:
        return first
    if first.settlement is not None and first.blocks:
        return first
    return replace(
        second,
        opens=False,
        confidence="weak",
        evidence=(*first.evidence, *second.evidence),
        blocks=first.blocks,
    )


def _decision(case: Case, finding: Finding, outcome: Outcome) -> Decision:
    settlement = finding.settlement
    assert settlement is not None, "a decision with lines has a settlement"
    customers = sorted({line.item.customer_id for line in settlement.lines})
    applied = outcome == "applied"
    return Decision(
        payment_id=case.payment.payment_id,
        amount=case.payment.amount,
        outcome=outcome,
        rule=finding.rule,
        lines=settlement.lines,
        rest=settlement.rest,
        rest_customer_id=_account(case, customers),
        evidence=finding.evidence,
        confidence=CONFIDENCE[finding.confidence],
        solutions=finding.solutions,
        rules_version=case.rules.version,
        may_be=() if applied else _may_be(case, dict.fromkeys(customers, "a proposal for a person")),
        waits_for=_waits_for(case) if not applied or settlement.rest > 0 else (),
    )


def _account(case: Case, customers: list[str]) -> str | None:
    """On whose account a rest stays: of the one customer whose items are paid, else of who pays."""
    return customers[0] if len(customers) == 1 else case.who.only


def _held(case: Case, finding: Finding | None) -> Decision:
    evidence = finding.evidence if finding is not None else _why_nothing(case)
    customers = finding.customers if finding is not None else ()
    reasons = dict.fromkeys(customers, "it names what is settled already")
    return Decision(
        payment_id=case.payment.payment_id,
        amount=case.payment.amount,
        outcome="held",
        rule=finding.rule if finding is not None else "none",
        lines=(),
        rest=case.payment.amount,
        rest_customer_id=customers[0] if len(customers) == 1 else case.who.only,
        evidence=evidence,
        confidence=CONFIDENCE["settled"] if finding is not None else Decimal(0),
        solutions=0,
        rules_version=case.rules.version,
        may_be=_may_be(case, reasons),
        waits_for=_waits_for(case),
    )


def _why_nothing(case: Case) -> tuple[str, ...]:
    words = [
        "no document that is known stands in the text" if not case.found else "no number in the text fits"
    ]
    if not case.who:
        words.append(case.who.evidence)
    elif not case.own and not case.family:
        words.append(f"{case.who.evidence}, but nothing is open there")
    else:
        words.append(f"{case.who.evidence}, but nothing open there adds up to {case.payment.amount}")
    return tuple(words)


def _may_be(case: Case, reasons: dict[str, str]) -> tuple[MayBe, ...]:
    """Customers who are not to be reminded before somebody has looked, each with the first reason."""
    for payer in case.who.customers:
        reasons.setdefault(payer.customer_id, case.who.evidence)
    if not reasons:
        reasons = _unique_amount(case)
    return tuple(MayBe(customer, why) for customer, why in sorted(reasons.items())[:MAY_BE_MAX])


def _unique_amount(case: Case) -> dict[str, str]:
    """The customer who alone owes exactly this amount with one item."""
    payment = case.payment
    key = amount_key(payment.currency, payment.amount)
    items = case.candidates.items_named([key], payment.entity_id).get(key, ())
    customers = {item.customer_id for item in items if item.open == payment.amount}
    if len(customers) != 1:
        return {}
    return {customers.pop(): f"nobody else owes exactly {payment.amount} with one item"}


def _waits_for(case: Case) -> tuple[str, ...]:
    """What the texts name, and who pays: where one of these arrives, the payment is worth another look."""
    keys = [siren_key(siren) for siren in case.sirens]
    keys += [key for key in case.search_keys if is_strong(key)]
    payment = case.payment
    who = [iban_key(payment.counterparty_iban)] if payment.counterparty_iban else []
    if payment.counterparty_name:
        who.append(alias_key(payment.counterparty_name))
    return tuple(dict.fromkeys([*who, *keys]))[:WAITS_MAX]
