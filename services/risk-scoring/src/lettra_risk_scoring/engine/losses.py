"""Expected loss of what is open: a rate by age and class, as data of the policy. Pure.

It is a provision matrix, not an estimate from the company's own losses: those are not known here.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from lettra_events.money import exponent_of
from lettra_risk_scoring.domain import Item
from lettra_risk_scoring.engine.policy import Policy, RiskClass

ONE = Decimal(1)


def loss_rate(item: Item, risk_class: RiskClass, insolvent: bool, today: date, policy: Policy) -> Decimal:
    """The share of what is open that is expected to be lost, 0 to 1."""
    if insolvent:
        return policy.loss_insolvent
    by_age = policy.loss_rate((today - item.due_date).days)
    return min(ONE, by_age * policy.loss_of_class[risk_class])


def expected_loss(item: Item, rate: Decimal) -> Decimal:
    """In the item's currency, to its minor unit; of all that is open, disputed or not."""
    return to_minor_unit(item.open * rate, item.currency)


def to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """Rounded half to even, as amounts are where they must be."""
    return amount.quantize(ONE.scaleb(-exponent_of(currency)), ROUND_HALF_EVEN)
