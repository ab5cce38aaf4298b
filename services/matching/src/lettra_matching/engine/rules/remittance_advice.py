"""Rule 2: a remittance advice that is linked to the payment says what it pays, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.designated import Designation, settle
from lettra_matching.engine.designating import Named
from lettra_matching.engine.keys import number_key
from lettra_matching.engine.model import ZERO, AdviceLine, Item, Line, RuleName
from lettra_matching.engine.numbers import FULL
from lettra_matching.engine.settling import Settlement
from lettra_matching.engine.text import canonical

RULE: RuleName = "remittance_advice"


def find(case: Case) -> Finding | None:
    """What the advice says where it adds up to the money; else its documents as if the text named them."""
    if not case.payment.advice:
        return None
    named = {line: item for line in case.payment.advice if (item := _item_of(case, line)) is not None}
    if not named:
        return None
    if len(named) == len(case.payment.advice):
        lines = _as_said(case, list(named.items()))
        if lines is not None:
            how = f"the remittance advice names {len(lines)} documents and adds up to {case.payment.amount}"
            return Finding(RULE, Settlement(lines, ZERO, how), True, "designated_exact", (how,))
    designated = tuple(Named(item, FULL, line.document_number) for line, item in named.items())
    return settle(case, Designation(RULE, designated, ()))


def _item_of(case: Case, line: AdviceLine) -> Item | None:
    """The one item of this number; of several, the payer's."""
    items = case.found.get(number_key(canonical(line.document_number)), ())
    if len(items) > 1:
        items = [item for item in items if item.customer_id in case.who.family_ids]
    return items[0] if len(items) == 1 else None


def _as_said(case: Case, named: Sequence[tuple[AdviceLine, Item]]) -> tuple[Line, ...] | None:
    """Each line as it stands; None where one does not fit its item, or all do not fit the money."""
    lines = [_line(line.amount, item, item.discount_on(case.payment.day)) for line, item in named]
    fitting = tuple(line for line in lines if line is not None)
    if len(fitting) < len(lines) or len({line.item.item_id for line in fitting}) < len(lines):
        return None
    return fitting if sum((line.cash for line in fitting), ZERO) == case.payment.amount else None


def _line(amount: Decimal, item: Item, discount: Decimal) -> Line | None:
    if item.kind == "credit_note":
        return Line(item, abs(amount), -abs(amount)) if 0 < abs(amount) <= item.open else None
    if not 0 < amount <= item.open:
        return None
    if discount > 0 and amount == item.open - discount:
        return Line(item, item.open, amount, discount, "early_payment_discount")
    return Line(item, amount, amount)
