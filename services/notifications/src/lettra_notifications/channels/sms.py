"""Short messages through a gateway that takes JSON over HTTP and drops repeats by `Idempotency-Key`."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import httpx
import orjson

from lettra_notifications.channels.http import Patience, post
from lettra_notifications.domain.outcomes import Outcome


@dataclass(frozen=True)
class SmsGateway:
    url: str
    token: str
    sender: str
    patience: Patience = field(default_factory=Patience)


class SmsChannel:
    """Hands short messages to one gateway: `{"to", "from", "text", "reference"}`."""

    def __init__(self, gateway: SmsGateway, client: httpx.AsyncClient) -> None:
        self._gateway = gateway
        self._client = client

    async def hand_over(self, request_id: UUID, number: str, text: str) -> Outcome:
        """`number` in E.164. The key is the request's id: a repeat reaches nobody twice."""
        gateway = self._gateway
        content = orjson.dumps(
            {"to": number, "from": gateway.sender, "text": text, "reference": str(request_id)}
        )
        headers = {
            "Authorization": f"Bearer {gateway.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(request_id),
        }
        return await post(self._client, gateway.url, content, headers, gateway.patience)
