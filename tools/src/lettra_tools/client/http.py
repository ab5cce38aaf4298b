"""One service over HTTP: JSON in and out, every failure a sentence that says what to do.

A refusal of the service (4xx, an RFC 9457 problem) is `Refused`; a service that does not answer, or not as it should,
is `ServiceAway`.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from lettra_tools.stack.state import read_state

CONNECT_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 60.0
UPLOAD_SECONDS_MAX = 3_600.0
PROBLEMS = "urn:lettra:problem:"
NO_SUCH_ROUTE = "http-error"
"""What every service calls a path or a method that it does not have."""


class ServiceAway(Exception):
    """The service does not answer. The message names it, the place and the remedy."""


class Refused(Exception):
    """The service refused what was asked: `kind` is the stable end of the problem's type; the message says why."""

    def __init__(self, status: int, kind: str, detail: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors


class Service:
    """A running service. Use it as a context, or close it; not from two threads at once."""

    def __init__(self, name: str, url: str, remedy: str, *, seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._remedy = remedy
        self._client = httpx.Client(
            timeout=httpx.Timeout(seconds_max, connect=CONNECT_SECONDS_MAX),
            trust_env=not _on_this_machine(url),  # a proxy of the environment does not reach this machine
        )

    def get(self, path: str, **parameters: object) -> Any:
        """The JSON answer."""
        return self._ask("GET", path, params={name: str(value) for name, value in parameters.items()})

    def post(self, path: str, body: Mapping[str, object] | None = None, *, key: str | None = None) -> Any:
        """Give a command; `key` makes a repeat of it harmless."""
        headers = {"Idempotency-Key": key} if key else None
        return self._ask("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """Say what is to be in its place from now on."""
        return self._ask("PUT", path, json=body)

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> Any:
        """Send a file, and what else the form has."""
        files = {"file": (name, data, "application/octet-stream")}
        return self._ask("POST", path, files=files, data=fields, timeout=UPLOAD_SECONDS_MAX)

    def pages(self, path: str, items: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """The items of all pages of a list."""
        after: str | None = ""
        while after is not None:
            page = self.get(path, after=after, **parameters)
            yield from page[items]
            after = page["next"]

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._client.request(method, f"{self.url}{path}", **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = (
                "does not answer in time" if isinstance(error, httpx.TimeoutException) else "does not answer"
            )
            raise ServiceAway(f"{self._who} {what} ({_reason(error)}). {self._remedy}") from error
        answer = _json(response)
        if response.is_success and answer is not None:
            return answer
        if 400 <= response.status_code < 500 and isinstance(answer, dict) and "detail" in answer:
            refused = _refused(response.status_code, answer)
            if refused.kind == NO_SUCH_ROUTE:
                raise ServiceAway(
                    f"{self.url} answers, but is no {self.name}: it has no {path}. {self._remedy}"
                )
            raise refused
        said = answer.get("detail") if isinstance(answer, dict) else None
        raise ServiceAway(
            f"{self._who} answers {response.status_code} {said or ''}".rstrip() + f". {self._remedy}"
        )

    @property
    def _who(self) -> str:
        return f"The service {self.name} at {self.url}"


def service_of(name: str, folder: Path) -> Service:
    """A service of the stack that runs in a folder."""
    state = read_state(folder.absolute())
    if state is None or not state.is_alive:
        raise ServiceAway(
            f"Nothing runs in {folder}. Start it with: lettra up --folder {folder}, or say with --url where the "
            f"service {name} is."
        )
    for service in state.services:
        if service.name == name:
            return Service(
                name, service.url, f"See: lettra status --folder {folder}, and the logs in {folder}/logs."
            )
    raise ServiceAway(
        f"The stack in {folder} runs without the service {name}. Start it with: lettra down --folder {folder}, then "
        f"lettra up --folder {folder}."
    )


def service_at(name: str, url: str) -> Service:
    """A service at an address that the user named."""
    return Service(name, url, "Correct --url (or its variable), or start the service with: lettra up.")


def _on_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None


def _refused(status: int, answer: dict[str, Any]) -> Refused:
    kind = str(answer.get("type", "")).removeprefix(PROBLEMS)
    return Refused(status, kind, str(answer["detail"]), list(answer.get("errors") or ()))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
