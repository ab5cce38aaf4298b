"""A dunning run for one customer and one business date: `decide_run`. Pure, and repeatable.

Run again for the same date it decides nothing new, for what it decided is nearer than any interval. What is not due
is not told of; `explain` says it to whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lettra_dunning.decider.asking import ask, may
from lettra_dunning.decider.decisions import Decision, HeldItem, Hold, HoldsChanged, StepTaken
from lettra_dunning.decider.evolving import evolve, evolve_all
from lettra_dunning.decider.judging import judge
from lettra_dunning.decider.looking import Look, Looking, credits_of, currencies, less_than_credits
from lettra_dunning.decider.stating import state_account
from lettra_dunning.decider.telling import tell_of_disputes, tell_of_insolvency, tell_of_silence
from lettra_dunning.domain.customers import Customer, ProcessedDay
from lettra_dunning.domain.policy import Policy


def decide_run(customer: Customer, policy: Policy, day: ProcessedDay) -> tuple[Decision, ...]:
    """All that is decided for a customer at the close of a business date, in order.

    First agreements are judged, for what is broken goes on at once; then, in each currency, at most one step. A date
    before the last one for which something was decided is past: nothing is decided for it.
    """
    if customer.decided_on is not None and day.business_date < customer.decided_on:
        return ()
    judged = tuple(judge(Looking(customer, policy, day)))
    run = Looking(evolve_all(customer, judged), policy, day)
    told: list[Decision] = [*tell_of_insolvency(run), *tell_of_disputes(run)]
    steps: list[Decision] = []
    looks: list[Look] = []
    for currency in currencies(run.customer):
        in_currency = _look(run, currency)
        looks += in_currency
        step = _step(run, currency, in_currency)
        if step is not None:
            steps.append(step)
            # The cap counts what has just been decided in another currency.
            run.customer = evolve(run.customer, step)
    return (*judged, *told, *_holds(customer, looks, day), *steps, *tell_of_silence(run, looks))


def _look(run: Looking, currency: str) -> list[Look]:
    items = run.customer.items
    looks = run.look(item for item in items if item.currency == currency)
    return less_than_credits(looks, credits_of(items, currency), currency)


def _step(run: Looking, currency: str, looks: list[Look]) -> StepTaken | None:
    credits = credits_of(run.customer.items, currency)
    return ask(run, currency, looks, credits) or state_account(run, currency, looks, credits)


def _holds(customer: Customer, looks: Sequence[Look], day: ProcessedDay) -> Iterator[HoldsChanged]:
    held = [
        HeldItem(look.item.item_id, look.step.name, look.holds) for look in looks if look.step and look.holds
    ]
    codes = {one.item_id: tuple(hold.code for hold in one.reasons) for one in held}
    released = tuple(sorted(item_id for item_id in customer.held if item_id not in codes))
    news = tuple(one for one in held if customer.held.get(one.item_id) != codes[one.item_id])
    if news or released:
        yield HoldsChanged(customer.customer_id, day.business_date, news, released)


def explain(customer: Customer, policy: Policy, day: ProcessedDay) -> dict[str, tuple[str, ...]]:
    """Of each open invoice, by item id: why no step is taken for it on this day, in sentences; none: one is."""
    run = Looking(customer, policy, day)
    said: dict[str, tuple[str, ...]] = {}
    for currency in currencies(customer):
        for look in _look(run, currency):
            said[look.item.item_id] = tuple(_why_not(run, currency, look))
    return said


def _why_not(run: Looking, currency: str, look: Look) -> Iterator[str]:
    holds: tuple[Hold, ...] = look.holds
    if holds:
        yield from (hold.text for hold in holds)
    elif look.step is None:
        yield "no step is due"
    elif not may(run, currency, look, look.step):
        yield f"{look.step.name} waits: the last message is too near, or there were enough of them"
