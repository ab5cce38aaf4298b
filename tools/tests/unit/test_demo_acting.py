"""The demo's person: chooses by what the payers meant, and what each act did is held to the events behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lettra_tools.demo.acting import Act, check_acts, choose_acts
from lettra_tools.demo.model import Habit, Payment
from lettra_tools.demo.services import DemoFailed
from lettra_tools.demo.tally import Item, Money, Tally
from lettra_tools.demo.truth import Outcome

DAY = date(2024, 1, 5)
TEN = Decimal("10.00")


def outcome(ref: str, habit: Habit, item: str, tally: Tally, applied: str | None = None) -> Outcome:
    money = Money("ORVELLE", "EUR", TEN)
    if applied is not None:
        money.applied[applied] = TEN
    tally.money[ref] = money
    return Outcome(Payment(ref, DAY, TEN, "P", None, habit, customer_id="C1"), "", money, {}, {item: TEN})


def proposal(ref: str, item: str) -> dict[str, Any]:
    line = {"customer_id": "C1", "item_id": item, "settled": "10.00", "write_off": "0"}
    return {"payment_id": ref, "entity_id": "ORVELLE", "lines": [line]}


@pytest.fixture
def tally() -> Tally:
    names = ("right", "wrong", "other", "done")
    items = {name: Item("C1", "ORVELLE", "invoice", name, "EUR", TEN, TEN) for name in names}
    items["done"].open = Decimal(0)
    return Tally(items=items)


@pytest.fixture
def acts(tally: Tally) -> list[Act]:
    found = [
        outcome("p1", Habit.ROUND_SUM, "right", tally),
        outcome("p2", Habit.SAME_AMOUNT, "other", tally),
        outcome("p3", Habit.FEES, "done", tally, "done"),
    ]
    return choose_acts(found, tally, [proposal("p2", "wrong"), proposal("p1", "right")])


def do_all(tally: Tally) -> None:
    """As matching should."""
    tally.money["p1"].applied["right"] = TEN
    tally.money["p3"].applied.clear()
    tally.money["p3"].on_account = TEN
    tally.items["done"].open = TEN


def held(acts: list[Act], tally: Tally) -> list[bool]:
    return [check.holds for check in check_acts(acts, tally)]


def test_what_was_meant_is_confirmed_and_what_was_not_is_refused(acts: list[Act]) -> None:
    assert [(act.verb, act.payment_id) for act in acts] == [
        ("confirm", "p1"),
        ("refuse", "p2"),
        ("undo", "p3"),
    ]
    assert acts[1].path == "/proposals/p2/refuse"
    assert acts[1].items == ("wrong", "other")


def test_nothing_to_decide_on_is_said(tally: Tally) -> None:
    found = [outcome("p1", Habit.ROUND_SUM, "right", tally)]
    with pytest.raises(DemoFailed, match="--seed"):
        choose_acts(found, tally, [proposal("p1", "right")])


def test_what_the_acts_did_is_held_to_the_events(acts: list[Act], tally: Tally) -> None:
    """Guard: each part of check_acts."""
    assert held(acts, tally) == [False, True, False]
    do_all(tally)
    assert held(acts, tally) == [True, True, True]
    tally.money["p2"].applied["other"] = TEN  # what was meant may be settled then
    assert held(acts, tally) == [True, True, True]
    tally.money["p2"].applied["wrong"] = TEN
    assert held(acts, tally) == [True, False, True]


def test_fees_that_stay_given_up_are_found(acts: list[Act], tally: Tally) -> None:
    """Guard: `reopened` in check_acts."""
    do_all(tally)
    tally.items["done"] = replace(tally.items["done"], open=Decimal("8.00"))
    assert held(acts, tally) == [True, True, False]
