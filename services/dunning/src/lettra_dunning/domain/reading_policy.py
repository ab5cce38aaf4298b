"""A policy as people write it (JSON): read whole, with everything that is wrong of it, each at its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from lettra_dunning.domain.calendar import is_time_zone
from lettra_dunning.domain.policy import Override, Policy, Rules, Scope, Step

PROBLEMS_MAX = 100
OF_THE_CUSTOMER = ("statement", "silence_messages", "promising")
OF_ITS_MESSAGES = ("frequency_cap", "business_days_only", "quiet", *OF_THE_CUSTOMER)
NOT_OF: Mapping[Scope, tuple[str, ...]] = {
    "entity": OF_THE_CUSTOMER,
    "customer": (),
    "invoice": OF_ITS_MESSAGES,
}
"""What one scope cannot have otherwise than the customer: it concerns more than its items."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `segments.standard.steps[2].channel`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class InvalidPolicy(ValueError):
    """All that is wrong with a policy, at most a hundred problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def read_policy(data: Mapping[str, Any]) -> Policy:
    """The policy that the data says; `InvalidPolicy` names every place that is wrong."""
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        raise InvalidPolicy([_problem(each) for each in error.errors()[:PROBLEMS_MAX]]) from None
    problems = list(_problems(policy))[:PROBLEMS_MAX]
    if problems:
        raise InvalidPolicy(problems)
    return policy


def _problem(error: Any) -> Problem:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    return Problem("".join(parts).lstrip(".") or "policy", error["msg"])


def _problems(policy: Policy) -> Iterator[Problem]:
    if policy.default_segment not in policy.segments:
        yield Problem("default_segment", f"there is no segment {policy.default_segment!r}")
    if not is_time_zone(policy.time_zone):
        yield Problem("time_zone", f"{policy.time_zone!r} is no IANA time zone such as Europe/Paris")
    for name, rules in policy.segments.items():
        yield from _of_rules(rules, f"segments.{name}")
    for index, override in enumerate(policy.overrides):
        yield from _of_override(override, policy, f"overrides[{index}]")
    yield from _twice([(one.scope, one.id) for one in policy.overrides], "overrides", "an override of")
    for index, (before, after) in enumerate(pairwise(policy.at_risk), start=1):
        if after.from_days_late <= before.from_days_late:
            yield Problem(f"at_risk[{index}].from_days_late", "the days late must rise")


def _of_rules(rules: Rules, place: str) -> Iterator[Problem]:
    yield from _of_steps(rules.steps, f"{place}.steps")


def _of_steps(steps: Sequence[Step], place: str) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        yield from _of_step(step, f"{place}[{index}]")
    for index, (before, after) in enumerate(pairwise(steps), start=1):
        here = f"{place}[{index}]"
        if after.level <= before.level:
            yield Problem(
                f"{here}.level", f"{after.level} does not lie above {before.level}, that of the one before"
            )
        if after.offset_days < before.offset_days:
            yield Problem(
                f"{here}.offset_days", f"{after.offset_days} is before {before.offset_days} of the last"
            )
        if before.then == "stop":
            yield Problem(here, f"is never come to: {before.name} stops")
    yield from _twice([step.name for step in steps], place, "a step")


def _of_step(step: Step, place: str) -> Iterator[Problem]:
    before_due = step.kind == "pre_due_reminder"
    if before_due and step.offset_days > 0:
        yield Problem(f"{place}.offset_days", "a reminder before the due date has an offset of 0 or less")
    if not before_due and step.offset_days < 1:
        yield Problem(
            f"{place}.offset_days",
            f"nothing is late before the day after the due date: a {step.kind} has 1 or more",
        )
    if (step.kind == "call_task") != (step.channel == "call"):
        yield Problem(f"{place}.channel", "a call task has the channel call, and nothing else has")
    if step.kind == "handover" and step.then != "stop":
        yield Problem(f"{place}.then", "nothing follows a handover: it stops")
    if step.claims and before_due:
        yield Problem(f"{place}.claims", "before the due date there is no late interest")


def _of_override(override: Override, policy: Policy, place: str) -> Iterator[Problem]:
    if override.segment is not None and override.segment not in policy.segments:
        yield Problem(f"{place}.segment", f"there is no segment {override.segment!r}")
    if override.segment is None and not override.changes:
        yield Problem(place, "changes nothing")
    if override.steps is not None:
        yield from _of_steps(override.steps, f"{place}.steps")
    if override.scope == "invoice" and (":" not in override.id or "#" in override.id):
        yield Problem(f"{place}.id", f"{override.id!r} names no invoice: write <entity>:<number>")
    for name in NOT_OF[override.scope]:
        if name in override.changes:
            yield Problem(f"{place}.{name}", f"is the customer's: an {override.scope} has none of its own")


def _twice(values: Sequence[Any], place: str, what: str) -> Iterator[Problem]:
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            shown = " ".join(value) if isinstance(value, tuple) else value
            yield Problem(f"{place}[{index}]", f"{what} {shown} is there already")
        seen.add(value)
