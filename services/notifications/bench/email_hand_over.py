"""How fast mails are handed over, against the bare client with the same bytes over as many connections.

    python services/notifications/bench/email_hand_over.py [--mails 600] [--connections 4] [--rounds 5] [--kilobytes 60]

A mail server (aiosmtpd, which drops what it takes) runs in another process. Bare and service take turns; the figure is
the median of the rounds' ratios. The server does most of the work, so the client's own processor time is compared too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import aiosmtplib
from aiosmtpd.smtp import SMTP

from lettra_notifications.channels.email import EmailChannel, SmtpServer
from lettra_notifications.domain.outcomes import HandedOver
from lettra_notifications.messages.mail import Mail, bounce_address, message_id


class _Drops:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 taken"


async def _serve() -> None:
    """Until the other process closes our input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Drops(), hostname="localhost"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


def _mails(count: int, kilobytes: int) -> list[Mail]:
    """Prebuilt bytes of the usual shape: base64 lines, CRLF."""
    made = []
    for number in range(count):
        request_id = UUID(int=number)
        head = f"Message-ID: {message_id(request_id, 'bench.example')}\r\n\r\n".encode()
        body = (b"QUJD" * 19 + b"\r\n") * (kilobytes * 1024 // 78)
        sender = bounce_address(request_id, "bench.example")
        made.append(Mail(sender, "customer@client.example", "", head + body, ""))
    return made


async def _bare(port: int, connections: int, mails: Sequence[Mail]) -> None:
    async def one(part: Sequence[Mail]) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="localhost")
        async with client:
            for mail in part:
                await client.sendmail(mail.envelope_from, [mail.envelope_to], mail.content)

    await asyncio.gather(*(one(mails[at::connections]) for at in range(connections)))


async def _service(port: int, connections: int, mails: Sequence[Mail]) -> None:
    server = SmtpServer(
        "127.0.0.1",
        port,
        encryption="none",
        hello="localhost",
        connections=connections,
        mails_a_connection=len(mails),
    )
    channel = EmailChannel(server)

    async def one(part: Sequence[Mail]) -> None:
        for mail in part:
            outcome = await channel.hand_over(mail)
            if not isinstance(outcome, HandedOver):
                raise RuntimeError(f"a mail was not taken: {outcome}")

    await asyncio.gather(*(one(mails[at::connections]) for at in range(connections)))
    await channel.close()


async def _timed(run: Callable[[], Awaitable[None]], count: int) -> tuple[float, float]:
    """Mails a second, and milliseconds of this process's processor a mail."""
    began, worked = time.perf_counter(), time.process_time()
    await run()
    return count / (time.perf_counter() - began), (time.process_time() - worked) / count * 1_000


async def _measure(port: int, options: argparse.Namespace) -> dict[str, Any]:
    mails = _mails(options.mails, options.kilobytes)
    await _bare(port, options.connections, mails[: options.connections * 5])
    bare, service = [], []
    for number in range(options.rounds):
        kinds = [(bare, _bare), (service, _service)]
        for results, run in kinds if number % 2 == 0 else reversed(kinds):
            results.append(await _timed(lambda run=run: run(port, options.connections, mails), len(mails)))
    rates = [s[0] / b[0] for b, s in zip(bare, service, strict=True)]
    return {
        "mails": options.mails,
        "kilobytes": options.kilobytes,
        "connections": options.connections,
        "bare_mails_per_s": round(statistics.median(rate for rate, _ in bare), 1),
        "service_mails_per_s": round(statistics.median(rate for rate, _ in service), 1),
        "email_vs_bare": round(statistics.median(rates), 3),
        "bare_cpu_ms_a_mail": round(statistics.median(cpu for _, cpu in bare), 3),
        "service_cpu_ms_a_mail": round(statistics.median(cpu for _, cpu in service), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kilobytes", type=int, default=60)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve())
        return 0
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            figures = asyncio.run(_measure(int(server.stdout.readline()), options))
        finally:
            server.terminate()
    print(json.dumps(figures))
    return 0 if figures["email_vs_bare"] >= 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
