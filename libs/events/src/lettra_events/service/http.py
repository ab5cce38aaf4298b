"""The HTTP side that all services share: commands with idempotency keys, health, metrics."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import PlainTextResponse

from lettra_events.decisions.workspace import Workspace
from lettra_events.service import commands
from lettra_events.service.commands import KEY_CHARS_MAX, Answer, Commands
from lettra_events.service.observing import Observing
from lettra_events.service.problems import install_problems, problem

__all__ = ["Check", "Command", "CommandContext", "install", "problem"]

Check = Callable[[], Awaitable[str | None]]
"""A readiness check: None when well, else what is wrong in words."""


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
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=KEY_CHARS_MAX)] = None,
) -> CommandContext:
    """FastAPI dependency of every command."""
    body = await request.body()
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    identity = commands.Request(request.state.correlation_id, idempotency_key, hashlib.sha256(asked).digest())
    return CommandContext(request.app.state.commands, identity)


Command = Annotated[CommandContext, Depends(command_context)]


async def _always() -> None:
    """Nothing in the process can die without it."""


def install(
    app: FastAPI,
    service: str,
    checks: Mapping[str, Check],
    body_bytes_max: int,
    upload_bytes_max: int,
    lives: Check = _always,
) -> None:
    """Give an application the shared middleware, error answers and operational routes.

    `lives` says what only another process can mend: then a supervisor is to start one.
    """
    install_problems(app)
    _install_operations(app, checks, lives)
    app.add_middleware(
        Observing, service=service, body_bytes_max=body_bytes_max, upload_bytes_max=upload_bytes_max
    )


class Live(BaseModel):
    """`status`: "live", or what nothing but a restart of the process mends."""

    status: str


class Ready(BaseModel):
    """`checks` says for each part "ok" or what is wrong."""

    ready: bool
    checks: dict[str, str]


def _install_operations(app: FastAPI, checks: Mapping[str, Check], lives: Check) -> None:
    @app.get("/health/live", tags=["operations"], responses={503: {"model": Live}})
    async def live(response: Response) -> Live:
        """The process can do its work, or get back to it by itself; 503 says why it must be started again."""
        wrong = await lives()
        response.status_code = 200 if wrong is None else 503
        return Live(status=wrong or "live")

    @app.get("/health/ready", tags=["operations"], responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """Database, broker and the roles of this process are well; 503 says which are not."""
        results = dict(
            zip(checks, await asyncio.gather(*(check() for check in checks.values())), strict=True)
        )
        well = not any(results.values())
        response.status_code = 200 if well else 503
        return Ready(ready=well, checks={name: wrong or "ok" for name, wrong in results.items()})

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
    async def prometheus() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
