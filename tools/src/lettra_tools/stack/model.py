"""What the parts of the local stack agree on: where the servers are, and how a failure is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[[str], None]
"""Told, in a few words, what is being waited for."""


class StackError(Exception):
    """The stack cannot do what was asked. The message names the place and the remedy, in clear sentences."""


@dataclass(frozen=True)
class Servers:
    """Where PostgreSQL and Kafka answer.

    `postgres` is a DSN of a superuser to the database `postgres`; `kafka` is a bootstrap address.
    """

    postgres: str
    kafka: str


def silent(_message: str) -> None:
    """A `Report` for callers who do not want one."""
