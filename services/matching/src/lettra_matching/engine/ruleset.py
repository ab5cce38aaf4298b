"""The rules as data: which are on, tolerances, thresholds, bounds. Its version stands in each decision."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lettra_matching.engine.model import RuleName

ALL: frozenset[RuleName] = frozenset(
    {
        "structured_reference",
        "remittance_advice",
        "document_number",
        "exact_amount",
        "natural_group",
        "unique_sum",
        "legal_imputation",
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Amounts are in the payment's currency; shares are 0 to 1.

    `chance_max`: how many sums of a customer's items may hit any given amount by accident, on average, before a
    unique hit stops to be evidence: then it is proposed, not applied. `name_threshold`: from which likeness on a
    name is a customer's; `name_margin`: how far the second candidate must be behind.
    """

    version: int = 1
    on: frozenset[RuleName] = ALL
    fee_tolerance: Decimal = Decimal(0)
    rounding_tolerance: Decimal = Decimal("0.05")
    name_threshold: float = 0.80
    name_margin: float = 0.10
    subset_items_max: int = 30
    subset_work_max: int = 200_000
    chance_max: float = 0.02
    payers_max: int = 20
    text_chars_max: int = 9_000
    keys_max: int = 4_000

    def __post_init__(self) -> None:
        if self.fee_tolerance < 0 or self.rounding_tolerance < 0:
            raise ValueError("a tolerance is not below zero")
        if self.on - ALL:
            raise ValueError(f"there are no rules {', '.join(sorted(self.on - ALL))}")
        if not 0 <= self.subset_items_max <= 30:
            raise ValueError("sums are searched among 30 items at most")
