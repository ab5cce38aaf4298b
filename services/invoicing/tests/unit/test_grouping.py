"""Rows of a file that concern one another stay together, in their order; all others may be checked apart."""

from __future__ import annotations

from hypothesis import given as for_all
from hypothesis import strategies as st

from lettra_invoicing.imports.grouping import Groups


def grouped(rows, rows_min=1) -> list[list[int]]:
    groups = Groups()
    for subjects in rows:
        groups.add(subjects)
    return list(groups.batches(rows_min))


def test_rows_with_a_common_subject_are_together_also_through_others():
    """Guard: groups are joined, not only begun (Groups.add)."""
    assert grouped([("a",), ("b",), ("c",), ("a", "c"), ("d",)]) == [[0, 2, 3], [1], [4]]


def test_batches_are_filled_with_whole_groups():
    assert grouped([("a",), ("b",), ("c",), ("a",), ("d",)], rows_min=3) == [[0, 3, 1], [2, 4]]


def connected(rows) -> set[frozenset[int]]:
    """By exhaustion: join whatever shares a subject until nothing changes."""
    parts = [{number} for number in range(len(rows))]
    while True:
        for one in parts:
            said = {subject for row in one for subject in rows[row]}
            more = next((p for p in parts if p is not one and said & {s for r in p for s in rows[r]}), None)
            if more is not None:
                one |= more
                parts.remove(more)
                break
        else:
            return {frozenset(part) for part in parts}


@for_all(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=2), max_size=30), st.integers(1, 9)
)
def test_every_row_once_and_no_group_is_parted(rows, rows_min):
    batches = grouped(rows, rows_min)
    assert sorted(row for batch in batches for row in batch) == list(range(len(rows)))
    place = {row: number for number, batch in enumerate(batches) for row in batch}
    for part in connected(rows):
        assert len({place[row] for row in part}) == 1
        batch = batches[place[min(part)]]
        assert [row for row in batch if row in part] == sorted(part)
