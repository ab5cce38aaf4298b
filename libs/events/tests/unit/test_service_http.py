"""The HTTP layer of every service: correlation, limits, problems, metrics; over an application without a database."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from prometheus_client import REGISTRY
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from structlog.testing import capture_logs

from lettra_events.errors import EventTooLarge, IdempotencyKeyReused, StaleVersion, TooManyRounds
from lettra_events.service import http
from lettra_events.service.rejection import ManyErrors, Rejected

SERVICE = "http-tests"
RAISED = {
    "rejected": Rejected("no-such-thing", "there is none", status=404, field="thing"),
    "many": ManyErrors("bad-rows", "nothing was taken", [{"line": 2, "column": "net", "reason": "is none"}]),
    "stale": StaleVersion("invoice:A:1", 3, 4),
    "reused": IdempotencyKeyReused("the key came before"),
    "large": EventTooLarge("an event of 2 MB"),
    "rounds": TooManyRounds("again and again"),
    "deadlock": asyncpg.DeadlockDetectedError("deadlock detected"),
    "refused": ConnectionRefusedError("connection refused"),
    "broken": asyncpg.ConnectionDoesNotExistError("closed in the middle"),
    "shutdown": asyncpg.AdminShutdownError("terminating connection"),
    "full": asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    "disk": asyncpg.DiskFullError("could not extend file: No space left on device"),
    "standby": asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
    "closed": asyncpg.InterfaceError(
        "cannot call Transaction.__aexit__(): the underlying connection is closed"
    ),
    "bug": ZeroDivisionError("password=hunter2"),
}


class Body(BaseModel):
    name: str
    size: int = 0


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/things/{thing}")
    async def make(thing: str, body: Body) -> Body:
        return body

    @app.get("/fails/{how}")
    async def fail(how: str) -> None:
        raise RAISED[how]

    @app.get("/breaks-off")
    async def breaks_off() -> StreamingResponse:
        async def half() -> AsyncIterator[bytes]:
            yield b"half"
            raise ZeroDivisionError

        return StreamingResponse(half())

    @app.get("/correlation")
    async def correlation(request: Request) -> dict[str, str]:
        return {"id": request.state.correlation_id}

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "short and stout", {"x-spout": "yes"})

    async def well() -> str | None:
        return None

    http.install(app, SERVICE, {"database": well}, body_bytes_max=1_000, upload_bytes_max=5_000)
    return app


@pytest.fixture
def logged() -> Iterator[list]:
    """The log lines of the test."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def client(logged: list) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem, which must be whole."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    assert body["type"].startswith("urn:lettra:problem:")
    return response.status_code, body["type"].removeprefix("urn:lettra:problem:")


def observed(route: str, status: int) -> float:
    """How many requests the latency of a route was taken of."""
    labels = {"service": SERVICE, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("lettra_command_seconds_count", labels) or 0.0


class TestCorrelation:
    """Guards: _correlation_id and _Exchange._sending (service/observing.py)."""

    async def test_the_callers_is_taken_over(self, client):
        response = await client.get("/correlation", headers={"X-Correlation-Id": "order-4711"})
        assert (response.json()["id"], response.headers["x-correlation-id"]) == ("order-4711",) * 2

    @pytest.mark.parametrize("given", [None, "", "two words", "x" * 201, "caf\u00e9"])
    async def test_one_is_made_where_none_can_be_used(self, client, given):
        headers = {} if given is None else {"X-Correlation-Id": given.encode("latin-1")}
        first, second = [await client.get("/correlation", headers=headers) for _ in "12"]
        made = {response.json()["id"] for response in (first, second)}
        assert len(made) == 2
        assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in made)
        assert first.headers["x-correlation-id"] == first.json()["id"]

    @pytest.mark.parametrize("path", ["/nowhere", "/fails/bug", "/fails/stale"])
    async def test_it_is_in_the_answer_whatever_happens(self, client, path):
        response = await client.get(path, headers={"X-Correlation-Id": "c-1"})
        assert response.headers["x-correlation-id"] == "c-1"


class TestLimits:
    """Guards: Observing._refused (service/observing.py)."""

    async def test_a_body_beyond_the_limit(self, client):
        response = await client.post("/things/1", content=b"x" * 1_001)
        assert problem(response) == (413, "too-large")
        assert "1001 bytes, the limit is 1000" in response.json()["detail"]

    async def test_a_body_at_the_limit(self, client):
        body = json.dumps({"name": "x"}).ljust(1_000)
        kind = {"content-type": "application/json"}
        assert (await client.post("/things/1", content=body, headers=kind)).status_code == 200

    async def test_an_upload_has_a_limit_of_its_own(self, client):
        kind = {"content-type": "multipart/form-data; boundary=x"}
        within = await client.post("/things/1", content=b"x" * 1_001, headers=kind)
        beyond = await client.post("/things/1", content=b"x" * 5_001, headers=kind)
        assert within.status_code != 413
        assert problem(beyond) == (413, "too-large")

    @pytest.mark.parametrize("length", [{}, {"content-length": "2"}], ids=["alone", "beside a length"])
    async def test_a_body_of_unknown_size(self, client, length):
        async def chunks() -> AsyncIterator[bytes]:
            yield b"{}"

        headers = {"transfer-encoding": "chunked"} | length
        response = await client.post("/things/1", content=chunks(), headers=headers)
        assert problem(response) == (411, "length-required")


class TestProblems:
    """Guards: the handlers in service/problems.py."""

    @pytest.mark.parametrize(
        ("how", "expected", "more"),
        [
            ("rejected", (404, "no-such-thing"), {"field": "thing"}),
            ("many", (422, "bad-rows"), {"errors": [{"line": 2, "column": "net", "reason": "is none"}]}),
            ("stale", (409, "stale-version"), {"stream": "invoice:A:1", "version": 4}),
            ("reused", (422, "idempotency-key-reused"), {"field": "Idempotency-Key"}),
            ("large", (413, "too-large"), {}),
            ("rounds", (503, "busy"), {}),
            ("deadlock", (503, "busy"), {}),
            ("refused", (503, "database-away"), {}),
            ("broken", (503, "database-away"), {}),
            ("shutdown", (503, "database-away"), {}),
            ("full", (503, "database-away"), {}),
            ("disk", (503, "database-away"), {}),
            ("standby", (503, "database-away"), {}),
            ("closed", (503, "database-away"), {}),
        ],
    )
    async def test_each_failure_has_its_type(self, client, how, expected, more):
        response = await client.get(f"/fails/{how}")
        assert problem(response) == expected
        assert response.json() | more == response.json()
        assert ("retry-after" in response.headers) is (expected[0] == 503)

    async def test_what_nobody_foresaw_tells_the_log_and_not_the_caller(self, client, logged):
        """Guard: Observing._observe (service/observing.py)."""
        response = await client.get("/fails/bug", headers={"X-Correlation-Id": "c-9"})
        assert problem(response) == (500, "internal")
        assert "hunter2" not in response.text
        assert "c-9" in response.json()["detail"]
        (failure,) = [line for line in logged if line["event"] == "http.failed"]
        assert (failure["route"], failure["log_level"]) == ("GET /fails/{how}", "error")

    async def test_an_answer_that_breaks_off_does_not_end_well(self, client):
        """Guard: _Exchange.fail (service/observing.py): a caller must not take half for the whole."""
        with pytest.raises(ConnectionAbortedError):
            await client.get("/breaks-off")

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b'{"name": }', "no JSON at character 9: Expecting value"),
            (b"[" * 900, "no JSON at character 900: Expecting value"),
            (b'{"name": "\xff"}', None),
            (b'{"name":' * 100 + b"\xfe", None),
        ],
    )
    async def test_malformed_json(self, client, body, reason):
        response = await client.post("/things/1", content=body, headers={"content-type": "application/json"})
        assert problem(response) == (400, "malformed-json")
        expected = [{"field": "body", "reason": reason}] if reason else None
        assert response.json().get("errors") == expected

    async def test_json_that_is_not_called_json(self, client):
        """What a caller forgets first: FastAPI reads no other body as JSON."""
        response = await client.post("/things/1", content=b'{"name": "x"}')
        assert problem(response) == (422, "invalid-request")
        assert "Content-Type: application/json" in response.json()["detail"]

    async def test_no_body(self, client):
        response = await client.post("/things/1", headers={"content-type": "application/json"})
        assert (problem(response), response.json()["detail"]) == (
            (422, "invalid-request"),
            "body: Field required",
        )

    async def test_every_wrong_field_is_named(self, client):
        response = await client.post("/things/1", json={"size": "big"})
        assert problem(response) == (422, "invalid-request")
        assert [each["field"] for each in response.json()["errors"]] == ["name", "size"]
        assert response.json()["detail"].startswith("name: Field required; size: Input should be")

    async def test_no_such_path_and_no_such_method(self, client):
        assert problem(await client.get("/nowhere")) == (404, "http-error")
        response = await client.delete("/things/1")
        assert problem(response) == (405, "http-error")
        assert response.headers["allow"] == "POST"

    async def test_headers_of_an_error_are_kept(self, client):
        response = await client.get("/teapot")
        assert (problem(response), response.headers["x-spout"]) == ((418, "http-error"), "yes")


class TestMetrics:
    """Guards: _Exchange.route (service/observing.py): labels are of the code, never of the caller."""

    async def test_a_route_is_its_method_and_template(self, client):
        before = observed("POST /things/{thing}", 200)
        for thing in ("1", "2", "a%20b"):
            await client.post(f"/things/{thing}", json={"name": "x"})
        assert observed("POST /things/{thing}", 200) == before + 3

    async def test_what_no_route_serves_is_other(self, client):
        before = observed("other", 404), observed("other", 405), observed("other", 413)
        await client.get("/nowhere/4711")
        await client.request("BREW", "/things/4711")
        await client.post("/things/4711", content=b"x" * 1_001)
        assert (observed("other", 404), observed("other", 405), observed("other", 413)) == tuple(
            count + 1 for count in before
        )
        text = (await client.get("/metrics")).text
        assert "lettra_command_seconds_bucket" in text
        assert "4711" not in text
        assert "BREW" not in text

    async def test_failures_are_counted_too(self, client):
        before = observed("GET /fails/{how}", 500)
        await client.get("/fails/bug")
        assert observed("GET /fails/{how}", 500) == before + 1


class TestLogs:
    async def test_a_request_is_one_line_and_a_probe_none(self, client, logged):
        """Guard: Observing._record (service/observing.py). A probe comes every second, and says nothing."""
        await client.post("/things/1", json={"name": "x"})
        await client.get("/health/live")
        told = [(line["route"], line["status"], line["log_level"]) for line in logged]
        assert told == [("POST /things/{thing}", 200, "info"), ("GET /health/live", 200, "debug")]


class TestOpenApi:
    async def test_errors_are_described_as_they_are_sent(self, client):
        """Guard: _described (service/problems.py); FastAPI promises an HTTPValidationError that nobody sends."""
        page = (await client.get("/openapi.json")).json()
        responses = page["paths"]["/things/{thing}"]["post"]["responses"]
        assert set(responses) == {"200", "default"}
        reference = responses["default"]["content"]["application/problem+json"]["schema"]["$ref"]
        assert reference == "#/components/schemas/Problem"
        assert set(page["components"]["schemas"]) == {"Body", "Live", "Problem", "Ready"}

    async def test_a_problem_is_what_the_page_says(self, client):
        page = (await client.get("/openapi.json")).json()
        described = page["components"]["schemas"]["Problem"]
        sent = (await client.get("/fails/rejected")).json()
        assert set(sent) <= set(described["properties"])
        assert set(described["required"]) <= set(sent)
