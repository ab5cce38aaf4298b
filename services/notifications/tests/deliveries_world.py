"""Specifications of sending that read as sentences: given these facts, when this is known, then this is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lettra_notifications.decider.backoff import Backoff
from lettra_notifications.decider.sending import Decision, Policy, decide
from lettra_notifications.domain.deliveries import (
    Delivery,
    Fact,
    ItemNow,
    Known,
    SendStarted,
    fold,
    requested,
)
from lettra_notifications.domain.hours import QuietHours
from lettra_notifications.domain.values import Channel
from lettra_notifications.templates.examples import example

NOON = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)
POLICY = Policy(QuietHours(ZoneInfo("Europe/Paris")), Backoff())
REQUEST = example("fr", "reminder", "firm").model_copy(update={"channels": ("email", "sms", "letter")})
ID = REQUEST.request_id
FIRST, SECOND = (item.item_id for item in REQUEST.items)
OPEN = {item.item_id: ItemNow(item.amount) for item in REQUEST.items}
KNOWN = Known(tick_read=True, items=OPEN, addresses=frozenset({"email", "sms", "letter"}))


def started(channel: Channel, attempt: int = 1, at: datetime = NOON) -> SendStarted:
    return SendStarted(ID, attempt, channel, at)


class Given:
    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    def when(self, now: datetime = NOON, *, running: bool = False, **known: Any) -> Decision:
        return decide(self.delivery, replace(KNOWN, **known), POLICY, now, running=running)


def given(*facts: Fact, **changes: Any) -> Given:
    """A request of noon, and what became of it since."""
    return Given(replace(fold(requested(REQUEST, NOON), facts), **changes))


def later(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def cents(amount: str) -> Decimal:
    return Decimal(amount)
