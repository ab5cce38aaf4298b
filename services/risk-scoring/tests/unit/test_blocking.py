"""Given what stands, when a day is judged or a person speaks, then these decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from payers import TODAY, ago

from lettra_events.service.rejection import Rejected
from lettra_risk_scoring.decider import Situation, decide, evolve, override
from lettra_risk_scoring.domain.blocking import (
    BlockOverridden,
    BlockOverrideEnded,
    CreditLimit,
    CustomerBlocked,
    CustomerUnblocked,
    Override,
    Standing,
)
from lettra_risk_scoring.engine.policy import DEFAULT

POCKET = ("FR01", "EUR")
GRANTED = (CreditLimit(POCKET, Decimal(1000)),)
CALM = Situation("B", False, 10, {POCKET: Decimal(900)}, GRANTED)
FREE = Standing("C1")
OVER = "more is at risk at FR01 than the limit of 1000 EUR"
BLOCKED = Standing("C1", "blocked", (OVER,))
TRUST = Override("free", "a.martin", "guarantee of the parent company", TODAY + timedelta(days=30))


def at_risk(amount: int) -> Situation:
    return replace(CALM, at_risk={POCKET: Decimal(amount)})


def test_nothing_is_decided_of_a_calm_customer() -> None:
    assert decide(FREE, CALM, TODAY, DEFAULT) == []


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (at_risk(1101), OVER),
        (replace(CALM, risk_class="E"), "class E"),
        (replace(CALM, risk_class="E", insolvent=True), "insolvency proceedings are open"),
        (replace(CALM, oldest_overdue_days=91), "an undisputed item is more than 90 days overdue"),
    ],
)
def test_each_rule_blocks_and_says_why(situation: Situation, reason: str) -> None:
    assert decide(FREE, situation, TODAY, DEFAULT) == [CustomerBlocked("C1", TODAY, (reason,))]


def test_a_limit_has_a_margin_so_that_it_does_not_flicker() -> None:
    """Guard: the margin. Blocked above 1,100 only, free again at 1,000: between, what stands stays."""
    assert decide(FREE, at_risk(1100), TODAY, DEFAULT) == []
    assert decide(BLOCKED, at_risk(1001), TODAY, DEFAULT) == []
    assert decide(BLOCKED, at_risk(1000), TODAY, DEFAULT) == [CustomerUnblocked("C1", TODAY)]


def test_a_limit_that_nobody_granted_blocks_nobody() -> None:
    assert decide(FREE, replace(at_risk(10_000_000), limits=()), TODAY, DEFAULT) == []


def test_a_block_is_said_again_only_with_other_reasons() -> None:
    assert decide(BLOCKED, at_risk(5000), TODAY, DEFAULT) == []
    assert decide(BLOCKED, replace(at_risk(5000), risk_class="E"), TODAY, DEFAULT) == [
        CustomerBlocked("C1", TODAY, ("class E", OVER))
    ]


def test_a_person_frees_a_blocked_customer_for_a_time() -> None:
    decided = override(BLOCKED, TRUST, TODAY)
    assert decided == [BlockOverridden("C1", TRUST)]
    trusted = evolve(BLOCKED, decided)
    assert not trusted.blocked_on(TRUST.until)
    assert trusted.blocked_on(TRUST.until + timedelta(days=1))
    assert decide(trusted, at_risk(5000), TRUST.until, DEFAULT) == []


def test_a_person_blocks_a_customer_whom_the_rules_let_go() -> None:
    warned = evolve(FREE, override(FREE, replace(TRUST, outcome="blocked"), TODAY))
    assert warned.blocked_on(TODAY)
    assert decide(warned, CALM, TODAY, DEFAULT) == []


def test_when_a_persons_word_ends_the_rules_hold_again() -> None:
    """Guard: `until`. The rules went on to judge meanwhile, and what they said last holds from the day after."""
    day_after = TRUST.until + timedelta(days=1)
    trusted = evolve(FREE, override(FREE, TRUST, TODAY))
    meanwhile = evolve(trusted, decide(trusted, at_risk(5000), TODAY, DEFAULT))
    assert not meanwhile.blocked_on(TODAY)
    assert decide(meanwhile, at_risk(5000), day_after, DEFAULT) == [BlockOverrideEnded("C1", day_after)]
    after = evolve(meanwhile, decide(meanwhile, at_risk(5000), day_after, DEFAULT))
    assert (after.blocked_on(day_after), after.override) == (True, None)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (replace(TRUST, until=ago(1)), "invalid-until"),
        (replace(TRUST, until=TODAY + timedelta(days=367)), "invalid-until"),
        (replace(TRUST, who=" "), "no-reason"),
        (replace(TRUST, why=""), "no-reason"),
    ],
)
def test_an_override_says_who_why_and_until_when(command: Override, kind: str) -> None:
    with pytest.raises(Rejected) as refused:
        override(FREE, command, TODAY)
    assert refused.value.kind == kind


def test_the_same_word_twice_is_said_once() -> None:
    assert override(evolve(FREE, override(FREE, TRUST, TODAY)), TRUST, TODAY) == []
