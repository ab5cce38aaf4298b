"""What counts in a rebuild, as pure values."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import clerk
import pytest

from lettra_events.kafka.topics import partition_of
from lettra_events.rebuild.as_of import parse_moment, schema_name
from lettra_events.rebuild.errors import RebuildError
from lettra_events.rebuild.extent import Exclusions, Extent, Horizon, exclusions_of

KEYS = [f"C{n}" for n in range(50)]


def parked(key: str, sequence: int):
    return clerk.PARKING.parked(
        topic="t", parked_key=key, partition=0, sequence=sequence, event_id="e", failed_type="x", error="y"
    )


def released(key: str):
    return clerk.PARKING.released(topic="t", parked_key=key, through_sequence=99)


def skipped(key: str, sequence: int):
    return clerk.PARKING.skipped(
        topic="t", parked_key=key, sequence=sequence, event_id="e", who="anna", why="twice"
    )


def test_an_entry_counts_up_to_the_position_of_its_key_whatever_partitions_there_are_now() -> None:
    horizon = Horizon(3, {0: 10, 1: 20, 2: 0})
    for key in KEYS:
        reached = {0: 10, 1: 20, 2: 0}[partition_of(key, 3)]
        assert [n for n in (1, 10, 11, 20, 21) if horizon.includes(key, n)] == [
            n for n in (1, 10, 11, 20, 21) if n <= reached
        ]
    assert {partition_of(key, 3) for key in KEYS} == {0, 1, 2}


def test_a_broadcast_counts_in_each_partition_up_to_where_this_is_read() -> None:
    extent = Extent({"t": Horizon(2, {0: 5, 1: 9})}, Exclusions(skipped=frozenset({("t", 3)})))
    assert [n for n in (3, 4, 5, 6) if extent.counts("t", "*", n, goal=5)] == [4, 5]
    assert [n for n in (3, 4, 9, 10) if extent.counts("t", "*", n, goal=9)] == [4, 9]


def test_each_of_the_same_partitions_is_read_to_its_own_position_and_others_to_the_last() -> None:
    horizon = Horizon(2, {0: 5, 1: 9})
    assert [horizon.goal(partition, 2) for partition in (0, 1)] == [5, 9]
    assert [horizon.goal(partition, 4) for partition in range(4)] == [9] * 4


def test_a_stopped_key_counts_up_to_where_it_stands_and_wholly_once_it_runs() -> None:
    """Guard: a second KeyParked of a key moves it on; EventSkipped counts for ever."""
    stopped = exclusions_of([parked("a", 3), skipped("a", 3), parked("a", 5)])
    assert [n for n in (2, 3, 4, 5, 6) if not stopped.exclude("t", "a", n)] == [2, 4]
    assert not stopped.exclude("t", "b", 5)
    assert not stopped.exclude("other", "a", 5)
    runs = exclusions_of([parked("a", 3), skipped("a", 3), parked("a", 5), released("a")])
    assert [n for n in (2, 3, 4, 5, 6) if not runs.exclude("t", "a", n)] == [2, 4, 5, 6]


def test_an_extent_travels_as_json() -> None:
    extent = Extent(
        {"t": Horizon(2, {0: 5, 1: 9})}, Exclusions(frozenset({("t", 4)}), {("t", "a"): 7, ("t", "b"): 2})
    )
    assert Extent.from_json(json.loads(json.dumps(extent.to_json()))) == extent


@pytest.mark.parametrize(
    ("text", "moment", "schema"),
    [
        ("1200", 1200, "as_of_1200"),
        (
            "2026-03-31T23:59:59+02:00",
            datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC),
            "as_of_2026_03_31_215959z",
        ),
        (
            "2026-03-31T23:59:59.5Z",
            datetime(2026, 3, 31, 23, 59, 59, 500_000, tzinfo=UTC),
            "as_of_2026_03_31_235959_500000z",
        ),
    ],
)
def test_a_moment_is_an_entry_or_an_instant(text: str, moment: int | datetime, schema: str) -> None:
    assert parse_moment(text) == moment
    assert schema_name(parse_moment(text)) == schema


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-31T23:59:59",
        "2026-03-31",
        "yesterday",
        "-1",
        "",
        "1e3",
        "9" * 23,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_moment_without_an_offset_or_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(RebuildError):
        parse_moment(text)
