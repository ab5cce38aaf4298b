"""What became of a request, folded from its facts; and what is known at the moment when it could leave. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from lettra_notifications.domain.requests import Request
from lettra_notifications.domain.values import Channel, Step


class Status(StrEnum):
    WAITING = "waiting"
    STARTED = "started"
    HANDED_OVER = "handed over"
    IN_DOUBT = "in doubt"
    WITHDRAWN = "withdrawn"
    UNDELIVERABLE = "undeliverable"


# ---- The facts; each will be an event of the contract with the same name ----


@dataclass(frozen=True)
class SendStarted:
    """Committed before anything leaves. `attempt` counts all attempts of the request, repeats keep their number."""

    request_id: UUID
    attempt: int
    channel: Channel
    at: datetime


@dataclass(frozen=True)
class MessageHandedOver:
    """The provider has the message. `digest`: of what was handed over; `reference`: what the provider calls it."""

    request_id: UUID
    attempt: int
    channel: Channel
    reference: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class SendFailed:
    """The attempt certainly reached nobody. `for_good`: this channel is not tried again for the request."""

    request_id: UUID
    attempt: int
    channel: Channel
    reason: str
    for_good: bool
    next_at: datetime | None = None


@dataclass(frozen=True)
class DeliveryInDoubt:
    """The attempt may have reached the customer. A person looks into it; nothing repeats it."""

    request_id: UUID
    attempt: int
    channel: Channel
    reason: str


@dataclass(frozen=True)
class DoubtResolved:
    """A person said whether the message had been sent: `who`, and `why` he knows."""

    request_id: UUID
    was_sent: bool
    who: str
    why: str


@dataclass(frozen=True)
class MessageWithdrawn:
    """It does not go out any more; `reasons` in words."""

    request_id: UUID
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class MessageUndeliverable:
    """No channel is left. A person finds another way; of an invoice, dunning holds what would follow."""

    request_id: UUID
    reason: str


@dataclass(frozen=True)
class MessageBounced:
    """What had been handed over was reported as not delivered: it reached nobody by this channel."""

    request_id: UUID
    channel: Channel
    status: str
    address_is_bad: bool


Fact = (
    SendStarted
    | MessageHandedOver
    | SendFailed
    | DeliveryInDoubt
    | DoubtResolved
    | MessageWithdrawn
    | MessageUndeliverable
    | MessageBounced
)


@dataclass(frozen=True)
class Delivery:
    """A request and where it stands. `channel` is that of the last attempt; `attempts` counts those of each."""

    request_id: UUID
    customer_id: str
    step: Step
    channels: tuple[Channel, ...]
    items: Mapping[str, Decimal]
    business_date: date
    requested_at: datetime
    status: Status = Status.WAITING
    attempt: int = 0
    channel: Channel | None = None
    attempts: Mapping[Channel, int] = field(default_factory=dict)
    refused: frozenset[Channel] = frozenset()
    next_at: datetime | None = None
    started_at: datetime | None = None
    unsure: bool = False
    """The started attempt was begun before without a result: whatever comes now, it may have reached the customer."""


def requested(request: Request, at: datetime) -> Delivery:
    return Delivery(
        request_id=request.request_id,
        customer_id=request.customer_id,
        step=request.step,
        channels=request.channels,
        items={item.item_id: item.amount for item in request.items},
        business_date=request.business_date,
        requested_at=at,
    )


def evolve(delivery: Delivery, fact: Fact) -> Delivery:
    """The delivery after one more fact."""
    match fact:
        case SendStarted(attempt=attempt, channel=channel, at=at):
            counted = {**delivery.attempts, channel: delivery.attempts.get(channel, 0) + 1}
            return replace(
                delivery,
                status=Status.STARTED,
                attempt=attempt,
                channel=channel,
                attempts=counted,
                next_at=None,
                started_at=at,
                unsure=delivery.status is Status.STARTED,
            )
        case MessageHandedOver():
            return replace(delivery, status=Status.HANDED_OVER)
        case SendFailed(channel=channel, for_good=for_good, next_at=next_at):
            refused = delivery.refused | {channel} if for_good else delivery.refused
            return replace(delivery, status=Status.WAITING, refused=refused, next_at=next_at)
        case MessageBounced(channel=channel):
            return replace(
                delivery, status=Status.WAITING, refused=delivery.refused | {channel}, next_at=None
            )
        case DeliveryInDoubt():
            return replace(delivery, status=Status.IN_DOUBT)
        case DoubtResolved(was_sent=was_sent):
            return replace(delivery, status=Status.HANDED_OVER if was_sent else Status.WAITING, next_at=None)
        case MessageWithdrawn():
            return replace(delivery, status=Status.WITHDRAWN)
        case MessageUndeliverable():
            return replace(delivery, status=Status.UNDELIVERABLE)


def fold(delivery: Delivery, facts: Iterable[Fact]) -> Delivery:
    for fact in facts:
        delivery = evolve(delivery, fact)
    return delivery


# ---- What is known now ----


@dataclass(frozen=True)
class ItemNow:
    """An item by matching's word: what is open of it, and of that in dispute."""

    open: Decimal
    disputed: Decimal = Decimal(0)


@dataclass(frozen=True)
class Known:
    """What the service knows when it asks whether a message may leave.

    `tick_read`: matching's events were read past `DayProcessed` of the request's date, by whoever reads the
    customer's partition. `items` has those of the request; one that is absent is unknown, and so not open. `holds`:
    why the customer is not reminded now, in words. `taken_back`: why whoever asked for the message wants it no more.
    `addresses`: channels by which the customer can be reached. `down_until`: providers that are given a rest.
    """

    tick_read: bool
    items: Mapping[str, ItemNow]
    addresses: frozenset[Channel]
    holds: tuple[str, ...] = ()
    taken_back: str | None = None
    down_until: Mapping[Channel, datetime] = field(default_factory=dict)
