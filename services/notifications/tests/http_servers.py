"""A real HTTP server on loopback that keeps what it took by its key, or breaks off at a named place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11


@dataclass
class Provider:
    """Takes each key once. `breaks`: before it took the request, after it, or within the answer's body."""

    taken: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"id": "provider-7"}'
    breaks: str | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        target, headers, body = "", {}, b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Request):
                target = event.target.decode()
                headers = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                await self._answer(connection, writer, target, headers, body)
                return
            else:
                writer.close()
                return

    async def _answer(self, connection, writer, target, headers, body) -> None:
        if self.breaks == "before":
            writer.transport.abort()
            return
        self.requests.append((target, headers, body))
        if 200 <= self.status < 300:
            self.taken.setdefault(headers.get("idempotency-key") or headers.get("webhook-id") or "", body)
        if self.breaks == "after":
            writer.transport.abort()
            return
        if self.breaks == "no answer":
            await asyncio.Event().wait()
        length = len(self.body) + (1_000 if self.breaks == "within" else 0)
        lines = [f"HTTP/1.1 {self.status} said", f"content-length: {length}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def http_server(provider: Provider) -> AsyncIterator[str]:
    """The server's address; it stops at the end of the block."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(provider.serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
