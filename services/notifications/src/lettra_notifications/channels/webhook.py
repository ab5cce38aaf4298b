"""Webhooks to a customer's own system, signed as standardwebhooks.com describes: id, time and content under one secret.

The id is the request's, so that a receiver that keeps ids drops a repeat; that is a part of the standard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx
import orjson
from standardwebhooks import Webhook

from lettra_notifications.channels.http import Patience, post
from lettra_notifications.domain.outcomes import Outcome


@dataclass(frozen=True)
class WebhookReceiver:
    """`secret`: base64, with or without `whsec_` before it."""

    url: str
    secret: str
    patience: Patience = field(default_factory=Patience)


class WebhookChannel:
    def __init__(self, receiver: WebhookReceiver, client: httpx.AsyncClient) -> None:
        self._receiver = receiver
        self._client = client

    async def hand_over(self, request_id: UUID, data: dict[str, object], now: datetime) -> Outcome:
        """`now`, with its zone, is signed: receivers refuse what is five minutes old, so each attempt signs anew."""
        now = now.astimezone(UTC)  # the library takes any time for UTC
        content = orjson.dumps({"type": "lettra.message", "timestamp": now.isoformat(), "data": data})
        signature = Webhook(self._receiver.secret).sign(str(request_id), now, content.decode())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(request_id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return await post(self._client, self._receiver.url, content, headers, self._receiver.patience)
