"""Real SMTP servers on loopback (aiosmtpd), well-behaved or breaking off at a named place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from lettra_notifications.channels.email import SmtpServer


@dataclass
class Inbox:
    """Takes every mail, or answers and breaks off as told; each value is taken by one mail, the last stays."""

    mails: list[Envelope] = field(default_factory=list)
    connections: int = 0
    mail_answer: str = "250 OK"
    rcpt_answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 taken as 42"
    breaks: str | None = None
    wait: asyncio.Event | None = None
    transports: list[asyncio.Transport] = field(default_factory=list)

    async def handle_MAIL(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.breaks == "before MAIL":
            server.transport.abort()
        if self.mail_answer.startswith("250"):
            envelope.mail_from = address
        return self.mail_answer

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt_answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.wait is not None:
            await self.wait.wait()
        if self.data_answer.startswith("250"):
            self.mails.append(envelope)
        if self.breaks == "after the mail":
            server.transport.abort()
        return self.data_answer


class _Breaking(SMTP):
    """Breaks off within DATA, as the inbox says."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connections += 1
        self.event_handler.transports.append(transport)
        super().connection_made(transport)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        breaks = self.event_handler.breaks
        if breaks == "before 354":
            self.transport.abort()
        elif breaks == "no 354":
            await asyncio.Event().wait()
        elif breaks == "within the mail":
            await self.push("354 go on")
            await self._reader.readexactly(1_000)
            self.transport.abort()
        elif breaks == "an answer that is none":
            await self.push("354 go on")
            while await self._reader.readline() != b".\r\n":
                pass
            await self.push("perhaps")
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def smtp_server(inbox: Inbox, **changes: Any) -> AsyncIterator[SmtpServer]:
    """The server's settings for a client; it stops at the end of the block."""
    loop = asyncio.get_running_loop()
    made: Callable[[], SMTP] = lambda: _Breaking(inbox, hostname="localhost", loop=loop)  # noqa: E731
    server = await loop.create_server(made, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings: dict[str, Any] = {
        "encryption": "none",
        "hello": "localhost",
        "command_seconds": 5.0,
        "content_seconds": 5.0,
    }
    try:
        yield SmtpServer("127.0.0.1", port, **(settings | changes))
    finally:
        server.close()
        for transport in inbox.transports:
            transport.abort()
