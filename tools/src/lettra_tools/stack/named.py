"""The servers that LETTRA_POSTGRES and LETTRA_KAFKA name: used as they are, and none is started in their place."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lettra_tools.stack.model import StackError
from lettra_tools.stack.probe import kafka_answers, postgres_answers


@dataclass(frozen=True)
class Named:
    """What the environment says; empty where it says nothing. The two are independent of each other."""

    postgres: str
    kafka: str

    def check(self) -> None:
        """Raise a clear error when a named server does not answer."""
        if self.postgres and not postgres_answers(self.postgres):
            raise StackError(_nothing_there("LETTRA_POSTGRES", "PostgreSQL"))
        if self.kafka and not kafka_answers(self.kafka):
            raise StackError(_nothing_there("LETTRA_KAFKA", "Kafka"))


def named_servers() -> Named:
    """The servers that the environment names."""
    return Named(os.environ.get("LETTRA_POSTGRES", ""), os.environ.get("LETTRA_KAFKA", ""))


def _nothing_there(variable: str, server: str) -> str:
    # The value may hold a password: it is not repeated.
    return (
        f"{variable} is set, but no {server} answers at the address that it names. Start that server, correct the "
        "variable, or unset it to have a server started here."
    )
