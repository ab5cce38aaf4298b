"""The HTTP side that all services share: problem details, correlation ids, idempotency keys, health, limits."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import orjson
import structlog
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from lettra_events import metrics
from lettra_events.decisions.workspace import Workspace
from lettra_events.errors import EventTooLarge, IdempotencyKeyReused, StaleVersion
from lettra_events.service import commands
from lettra_events.service.commands import KEY_CHARS_MAX, Answer, Commands
from lettra_events.service.rejection import ManyErrors, Rejected

PROBLEMS = "urn:lettra:problem:"
Check = Callable[[], Awaitable[str | None]]
"""A readiness check: None when well, else what is wrong in words."""


def problem(status: int, kind: str, detail: str, **more: Any) -> Response:
    """An RFC 9457 answer with a stable `type`."""
    title = kind.replace("-", " ").capitalize()
    body = {"type": PROBLEMS + kind, "title": title, "status": status, "detail": detail}
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, media_type="application/problem+json")


class CommandContext:
    """One request's way to run a command: with its idempotency key and correlation id."""

    def __init__(self, runner: Commands, request: commands.Request) -> None:
        self._runner = runner
        self.request = request

    async def run(
        self, decide: Callable[[Workspace], BaseModel | Mapping[str, Any]], status: int = 200
    ) -> Response:
        """Decide in one transaction; what `decide` returns is the JSON answer."""

        def answer(workspace: Workspace) -> Answer:
            result = decide(workspace)
            body = (
                result.model_dump_json().encode() if isinstance(result, BaseModel) else orjson.dumps(result)
            )
            return Answer(status, body)

        given = await self._runner.run(answer, self.request)
        headers = {"Idempotency-Replayed": "true"} if given.repeated else {}
        return Response(given.body, given.status, headers, media_type="application/json")


async def command_context(
    request: Request, idempotency_key: Annotated[str | None, Header(max_length=KEY_CHARS_MAX)] = None
) -> CommandContext:
    """FastAPI dependency of every command."""
    body = await request.body()
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    identity = commands.Request(request.state.correlation_id, idempotency_key, hashlib.sha256(asked).digest())
    return CommandContext(request.app.state.commands, identity)


Command = Annotated[CommandContext, Depends(command_context)]


def install(
    app: FastAPI, service: str, checks: Mapping[str, Check], body_bytes_max: int, upload_bytes_max: int
) -> None:
    """Give an application the shared middleware, error answers and operational routes."""
    _install_errors(app)
    _install_operations(app, checks)

    @app.middleware("http")
    async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        correlation = request.headers.get("x-correlation-id", "")[:KEY_CHARS_MAX] or str(uuid4())
        request.state.correlation_id = correlation
        structlog.contextvars.bind_contextvars(correlation_id=correlation)
        started = time.perf_counter()
        limit = upload_bytes_max if "multipart" in request.headers.get("content-type", "") else body_bytes_max
        response = _too_large(request, limit) or await call_next(request)
        response.headers["x-correlation-id"] = correlation
        route = getattr(request.scope.get("route"), "path", "other")
        metrics.COMMAND_SECONDS.labels(service, route, response.status_code).observe(
            time.perf_counter() - started
        )
        structlog.contextvars.unbind_contextvars("correlation_id")
        return response


def _too_large(request: Request, limit: int) -> Response | None:
    length = request.headers.get("content-length")
    if length is None and request.headers.get("transfer-encoding"):
        return problem(411, "length-required", "send a Content-Length; bodies of unknown size are not taken")
    if length is not None and length.isdigit() and int(length) > limit:
        return problem(413, "too-large", f"the body has {length} bytes, the limit is {limit}")
    return None


def _install_errors(app: FastAPI) -> None:
    @app.exception_handler(Rejected)
    async def rejected(_request: Request, error: Rejected) -> Response:
        return problem(error.status, error.kind, error.detail, field=error.field)

    @app.exception_handler(ManyErrors)
    async def many(_request: Request, error: ManyErrors) -> Response:
        return problem(422, error.kind, error.detail, errors=error.errors)

    @app.exception_handler(StaleVersion)
    async def stale(_request: Request, error: StaleVersion) -> Response:
        return problem(409, "stale-version", str(error), stream=error.stream_id, version=error.actual)

    @app.exception_handler(IdempotencyKeyReused)
    async def reused(_request: Request, error: IdempotencyKeyReused) -> Response:
        return problem(422, "idempotency-key-reused", str(error), field="Idempotency-Key")

    @app.exception_handler(EventTooLarge)
    async def oversized(_request: Request, error: EventTooLarge) -> Response:
        return problem(413, "too-large", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [{"field": _place(e["loc"]), "reason": _plain(e["msg"])} for e in error.errors()]
        malformed = any(e["type"] == "json_invalid" for e in error.errors())
        detail = "; ".join(f"{e['field']}: {e['reason']}" for e in errors[:5])
        kind = "malformed-json" if malformed else "invalid-request"
        return problem(400 if malformed else 422, kind, detail, errors=errors[:50])

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, "http-error", str(error.detail))

    @app.exception_handler(asyncpg.PostgresConnectionError)
    @app.exception_handler(OSError)
    async def away(_request: Request, error: Exception) -> Response:
        return problem(
            503, "database-away", f"the database does not answer ({type(error).__name__}); try again"
        )


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location if part != "body") or "body"


def _install_operations(app: FastAPI, checks: Mapping[str, Check]) -> None:
    @app.get("/health/live", tags=["operations"])
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["operations"])
    async def ready(response: Response) -> dict[str, Any]:
        """Database, broker and the roles of this process are well; 503 says which are not."""
        results = {name: await check() for name, check in checks.items()}
        response.status_code = 503 if any(results.values()) else 200
        return {"ready": not any(results.values()), "checks": {n: r or "ok" for n, r in results.items()}}

    @app.get("/metrics", tags=["operations"])
    async def prometheus() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
