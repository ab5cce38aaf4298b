"""One Kafka broker, which is also its own controller (KRaft), on the Java runtime that comes as a wheel.

What is acknowledged survives `kill` and `start`. Ready means that a client gets metadata in which the broker
is alive, which comes later than an open port.
"""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

from lettra_tools.stack import jars
from lettra_tools.stack.kafka_storage import format_storage, java_command, java_environment, write_properties
from lettra_tools.stack.model import Report, StackError
from lettra_tools.stack.ports import demand_free
from lettra_tools.stack.process import Child

START_SECONDS_MAX = 60.0


class Kafka:
    """The broker of one folder. `start`, `stop` and `kill` may follow each other any number of times."""

    def __init__(self, folder: Path, log: Path, port: int, controller_port: int, report: Report) -> None:
        self._folder = folder
        self._report = report
        self.port = port
        self.controller_port = controller_port
        self.child = Child(name="Kafka", command=(), log=log)

    def start(self) -> None:
        """Start the broker and return when it accepts records."""
        self._demand_ports()
        library = jars.provide_kafka(self._report)
        data, properties = self._folder / "data", self._folder / "server.properties"
        format_storage(data, library, self._report)
        write_properties(properties, data, self.port, self.controller_port)
        self.child.command = java_command(library, self._folder / "tmp", "kafka.Kafka", str(properties))
        self.child.environment = java_environment()
        self._report("waiting for Kafka")
        self.child.start()
        self._await_ready()

    def stop(self) -> None:
        """Stop in order: the logs are closed, the next start need not check them."""
        self.child.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.child.kill()

    def _demand_ports(self) -> None:
        demand_free("Kafka", self.port)
        demand_free("Kafka", self.controller_port)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.child.exit_code is None and time.monotonic() < deadline:
            if knows_a_broker("127.0.0.1", self.port):
                return
            time.sleep(0.05)
        if self.child.exit_code is None:
            self.child.kill()
            problem = f"did not answer on 127.0.0.1:{self.port} within {START_SECONDS_MAX:.0f} s"
        else:
            self._demand_ports()  # the likeliest reason has a clearer message
            problem = f"ended while it started (exit code {self.child.exit_code})"
        raise StackError(f"Kafka {problem}. The end of {self.child.log}:\n{self.child.last_lines()}")


def knows_a_broker(host: str, port: int) -> bool:
    """Whether the broker answers a metadata request (version 4) and counts at least one broker as alive.

    A broker that has just started answers before the controller lets it take part: no topic could be made
    then.
    """
    body = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">i?", 0, False)  # no topics, create none
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = _read_exactly(connection, 16)
    except OSError:
        return False
    _size, _correlation, _throttle_ms, brokers = struct.unpack(">iiii", answer)
    return bool(brokers > 0)


def _read_exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise ConnectionError("closed")
        received += part
    return received
