"""What a model sees of an item when it is issued, or while it is open: only what was known on that day. Pure.

Values are rounded to 32-bit floats, as the library that grows the trees rounds them: a model read as data decides
at each threshold as it did there.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import log1p, sqrt

from lettra_risk_scoring.domain import History, Item, must_not_see_beyond

NAMES = (
    "amount_log",
    "amount_relative",
    "items_paid",
    "late_share",
    "delay_mean",
    "delay_recent",
    "delay_longest",
    "delay_spread",
    "lateness_mean",
    "disputed_share",
    "items_open",
    "items_overdue",
    "term_days",
    "due_weekday",
    "due_day",
    "days_known",
)
_PRIOR_ITEMS = 2
_PRIOR_LATE_SHARE = 0.35
_PRIOR_SPREAD = 5.0
_PRIOR_DISPUTED = 0.2
_RECENT = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a customer on `day`, in numbers; the plain means are None while nothing was paid.

    `amount_means`: of the items paid, by currency: amounts of two are never added.
    Disputed items count here: what a model predicts is the payment of any item.
    """

    day: date
    paid: int
    late_share: float | None
    delay_mean: float | None
    vector: tuple[float, ...]
    amount_means: Mapping[str, float]
    still_open: int
    overdue: int
    first_issue: date | None


@dataclass(frozen=True, slots=True)
class Features:
    """An item as a model sees it: the values of `NAMES`, and the customer's own means for the plain baseline."""

    values: array[float]
    late_share: float | None
    delay_mean: float | None


def known_of(history: History, day: date) -> Known:
    """What the history tells; `SeesLater` if it knows anything of after the close of `day`."""
    must_not_see_beyond(history, day)
    invoices = history.invoices()
    paid = sorted((item for item in invoices if item.is_paid), key=_settled)
    delays = [(_settled(item)[0] - item.due_date).days for item in paid]
    still_open = [item for item in invoices if item.open]
    late = sum(1 for delay in delays if delay > 0)
    return Known(
        day=day,
        paid=len(paid),
        late_share=late / len(paid) if paid else None,
        delay_mean=sum(delays) / len(delays) if delays else None,
        vector=_of_customer(delays, late, sum(1 for item in paid if item.ever_disputed)),
        amount_means=_amount_means(paid),
        still_open=len(still_open),
        overdue=sum(1 for item in still_open if item.due_date < day),
        first_issue=min((item.issue_date for item in invoices), default=None),
    )


def _amount_means(paid: list[Item]) -> dict[str, float]:
    amounts: dict[str, list[float]] = {}
    for item in paid:
        amounts.setdefault(item.currency, []).append(float(item.amount))
    return {currency: sum(each) / len(each) for currency, each in amounts.items()}


def _settled(item: Item) -> tuple[date, str]:
    assert item.settled_on is not None
    return item.settled_on, item.item_id


def _of_customer(delays: list[int], late: int, disputed: int) -> tuple[float, ...]:
    """The eight values that are the customer's, drawn towards a prior while there are few items."""
    count, weight = len(delays), len(delays) + _PRIOR_ITEMS
    mean = sum(delays) / count if count else 0.0
    recent = delays[-_RECENT:]
    spread = sqrt(sum((delay - mean) ** 2 for delay in delays) / count) if count > 1 else _PRIOR_SPREAD
    return (
        float(count),
        (late + _PRIOR_LATE_SHARE * _PRIOR_ITEMS) / weight,
        sum(delays) / weight,
        sum(recent) / len(recent) if recent else 0.0,
        float(max(delays, default=0)),
        spread,
        sum(max(0, delay) for delay in delays) / weight,
        (disputed + _PRIOR_DISPUTED * _PRIOR_ITEMS) / weight,
    )


def features_of(known: Known, item: Item, *, among_open: bool) -> Features:
    """The item's features; `among_open`: it is one of the open items that `known` counts, and is left out of them."""
    amount = float(item.amount)
    own_overdue = among_open and item.due_date < known.day
    first = known.first_issue or item.issue_date
    values = (
        log1p(amount),
        amount / known.amount_means.get(item.currency, amount),
        *known.vector,
        float(known.still_open - among_open),
        float(known.overdue - own_overdue),
        float((item.due_date - item.issue_date).days),
        float(item.due_date.weekday()),
        float(item.due_date.day),
        float((known.day - min(first, known.day)).days),
    )
    return Features(array("f", values), known.late_share, known.delay_mean)
