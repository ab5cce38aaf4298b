"""The table names every failpoint, and `make test` tries every kind of victim."""

from __future__ import annotations

from lettra_events.failpoints import NAMES

from .cells import PLACES, VICTIMS, cells
from .scenario import SCRIPTS


def test_every_failpoint_has_a_place_in_the_table() -> None:
    """Guard: PLACES. A durable step that nobody kills at would be forgotten in silence."""
    assert {place.failpoint for place in PLACES} == set(NAMES)


def test_cells_have_names_of_their_own() -> None:
    names = [cell.name for cell in cells(whole=True)]
    assert len(names) == len(set(names)) == sum(len(place.victims) for place in PLACES)


def test_a_step_in_which_a_service_is_armed_is_one_of_its_script() -> None:
    """Guard: `arm_at`; a place in a step that no script has would never be armed."""
    steps = {script: [step.__name__ for step in told] for script, told in SCRIPTS.items()}
    assert all(len(names) == len(set(names)) for names in steps.values())
    assert [place for place in PLACES if place.at and place.at not in steps[place.script]] == []


def test_each_reaction_of_matching_is_killed() -> None:
    """Guard: PLACES. The first step bills and the last closes the day; both are tried elsewhere."""
    reactions = {step.__name__ for step in SCRIPTS["money"][1:-1]}
    assert {place.at for place in PLACES if place.script == "money"} == reactions


def test_the_quick_part_has_every_victim_and_both_ends() -> None:
    quick = list(cells(whole=False))
    assert {cell.victim for cell in quick} == set(VICTIMS)
    assert {"append", "publish", "consume"} <= {cell.place.step for cell in quick}
