"""Whatever happens to a customer, day by day: never two messages inside the interval, and no run twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dunning_stories import DUE, PARIS, Story, credit_note, given, invoice, money, policy, processed
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from lettra_dunning.decider.decisions import HoldsChanged, Taken
from lettra_dunning.decider.running import decide_run
from lettra_dunning.domain.calendar import Place
from lettra_dunning.domain.customers import Customer, Item
from lettra_dunning.domain.default_policy import STANDARD
from lettra_dunning.domain.policy import Policy

PLACES = [PARIS, Place("JP", "Asia/Tokyo"), Place("US", "America/Los_Angeles"), Place("KP", "Asia/Pyongyang")]
VERSIONS = [
    policy({"statement": STANDARD["statement"], "silence_messages": 1}),
    policy({"steps": STANDARD["steps"][1:4], "frequency_cap": {"messages": 1, "days": 9}}, version=2),
    policy(default_segment="key_account", version=3),
]


@st.composite
def items(draw: st.DrawFn) -> tuple[Item, ...]:
    credits = draw(st.lists(st.integers(1, 300), max_size=1))
    return tuple(credit_note("AV-1", credit) for credit in credits) + tuple(
        invoice(
            f"FA-{number}",
            draw(st.integers(1, 500)),
            entity=draw(st.sampled_from(["FR01", "FR02"])),
            currency=draw(st.sampled_from(["EUR", "USD"])),
            due_date=DUE + timedelta(days=draw(st.integers(-40, 40))),
            level=draw(st.sampled_from([0, 0, 20, 30])),
        )
        for number in range(draw(st.integers(1, 5)))
    )


def changed(draw: st.DrawFn, story: Story) -> None:
    """Something happens to the customer between two runs."""
    what = draw(st.sampled_from(["nothing", "nothing", "paid", "disputed", "money", "no money", "policy"]))
    if what == "paid":
        story.now(items=story.customer.items[1:])
    elif what == "disputed":
        story.now(items=tuple(replace(item, disputed=item.open / 2) for item in story.customer.items))
    elif what == "money":
        story.now(money=(money(5),))
    elif what == "no money":
        story.now(money=())
    elif what == "policy":
        story.policy = draw(st.sampled_from(VERSIONS))


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[Customer, Policy, date, tuple[object, ...]]]:
    """Runs, each with the customer before it and what was decided."""
    story = given(*draw(items()), place=draw(st.sampled_from(PLACES)), by=draw(st.sampled_from(VERSIONS)))
    day, told = DUE - timedelta(days=10), []
    for _ in range(draw(st.integers(5, 25))):
        day += timedelta(days=draw(st.integers(0, 6)))
        before, decided_before = story.customer, len(story.decided)
        story.run(day)
        told.append((before, story.policy, day, tuple(story.decided[decided_before:])))
        assert decide_run(story.customer, story.policy, processed(day)) == ()
        changed(draw, story)
    return told


def interval(of: Policy, taken: Taken) -> int:
    """What the policy says of the step, read from its data."""
    for rules in of.segments.values():
        if taken.kind == "statement" and rules.statement is not None:
            return rules.statement.minimum_interval_days
        for step in rules.steps:
            if step.name == taken.step and rules is of.segments[of.default_segment]:
                return step.minimum_interval_days
    raise LookupError(taken.step)


@settings(deadline=None, max_examples=40)
@for_all(stories())
def test_never_two_messages_inside_the_interval_and_never_back(
    told: list[tuple[Customer, Policy, date, tuple[object, ...]]],
) -> None:
    """Guard: stepping.is_spaced, and the levels. A second run of each date has decided nothing (see `stories`)."""
    for currency in ("EUR", "USD"):
        taken = [
            (of, one)
            for _c, of, _d, run in told
            for one in run
            if isinstance(one, Taken) and one.currency == currency
        ]
        for (_, before), (of, after) in pairwise(taken):
            assert (after.goes_out_on - before.goes_out_on).days >= interval(of, after)
    reached: dict[str, int] = {}
    for before, _of, _day, run in told:
        for item in before.items:
            assert item.level >= reached.get(item.item_id, 0)
            reached[item.item_id] = item.level
        for one in run:
            # A statement of account says what is open; it asks for nothing.
            if isinstance(one, Taken) and one.kind != "statement":
                assert all(line.claimed > 0 for line in one.lines)
                assert one.net > 0


@settings(deadline=None, max_examples=40)
@for_all(stories())
def test_nothing_that_is_held_is_ever_asked_for(
    told: list[tuple[Customer, Policy, date, tuple[object, ...]]],
) -> None:
    """Guard: guarding.Guard; here money of the payer holds all that it owes, and only the undisputed is claimed."""
    for before, _of, _day, run in told:
        if before.money:
            assert not [one for one in run if isinstance(one, Taken)]
        open_now = {item.item_id: item.open - item.disputed for item in before.items}
        asked = [line for one in run if isinstance(one, Taken) for line in one.lines]
        assert all(line.claimed == open_now[line.item_id] for line in asked)
        steps = [one for one in run if isinstance(one, Taken) and one.kind != "statement"]
        named = {line.item_id for one in steps for line in one.lines}
        held = {one.item_id for change in run if isinstance(change, HoldsChanged) for one in change.held}
        assert held.isdisjoint(named)


@settings(deadline=None, max_examples=40)
@for_all(stories())
def test_messages_go_out_on_business_days_in_the_customers_morning(
    told: list[tuple[Customer, Policy, date, tuple[object, ...]]],
) -> None:
    for before, _of, day, run in told:
        for one in run:
            if isinstance(one, Taken):
                local = one.goes_out.astimezone(ZoneInfo(before.place.time_zone))
                assert local.date() == one.goes_out_on > day
                assert local.weekday() < 5
                assert (local.hour, local.minute) == (8, 30)
