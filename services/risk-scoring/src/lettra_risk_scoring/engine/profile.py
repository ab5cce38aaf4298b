"""The payer profile (profil payeur): how a customer has paid, in the twelve months up to the history's day. Pure.

Days late are weighted by amount: each sum that was paid counts by the days from the due date to its payment, and one
paid before the due date counts 0, so that an early payment does not make up for a late one. Items that were ever in
dispute are left out of them. Amounts of two currencies are never added: each currency has its own mean, and these are
weighted by the number of their payments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from lettra_risk_scoring.domain import History, Item
from lettra_risk_scoring.engine.kpis import amount_weighted_days_late
from lettra_risk_scoring.engine.periods import months_before

ZERO = Decimal(0)
TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")
Paid = tuple[str, Decimal, int, date]
"""Currency, amount, days late (0 at least), and the day of payment."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a customer pays. None: there is nothing to tell it from.

    `days_late_6m`, `days_late_12m`: amount-weighted; `trend`: the last six months less the six before.
    `on_time_share`: of what came due in twelve months, by amount, the share that was paid by its due date.
    `steps_needed`: the mean of the highest reminder step of the items paid. `oldest_overdue_days`: of what is open and
    not disputed. `delays`: signed days from due date to payment of all items paid, those once in dispute too, in
    ascending order: from them the next payment is expected, and whether that will be disputed is not known either.
    """

    items_paid: int
    days_late_6m: Decimal | None
    days_late_12m: Decimal | None
    trend: Decimal | None
    on_time_share: Decimal | None
    broken_promises: int
    returns: int
    disputes: int
    steps_needed: Decimal
    oldest_overdue_days: int
    delays: tuple[int, ...]
    insolvent: bool


def profile_of(history: History) -> Profile:
    """The profile at the close of the history's day."""
    today = history.as_of
    half, year = months_before(today, 6), months_before(today, 12)
    trusted = [item for item in history.invoices() if not item.ever_disputed]
    payments = [paid for item in trusted for paid in _payments(item, year, today)]
    recent = weighted_days_late(paid for paid in payments if paid[3] > half)
    before = weighted_days_late(paid for paid in payments if paid[3] <= half)
    done = [item for item in trusted if _paid_within(item, year, today)]
    return Profile(
        items_paid=len(done),
        days_late_6m=recent,
        days_late_12m=weighted_days_late(payments),
        trend=None if recent is None or before is None else recent - before,
        on_time_share=_on_time_share(trusted, year, today),
        broken_promises=_since(history.promises_broken.values(), year),
        returns=_since(history.returns.values(), year),
        disputes=_since(history.disputes.values(), year),
        steps_needed=_steps_needed(done, history),
        oldest_overdue_days=max(
            ((today - item.due_date).days for item in trusted if item.undisputed), default=0
        ),
        delays=_delays(history.invoices(), year, today),
        insolvent=history.insolvent,
    )


def weighted_days_late(payments: Iterable[Paid]) -> Decimal | None:
    """The amount-weighted mean of days late, to a tenth of a day; None for no payment."""
    by_currency: dict[str, list[tuple[Decimal, int]]] = {}
    for currency, amount, days, _ in payments:
        by_currency.setdefault(currency, []).append((amount, days))
    means = [(amount_weighted_days_late(each), len(each)) for each in by_currency.values()]
    return _mean([(mean, count) for mean, count in means if mean is not None], TENTH)


def _mean(parts: Sequence[tuple[Decimal, int]], unit: Decimal) -> Decimal | None:
    """The mean of the currencies' figures, each weighted by what it was made from."""
    if not parts:
        return None
    mean = sum((part * count for part, count in parts), ZERO) / sum(count for _, count in parts)
    return mean.quantize(unit, ROUND_HALF_EVEN)


def _payments(item: Item, after: date, until: date) -> Iterable[Paid]:
    for reduction in item.reductions.values():
        if reduction.means == "cash" and after < reduction.date <= until:
            yield (
                item.currency,
                reduction.amount,
                max(0, (reduction.date - item.due_date).days),
                reduction.date,
            )


def _paid_within(item: Item, after: date, until: date) -> bool:
    settled_on = item.settled_on
    return settled_on is not None and after < settled_on <= until and item.is_paid


def _delays(items: Sequence[Item], after: date, until: date) -> tuple[int, ...]:
    paid = (item.days_late for item in items if _paid_within(item, after, until))
    return tuple(sorted(delay for delay in paid if delay is not None))


def _on_time_share(items: Sequence[Item], after: date, until: date) -> Decimal | None:
    """By currency as days late are, with the number of items as weight; credit notes and write-offs are no payment."""
    sums: dict[str, tuple[Decimal, Decimal, int]] = {}
    for item in items:
        if after < item.due_date < until:
            paid = [each for each in item.reductions.values() if each.means == "cash"]
            in_time = sum((each.amount for each in paid if each.date <= item.due_date), ZERO)
            owed = item.open + sum((each.amount for each in paid), ZERO)
            if owed:
                came, punctual, count = sums.get(item.currency, (ZERO, ZERO, 0))
                sums[item.currency] = (came + owed, punctual + in_time, count + 1)
    return _mean([(punctual / came, count) for came, punctual, count in sums.values()], HUNDREDTH)


def _steps_needed(done: Sequence[Item], history: History) -> Decimal:
    if not done:
        return ZERO
    steps = sum(history.steps.get(item.item_id, 0) for item in done)
    return (Decimal(steps) / len(done)).quantize(TENTH, ROUND_HALF_EVEN)


def _since(days: Iterable[date], after: date) -> int:
    return sum(1 for day in days if day > after)
