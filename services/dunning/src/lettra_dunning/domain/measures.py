"""The figures that are dunning's: what reminders and promises led to. Pure; exact shares, never of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from lettra_dunning.domain.agreements import Agreement

RESPONSE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Sent:
    """A reminder or formal notice that went out on this day."""

    customer_id: str
    currency: str
    on: date
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """The customer paid, answered, promised or contested on this day. `items`: what was paid; none: it only spoke."""

    customer_id: str
    on: date
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromisesKept:
    """Of the promises that were judged: how many, and how much of their money in one currency."""

    judged: int
    kept: int
    agreed: Decimal
    settled: Decimal

    @property
    def by_count(self) -> Fraction | None:
        return Fraction(self.kept, self.judged) if self.judged else None

    @property
    def by_amount(self) -> Fraction | None:
        return Fraction(self.settled) / Fraction(self.agreed) if self.agreed else None


def response_rate(sent: Sequence[Sent], heard: Iterable[Heard], through: date) -> Fraction | None:
    """The share of messages after which the customer was heard of within seven days, the day itself included.

    Only messages whose seven days are over by `through` count: a young one is not yet without an answer. None: none.
    """
    days = _heard_on(heard)
    judged = [one for one in sent if one.on + timedelta(days=RESPONSE_DAYS) <= through]
    answered = [one for one in judged if _answered(one, days.get(one.customer_id, ()))]
    return Fraction(len(answered), len(judged)) if judged else None


def _heard_on(heard: Iterable[Heard]) -> Mapping[str, list[date]]:
    days: dict[str, list[date]] = {}
    for one in heard:
        days.setdefault(one.customer_id, []).append(one.on)
    return days


def _answered(one: Sent, days: Iterable[date]) -> bool:
    return any(one.on <= day <= one.on + timedelta(days=RESPONSE_DAYS) for day in days)


def _named_on(sent: Iterable[Sent]) -> Mapping[str, list[date]]:
    """When messages named each item."""
    days: dict[str, list[date]] = {}
    for one in sent:
        for item in one.items:
            days.setdefault(item, []).append(one.on)
    return days


def median_delay(sent: Sequence[Sent], settled_on: Mapping[str, date]) -> Fraction | None:
    """Days from the last message that named an item to the day on which it was settled: the median over settled items.

    Items that were settled without any message, or before it, do not count; None: there is none that does.
    """
    named = _named_on(sent)
    delays = []
    for item, day in settled_on.items():
        before = [on for on in named.get(item, ()) if on <= day]
        if before:
            delays.append((day - max(before)).days)
    if not delays:
        return None
    delays.sort()
    middle = len(delays) // 2
    return Fraction(delays[middle]) if len(delays) % 2 else Fraction(delays[middle - 1] + delays[middle], 2)


def reminders_before_payment(sent: Sequence[Sent], settled_on: Mapping[str, date]) -> Fraction | None:
    """How many messages had named an item when it was settled: the mean over settled items, those without any too."""
    if not settled_on:
        return None
    named = _named_on(sent)
    count = sum(1 for item, day in settled_on.items() for on in named.get(item, ()) if on <= day)
    return Fraction(count, len(settled_on))


def promises_kept(agreements: Iterable[Agreement], currency: str) -> PromisesKept:
    """Of the promises in this currency that were kept or broken; of a broken one, what came counts by amount."""
    judged = [
        one
        for one in agreements
        if one.kind == "promise" and one.currency == currency and one.state in ("kept", "broken")
    ]
    return PromisesKept(
        judged=len(judged),
        kept=sum(1 for one in judged if one.state == "kept"),
        agreed=sum((one.amount for one in judged), Decimal(0)),
        settled=sum((one.settled for one in judged), Decimal(0)),
    )
