"""Rule 9: a payment that designates nothing is imputed as the law does (Code civil 1342-10), as a proposal.

Debts that are due come first, of these the oldest. Where an equal share would be owed (debts of one day), the
proposal pays them in the order of their numbers and says so. Interest (1343-1) is no item here: it is claimed as
one, and then has its own due date.
"""

from __future__ import annotations

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.model import RuleName
from lettra_matching.engine.settling import as_far_as_it_goes

RULE: RuleName = "legal_imputation"


def find(case: Case) -> Finding | None:
    """What the law would settle, if there is one customer who pays and owes at least as much."""
    if case.who.only is None:
        return None
    day = case.payment.day
    invoices = [item for item in case.own if item.kind == "invoice"]
    if not invoices or sum(item.open for item in invoices) < case.payment.amount:
        return None
    ordered = sorted(invoices, key=lambda i: (i.due_date > day, i.due_date, i.issue_date, i.item_id))
    settlement = as_far_as_it_goes(ordered, case.payment.amount)
    if settlement is None:
        return None
    last = settlement.lines[-1].item.due_date
    words = ["nothing is designated: due debts first, of these the oldest (Code civil 1342-10)"]
    if sum(item.due_date == last for item in invoices) > 1:
        words.append(f"several fall due on {last}: the law would pay them pro rata")
    return Finding(RULE, settlement, False, "imputed", (case.who.evidence, *words))
