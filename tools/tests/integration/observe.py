"""What the tests of the stack see from outside: processes, listening addresses, a registry of their own."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait for something to become true; fail, saying what, when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def processes_of(folder: Path) -> list[str]:
    """The living processes that work in a folder or were started with its name."""
    place = str(folder.resolve())
    home = folder / "postgres"
    places = {place, str(home.resolve())} if home.is_symlink() else {place}
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            cwd = os.readlink(entry / "cwd")
            if any(it in command or cwd.startswith(it) for it in places):
                found.append(f"{entry.name} {command}")
    return found


def listening_addresses(port: int) -> set[str]:
    """The addresses, as the kernel writes them, on which somebody listens on a port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, _, state = line.split()[1:4]
            host, _, number = address.partition(":")
            if state == "0A" and int(number, 16) == port:
                found.add(host)
    return found


class JarRegistry:
    """A Maven repository on this machine that serves what a cache holds, and counts."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.asked: list[str] = []
        self.spoil: set[str] = set()

    def serve(self, name: str) -> bytes | None:
        if name not in {path.name for path in self.cache.glob("*.jar")}:
            return None
        self.asked.append(name)
        content = (self.cache / name).read_bytes()
        return content[:-1] + b"?" if name in self.spoil else content

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = registry.serve(self.path.rpartition("/")[2])
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
