"""Whether servers and services answer."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
from urllib.parse import urlsplit

from lettra_tools.stack.kafka import knows_a_broker

SECONDS_MAX = 2.0
SSL_REQUEST = struct.pack(">ii", 8, 80877103)


def service_is_ready(port: int) -> bool:
    """Whether a service on this machine says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def postgres_answers(dsn: str) -> bool:
    """Whether a PostgreSQL server answers there: every one answers this question with one letter."""
    parts = urlsplit(dsn)
    try:
        address = (parts.hostname or "127.0.0.1", parts.port or 5432)
        with socket.create_connection(address, SECONDS_MAX) as connection:
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
    except (OSError, ValueError):
        return False


def kafka_answers(bootstrap: str) -> bool:
    """Whether one of the brokers answers and knows a live broker."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        if port.isdigit() and knows_a_broker(host or "127.0.0.1", int(port)):
            return True
    return False
