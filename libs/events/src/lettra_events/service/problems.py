"""Refusals and failures as RFC 9457 problem details with a stable `type`; and the OpenAPI page says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from lettra_events.errors import EventTooLarge, IdempotencyKeyReused, StaleVersion, TooManyRounds
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_events.store.running import SERVER_AWAY, TRANSIENT

PROBLEMS = "urn:lettra:problem:"
MEDIA_TYPE = "application/problem+json"
ERRORS_SHOWN_MAX = 50
_UNPARSED = "There was an error parsing the body"
"""What FastAPI says of JSON that fails otherwise than by its grammar."""


class Problem(BaseModel):
    """RFC 9457 problem details. `type` is stable; `field` names the place in the request, `errors` several."""

    type: str = Field(examples=[PROBLEMS + "invalid-request"])
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[dict[str, Any]] | None = None


def problem(status: int, kind: str, detail: str, **more: Any) -> Response:
    """An answer of this type; what is None in `more` is left out."""
    title = kind.replace("-", " ").capitalize()
    body = {"type": PROBLEMS + kind, "title": title, "status": status, "detail": detail}
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every refusal and failure as a problem, and describe them in the OpenAPI page."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, partial(_answer, answer))
    for kind in (*TRANSIENT, TooManyRounds):
        app.add_exception_handler(kind, partial(_answer, _busy))
    for kind in SERVER_AWAY:
        app.add_exception_handler(kind, partial(_answer, _away))
    app.add_exception_handler(asyncpg.InterfaceError, _interface)
    app.openapi = partial(_described, app, app.openapi)  # type: ignore[method-assign]


async def _answer(answer: Callable[[Any], Response], _request: Request, error: Exception) -> Response:
    return answer(error)


def _rejected(error: Rejected) -> Response:
    return problem(error.status, error.kind, error.detail, field=error.field)


def _many(error: ManyErrors) -> Response:
    return problem(error.status, error.kind, error.detail, errors=error.errors)


def _stale(error: StaleVersion) -> Response:
    return problem(409, "stale-version", str(error), stream=error.stream_id, version=error.actual)


def _reused(error: IdempotencyKeyReused) -> Response:
    return problem(422, "idempotency-key-reused", str(error), field="Idempotency-Key")


def _oversized(error: EventTooLarge) -> Response:
    return problem(413, "too-large", str(error))


def _invalid(error: RequestValidationError) -> Response:
    unread = isinstance(error.body, bytes)  # FastAPI decodes a body that is called JSON, and no other
    errors = [_reasoned(each, unread) for each in error.errors()]
    malformed = any(each["type"] == "json_invalid" for each in error.errors())
    detail = "; ".join(f"{e['field']}: {e['reason']}" for e in errors[:5])
    kind = "malformed-json" if malformed else "invalid-request"
    return problem(400 if malformed else 422, kind, detail, errors=errors[:ERRORS_SHOWN_MAX])


def _reasoned(error: dict[str, Any], unread: bool) -> dict[str, str]:
    """Field and reason of one thing that is wrong; of malformed JSON the "field" is a position."""
    if error["type"] == "json_invalid":
        place = ".".join(str(part) for part in error["loc"][1:])
        why = error.get("ctx", {}).get("error", error["msg"])
        return {"field": "body", "reason": f"no JSON at character {place}: {why}"}
    if unread and error["loc"] == ("body",):
        return {
            "field": "body",
            "reason": "a JSON object, sent as Content-Type: application/json, is expected",
        }
    return {"field": _place(error["loc"]), "reason": plain(error["msg"])}


def _plain_http(error: HTTPException) -> Response:
    if (error.status_code, error.detail) == (400, _UNPARSED):
        return problem(
            400, "malformed-json", "the body is no JSON in UTF-8, or is nested too deep", field="body"
        )
    answer = problem(error.status_code, "http-error", str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _busy(error: Exception) -> Response:
    answer = problem(503, "busy", f"others were faster, again and again ({type(error).__name__}); try again")
    answer.headers["retry-after"] = "1"
    return answer


def _away(error: Exception) -> Response:
    answer = problem(
        503, "database-away", f"the database does not answer ({type(error).__name__}); try again"
    )
    answer.headers["retry-after"] = "5"
    return answer


async def _interface(_request: Request, error: Exception) -> Response:
    """A transaction whose connection broke ends with an error of its own, over the one that says so."""
    if "connection is closed" in str(error):
        return _away(error)
    raise error


_ANSWERS: dict[type[Exception], Callable[[Any], Response]] = {
    Rejected: _rejected,
    ManyErrors: _many,
    StaleVersion: _stale,
    IdempotencyKeyReused: _reused,
    EventTooLarge: _oversized,
    RequestValidationError: _invalid,
    HTTPException: _plain_http,
}


def plain(message: str) -> str:
    """A validation message without the prefix that pydantic gives to those of our own validators."""
    return message.removeprefix("Value error, ")


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location if part != "body") or "body"


def _described(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """FastAPI would promise errors of its own shape, which are never sent."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    page = make()
    schemas = page.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema()
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for operations in page["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "Refused or failed",
                "content": {MEDIA_TYPE: reference},
            }
    return page
