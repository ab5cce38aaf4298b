"""Mail by SMTP, over connections that are kept. A mail is handed over at most once by one call.

The moment of doubt: until the server has answered DATA with 354, nothing of the mail has left, and whatever breaks
is a failure for now. From the first byte of the content on, a mail without an answer may have been taken: SMTP has
no way to ask, so the outcome is in doubt, and is never tried again here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import aiosmtplib

from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused, short

_START_INPUT, _COMPLETED, _WILL_FORWARD = 354, 250, 251
_TRANSIENT, _PERMANENT = range(400, 500), range(500, 600)
_TOO_LARGE, _SERVICE_CLOSES = 552, 421


class Handed(Protocol):
    """What is handed over: bytes with CRLF, in ASCII, and the addresses of the envelope."""

    @property
    def envelope_from(self) -> str: ...
    @property
    def envelope_to(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True)
class SmtpServer:
    """Where mails are handed over, and how patient the service is; seconds are of one step."""

    host: str
    port: int
    encryption: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: str | None = None
    trust: ssl.SSLContext | None = None
    hello: str | None = None
    connect_seconds: float = 10.0
    command_seconds: float = 30.0
    content_seconds: float = 120.0
    connections: int = 4
    mails_a_connection: int = 100
    idle_seconds: float = 20.0


class _Failed(Exception):
    """Nothing of the mail has left; carries what the attempt comes to. `stale`: a kept connection had been closed."""

    def __init__(self, outcome: Outcome, stale: bool = False) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome
        self.stale = stale


@dataclass
class _Connection:
    client: aiosmtplib.SMTP
    mails: int
    used_at: float


class EmailChannel:
    """Hands mails to one SMTP server over at most `connections` connections; more calls than that wait their turn."""

    def __init__(self, server: SmtpServer, clock: Callable[[], float] | None = None) -> None:
        self._server = server
        self._clock = clock or asyncio.get_running_loop().time
        self._free: list[_Connection] = []
        self._turns = asyncio.Semaphore(server.connections)

    async def hand_over(self, mail: Handed) -> Outcome:
        """Hand one mail over. Raises nothing but what ends the task; a cancelled hand-over closes its connection."""
        async with self._turns:
            connection = self._kept()
            if connection is not None:
                try:
                    return await self._over(connection, mail)
                except _Failed as failed:
                    if not failed.stale:
                        return failed.outcome
            # The server had closed the kept connection before anything of this mail left: a new one is tried.
            try:
                return await self._over(await self._connected(), mail)
            except _Failed as failed:
                return failed.outcome

    async def close(self) -> None:
        """Say goodbye on every kept connection, without waiting long for the answer."""
        while self._free:
            client = self._free.pop().client
            try:
                await client.quit(timeout=1.0)
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    def _kept(self) -> _Connection | None:
        while self._free:
            connection = self._free.pop()
            idle = self._clock() - connection.used_at
            if connection.client.is_connected and idle < self._server.idle_seconds:
                return connection
            connection.client.close()
        return None

    async def _connected(self) -> _Connection:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=server.hello,
            timeout=server.command_seconds,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=server.trust,
        )
        try:
            async with asyncio.timeout(server.connect_seconds):
                await client.connect()
                await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise _Failed(_down(f"no connection to the mail server: {_said(error)}")) from error
        except BaseException:
            client.close()
            raise
        return _Connection(client, 0, self._clock())

    async def _over(self, connection: _Connection, mail: Handed) -> Outcome:
        """One mail over one connection, which is kept afterwards where its state is known."""
        keep = False
        try:
            await self._announce(connection.client, mail)
            outcome = await self._content(connection.client, mail.content)
            keep = not isinstance(outcome, InDoubt)
            return outcome
        except _Failed as failed:
            failed.stale = failed.stale and connection.mails > 0
            down = isinstance(failed.outcome, FailedForNow) and failed.outcome.provider_down
            keep = not down and await self._reset(connection.client)
            raise
        finally:
            connection.mails += 1
            self._give_back(connection, keep)

    def _give_back(self, connection: _Connection, keep: bool) -> None:
        if keep and connection.client.is_connected and connection.mails < self._server.mails_a_connection:
            connection.used_at = self._clock()
            self._free.append(connection)
        else:
            connection.client.close()

    async def _announce(self, client: aiosmtplib.SMTP, mail: Handed) -> None:
        """MAIL, RCPT and DATA. `_Failed` where one of them is not taken: nothing of the mail has left then."""
        try:
            await client.mail(mail.envelope_from)
            await client.rcpt(mail.envelope_to)
            code, text = await client.execute_command(b"DATA")
        except aiosmtplib.SMTPResponseException as error:
            raise _Failed(_before_content(error), stale=error.code == _SERVICE_CLOSES) from error
        except (aiosmtplib.SMTPServerDisconnected, ConnectionError) as error:
            raise _Failed(_down(f"the connection was lost: {_said(error)}"), stale=True) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _Failed(_down(_said(error))) from error
        if code != _START_INPUT:
            raise _Failed(_of_content(code, text))

    async def _content(self, client: aiosmtplib.SMTP, content: bytes) -> Outcome:
        """The mail's bytes: from here on, no answer means doubt."""
        # A line of a single dot ends the mail, so each that begins with one gets another (RFC 5321, 4.5.2).
        dotted = content.replace(b"\r\n.", b"\r\n..")
        framed = (b"." if dotted.startswith(b".") else b"") + dotted
        framed += b".\r\n" if framed.endswith(b"\r\n") else b"\r\n.\r\n"
        protocol = client.protocol
        if protocol is None:
            return _down("the connection was lost before the mail")
        try:
            protocol.write(framed)
            code, text = await protocol.read_response(timeout=self._server.content_seconds)
        except aiosmtplib.SMTPResponseException as error:
            return InDoubt(short(f"the answer to the mail cannot be read: {error.code} {error.message}"))
        except (aiosmtplib.SMTPException, OSError) as error:
            return InDoubt(short(f"no answer to the mail: {_said(error)}"))
        return _of_content(code, text)

    async def _reset(self, client: aiosmtplib.SMTP) -> bool:
        """Whether the connection is ready for another mail after a refused one."""
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True


def _before_content(error: aiosmtplib.SMTPResponseException) -> Outcome:
    """What an answer to MAIL or RCPT means: only RCPT's speaks of the customer's address."""
    said = short(f"{error.code} {error.message}")
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        if error.code in _PERMANENT:
            return Refused(said, about="address")
        return FailedForNow(said, provider_down=error.code == _SERVICE_CLOSES)
    if error.code == _TOO_LARGE:
        return Refused(said, about="message")
    # A server that does not take our own address takes no mail of ours: somebody has to look at the settings.
    return FailedForNow(said, provider_down=True)


def _of_content(code: int, text: str) -> Outcome:
    said = short(f"{code} {text}")
    if code in {_COMPLETED, _WILL_FORWARD}:
        return HandedOver(short(text))
    if code in _PERMANENT:
        return Refused(said, about="message")
    if code in _TRANSIENT:
        return FailedForNow(said, provider_down=code == _SERVICE_CLOSES)
    return InDoubt(f"an answer that means nothing here: {said}")


def _down(reason: str) -> FailedForNow:
    return FailedForNow(short(reason), provider_down=True)


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
