"""The event that the benchmarks append and publish: 500 bytes of data, as a typical invoice has."""

from __future__ import annotations

from lettra_events.contracts import Event, contract


@contract("bench.Happened")
class Happened(Event):
    """Nothing in particular, in about 500 bytes."""

    account: str
    number: int
    text: str

    def stream_id(self) -> str:
        return f"account:{self.account}"

    def key(self) -> str:
        return self.account


TEXT = "x" * 450
EVENT_BYTES = 500
