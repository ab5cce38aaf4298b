"""`lettra review`: what a reviewer reads, and what is sent for an act; nothing is sent where something is missing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lettra_tools.cli import app

ACTED = ("--why", "told by telephone", "--who", "c.moreau", "--date", "2026-03-02")


def proposal(payment_id: str, **other: Any) -> dict[str, Any]:
    line = {"customer_id": "C1", "item_id": "FR01:FA-1", "settled": "110.00", "write_off": "10.00"}
    return {
        "payment_id": payment_id,
        "entity_id": "FR01",
        "currency": "EUR",
        "booking_date": "2026-02-27",
        "counterparty_name": "DURAND SA",
        "remittance": "REGLT\n [red]FACT 1",
        "unapplied": "1100.00",
        "lines": [line | {"write_off_type": "bank_fees"}],
        "rule": "exact_amount",
        "evidence": "the IBAN is known of Durand (C1); but 2 open items fit",
        "confidence": "0.40",
        "solutions": 2,
        "rules_version": 3,
    } | other


LEDGER = {
    "name": "Durand SA",
    "items": [{"item_id": "FR01:FA-1", "open": "110.00", "due_date": "2026-02-01"}],
}
DONE = {"applied": "100.00", "on_account": "0", "unapplied": "0"}


class Matching:
    """As far as it is asked: pages of two proposals, one ledger, and an answer to each act."""

    def __init__(
        self, proposals: list[dict[str, Any]], answer: tuple[int, dict[str, Any]] | None = None
    ) -> None:
        self.proposals = proposals
        self.answer = answer
        self.asked: list[str] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        if path.startswith("/customers/"):
            return LEDGER
        second = "after=2" in path
        rest = self.proposals[2:] if second else self.proposals[:2]
        return {"proposals": rest, "next": None if second or len(self.proposals) <= 2 else "2"}

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.sent.append((path, body))
        return self.answer or (200, {"payment_id": path.split("/")[2], **DONE})


@contextmanager
def serving(matching: Matching) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, matching.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*matching.post(self.path, body))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(matching: Matching, *arguments: str) -> Result:
    with serving(matching) as url:
        return CliRunner().invoke(app, ["review", *arguments, "--url", url])


def test_a_proposal_is_shown_as_a_reviewer_reads_it() -> None:
    result = run(Matching([proposal("aaaa-1")]), "--entity", "FR01")
    assert result.exit_code == 0
    assert [" ".join(line.split()) for line in result.stdout.splitlines()] == [
        "aaaa-1",
        "paid 2026-02-27 1,100.00 EUR by DURAND SA: 'REGLT [red]FACT 1'",
        "settles 110.00 of FA-1 (110.00 open, due 2026-02-01), of it 10.00 as bank fees, Durand SA (C1)",
        "because the IBAN is known of Durand (C1)",
        "but 2 open items fit",
        "sure 0.40 of 1: rule 5, exact amount, 2 answers fit; rules of version 3",
        "",
        "1 wait for a person. Say: lettra review --confirm ID --why TEXT, or --refuse ID.",
    ]


def test_what_is_not_shown_is_counted_and_ledgers_are_asked_for_once() -> None:
    matching = Matching([proposal(f"aaaa-{n}") for n in range(5)])
    result = run(matching, "--limit", "3")
    assert "5 wait for a person, 3 of them above (--limit 5 shows more)." in result.stdout
    assert "aaaa-2" in result.stdout
    assert "aaaa-3" not in result.stdout
    assert sum("/ledger" in path for path in matching.asked) == 1


def test_for_programs_all_are_there() -> None:
    found = [proposal(f"aaaa-{n}") for n in range(3)]
    assert json.loads(run(Matching(found), "--json", "--limit", "1").stdout) == found
    assert run(Matching([]), "--entity", "FR01").stdout == "Nothing waits for a person in FR01.\n"


@pytest.mark.parametrize(
    ("act", "given", "path"),
    [
        ("--confirm", "aaaa", "/proposals/aaaa-1/confirm"),
        ("--refuse", "bbbb-2", "/proposals/bbbb-2/refuse"),
        ("--undo", "cccc-3", "/payments/cccc-3/undo"),
    ],
)
def test_an_act_says_who_why_and_on_which_day(act: str, given: str, path: str) -> None:
    matching = Matching([proposal("aaaa-1"), proposal("bbbb-2")])
    result = run(matching, act, given, *ACTED)
    assert result.exit_code == 0, result.stderr
    body = {"who": "c.moreau", "why": "told by telephone", "business_date": "2026-03-02"}
    assert matching.sent == [(path, body)]
    assert "by c.moreau. Of the payment" in result.stdout
    assert "100.00 is applied" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--confirm", "aaaa-1", "--who", "c.moreau"), "give --who and --why"),
        (("--confirm", "aaaa-1", "--why", " "), "give --who and --why"),
        (("--confirm", "aaaa-1", *ACTED[:4], "--date", "2.3.2026"), "write it as 2026-01-31"),
        (("--confirm", "aaaa-1", "--refuse", "aaaa-1", *ACTED), "One act at a time"),
        (("--confirm", "zzzz", *ACTED), "Nothing is proposed for a payment zzzz. See: lettra review"),
        (("--confirm", "aaa", *ACTED), "too short"),
        (
            ("--refuse", "aaaa", *ACTED),
            "Say which:\n  lettra review --refuse aaaa-1\n  lettra review --refuse aaaa-2",
        ),
        (("--why", "x"), "belong to --confirm ID"),
    ],
)
def test_what_is_missing_or_unclear_is_said_and_nothing_is_sent(
    arguments: tuple[str, ...], words: str
) -> None:
    matching = Matching([proposal("aaaa-1"), proposal("aaaa-2")])
    result = run(matching, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert matching.sent == []


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("proposal-outdated", 1, "FA-1 is open no more. Look at what is proposed now: lettra review"),
        ("nothing-to-undo", 1, "FA-1 is open no more."),
        ("unknown-payment", 2, "Give the whole id"),
    ],
)
def test_what_matching_refuses_is_its_sentence(kind: str, code: int, words: str) -> None:
    problem = {"type": f"urn:lettra:problem:{kind}", "detail": "FA-1 is open no more"}
    result = run(Matching([proposal("aaaa-1")], (409, problem)), "--confirm", "aaaa-1", *ACTED)
    assert result.exit_code == code
    assert words in result.stderr


def test_without_matching_it_says_where_it_looked() -> None:
    result = CliRunner().invoke(app, ["review", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 3
    assert "http://127.0.0.1:9" in result.stderr
