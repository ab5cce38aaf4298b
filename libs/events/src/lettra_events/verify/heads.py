"""The head of a history, `SEQUENCE:HASH`: what an auditor keeps, and later asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lettra_events.envelope import GENESIS

_FORM = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})")


class MalformedHead(ValueError):
    """It does not look like SEQUENCE:HASH."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries a history has, and the hash of the last one, which covers all before it."""

    sequence: int = 0
    chain: bytes = GENESIS

    def __str__(self) -> str:
        return f"{self.sequence}:{self.chain.hex()}"


def read_head(text: str) -> Head:
    """A head as it is printed; `MalformedHead` says what is wrong."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise MalformedHead(
            f"{text!r} is no head: a number of an entry, a colon and 64 hexadecimal digits, as verify prints it"
        )
    return Head(int(found[1]), bytes.fromhex(found[2]))
