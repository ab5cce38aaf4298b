"""What the outcome of an attempt comes to, as a fact. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from lettra_notifications.decider.backoff import Backoff
from lettra_notifications.domain.deliveries import (
    Delivery,
    DeliveryInDoubt,
    Fact,
    MessageBounced,
    MessageHandedOver,
    SendFailed,
    Status,
)
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused
from lettra_notifications.domain.values import DEDUPLICATES, Channel


def concluded(
    delivery: Delivery,
    channel: Channel,
    outcome: Outcome,
    backoff: Backoff,
    now: datetime,
    digest: str | None = None,
) -> Fact | None:
    """The fact to append after an attempt; None where the attempt stays started, to be repeated under its key.

    Of a repeat only the good news is conclusive: that the provider does not take it now says nothing of the try
    before, so that no other channel may be used.
    """
    ids = (delivery.request_id, delivery.attempt, channel)
    match outcome:
        case HandedOver(reference=reference):
            return MessageHandedOver(*ids, reference, digest)
        case InDoubt(reason=reason):
            return None if channel in DEDUPLICATES else DeliveryInDoubt(*ids, reason)
        case Refused(reason=reason):
            if delivery.unsure:
                return DeliveryInDoubt(*ids, f"a repeat was refused, the try before had no answer: {reason}")
            return SendFailed(*ids, reason, for_good=True)
        case FailedForNow(reason=reason, retry_after_seconds=asked):
            if delivery.unsure:
                return None
            pause = backoff.pause(delivery.request_id, delivery.attempts.get(channel, 1), asked)
            return SendFailed(*ids, reason, for_good=False, next_at=now + pause)


def bounced(
    delivery: Delivery, channel: Channel, status: str, *, address_is_bad: bool
) -> MessageBounced | Literal["later"] | None:
    """The fact that a report of non-delivery comes to.

    "later": the attempt is still going on, so the report is kept and asked about again. None: it says nothing new,
    as a second report of one mail does, or one of a mail that another channel has replaced.
    """
    if delivery.channel != channel:
        return None
    if delivery.status is Status.STARTED:
        return "later"
    if delivery.status in {Status.HANDED_OVER, Status.IN_DOUBT}:
        return MessageBounced(delivery.request_id, channel, status, address_is_bad)
    return None
