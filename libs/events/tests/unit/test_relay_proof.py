"""The proof itself: `prove` finds each fault that a relay could make, so a green proof says something."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import toys
from histories import log_of, new_batch, records_of

from lettra_events.kafka.rounds import fill_round
from lettra_events.testing.published import Record, Unsound, prove, repeats

Topic = dict[int, list[Record]]


@pytest.fixture
def topic() -> Topic:
    """Two partitions: `a` goes to 0, `d` to 1; entry 3 is a broadcast."""
    events = [
        toys.Deposited(account="a", amount=1),
        toys.Deposited(account="d", amount=2),
        toys.Broadcasted(text="t"),
        toys.Deposited(account="a", amount=4),
        toys.Deposited(account="d", amount=5),
        toys.Deposited(account="d", amount=6),
    ]
    this = fill_round(new_batch, log_of(events), {0: 0, 1: 0})
    return {partition: records_of(batch) for partition, batch in this.batches.items()}


def test_a_sound_history_is_proven_also_with_repeats(topic: Topic) -> None:
    """Guard: repeats are dropped by sequence (testing/published.py)."""
    assert [len(topic[0]), len(topic[1])] == [3, 4]
    repeated = {0: topic[0] + topic[0][1:], 1: topic[1][:2] + topic[1]}
    assert [entry.sequence for entry in prove(repeated)] == [1, 2, 3, 4, 5, 6]
    assert repeats(repeated) == 4


def swapped(topic: Topic) -> None:
    topic[1][2], topic[1][3] = topic[1][3], topic[1][2]


def lost_in_the_middle(topic: Topic) -> None:
    del topic[1][2]


def lost_at_the_end_of_a_partition(topic: Topic) -> None:
    del topic[0][2]


def lost_broadcast(topic: Topic) -> None:
    topic[0], topic[1] = topic[0][:2], topic[1][:1]


def doubled_under_another_number(topic: Topic) -> None:
    topic[1].append(renumbered(topic[1][-1], sequence=7, previous=6))


def repeated_otherwise(topic: Topic) -> None:
    topic[0].append(replace(topic[0][2], timestamp=0))


def changed_payload(topic: Topic) -> None:
    topic[1][3] = replace(topic[1][3], value=topic[1][3].value.replace(b"6", b"9"))


def changed_key(topic: Topic) -> None:
    topic[1][3] = replace(topic[1][3], key=b"c")


def broadcast_changed_in_one_partition(topic: Topic) -> None:
    topic[1][1] = replace(topic[1][1], value=topic[1][1].value.replace(b"t", b"u"))


def wrong_previous(topic: Topic) -> None:
    topic[1][3] = renumbered(topic[1][3], sequence=6, previous=3)


def renumbered(record: Record, sequence: int, previous: int) -> Record:
    changed = {"ce_sequence": b"%d" % sequence, "ce_previoussequence": b"%d" % previous}
    return replace(record, headers=tuple((name, changed.get(name, value)) for name, value in record.headers))


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (swapped, "entry 6 says that 5 is before it, 3 is"),
        (lost_in_the_middle, "entry 6 says that 5 is before it, 3 is"),
        (lost_at_the_end_of_a_partition, "entry 4 is missing"),
        (lost_broadcast, "entry 3 is in 1 partitions, not in 2"),
        (doubled_under_another_number, "version 3 of account:d, out of order"),
        (repeated_otherwise, "entry 4 was repeated otherwise"),
        (changed_payload, "the chain breaks at entry 6"),
        (changed_key, "the chain breaks at entry 6"),
        (broadcast_changed_in_one_partition, "entry 3 is not the same in every partition"),
        (wrong_previous, "entry 6 says that 3 is before it, 5 is"),
    ],
)
def test_each_fault_is_found(topic: Topic, damage: Callable[[Topic], None], finding: str) -> None:
    """Guard: each check of `prove` (testing/published.py)."""
    prove(topic)
    damage(topic)
    with pytest.raises(Unsound, match=re.escape(finding)):
        prove(topic)
