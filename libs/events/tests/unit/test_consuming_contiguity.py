"""Contiguity, pure: each record of a partition once, in order, none missing. Guards in `kafka/contiguity.py`."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_events.envelope import GENESIS, Delivery, LogEntry, RecordedEvent
from lettra_events.kafka.contiguity import Position, position_after, sort_out


def delivery(sequence: int, previous: int, offset: int = 0) -> Delivery:
    event = RecordedEvent("stream", sequence, UUID(int=sequence), "toy.Any", 1, "key", b"{}", b"{}")
    return Delivery("topic", 0, offset, previous, LogEntry(sequence, GENESIS, event))


def log(*sequences: int) -> list[Delivery]:
    """A partition that holds these entries of the history 1, 2, 3, in this order."""
    return [delivery(sequence, sequence - 1, offset) for offset, sequence in enumerate(sequences)]


def sequences(deliveries: list[Delivery]) -> list[int]:
    return [one.entry.sequence for one in deliveries]


def test_what_follows_without_a_gap_is_taken_whole() -> None:
    """Guard: `record.previous == known` in sort_out, with the sequences of other partitions left out."""
    batch = sort_out(Position(4, 9), [delivery(7, 4), delivery(12, 7), delivery(13, 12)])
    assert (sequences(batch.fresh), batch.repeated, batch.hole) == ([7, 12, 13], 0, None)


def test_a_repeat_is_dropped_and_counted() -> None:
    """Guard: the comparison with what is known, in sort_out: of the position, and inside the batch."""
    batch = sort_out(Position(2, 2), log(1, 2, 3, 3, 2, 4))
    assert (sequences(batch.fresh), batch.repeated, batch.hole) == ([3, 4], 4, None)


def test_behind_a_missing_record_nothing_is_applied() -> None:
    """Guard: a record whose predecessor is not known is a hole, in sort_out. Reading goes on at the first one."""
    batch = sort_out(Position(1, 1), [delivery(3, 2, 7), delivery(4, 3, 8), delivery(5, 4, 9)])
    assert sequences(batch.fresh) == []
    assert batch.hole is not None
    assert (batch.hole.entry.sequence, batch.hole.previous, batch.hole.offset) == (3, 2, 7)
    assert position_after(Position(1, 1), batch, 9) == Position(1, 7)


def test_what_stands_before_the_hole_is_applied() -> None:
    """Guard: position_after goes back to the hole, not behind the batch."""
    batch = sort_out(Position(), log(1, 2, 4, 5))
    assert sequences(batch.fresh) == [1, 2]
    assert position_after(Position(), batch, 3) == Position(2, 2)


def test_a_late_record_closes_the_hole_and_what_stood_behind_it_is_looked_at_again() -> None:
    """Guards: sort_out looks on behind a hole; position_after starts again at the hole."""
    partition = log(1, 3, 4, 2, 5)
    first = sort_out(Position(), partition)
    after = position_after(Position(), first, 4)
    assert (sequences(first.fresh), after) == ([1, 2], Position(2, 1))
    second = sort_out(after, partition[after.next_offset :])
    assert (sequences(second.fresh), second.repeated, second.hole) == ([3, 4, 5], 1, None)
    assert position_after(after, second, 4) == Position(5, 5)


def test_a_hole_that_an_earlier_batch_found_is_where_reading_starts_again() -> None:
    """Guard: `waiting_at` in position_after. The late record came in a batch of its own."""
    batch = sort_out(Position(1, 1), [delivery(2, 1, 30)])
    assert position_after(Position(1, 1), batch, 30, waiting_at=1) == Position(2, 1)


def test_a_batch_without_a_fresh_record_keeps_the_sequence() -> None:
    """Guard: position_after takes the sequence from the position, not from the records."""
    batch = sort_out(Position(5, 5), log(4, 5))
    assert position_after(Position(5, 5), batch, 11) == Position(5, 12)
    assert position_after(Position(5, 5), sort_out(Position(5, 5), []), 11) == Position(5, 12)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Delivery], int]:
    """Any order of a history with gaps in its numbers, with any repeats, and how many records a batch has."""
    steps = draw(st.lists(st.integers(1, 9), min_size=1, max_size=12))
    history, last = [], 0
    for step in steps:
        history.append(delivery(last + step, last))
        last += step
    repeats = draw(st.lists(st.sampled_from(history), max_size=12))
    partition = draw(st.permutations(history + repeats))
    return [replace(one, offset=n) for n, one in enumerate(partition)], draw(st.integers(1, 9))


def read(partition: list[Delivery], size: int, start: Position, batches: int) -> tuple[Position, list[int]]:
    """Read as the inbox reads, from a stored position: batch by batch, back to the hole once it may be closed."""
    applied: list[int] = []
    position, offset, waiting = start, start.next_offset, None
    while offset < len(partition) and batches > 0:
        batches -= 1
        records = partition[offset : offset + size]
        batch = sort_out(position, records)
        if waiting is None and batch.hole is not None:
            waiting = batch.hole.offset
        offset = records[-1].offset + 1
        if batch.fresh:
            applied += sequences(batch.fresh)
            position = position_after(position, batch, records[-1].offset, waiting)
            if waiting is not None:
                offset, waiting = waiting, None
    return position, applied


NO_END = 10_000


@settings(max_examples=500, deadline=None)
@given(deliveries())
def test_any_order_with_repeats_that_holds_all_applies_each_once_in_order(
    given: tuple[list[Delivery], int],
) -> None:
    """Guards: all of sort_out and position_after."""
    partition, size = given
    _position, applied = read(partition, size, Position(), NO_END)
    assert applied == sorted({one.entry.sequence for one in partition})


@settings(max_examples=500, deadline=None)
@given(deliveries(), st.lists(st.integers(1, 4), max_size=6))
def test_a_restart_anywhere_goes_on_from_the_stored_position_alone(
    given: tuple[list[Delivery], int], lives: list[int]
) -> None:
    """Guard: next_offset in position_after never passes a record that is not applied."""
    partition, size = given
    position, applied = Position(), []
    for batches in [*lives, NO_END]:
        position, more = read(partition, size, position, batches)
        applied += more
    assert applied == sorted({one.entry.sequence for one in partition})
