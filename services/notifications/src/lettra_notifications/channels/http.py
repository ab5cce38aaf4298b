"""One POST to a provider, and what its answer means. Every request carries a key by which the other side drops repeats.

The answer is read within limits, redirects are not followed: what is handed over goes where it was meant to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused, short

ANSWER_BYTES_MAX = 65_536
RETRY_AFTER_MAX = 86_400
_PORT_MAX = 65_535
_FOR_NOW = frozenset({408, 409, 425, 429})
"""Besides 5xx. 409: the same key is being worked on."""
_OURS = frozenset({401, 403, 404, 405, 407, 415, 426})
"""What a provider answers when the settings are wrong, whatever the message."""


@dataclass(frozen=True)
class Patience:
    connect_seconds: float = 10.0
    total_seconds: float = 30.0


async def post(
    client: httpx.AsyncClient, url: str, content: bytes, headers: Mapping[str, str], patience: Patience
) -> Outcome:
    """Hand `content` over. Raises nothing but what ends the task."""
    try:
        async with asyncio.timeout(patience.total_seconds):
            return await _posted(client, url, content, headers, patience)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return FailedForNow(short(f"no connection to the provider: {_said(error)}"), provider_down=True)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        return FailedForNow(short(f"the provider's address is wrong: {_said(error)}"), provider_down=True)
    except (httpx.HTTPError, TimeoutError) as error:
        return InDoubt(short(f"no answer of the provider: {_said(error)}"))


async def _posted(
    client: httpx.AsyncClient, url: str, content: bytes, headers: Mapping[str, str], patience: Patience
) -> Outcome:
    timeout = httpx.Timeout(patience.total_seconds, connect=patience.connect_seconds)
    if (httpx.URL(url).port or 0) > _PORT_MAX:
        raise httpx.InvalidURL(f"a port is {_PORT_MAX} at most")
    request = client.build_request("POST", url, content=content, headers=dict(headers), timeout=timeout)
    answer = await client.send(request, stream=True, follow_redirects=False)
    try:
        return await _outcome(answer)
    finally:
        await answer.aclose()


async def _outcome(answer: httpx.Response) -> Outcome:
    """By the status alone: it is there before the body, so that a body that breaks off does no harm."""
    status = answer.status_code
    if 200 <= status < 300:
        return HandedOver(await _reference(answer))
    said = short(f"{status} {answer.reason_phrase}")
    if status >= 500 or status in _FOR_NOW:
        # What is wrong with one key or one receiver is not wrong with all.
        return FailedForNow(said, provider_down=status != 409, retry_after_seconds=_retry_after(answer))
    if status in _OURS or status < 400:
        return FailedForNow(said, provider_down=True)
    return Refused(said, about="address" if status == 410 else "message")


async def _reference(answer: httpx.Response) -> str | None:
    """What the provider calls the message: its `id`, where the answer is a small JSON object that has one."""
    body = b""
    try:
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > ANSWER_BYTES_MAX:
                return None
        found = httpx.Response(200, content=body).json()
    except (httpx.HTTPError, ValueError, RecursionError, TimeoutError):
        return None
    named = found.get("id") if isinstance(found, dict) else None
    return short(named) if isinstance(named, str) else None


def _retry_after(answer: httpx.Response) -> int | None:
    """Whole seconds; a date would need a clock, and is left to the backoff."""
    written = answer.headers.get("retry-after", "").strip()
    if not written.isascii() or not written.isdigit() or len(written) > 9:
        return None
    return min(int(written), RETRY_AFTER_MAX)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
