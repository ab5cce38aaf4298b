"""Free ports on the loopback interface that stay the same for a folder while nobody else takes them."""

from __future__ import annotations

import errno
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from lettra_tools.stack.files import write_atomically
from lettra_tools.stack.model import StackError

# Below the range from which systems pick the ports of outgoing connections (32768 and up on Linux). bind(0)
# would pick inside it: a client that tries to reconnect to a server which is down could then be given that
# very port.
RANGE = range(20_000, 32_000)


class PortTaken(StackError):
    """Another program listens on a port that one of our servers needs."""


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: connections that linger after a stop are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose_ports(remembered: Path, names: Sequence[str]) -> dict[str, int]:
    """A free port for each name: the one that `remembered` holds if it is still free, else another."""
    known = read_ports(remembered)
    taken: set[int] = set()
    for name in names:
        port = known.get(name, 0)
        if not port or port in taken or not is_free(port):
            known[name] = _another(taken | set(known.values()))
        taken.add(known[name])
    write_atomically(remembered, json.dumps(known, indent=1))
    return {name: known[name] for name in names}


def read_ports(remembered: Path) -> dict[str, int]:
    """The ports chosen before; none when the file is absent or damaged."""
    try:
        found = json.loads(remembered.read_text(encoding="utf-8"))
        return {str(name): int(port) for name, port in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _another(avoid: set[int]) -> int:
    # In random order, so that stacks started at the same moment rarely try the same one.
    for port in random.sample(RANGE, k=1000):
        if port not in avoid and is_free(port):
            return port
    raise StackError(f"No free port between {RANGE.start} and {RANGE.stop} on 127.0.0.1. Stop some servers.")


def demand_free(name: str, port: int) -> None:
    """Raise a clear error if the port that `name` needs again was taken by another program."""
    if not is_free(port):
        raise PortTaken(
            f"Port {port} on 127.0.0.1, which {name} listens on, is taken by another program. "
            "Stop that program, or stop the stack and start it again: it then chooses another port."
        )
