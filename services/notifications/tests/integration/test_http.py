"""Short messages, webhooks and letters to a real HTTP server: keys, signatures, answers, and where it breaks off."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta, timezone

import httpx
import orjson
import pytest
from http_servers import Provider, http_server
from messages_world import request_id
from standardwebhooks import Webhook

from lettra_notifications.channels.http import Patience
from lettra_notifications.channels.letter import PrintChannel, PrintProvider
from lettra_notifications.channels.sms import SmsChannel, SmsGateway
from lettra_notifications.channels.webhook import WebhookChannel, WebhookReceiver
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused

_KEY = str(request_id(1))
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def _sms(provider: Provider, times: int = 1, patience: Patience | None = None) -> Outcome:
    async with http_server(provider) as url, httpx.AsyncClient() as client:
        gateway = SmsGateway(f"{url}/messages", "token", "LUMIERE", patience or Patience())
        channel = SmsChannel(gateway, client)
        for _ in range(times):
            outcome = await channel.hand_over(request_id(1), "+33612345678", "Factures impayées")
    return outcome


async def test_a_short_message_is_handed_over_with_its_key() -> None:
    provider = Provider()
    assert await _sms(provider) == HandedOver("provider-7")
    ((target, headers, body),) = provider.requests
    assert (target, headers["authorization"], headers["idempotency-key"]) == (
        "/messages",
        "Bearer token",
        _KEY,
    )
    assert orjson.loads(body) == {
        "to": "+33612345678",
        "from": "LUMIERE",
        "text": "Factures impayées",
        "reference": _KEY,
    }


async def test_a_repeat_is_the_same_for_the_provider() -> None:
    """Guard: the key and the bytes do not change between attempts."""
    provider = Provider()
    await _sms(provider, times=3)
    assert len(provider.requests) == 3
    assert len({body for _, _, body in provider.requests}) == 1
    assert list(provider.taken) == [_KEY]


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, HandedOver("provider-7")),
        (400, {}, Refused("400 said", "message")),
        (422, {}, Refused("422 said", "message")),
        (410, {}, Refused("410 said", "address")),
        (401, {}, FailedForNow("401 said", True)),
        (404, {}, FailedForNow("404 said", True)),
        (302, {"location": "http://127.0.0.1:1/"}, FailedForNow("302 said", True)),
        (409, {}, FailedForNow("409 said", False)),
        (429, {"retry-after": "30"}, FailedForNow("429 said", True, 30)),
        (503, {"retry-after": "999999999"}, FailedForNow("503 said", True, 86_400)),
        (500, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, FailedForNow("500 said", True)),
    ],
)
async def test_each_answer_means_one_thing(status, headers, outcome) -> None:
    assert await _sms(Provider(status=status, headers=headers)) == outcome


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b'{"id": 7}', b"no json", b"[" * 50_000, b'{"id": "' + b"x" * 70_000 + b'"}']
)
async def test_an_answer_without_a_readable_reference_is_taken_all_the_same(body) -> None:
    """Guard: the limit of the answer, and that its body decides nothing."""
    assert await _sms(Provider(body=body)) == HandedOver(None)


async def test_an_answer_that_breaks_off_behind_its_status_is_an_answer() -> None:
    assert await _sms(Provider(breaks="within")) == HandedOver(None)


@pytest.mark.parametrize(("breaks", "taken"), [("before", 0), ("after", 1)])
async def test_a_reset_is_in_doubt_whether_the_provider_had_taken_it_or_not(breaks, taken) -> None:
    provider = Provider(breaks=breaks)
    assert isinstance(await _sms(provider), InDoubt)
    assert len(provider.taken) == taken


async def test_a_slow_provider_is_in_doubt() -> None:
    outcome = await _sms(Provider(breaks="no answer"), patience=Patience(total_seconds=0.3))
    assert isinstance(outcome, InDoubt)


async def test_no_provider_is_a_failure_for_now() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gateway = SmsGateway(f"http://127.0.0.1:{taken.getsockname()[1]}/", "t", "L")
        async with httpx.AsyncClient() as client:
            outcome = await SmsChannel(gateway, client).hand_over(request_id(1), "+33612345678", "x")
    assert isinstance(outcome, FailedForNow)
    assert outcome.provider_down


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", "http://[::1/", "http://127.0.0.1:99999/"])
async def test_an_address_that_is_none_is_a_failure_of_the_settings(url) -> None:
    async with httpx.AsyncClient() as client:
        outcome = await SmsChannel(SmsGateway(url, "t", "L"), client).hand_over(request_id(1), "+3361", "x")
    assert isinstance(outcome, FailedForNow)


async def test_a_webhook_is_signed_as_the_standard_says() -> None:
    """Guard: the time is signed as that of its zone. The receiver's library checks id, time and content."""
    provider, now = Provider(status=204, body=b""), datetime.now(timezone(timedelta(hours=9)))
    async with http_server(provider) as url, httpx.AsyncClient() as client:
        channel = WebhookChannel(WebhookReceiver(f"{url}/hook", _SECRET), client)
        assert (
            await channel.hand_over(request_id(1), {"step": "reminder", "total": "12.30"}, now)
            == HandedOver()
        )
    ((_, headers, body),) = provider.requests
    read = Webhook(_SECRET).verify(body, headers)
    assert read["data"] == {"step": "reminder", "total": "12.30"}
    assert headers["webhook-id"] == _KEY
    assert read["timestamp"] == now.astimezone(UTC).isoformat()


async def test_a_letter_goes_to_a_print_provider_under_its_key() -> None:
    provider = Provider()
    async with http_server(provider) as url, httpx.AsyncClient() as client:
        channel = PrintChannel(PrintProvider(f"{url}/letters", "token"), client)
        assert await channel.hand_over(request_id(1), b"%PDF-1.7") == HandedOver("provider-7")
    assert provider.taken == {_KEY: b"%PDF-1.7"}
