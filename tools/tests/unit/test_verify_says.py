"""What `lettra verify` says it could not look at."""

from __future__ import annotations

import pytest

from lettra_events.verify.heads import Head
from lettra_events.verify.history import Sound
from lettra_tools.commands.verify import _reservations


@pytest.mark.parametrize(
    ("count", "says"),
    [
        ("positions_ahead", "3 positions are ahead of what is published"),
        ("parked_unseen", "3 records that wait behind stopped keys could not be compared with the topic"),
    ],
)
def test_what_could_not_be_compared_is_said_and_nothing_else(count: str, says: str) -> None:
    """Guard: _reservations (commands/verify.py) for what docs/audit.md says that verify says."""
    sound = Sound("matching", Head(9, b"\1" * 32), {count: 3, "positions": 6, "parked_records": 5})
    (said,) = _reservations(sound)
    assert said.startswith(says)
    assert _reservations(Sound("matching", sound.head, {count: 0})) == []
