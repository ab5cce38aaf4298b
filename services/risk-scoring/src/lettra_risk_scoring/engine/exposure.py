"""What is at risk with a customer, its limit, and how much of all sales it is. Pure.

Everything is per legal entity and currency: nothing is converted, and a limit holds for the currency it is given in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from lettra_risk_scoring.domain import History, Pocket
from lettra_risk_scoring.engine.periods import months_before
from lettra_risk_scoring.engine.policy import Policy, RiskClass

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """`open`: invoiced and undisputed; `overdue` of it is past its due date; `disputed` stands apart.

    `credits`: open credit notes and unapplied money. `total` = drafts + open + disputed - credits, 0 at least.
    """

    drafts: Decimal = ZERO
    open: Decimal = ZERO
    overdue: Decimal = ZERO
    disputed: Decimal = ZERO
    credits: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return max(ZERO, self.drafts + self.open + self.disputed - self.credits)


def exposures_of(history: History) -> dict[Pocket, Exposure]:
    """At the close of the history's day, in the order of entity and currency."""
    sums: dict[Pocket, list[Decimal]] = {}
    for pocket, amount in history.drafts.items():
        _of(sums, pocket)[0] += amount
    for pocket, amount in history.on_account.items():
        _of(sums, pocket)[4] += amount
    for item in history.items.values():
        if item.open:
            parts = _of(sums, (item.entity_id, item.currency))
            if item.kind == "credit_note":
                parts[4] += item.open
            else:
                parts[1] += item.undisputed
                parts[2] += item.undisputed if item.due_date < history.as_of else ZERO
                parts[3] += item.open - item.undisputed
    return {pocket: Exposure(*sums[pocket]) for pocket in sorted(sums)}


def _of(sums: dict[Pocket, list[Decimal]], pocket: Pocket) -> list[Decimal]:
    return sums.setdefault(pocket, [ZERO] * 5)


def sales_of(history: History, months: int) -> dict[Pocket, Decimal]:
    """Invoices less credit notes issued in so many months up to the history's day, by entity and currency."""
    after = months_before(history.as_of, months)
    sums: dict[Pocket, Decimal] = {}
    for item in history.items.values():
        if after < item.issue_date <= history.as_of:
            pocket = (item.entity_id, item.currency)
            sign = -1 if item.kind == "credit_note" else 1
            sums[pocket] = sums.get(pocket, ZERO) + sign * item.amount
    return sums


def proposed_limit(yearly_sales: Decimal, risk_class: RiskClass, policy: Policy) -> Decimal:
    """Some months of the customer's sales, by its class, down to two significant digits; nothing for class E."""
    if not policy.limit_months[risk_class]:
        return ZERO
    months = max(policy.limit_least, yearly_sales / 12 * policy.limit_months[risk_class])
    step = Decimal(1).scaleb(months.adjusted() - 1)
    return (months / step).quantize(Decimal(1), ROUND_DOWN) * step.quantize(Decimal(1))


@dataclass(frozen=True, slots=True)
class Concentration:
    """One customer is more of an entity's sales in a currency than the policy allows; `share` is 0 to 1."""

    customer_id: str
    sales: Decimal
    all_sales: Decimal
    share: Decimal


def concentration(sales: Mapping[str, Decimal], policy: Policy) -> Concentration | None:
    """The customer that is above the share, if one is. `sales` by customer, of one entity and one currency.

    Customers whose credit notes exceed their invoices count 0: they would make the share of others look larger.
    """
    positive = {customer: amount for customer, amount in sales.items() if amount > 0}
    everything = sum(positive.values(), ZERO)
    if not positive:
        return None
    customer = min(positive, key=lambda name: (-positive[name], name))
    if positive[customer] <= policy.concentration_above * everything:
        return None
    return Concentration(customer, positive[customer], everything, positive[customer] / everything)
