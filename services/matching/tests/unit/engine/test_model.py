"""What a decision cannot be."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from engine_world import World, credit_note, invoice, payment

from lettra_matching.engine import Decision, Line, Rules

ITEM = invoice("FA-2026-000001", "100.00")
HUNDRED, TEN = Decimal("100.00"), Decimal("10.00")


def decided() -> Decision:
    return World(ITEM).decide(payment("100.00", "FA-2026-000001"))


def test_money_is_conserved_in_every_decision() -> None:
    """Guard: `Decision.__post_init__`."""
    with pytest.raises(ValueError, match="not what its lines and rest add up to"):
        replace(decided(), rest=Decimal("0.01"))
    with pytest.raises(ValueError, match="not what its lines and rest add up to"):
        replace(decided(), lines=())


def test_what_has_several_solutions_is_not_applied() -> None:
    """Guard: uniqueness, whichever rule forgets it."""
    with pytest.raises(ValueError, match="2 solutions, and applied"):
        replace(decided(), solutions=2)


def test_held_has_no_lines_and_others_have() -> None:
    with pytest.raises(ValueError, match="held with 1 lines"):
        replace(decided(), outcome="held")


def test_an_item_stands_in_one_line() -> None:
    half = Line(ITEM, Decimal("50.00"), Decimal("50.00"))
    with pytest.raises(ValueError, match="an item in two lines"):
        replace(decided(), lines=(half, half))


@pytest.mark.parametrize(
    ("settled", "cash", "write_off", "kind"),
    [
        (HUNDRED + 1, HUNDRED + 1, Decimal(0), None),
        (Decimal(0), Decimal(0), Decimal(0), None),
        (HUNDRED, HUNDRED - 1, Decimal(0), None),
        (HUNDRED, HUNDRED - 1, Decimal(1), None),
        (HUNDRED, HUNDRED, Decimal(0), "rounding"),
        (HUNDRED, HUNDRED + 1, Decimal(-1), "rounding"),
    ],
)
def test_no_more_is_settled_than_is_open_and_a_write_off_has_its_type(
    settled: Decimal, cash: Decimal, write_off: Decimal, kind: str | None
) -> None:
    """Guard: `Line.__post_init__`."""
    with pytest.raises(ValueError, match="FA-2026-000001"):
        Line(ITEM, settled, cash, write_off, kind)  # type: ignore[arg-type]


def test_a_credit_note_gives_its_amount() -> None:
    note = credit_note("AV-1", "10.00")
    assert Line(note, TEN, -TEN).settled == TEN
    with pytest.raises(ValueError, match="AV-1"):
        Line(note, TEN, TEN)


def test_a_payment_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="nothing to be matched"):
        payment("0.00")


def test_rules_are_checked() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        Rules(fee_tolerance=Decimal(-1))
    with pytest.raises(ValueError, match="no rules guess"):
        Rules(on=frozenset({"guess"}))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="30 items"):
        Rules(subset_items_max=31)
