"""Decisions on announced money: to announce it, to see that it is known, to withdraw it; and what details tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    AnnouncementWithdrawn,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentPart,
)
from lettra_payment_ingest.bank.exact import exact_sum
from lettra_payment_ingest.bank.model import BOOKED
from lettra_payment_ingest.decider.entries import is_bare, part_of
from lettra_payment_ingest.decider.evolving_money import announcement_row
from lettra_payment_ingest.domain import Account, Announcement, Payment

PARTS_MAX = 1_000
"""Of a batch that is split after it was received: all of them are named in one event."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long announced money may take to be booked, in days after the day that its message tells of.

    `known_days`: so far beyond that day the account is known without a gap, and it is not there. `days_max`: in any
    case, though nothing be known of the account.
    """

    known_days: int
    days_max: int


def detail(payment: Payment, group: Sequence[PaymentAnnounced]) -> list[Event]:
    """The booked payment as the parts that a message tells of; nothing where these do not tell more, or otherwise."""
    told_more = len(group) > 1 or (is_bare(payment) and not is_bare(announcement_row(group[0])))
    same = exact_sum(each.amount for each in group) == payment.amount
    if not (told_more and same) or payment.detailed or payment.returned or len(group) > PARTS_MAX:
        return []
    parts = [part_of(payment, announcement_row(each), n) for n, each in enumerate(group, 1)]
    named = tuple(PaymentPart(payment_id=part.payment_id, amount=part.amount) for part in parts)
    detailed = PaymentDetailed(
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        amount=payment.amount,
        currency=payment.currency,
        parts=named,
        evidence=f"details of entry {group[0].batch_ref or group[0].entry_ref}",
    )
    return [detailed, *parts]


def is_known_day(account: Account, event: PaymentAnnounced, status: str) -> bool:
    """Whether the account is known beyond the day on which the money is said to be booked: then it is, or is not."""
    through, day = account.through_date, event.booking_date
    return status == BOOKED and through is not None and day is not None and day <= through


def told_before(event: PaymentAnnounced, candidates: Sequence[Announcement], claimed: set[str]) -> str | None:
    """The announcement of an earlier message of the same kind that tells of the same money, by its references."""
    for each in candidates:
        if each.source == event.source and each.announcement_id not in claimed:
            return each.announcement_id
    return None


def withdraw(account: Account, announced: Announcement, day: date, policy: Policy) -> list[Event]:
    """At the close of a day: the money was not booked in its time."""
    expected = max(filter(None, (announced.announced_on, announced.booking_date, announced.value_date)))
    through = account.through_date
    known = through is not None and through >= expected + timedelta(days=policy.known_days)
    late = day >= expected + timedelta(days=policy.days_max)
    if announced.payout_id is not None:
        known = False  # A provider pays when it pays; the statement says nothing of the single payment.
    if not (known or late):
        return []
    up_to = f"up to {through}, to which the account is known" if known else f"up to {day}"
    return [
        AnnouncementWithdrawn(
            announcement_id=announced.announcement_id,
            entity_id=announced.entity_id,
            reason=f"expected on {expected}, and not booked {up_to}",
        )
    ]
