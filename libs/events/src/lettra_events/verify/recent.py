"""What was read lately: enough to tell whether a record that comes again is the same, without keeping records."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass

from lettra_events.envelope import GENESIS

RECENT_MAX = 100_000
"""Entries that are remembered at least; 40 bytes each, and 8 more for each partition of a broadcast."""
_HASH_BYTES = len(GENESIS)


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry that was read in a partition before: its chain, that of the entry before, and its previous sequence."""

    before: bytes
    chain: bytes
    previous: int


class Chains:
    """The chain of the last entries, by sequence."""

    def __init__(self) -> None:
        self._first = 0
        self._bytes = bytearray(GENESIS)

    def add(self, chain: bytes) -> None:
        """The chain of the next entry."""
        self._bytes += chain
        if len(self._bytes) > 2 * RECENT_MAX * _HASH_BYTES:
            del self._bytes[: RECENT_MAX * _HASH_BYTES]
            self._first += RECENT_MAX

    def at(self, sequence: int) -> bytes | None:
        """The chain of this entry; None if it is not remembered."""
        start = (sequence - self._first) * _HASH_BYTES
        found = bytes(self._bytes[start : start + _HASH_BYTES]) if start >= 0 else b""
        return found or None


class Sequences:
    """The last sequences of one partition, in order."""

    def __init__(self) -> None:
        self._all = array("q", [0])

    def add(self, sequence: int) -> None:
        """The next one, higher than all before."""
        self._all.append(sequence)
        if len(self._all) > 2 * RECENT_MAX:
            del self._all[:RECENT_MAX]

    def before(self, sequence: int) -> int | None:
        """Which one stands before this; None if this one is not there, or not remembered."""
        place = bisect_left(self._all, sequence)
        if place == 0 or place == len(self._all) or self._all[place] != sequence:
            return None
        return self._all[place - 1]

    def forgets(self, sequence: int) -> bool:
        """Whether this one is so far back that nothing can be said of it."""
        return sequence <= self._all[0]
