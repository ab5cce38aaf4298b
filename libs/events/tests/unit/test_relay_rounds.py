"""Rounds: what a relay sends at once, from real batches of the producer, without a broker."""

from __future__ import annotations

import toys
from histories import log_of, new_batch, records_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_events.contracts import Event
from lettra_events.envelope import EVENT_BYTES_MAX, LogEntry
from lettra_events.kafka.rounds import BATCH_BYTES_MAX, ROUND_RECORDS_BYTES_MAX, Round, fill_round
from lettra_events.kafka.topics import partition_of
from lettra_events.testing.published import Record, prove

EMPTY = {0: 0, 1: 0, 2: 0}

sizes = st.one_of(st.integers(0, 2_000), st.integers(100_000, 180_000))
large_deposits = st.builds(
    lambda account, size: toys.Deposited(account=account, amount=1, note="x" * size),
    st.text("abc", max_size=2),
    sizes,
)
long_keys = st.builds(lambda size: toys.Deposited(account="é" * (size // 4), amount=1), sizes)
broadcasts = st.builds(lambda size: toys.Broadcasted(text="x" * size), sizes)
histories = st.lists(st.one_of(large_deposits, long_keys, broadcasts), min_size=1, max_size=40)


def publish_all(entries: list[LogEntry]) -> tuple[dict[int, list[Record]], list[Round]]:
    """All entries, round by round as a relay does; what lies in each partition then."""
    heads, mark = dict(EMPTY), 0
    topic: dict[int, list[Record]] = {partition: [] for partition in EMPTY}
    rounds = []
    while mark < len(entries):
        this = fill_round(new_batch, entries[mark:], heads)
        assert this.mark > mark, "a round takes at least one entry"
        for partition, batch in this.batches.items():
            topic[partition] += records_of(batch)
        heads, mark = this.heads, this.mark
        rounds.append(this)
    return topic, rounds


@given(histories)
@settings(max_examples=60, deadline=None)
def test_rounds_put_every_entry_where_it_belongs_however_large(events: list[Event]) -> None:
    """Guard: fill_round takes a run from the front and stops at the first that does not fit (kafka/rounds.py)."""
    entries = log_of(events)
    topic, _ = publish_all(entries)
    assert prove(topic) == entries


@given(histories)
@settings(max_examples=60, deadline=None)
def test_no_batch_and_no_round_is_above_its_limit(events: list[Event]) -> None:
    """Guard: _fits, which counts all that is on a record, key and subject as well (kafka/rounds.py)."""
    _, rounds = publish_all(log_of(events))
    sizes = [[len(batch._build()) for batch in this.batches.values()] for this in rounds]
    assert max(max(round_sizes) for round_sizes in sizes) <= BATCH_BYTES_MAX
    assert max(sum(round_sizes) for round_sizes in sizes) <= ROUND_RECORDS_BYTES_MAX


def test_the_largest_event_fits_a_batch_twice_over() -> None:
    """Guard: EVENT_BYTES_MAX is far below BATCH_BYTES_MAX, so a record that was appended fits (envelope.py)."""
    assert 2 * (EVENT_BYTES_MAX + 2_000) < BATCH_BYTES_MAX


def test_a_round_of_broadcasts_over_many_partitions_stays_within_a_request() -> None:
    """Guard: ROUND_RECORDS_BYTES_MAX counts a broadcast once a partition (kafka/rounds.py)."""
    entries = log_of([toys.Broadcasted(text="x" * 50_000)] * 20)
    this = fill_round(new_batch, entries, dict.fromkeys(range(100), 0))
    assert sum(len(batch._build()) for batch in this.batches.values()) <= 16_000_000
    assert this.mark == 3


def test_the_same_entries_after_the_same_heads_give_the_same_bytes() -> None:
    """Guard: nothing but entry and heads is in a record; no clock of the relay's (to_record in envelope.py)."""
    entries = log_of([toys.Deposited(account="a", amount=1), toys.Broadcasted(text="t")])
    first = fill_round(new_batch, entries, EMPTY)
    again = fill_round(new_batch, entries, EMPTY)
    assert {p: records_of(b) for p, b in first.batches.items()} == {
        p: records_of(b) for p, b in again.batches.items()
    }


def test_a_broadcast_is_in_every_partition_and_moves_all_heads() -> None:
    """Guard: the targets of BROADCAST_KEY are all partitions (kafka/rounds.py)."""
    this = fill_round(
        new_batch, log_of([toys.Deposited(account="a", amount=1), toys.Broadcasted(text="t")]), EMPTY
    )
    assert this.heads == {0: 2, 1: 2, 2: 2}
    assert this.records == 4
    assert [len(records_of(this.batches[partition])) for partition in (0, 1, 2)] == [
        1 + (partition_of("a", 3) == partition) for partition in (0, 1, 2)
    ]
