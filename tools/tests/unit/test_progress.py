"""What is seen of progress where there is no terminal."""

from __future__ import annotations

import pytest

from lettra_tools.commands.progress import counting


def test_each_thing_that_is_counted_is_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Guard: _begun (commands/progress.py): what follows the service's name makes it another thing."""
    with counting() as count:
        for done in range(3):
            count("matching: store", done, 2)
            count("matching: Kafka", done, 2)
        count("invoicing: store", 0, 2)
    assert capsys.readouterr().err.splitlines() == ["matching: store", "matching: Kafka", "invoicing: store"]
