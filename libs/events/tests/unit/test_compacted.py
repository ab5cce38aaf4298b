"""How often a marker is written behind a tombstone: soon at first, at last once a day."""

from __future__ import annotations

from itertools import accumulate

import pytest
from phone_book import Book

from lettra_events.kafka.compacted import CompactedPublisher
from lettra_events.kafka.relay import RelaySettings

DAY = 86_400.0


def seconds(segment_seconds: float) -> list[float]:
    """The pauses behind the first 100 markers."""
    publisher = CompactedPublisher(
        RelaySettings("none", "none", "toy"), Book("none", "none", "book").compacted, "none", segment_seconds
    )
    return [publisher._seconds_to_next(markers) for markers in range(100)]


@pytest.mark.parametrize("segment_seconds", [1.0, 600.0, 604_800.0])
def test_markers_are_further_apart_than_a_segment_lasts_and_never_many(segment_seconds: float) -> None:
    """Guard: CompactedPublisher._seconds_to_next. A marker in the same segment would close nothing."""
    pauses = seconds(segment_seconds)
    assert all(pause > segment_seconds for pause in pauses)
    assert pauses == sorted(pauses)
    assert pauses[-1] == max(DAY, pauses[0])
    assert sum(passed <= 30 * DAY for passed in accumulate(pauses)) < 60


def test_four_segments_are_enough_where_the_broker_compacts() -> None:
    assert sum(seconds(600.0)[:3]) < 4 * 600.0
