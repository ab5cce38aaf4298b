"""A toy registry: the contracts that a test registers are the only ones, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lettra_events.contracts import Event, _registry, contract, docs, golden


class Toys:
    """Register toy contracts, and publish them as golden files in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.examples: dict[str, Event] = {}

    def register(
        self,
        cls: type[Event],
        example: Event | None = None,
        *,
        name: str,
        version: int = 1,
        broadcast: bool = False,
    ) -> None:
        """Register a contract in place of the one of that name; `example` is what its golden file is made from."""
        _registry._contracts.pop(name, None)
        contract(name, version=version, broadcast=broadcast)(cls)
        if example is not None:
            self.examples[name] = example

    def forget(self, name: str) -> None:
        del _registry._contracts[name]

    def publish(self) -> list[str]:
        """Add golden files; the names of those that were written."""
        return [path.name for path in golden.add(self.folder)]

    def broken(self) -> list[str]:
        return golden.broken(self.folder)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Toys]:
    made = Toys(tmp_path / "golden")
    monkeypatch.setattr(_registry, "_contracts", {})
    monkeypatch.setattr(_registry, "_upcasters", {})
    for module in (golden, docs):
        monkeypatch.setattr(module, "examples", lambda: made.examples)
    # Chains of upcasters are remembered by class, and every test registers the same classes.
    _registry._steps.cache_clear()
    yield made
    _registry._steps.cache_clear()
