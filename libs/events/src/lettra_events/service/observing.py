"""What surrounds every request: its correlation id, its limits, its latency, its log line, its last resort.

Plain ASGI: Starlette's BaseHTTPMiddleware runs each request in a task of its own, behind a queue.
"""

from __future__ import annotations

import re
import time
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lettra_events import metrics
from lettra_events.service.problems import problem

log = structlog.get_logger(__name__)

CORRELATION_HEADER = "x-correlation-id"
_CORRELATION_ID = re.compile(r"[!-~]{1,200}")
_QUIET = ("/health/", "/metrics")


class Observing:
    """The outermost layer of a service's application.

    A caller's correlation id of 1 to 200 visible ASCII characters is taken over, else one is made; it stands in
    the answer, in the events' attributes and in every log line of the request.
    """

    def __init__(self, app: ASGIApp, service: str, body_bytes_max: int, upload_bytes_max: int) -> None:
        self._app = app
        self._service = service
        self._body_bytes_max = body_bytes_max
        self._upload_bytes_max = upload_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation_id = _correlation_id(headers)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            await self._observe(_Exchange(scope, receive, send, correlation_id), self._refused(headers))

    async def _observe(self, exchange: _Exchange, refused: Response | None) -> None:
        started = time.perf_counter()
        try:
            await exchange.answer(refused or self._app)
        except Exception:
            log.exception("http.failed", method=exchange.scope["method"], route=exchange.route)
            await exchange.fail()
        finally:
            self._record(exchange, time.perf_counter() - started)

    def _record(self, exchange: _Exchange, seconds: float) -> None:
        metrics.COMMAND_SECONDS.labels(self._service, exchange.route, exchange.status).observe(seconds)
        tell = log.debug if exchange.scope["path"].startswith(_QUIET) else log.info
        tell("http.answered", route=exchange.route, status=exchange.status, ms=round(seconds * 1000, 1))

    def _refused(self, headers: Headers) -> Response | None:
        if "transfer-encoding" in headers:
            return problem(
                411, "length-required", "send a Content-Length; bodies of unknown size are not taken"
            )
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._upload_bytes_max if upload else self._body_bytes_max
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > limit:
            return problem(413, "too-large", f"the body has {length} bytes, the limit is {limit}")
        return None


class _Exchange:
    """One request and what is answered: `status` is 0 until something is."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, correlation_id: str) -> None:
        self.scope = scope
        self.status = 0
        self._receive = receive
        self._send = send
        self._correlation_id = correlation_id

    async def answer(self, app: ASGIApp) -> None:
        await app(self.scope, self._receive, self._sending)

    async def fail(self) -> None:
        """Answer 500, unless an answer has begun: then all that can be done is to break it off."""
        if self.status:
            raise ConnectionAbortedError("the answer had begun")
        await self.answer(
            problem(500, "internal", f"an error of ours; the logs know it as {self._correlation_id}")
        )

    async def _sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[CORRELATION_HEADER] = self._correlation_id
        await self._send(message)

    @property
    def route(self) -> str:
        """Method and path template. What no route serves has one name: callers must not make metrics."""
        route: Any = self.scope.get("route")
        method = self.scope["method"]
        known = route is not None and method in (getattr(route, "methods", None) or ())
        return f"{method} {route.path}" if known else "other"


def _correlation_id(headers: Headers) -> str:
    given = headers.get(CORRELATION_HEADER, "")
    return given if _CORRELATION_ID.fullmatch(given) else str(uuid4())
