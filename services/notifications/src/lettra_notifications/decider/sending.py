"""What to do with a request now: send, wait, withdraw, give up, or leave it to a person. Pure.

The order of the questions is the guard: what was started without a result comes first, for it may have left; then
whether the message may go out at all, by what is known now; only then how, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lettra_notifications.decider.backoff import Backoff
from lettra_notifications.domain.deliveries import Delivery, Known, Status
from lettra_notifications.domain.hours import QuietHours
from lettra_notifications.domain.values import ASKS_FOR_MONEY, DEDUPLICATES, Channel


@dataclass(frozen=True)
class Send:
    """Append `SendStarted`, commit, then hand over. `repeat`: the attempt was started before, under the same key."""

    channel: Channel
    attempt: int
    repeat: bool = False


@dataclass(frozen=True)
class Wait:
    """Ask again at `until`, or when something new is known where it is None."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True)
class Withdraw:
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Doubt:
    """Append `DeliveryInDoubt`: the attempt may have left, and nothing may repeat it."""

    channel: Channel
    attempt: int
    reason: str


@dataclass(frozen=True)
class GiveUp:
    """Append `MessageUndeliverable`."""

    reason: str


@dataclass(frozen=True)
class Done:
    """Nothing is to be done any more, unless a person or a bounce says something new."""


Decision = Send | Wait | Withdraw | Doubt | GiveUp | Done


@dataclass(frozen=True)
class Policy:
    """The rules of sending. `lives`: how long after its request a message may still leave."""

    hours: QuietHours
    backoff: Backoff = field(default_factory=Backoff)
    lives: timedelta = timedelta(days=5)


def decide(
    delivery: Delivery, known: Known, policy: Policy, now: datetime, *, running: bool = False
) -> Decision:
    """What to do. `running`: somebody alive holds the request's started attempt and will report its result."""
    if delivery.status is Status.STARTED:
        return Wait("it is being handed over") if running else _interrupted(delivery, known, policy, now)
    if delivery.status is not Status.WAITING:
        return Done()
    if known.taken_back is not None:
        return Withdraw((known.taken_back,))
    if not known.tick_read:
        return Wait(f"matching's events of {delivery.business_date} are not read yet")
    if reasons := tuple(reasons_to_withdraw(delivery, known)):
        return Withdraw(reasons)
    return _how(delivery, known, policy, now)


def reasons_to_withdraw(delivery: Delivery, known: Known) -> Iterator[str]:
    """Why a message that asks for money must not go out by what is known now; nothing for other messages."""
    if delivery.step not in ASKS_FOR_MONEY:
        return
    yield from known.holds
    for item_id, listed in delivery.items.items():
        item = known.items.get(item_id)
        if item is None or item.open <= 0:
            yield f"{item_id} is settled"
        elif item.disputed > 0 and item.open - item.disputed < listed:
            yield f"{item_id} is in dispute"
        elif item.open < listed:
            yield f"{item_id} is partly paid"


def _interrupted(delivery: Delivery, known: Known, policy: Policy, now: datetime) -> Decision:
    """An attempt was started, and nobody knows how it ended."""
    channel = delivery.channel
    if channel is None:
        raise ValueError("an attempt is started by a channel")
    if channel not in DEDUPLICATES:
        return Doubt(channel, delivery.attempt, "it was begun, and how it ended was not recorded")
    if not known.tick_read:
        return Wait("matching's events are not read yet")
    withdrawn = known.taken_back or next(reasons_to_withdraw(delivery, known), None)
    if withdrawn is not None:
        # A repeat would reach the customer if the first try had not; and whether it had, nobody can ask.
        return Doubt(channel, delivery.attempt, f"it was begun, and must not be repeated: {withdrawn}")
    if delivery.attempts.get(channel, 0) >= policy.backoff.attempts_max:
        return Doubt(channel, delivery.attempt, "it was repeated as often as it may be, without an answer")
    pause = policy.backoff.pause(delivery.request_id, delivery.attempts.get(channel, 1))
    if delivery.started_at is not None and now < delivery.started_at + pause:
        return Wait(f"{channel} gave no answer, and is asked again later", delivery.started_at + pause)
    return _when(channel, delivery, known, policy, now, repeat=True)


def _how(delivery: Delivery, known: Known, policy: Policy, now: datetime) -> Decision:
    """The first channel in the customer's order that is left."""
    if now - delivery.requested_at > policy.lives:
        return GiveUp(f"it could not be delivered within {policy.lives.days} days")
    for channel in delivery.channels:
        if channel in delivery.refused or channel not in known.addresses:
            continue
        if delivery.attempts.get(channel, 0) < policy.backoff.attempts_max:
            return _when(channel, delivery, known, policy, now, repeat=False)
    return GiveUp(_why_none(delivery, known))


def _when(
    channel: Channel, delivery: Delivery, known: Known, policy: Policy, now: datetime, *, repeat: bool
) -> Decision:
    if delivery.next_at is not None and now < delivery.next_at and channel == delivery.channel:
        return Wait(f"{channel} failed, and is tried again later", delivery.next_at)
    down_until = known.down_until.get(channel)
    if down_until is not None and now < down_until:
        return Wait(f"the provider of {channel} is down", down_until)
    quiet_until = policy.hours.quiet_until(channel, now)
    if quiet_until is not None:
        return Wait("quiet hours", quiet_until)
    return Send(channel, delivery.attempt if repeat else delivery.attempt + 1, repeat)


def _why_none(delivery: Delivery, known: Known) -> str:
    reasons = []
    for channel in delivery.channels:
        if channel not in known.addresses:
            reasons.append(f"no address for {channel}")
        elif channel in delivery.refused:
            reasons.append(f"{channel} was refused or bounced")
        else:
            reasons.append(f"{channel} was tried {delivery.attempts.get(channel, 0)} times")
    return ", ".join(reasons)
