"""Matching's state: open items, money, payers, days. Pure."""

from lettra_matching.domain.days import DAYS, HELD, Day
from lettra_matching.domain.items import OPEN_ITEMS, OpenItem
from lettra_matching.domain.money import (
    ACCOUNT_DAYS,
    ALLOCATIONS,
    HOLDS,
    PAYMENTS,
    PROPOSALS,
    AccountDay,
    Allocation,
    Hold,
    Payment,
    Proposal,
)
from lettra_matching.domain.payers import PAYERS, RULES, KnownPayer, RulesOfEntity

__all__ = [
    "ACCOUNT_DAYS",
    "ALLOCATIONS",
    "DAYS",
    "HELD",
    "HOLDS",
    "OPEN_ITEMS",
    "PAYERS",
    "PAYMENTS",
    "PROPOSALS",
    "RULES",
    "AccountDay",
    "Allocation",
    "Day",
    "Hold",
    "KnownPayer",
    "OpenItem",
    "Payment",
    "Proposal",
    "RulesOfEntity",
]
