"""The table names every failpoint, and `make test` tries every kind of victim."""

from __future__ import annotations

from lettra_events.failpoints import NAMES

from .cells import PLACES, VICTIMS, cells


def test_every_failpoint_has_a_place_in_the_table() -> None:
    """Guard: PLACES. A durable step that nobody kills at would be forgotten in silence."""
    assert {place.failpoint for place in PLACES} == set(NAMES)


def test_cells_have_names_of_their_own() -> None:
    names = [cell.name for cell in cells(whole=True)]
    assert len(names) == len(set(names)) == len(PLACES) * len(VICTIMS)


def test_the_quick_part_has_every_victim_and_both_ends() -> None:
    quick = list(cells(whole=False))
    assert {cell.victim for cell in quick} == set(VICTIMS)
    assert {"append", "publish", "consume"} <= {cell.place.step for cell in quick}
