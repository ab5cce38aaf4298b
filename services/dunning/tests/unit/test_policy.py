"""The policy as data: what the closest override says wins, and what is wrong is named with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from dunning_stories import given, invoice, on, policy

from lettra_dunning.domain.default_policy import DEFAULT, FIRST, default_policy
from lettra_dunning.domain.policy import Policy, in_force, invoice_of
from lettra_dunning.domain.reading_policy import InvalidPolicy, read_policy

DAY = date(2026, 3, 7)


def override(scope: str, target: str, **changes: Any) -> dict[str, Any]:
    return {"scope": scope, "id": target, "who": "Anne", "why": "agreed", **changes}


def feed_days(of: Policy, day: date = DAY, invoice_id: str = "FR01:FA-1", customer: str = "C1") -> int:
    return of.rules_for(day, None, "FR01", customer, invoice_id).feed_days


def test_the_closest_wins() -> None:
    """Guard: Policy.rules_for, the order of scopes; whatever the order in which they are written."""
    entity, customer = override("entity", "FR01", feed_days=2), override("customer", "C1", feed_days=3)
    one = override("invoice", "FR01:FA-1", feed_days=4)
    assert feed_days(policy(overrides=[])) == 1
    assert feed_days(policy(overrides=[entity])) == 2
    assert feed_days(policy(overrides=[customer, entity])) == 3
    assert feed_days(policy(overrides=[one, customer, entity])) == 4
    assert feed_days(policy(overrides=[one, customer, entity]), invoice_id="FR01:FA-2") == 3
    assert feed_days(policy(overrides=[one, customer, entity]), invoice_id="FR01:FA-2", customer="C2") == 2


def test_what_a_closer_one_does_not_say_stays_as_the_farther_one_said() -> None:
    of = policy(
        overrides=[override("entity", "FR01", feed_days=2), override("customer", "C1", paused="merger")]
    )
    rules = of.rules_for(DAY, None, "FR01", "C1", "FR01:FA-1")
    assert (rules.feed_days, rules.paused) == (2, "merger")


def test_another_segment_brings_its_own_rules() -> None:
    of = policy(
        overrides=[override("entity", "FR01", feed_days=2), override("customer", "C1", segment="private")]
    )
    rules = of.rules_for(DAY, None, "FR01", "C1", "FR01:FA-1")
    assert (rules.feed_days, rules.frequency_cap.messages) == (1, 3)


def test_an_override_ends_after_its_last_day() -> None:
    of = policy(overrides=[override("customer", "C1", feed_days=9, until="2026-03-07")])
    assert (feed_days(of, date(2026, 3, 7)), feed_days(of, date(2026, 3, 8))) == (9, 1)


def test_an_invoice_of_its_own_rules_is_dunned_by_them_beside_others() -> None:
    """An instalment is of its invoice."""
    late = [{**FIRST, "offset_days": 20, "then": "stop"}]
    by = policy(overrides=[override("invoice", "FR01:FA-1", steps=late)])
    story = given(invoice("FA-1#2"), invoice("FA-2"), by=by)
    story.run(on(5))
    assert [item.level for item in story.customer.items] == [0, 20]
    assert invoice_of("FR01:FA-1#2") == "FR01:FA-1"


def test_the_version_in_force_is_the_last_one_that_has_begun() -> None:
    versions = tuple(
        policy(version=version, effective_from=date(2026, month, 1))
        for version, month in ((1, 1), (2, 4), (3, 9))
    )
    assert in_force(versions, date(2026, 3, 31)).version == 1
    assert in_force(versions, date(2026, 4, 1)).version == 2
    assert in_force(tuple(reversed(versions)), date(2027, 1, 1)).version == 3
    with pytest.raises(LookupError, match="no dunning policy is in force on 2025-12-31"):
        in_force(versions, date(2025, 12, 31))


def test_the_default_policy_is_valid_and_survives_json() -> None:
    of = default_policy(date(2026, 1, 1))
    assert read_policy(json.loads(of.model_dump_json())) == of
    assert sorted(of.segments) == ["key_account", "private", "public", "standard"]
    assert not [step for step in of.segments["private"].steps if step.claims]


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


STEPS = ("segments", "standard", "steps")
WRONG: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_set(*STEPS, 1, "channel", value="pigeon"), "segments.standard.steps[1].channel: Input should be"),
    (
        _set(*STEPS, 1, "chanel", value="email"),
        "segments.standard.steps[1].chanel: Extra inputs are not permitted",
    ),
    (_set(*STEPS, 1, "minimum_interval_days", value=0), "segments.standard.steps[1].minimum_interval_days: "),
    (_set(*STEPS, 2, "level", value=20), "segments.standard.steps[2].level: 20 does not lie above 20"),
    (_set(*STEPS, 2, "offset_days", value=4), "segments.standard.steps[2].offset_days: 4 is before 5"),
    (_set(*STEPS, 2, "name", value="pre_due"), "segments.standard.steps[2]: a step pre_due is there already"),
    (_set(*STEPS, 0, "offset_days", value=1), "segments.standard.steps[0].offset_days: a reminder before"),
    (
        _set(*STEPS, 1, "offset_days", value=0),
        "segments.standard.steps[1].offset_days: nothing is late before the day",
    ),
    (
        _set(*STEPS, 3, "channel", value="sms"),
        "segments.standard.steps[3].channel: a call task has the channel",
    ),
    (
        _set(*STEPS, 4, "then", value="stop"),
        "segments.standard.steps[5]: is never come to: formal_notice stops",
    ),
    (_set(*STEPS, 5, "then", value="next"), "segments.standard.steps[5].then: nothing follows a handover"),
    (_set(*STEPS, 0, "claims", value=True), "segments.standard.steps[0].claims: before the due date"),
    (_set(*STEPS, value=[]), "segments.standard.steps: Tuple should have at least 1 item"),
    (_set("segments", "standard", "quiet", "start", value="25:00"), "segments.standard.quiet.start: "),
    (_set("segments", "standard", "feed_days", value=-1), "segments.standard.feed_days: "),
    (_set("default_segment", value="vip"), "default_segment: there is no segment 'vip'"),
    (_set("time_zone", value="Europe/Nowhere"), "time_zone: 'Europe/Nowhere' is no IANA time zone"),
    (_set("effective_from", value="1.1.2026"), "effective_from: "),
    (_set("at_risk", 1, "from_days_late", value=0), "at_risk[1].from_days_late: the days late must rise"),
    (_set("overrides", value=[override("customer", "C1")]), "overrides[0]: changes nothing"),
    (
        _set("overrides", value=[override("customer", "C1", segment="vip")]),
        "overrides[0].segment: there is no segment 'vip'",
    ),
    (
        _set(
            "overrides",
            value=[override("customer", "C1", feed_days=1), override("customer", "C1", feed_days=2)],
        ),
        "overrides[1]: an override of customer C1 is there already",
    ),
    (
        _set("overrides", value=[override("invoice", "FA-1", feed_days=1)]),
        "overrides[0].id: 'FA-1' names no invoice",
    ),
    (
        _set("overrides", value=[override("invoice", "FR01:FA-1", frequency_cap={"messages": 1, "days": 1})]),
        "overrides[0].frequency_cap: is the customer's: an invoice has none of its own",
    ),
    (
        _set("overrides", value=[override("entity", "FR01", silence_messages=1)]),
        "overrides[0].silence_messages: is the customer's: an entity has none of its own",
    ),
    (
        _set("overrides", value=[override("entity", "FR01", steps=[{**FIRST, "offset_days": 0}])]),
        "overrides[0].steps[0].offset_days: nothing is late before the day",
    ),
]


@pytest.mark.parametrize(("break_it", "sentence"), WRONG, ids=[sentence[:60] for _change, sentence in WRONG])
def test_what_is_wrong_is_named_with_its_place(
    break_it: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    """Guard: reading_policy, each of its checks."""
    data = copy.deepcopy({**DEFAULT, "effective_from": "2026-01-01"})
    break_it(data)
    with pytest.raises(InvalidPolicy) as caught:
        read_policy(data)
    assert any(str(problem).startswith(sentence) for problem in caught.value.problems), caught.value


def test_all_that_is_wrong_is_told_at_once() -> None:
    data = copy.deepcopy({**DEFAULT, "effective_from": "2026-01-01"})
    for break_it in (WRONG[3][0], WRONG[15][0], WRONG[16][0]):
        break_it(data)
    with pytest.raises(InvalidPolicy) as caught:
        read_policy(data)
    assert [problem.place for problem in caught.value.problems] == [
        "default_segment",
        "time_zone",
        "segments.standard.steps[2].level",
        # It has the same step.
        "segments.private.steps[2].level",
    ]
