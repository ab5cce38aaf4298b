"""A service of the smallest kind, for the supervisor to run: `python -m dummy_service ROLE...`.

GET /environment answers what it was told; POST /unready makes it unready, POST /exit ends it. DUMMY_MIGRATE and
DUMMY_SERVE are exit codes with which it ends at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

unready = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = {"/health/ready": {}, "/environment": dict(os.environ), "/roles": sys.argv[1:]}
        if self.path == "/health/ready" and unready.is_set():
            self._answer(503, {"checks": {"database": "away"}})
        else:
            self._answer(200 if self.path in known else 404, known.get(self.path))

    def do_POST(self) -> None:
        self._answer(202, None)
        self.wfile.flush()
        if self.path == "/exit":
            os._exit(9)
        unready.set()

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


def main() -> None:
    if sys.argv[1:] == ["migrate"]:
        print("I migrate", flush=True)
        sys.exit(int(os.environ.get("DUMMY_MIGRATE", "0")))
    if "DUMMY_SERVE" in os.environ:
        print("I cannot serve", flush=True)
        sys.exit(int(os.environ["DUMMY_SERVE"]))
    address = (os.environ["LETTRA_HTTP_HOST"], int(os.environ["LETTRA_HTTP_PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    main()
