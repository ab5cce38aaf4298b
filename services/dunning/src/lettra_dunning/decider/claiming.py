"""Which late interest and which 40 EUR are claimed for an invoice; invoicing issues it, matching opens the item. Pure.

The indemnity (C. com. art. L441-10, II, D441-5): 40 EUR once for each late invoice, however many instalments it has
and how often it was paid in part; not of private persons, and not of what an insolvency forbids to pay on its date.
Public buyers owe it too (CCP art. L2192-13, D2192-35).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_dunning.domain.interest import Debt, Segment, rounded, segments, total_interest, was_late
from lettra_dunning.domain.rates import Rates
from lettra_events.contracts.invoicing import DebtorClass

INDEMNITY = Decimal(40)
INDEMNITY_CURRENCY = "EUR"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LateInvoice:
    """An invoice with its instalments, and what was claimed for it before (`interest_claimed` in its currency)."""

    invoice: str
    customer_id: str
    entity_id: str
    debtor_class: DebtorClass
    parts: tuple[Debt, ...]
    disputed: Decimal = ZERO
    insolvency_opened_on: date | None = None
    interest_claimed: Decimal = ZERO
    indemnity_claimed: bool = False


@dataclass(frozen=True, slots=True)
class ClaimProposed:
    """So much more is owed for an invoice paid late, `through` this day included; `segments` show how it comes about.

    The interest is what it comes to from the first day on, less what was claimed before: claims of any number of
    periods come to the claim of all of them.
    """

    invoice: str
    customer_id: str
    entity_id: str
    currency: str
    through: date
    interest: Decimal
    indemnity: Decimal
    indemnity_currency: str
    segments: tuple[Segment, ...]


def decide_claim(late: LateInvoice, through: date, rates: Rates) -> ClaimProposed | None:
    """What is to be claimed at the close of a day; None: nothing new, or a part of it is still in dispute.

    `MissingRate` where a rate of one of the half-years is not known.
    """
    if late.disputed > 0 or late.debtor_class == "private":
        return None
    first = min(part.due_date for part in late.parts)
    found = tuple(segment for part in late.parts for segment in segments(part, first, through, rates))
    currency = late.parts[0].currency
    interest = rounded(total_interest(found), currency) - late.interest_claimed
    indemnity = INDEMNITY if _owes_indemnity(late, through) else ZERO
    if interest <= 0 and indemnity == 0:
        return None
    return ClaimProposed(
        invoice=late.invoice,
        customer_id=late.customer_id,
        entity_id=late.entity_id,
        currency=currency,
        through=through,
        interest=max(interest, ZERO),
        indemnity=indemnity,
        indemnity_currency=INDEMNITY_CURRENCY,
        segments=found,
    )


def _owes_indemnity(late: LateInvoice, through: date) -> bool:
    if late.indemnity_claimed or late.insolvency_opened_on is not None:
        return False
    return any(was_late(part, through) for part in late.parts)
