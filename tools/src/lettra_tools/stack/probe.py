"""Whether servers and services answer."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
from urllib.parse import urlsplit

from lettra_tools.stack.kafka import knows_a_broker

SECONDS_MAX = 2.0
ANSWER_BYTES_MAX = 2000
SSL_REQUEST = struct.pack(">ii", 8, 80877103)


def why_not_ready(port: int) -> str:
    """What a service on this machine says about itself: nothing when it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            if answer.status == 200:
                return ""
            return f"answers {answer.status} {answer.read(ANSWER_BYTES_MAX).decode(errors='replace')}".strip()
        except (OSError, http.client.HTTPException):
            return "does not answer"


def postgres_answers(dsn: str) -> bool:
    """Whether a PostgreSQL server answers there: every one answers this question with one letter.

    True also for a DSN that names no single host and port (a Unix socket, several hosts): that is the client's to try.
    """
    try:
        parts = urlsplit(dsn)
        host, port = parts.hostname, parts.port or 5432
    except ValueError:
        return True
    if host is None:
        return True
    try:
        with socket.create_connection((host, port), SECONDS_MAX) as connection:
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def kafka_answers(bootstrap: str) -> bool:
    """Whether one of the brokers answers and knows a live broker."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        if port.isdigit() and knows_a_broker(host or "127.0.0.1", int(port)):
            return True
    return False
