"""Which step is an item's next, and whether it is time for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from lettra_dunning.decider.decisions import Follows
from lettra_dunning.domain.customers import Item, Touch
from lettra_dunning.domain.policy import FrequencyCap, Rules, Step


def level_of(item: Item, rules: Rules) -> int:
    """How far the item has come, also by the reminders that it had had before it came here."""
    if not item.reminders_before:
        return item.level
    levels = [step.level for step in rules.steps if step.kind == "reminder"]
    had = levels[: item.reminders_before]
    return max(item.level, had[-1] if had else 0)


def next_step(item: Item, rules: Rules, day: date, goes_out_on: date) -> Step | None:
    """The step that is due for the item at the close of this day; one stage at a time, and never back.

    A reminder before the due date is left out once it would come after it. What is escalated waits for no date.
    """
    level, late = level_of(item, rules), item.days_late(day)
    for step in rules.steps:
        if step.level <= level:
            continue
        if step.kind == "pre_due_reminder":
            if step.offset_days <= late and goes_out_on <= item.due_date:
                return step
            continue
        is_time = late >= step.offset_days or (item.escalated is not None and late >= 1)
        return step if is_time else None
    return None


def has_further_step(item: Item, rules: Rules) -> bool:
    """Whether anything is still to come for the item, once it is late."""
    level = level_of(item, rules)
    return any(step.level > level and step.kind != "pre_due_reminder" for step in rules.steps)


def following(item: Item, rules: Rules, taken: Step, goes_out_on: date) -> Follows | None:
    """What comes for the item after this step, and no earlier than when; None: nothing does."""
    if taken.then == "stop":
        return None
    for step in rules.steps:
        if step.level > taken.level and step.kind != "pre_due_reminder":
            by_offset = item.due_date + timedelta(days=step.offset_days)
            by_interval = goes_out_on + timedelta(days=step.minimum_interval_days)
            return Follows(step.kind, max(by_offset, by_interval))
    return None


def is_spaced(touches: Iterable[Touch], currency: str, interval_days: int, goes_out_on: date) -> bool:
    """Whether the last step towards the customer in this currency lies as far back as the interval asks."""
    earliest = goes_out_on - timedelta(days=interval_days)
    return all(touch.on <= earliest for touch in touches if touch.currency == currency)


def is_below_cap(touches: Iterable[Touch], cap: FrequencyCap, goes_out_on: date) -> bool:
    """Whether one more message is within the cap, the customer's messages in all currencies counted."""
    since = goes_out_on - timedelta(days=cap.days)
    return sum(1 for touch in touches if touch.is_message and touch.on > since) < cap.messages
