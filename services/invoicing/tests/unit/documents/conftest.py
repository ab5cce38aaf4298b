"""What tests of documents share: the examples (`document_examples`) and the public rules, compiled once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from public_rules import PublicRules


@pytest.fixture(scope="session")
def einvoice() -> Path:
    """The public rules and examples, which lie outside the project: `LETTRA_DATA` names where.

    Without them the test is skipped, or fails where `CI` is set.
    """
    data = os.environ.get("LETTRA_DATA") or Path(__file__).resolve().parents[6] / "shared/data"
    folder = Path(data) / "einvoice"
    if not folder.is_dir():
        words = "the public rules of electronic invoices are not here (LETTRA_DATA names their folder)"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return folder


@pytest.fixture(scope="session")
def rules(einvoice: Path) -> PublicRules:
    return PublicRules(einvoice)
