"""The fold sees what was known by its day and nothing later, in any order of the topics."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import payers as say
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payers import TODAY, ago, history

from lettra_risk_scoring.domain import Fact, History, SeesLater, fold, must_not_see_beyond
from lettra_risk_scoring.engine.assessing import assess
from lettra_risk_scoring.engine.features import known_of
from lettra_risk_scoring.engine.policy import DEFAULT

SETTINGS = settings(deadline=None, max_examples=60)


@st.composite
def stories(draw: st.DrawFn) -> list[Fact]:
    """Facts of a customer in an order in which they may come, known up to a year after TODAY."""
    facts: list[Fact] = []
    for number in range(draw(st.integers(0, 6))):
        item, known = f"I{number}", ago(draw(st.integers(-365, 700)))
        amount = draw(st.integers(1, 10_000))
        due = known + timedelta(days=draw(st.integers(0, 90)))
        currency = draw(st.sampled_from(["EUR", "USD"]))
        facts.append(say.opened(item, amount, issued=known, due=due, currency=currency))
        facts += draw(later_of_item(item, amount, known))
    for number in range(draw(st.integers(0, 3))):
        known = ago(draw(st.integers(-365, 700)))
        facts.append(
            draw(
                st.sampled_from(
                    [say.returned(f"P{number}", known=known), say.broken(f"B{number}", known=known)]
                )
            )
        )
        facts.append(say.on_account(draw(st.integers(0, 50)), known=known))
    return facts


@st.composite
def later_of_item(draw: st.DrawFn, item: str, amount: int, known: date) -> list[Fact]:
    facts: list[Fact] = []
    known += timedelta(days=draw(st.integers(0, 200)))
    if draw(st.booleans()):
        facts.append(say.disputed(item, draw(st.integers(0, amount)), known=known))
    if draw(st.booleans()):
        facts.append(say.paid(item, amount, on=known))
        if draw(st.booleans()):
            facts.append(say.undone(item, known=known + timedelta(days=draw(st.integers(0, 200)))))
    facts.append(say.reminded(item, draw(st.integers(1, 4)), known=known))
    return facts


@SETTINGS
@given(stories())
def test_what_is_known_later_changes_nothing(facts: Sequence[Fact]) -> None:
    """Guard: `known_on > as_of` in `fold`. Judged from everything, and from what was known alone: the same."""
    known_then = [fact for fact in facts if fact.known_on <= TODAY]
    assert fold(facts, TODAY) == fold(known_then, TODAY)
    assert assess(fold(facts, TODAY), DEFAULT) == assess(fold(known_then, TODAY), DEFAULT)


@SETTINGS
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_between_topics_does_not_matter(facts: Sequence[Fact], chance: random.Random) -> None:
    ledger = [
        fact
        for fact in facts
        if type(fact).__name__
        in {"ItemOpened", "ItemReduced", "ReductionUndone", "ItemDisputed", "AccountMoved"}
    ]
    others = [fact for fact in facts if fact not in ledger]
    turns = [True] * len(ledger) + [False] * len(others)
    chance.shuffle(turns)
    left, right = iter(ledger), iter(others)
    mixed = [next(left) if turn else next(right) for turn in turns]
    assert assess(fold(mixed, TODAY), DEFAULT) == assess(fold(facts, TODAY), DEFAULT)


def test_what_comes_late_is_not_known_on_its_own_date() -> None:
    """Guard: `known_on` and not the movement's date decides: money of the 1st that was booked on the 20th."""
    facts = [
        say.opened("I1", issued=date(2026, 4, 1), due=date(2026, 5, 1)),
        say.paid("I1", on=date(2026, 5, 1), known=date(2026, 5, 20)),
    ]
    assert fold(facts, date(2026, 5, 19)).items["I1"].open == 100
    assert fold(facts, date(2026, 5, 20)).items["I1"].days_late == 0


def test_an_undone_payment_leaves_no_trace_in_the_item() -> None:
    facts = [say.opened("I1", issued=ago(90), due=ago(60)), say.paid("I1", on=ago(50))]
    settled = history(*facts).items["I1"]
    assert (settled.open, settled.days_late, settled.is_paid) == (0, 10, True)
    reopened = history(*facts, say.undone("I1", known=ago(5))).items["I1"]
    assert (reopened.open, reopened.settled_on, reopened.is_paid) == (100, None, False)


def test_a_credit_note_alone_is_no_payment() -> None:
    item = history(
        say.opened("I1", issued=ago(90), due=ago(60)), say.paid("I1", on=ago(50), means="credit")
    ).items["I1"]
    assert (item.open, item.is_paid) == (0, False)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ([say.paid("I1", on=ago(5))], "moves before it is opened"),
        (
            [say.opened("I1", issued=ago(9), due=ago(5)), say.opened("I1", issued=ago(9), due=ago(5))],
            "opened twice",
        ),
        ([say.opened("I1", issued=ago(9), due=ago(5)), say.paid("I1", 101, on=ago(5))], "100 is open"),
        ([say.opened("I1", issued=ago(9), due=ago(5)), say.undone("I1", known=ago(5))], "never was"),
        (
            [
                say.opened("I1", issued=ago(9), due=ago(5)),
                say.paid("I1", 10, on=ago(5)),
                say.paid("I1", 10, on=ago(5)),
            ],
            "twice",
        ),
    ],
)
def test_facts_that_cannot_be_are_refused(facts: list[Fact], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        fold(facts, TODAY)


def test_a_figure_of_a_day_refuses_a_history_that_knows_more() -> None:
    """Guard: `must_not_see_beyond`, by the day of the fold and by the latest fact in it."""
    later = history(say.opened("I1", issued=ago(9), due=ago(5)))
    with pytest.raises(SeesLater, match=f"{ago(1)} would see what was known on {TODAY}"):
        known_of(later, ago(1))
    smuggled = History(as_of=ago(30), last_known_on=ago(9))
    with pytest.raises(SeesLater):
        must_not_see_beyond(smuggled, ago(10))
    must_not_see_beyond(smuggled, ago(9))


def test_unapplied_money_and_drafts_are_what_was_said_last() -> None:
    told = history(
        say.on_account(50, known=ago(9)),
        say.on_account(-20, known=ago(8)),
        say.drafts(70, known=ago(7)),
        say.drafts(40, known=ago(6)),
    )
    assert told.on_account == {("FR01", "EUR"): Decimal(30)}
    assert told.drafts == {("FR01", "EUR"): Decimal(40)}
