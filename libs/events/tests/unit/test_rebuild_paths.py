"""The way through one partition: holes, goals, and going back for what waited."""

from __future__ import annotations

import pytest

from lettra_events.envelope import MalformedRecord, from_record
from lettra_events.kafka.topics import partition_of
from lettra_events.rebuild import paths
from lettra_events.rebuild.errors import RebuildError
from lettra_events.rebuild.extent import Exclusions, Extent, Horizon
from lettra_events.rebuild.paths import Part, Path
from lettra_events.rebuild.records import BriefRecord, NotAnEvent, read_brief

PART = Part("t", "t.g2", 0, 1)


def record(sequence: int, previous: int, offset: int, key: str = "a") -> BriefRecord:
    return BriefRecord(sequence, previous, offset, key.encode(), ("x", 1), b"{}")


def upto(sequence: int, **parked: int) -> Extent:
    return Extent(
        {"t": Horizon(1, {0: sequence})}, Exclusions(parked={("t", key): n for key, n in parked.items()})
    )


def path(extent: Extent) -> Path:
    made = Path(PART)
    made.set_out(None, extent)
    return made


LOG = [record(n, n - 1, n - 1, "ab"[n % 2]) for n in range(1, 9)]


def numbers(taken: list[BriefRecord]) -> list[int]:
    return [one.sequence for one in taken]


def test_what_counts_ends_at_the_goal_and_reading_goes_on_behind_it() -> None:
    """Guard: the comparison with the goal in Path._within_goal."""
    way = path(upto(5))
    assert numbers(way.take(LOG[:3])) == [1, 2, 3]
    assert not way.arrived
    assert numbers(way.take(LOG[3:])) == [4, 5]
    assert way.arrived
    assert (way.position.sequence, way.position.next_offset) == (5, 5)
    way.set_out(upto(5), upto(7))
    assert not way.arrived
    assert numbers(way.take(LOG[5:])) == [6, 7]


def test_a_goal_that_has_no_record_is_reached_once_one_beyond_it_follows_on() -> None:
    way = path(upto(4))
    assert numbers(way.take([record(3, 0, 0), record(9, 3, 1)])) == [3]
    assert way.arrived


def test_a_missing_record_that_stands_further_down_fills_the_hole() -> None:
    """Guard: `back`, to the hole, in Path._move."""
    way = path(upto(4))
    taken = [record(1, 0, 0), record(3, 2, 1), record(4, 3, 2), record(2, 1, 3)]
    assert numbers(way.take(taken)) == [1, 2]
    assert way.back
    assert way.position.next_offset == 1
    assert numbers(way.take(taken[1:])) == [3, 4]
    assert way.arrived


# Entry 4 was lost and sent again; entry 8 stands too early, as its predecessor was sent again too.
LATE = [record(n, n - 1, at) for at, n in enumerate((1, 2, 8, 3, 5, 6, 4, 7))]


@pytest.mark.parametrize("goals", [(8,), (2, 8), (1, 8), (2, 3, 8), (1, 4, 6, 8)])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_late_records_are_found_in_whatever_rounds_and_batches_they_come(
    goals: tuple[int, ...], batch: int
) -> None:
    """Guard: `beyond` in Path._move, so that a hole beyond the goal passes over nothing before it."""
    way, before, taken = Path(PART), None, []
    for goal in goals:
        now = upto(goal)
        way.set_out(before, now)
        offset = way.position.next_offset
        while not way.arrived:
            assert offset < len(LATE), way.missing()
            taken += numbers(way.take(LATE[offset : offset + batch]))
            offset = way.position.next_offset if way.back else offset + batch
        assert taken == list(range(1, goal + 1))
        before = now


def test_what_is_not_found_is_named() -> None:
    way = path(upto(4))
    way.take([record(1, 0, 0)])
    way.take([record(3, 2, 1)])
    assert "entry 2 is missing: the record of entry 3 at offset 1" in str(way.missing())
    way = path(upto(4))
    way.take([record(1, 0, 0)])
    assert "entry 4 is missing" in str(way.missing())


def test_the_missing_record_is_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: LOOK_ON_MAX."""
    monkeypatch.setattr(paths, "LOOK_ON_MAX", 3)
    way = path(upto(9))
    way.take([record(2, 1, 0), record(3, 2, 1)])
    with pytest.raises(RebuildError, match="entry 1 is missing"):
        way.take([record(4, 3, 2), record(5, 4, 3)])


def test_a_key_that_waited_is_taken_from_where_it_waited_and_nothing_is_taken_twice() -> None:
    """Guards: `waiting` and `again`; an entry that counted before does not count again."""
    way = path(upto(6, a=4))
    assert numbers(way.take(LOG)) == [1, 2, 3, 5]
    way.set_out(upto(6, a=4), upto(7))
    assert way.position.next_offset == 3
    assert numbers(way.take(LOG[3:])) == [4, 6, 7]
    assert way.arrived


def test_a_key_that_moved_on_and_waits_again_gives_what_is_between() -> None:
    way = path(upto(8, a=2))
    assert numbers(way.take(LOG)) == [1, 3, 5, 7]
    way.set_out(upto(8, a=2), upto(8, a=6))
    assert numbers(way.take(LOG[1:])) == [2, 4]
    way.set_out(upto(8, a=6), upto(8))
    assert way.position.next_offset == 5
    assert numbers(way.take(LOG[5:])) == [6, 8]


def test_a_broadcast_counts_in_a_partition_that_comes_to_it_after_another() -> None:
    """Guard: `_done` in Path._counts: what another partition had read before does not count as read in this."""
    key = next(key for key in "abcdef" if partition_of(key, 2) == 0)
    log = [record(1, 0, 0, key), record(2, 1, 1, "*"), record(3, 2, 2, key)]
    picks = Exclusions(frozenset({("t", 99)}))
    first, then = (Extent({"t": Horizon(2, {0: n, 1: 3})}, picks) for n in (1, 3))
    way = Path(Part("t", "t", 0, 2))
    way.set_out(None, first)
    assert numbers(way.take(log)) == [1]
    way.set_out(first, then)
    assert numbers(way.take(log[way.position.next_offset :])) == [2, 3]


class Raw:
    """As a consumer gives it: a sound record, changed in these headers (None: without it)."""

    def __init__(
        self, key: bytes | None = b"a", value: bytes | None = b"{}", **headers: bytes | None
    ) -> None:
        self.offset, self.key, self.value = 7, key, value
        self.headers = tuple((f"ce_{n}", v) for n, v in {**SOUND, **headers}.items() if v is not None)


SOUND = {
    "id": b"6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11",
    "source": b"/lettra/toy",
    "time": b"2026-03-16T09:30:00+00:00",
    "dataschema": b"urn:lettra:x:2",
    "correlationid": b"c",
    "causationid": b"c",
    "type": b"x",
    "subject": b"account:a",
    "streamversion": b"1",
    "sequence": b"5",
    "previoussequence": b"3",
    "chain": b"00" * 32,
}


def test_a_record_is_read_as_far_as_a_rebuild_needs_it() -> None:
    found = read_brief(Raw())
    assert (found.sequence, found.previous, found.offset) == (5, 3, 7)
    assert found.kind == ("x", 2)


WRONG = [
    *({name: None} for name in SOUND),
    *({name: b"\xff"} for name in SOUND),
    *({name: b"-1"} for name in ("sequence", "previoussequence", "streamversion")),
    *({name: b"%d" % 2**63} for name in ("sequence", "previoussequence", "streamversion")),
    {"type": b"x\0"},
    {"dataschema": b""},
    {"dataschema": b"urn:\xff:2"},
    {"chain": b"00" * 31},
    {"chain": b"zz" * 32},
    {"id": b"no"},
    {"key": None},
    {"key": b"\xff"},
    {"key": b"a\0"},
    {"value": None},
]
ODD: list[dict[str, bytes | None]] = [
    {"sequence": b"3"},
    {"sequence": b"0"},
    {"sequence": b"+5"},
    {"sequence": b"05"},
    {"sequence": b"%d" % (2**63 - 1)},
    {"id": b"6D3C3C53-8A44-5C2F-9A0C-4F6C6D9A7E11"},
    {"chain": b"AA" * 32},
    {"time": b"yesterday"},
    {"subject": b"a\nb"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_the_inbox_passes_over_is_passed_over(wrong: dict[str, bytes | None]) -> None:
    """Guard: read_brief refuses what from_record refuses."""
    raw = Raw(**wrong)
    with pytest.raises(MalformedRecord):
        from_record("t", 0, 7, raw.key, raw.value, raw.headers)
    with pytest.raises(NotAnEvent):
        read_brief(raw)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_the_inbox_takes_is_taken(odd: dict[str, bytes | None]) -> None:
    """Guard: read_brief leaves what no relay writes like this to from_record."""
    raw = Raw(**odd)
    taken = from_record("t", 0, 7, raw.key, raw.value, raw.headers)
    found = read_brief(raw)
    assert (found.sequence, found.previous) == (taken.sequence, taken.previous)
    assert found.kind == (taken.entry.event.type, taken.entry.event.schema_version)
