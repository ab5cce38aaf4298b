"""`lettra import` beside a service that is at work on the same file: it waits, and not for ever."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typer.testing import CliRunner, Result

from lettra_tools.cli import app

RUNNING = {"type": "urn:lettra:problem:import-running", "detail": "this file is being imported"}
TAKEN = {"digest": "0" * 64, "rows": 1, "created": 1}


@contextmanager
def at_work(times: int) -> Iterator[tuple[str, list[str]]]:
    """A service that is at work on the file so many times it is sent; its address, and what was sent to it."""
    sent: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(self.path)
            self._answer(*((409, RUNNING) if len(sent) <= times else (200, TAKEN)))

        def do_GET(self) -> None:
            self._answer(404, {"type": "urn:lettra:problem:unknown-import", "detail": "none"})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(folder: Path, url: str, wait: int) -> Result:
    file = folder / "january.csv"
    file.write_text("a\n1\n")
    return CliRunner().invoke(app, ["import", "invoices", str(file), "--url", url, "--wait", str(wait)])


def test_it_sends_the_file_again_once_the_service_is_done(tmp_path):
    with at_work(1) as (url, sent):
        result = run(tmp_path, url, 60)
    assert (result.exit_code, sent) == (0, ["/imports/invoices"] * 2)
    assert result.stdout == "january.csv: rows: 1, new: 1; taken.\n"


def test_it_does_not_wait_for_ever(tmp_path):
    """Guard: the deadline in _upload (lettra_tools/commands/imports.py); the service is never done."""
    with at_work(1_000_000) as (url, sent):
        result = run(tmp_path, url, 2)
    assert result.exit_code == 1
    assert 1 < len(sent) <= 3
    assert "january.csv: the service is still at work on this file after 2 s" in result.stderr
    assert f"{url}/imports/" in result.stderr
    assert "send the file again" in result.stderr


def test_it_need_not_wait_at_all(tmp_path):
    with at_work(1_000_000) as (url, sent):
        result = run(tmp_path, url, 0)
    assert (result.exit_code, len(sent)) == (1, 1)
