"""The score: from the first day, explained in words, the same for the same history."""

from __future__ import annotations

from dataclasses import replace

import payers as say
import pytest
from payers import ago, history, regular

from lettra_risk_scoring.domain import Fact
from lettra_risk_scoring.engine.policy import DEFAULT
from lettra_risk_scoring.engine.profile import profile_of
from lettra_risk_scoring.engine.scorecard import Score, score
from lettra_risk_scoring.engine.segments import propose_segment
from lettra_risk_scoring.engine.words import words


def scored(*facts: Fact) -> Score:
    return score(profile_of(history(*facts)), DEFAULT)


def sentences(verdict: Score) -> list[str]:
    return [words(reason, "en") for reason in verdict.reasons]


def test_a_new_customer_has_the_base_points_and_the_reason() -> None:
    verdict = scored()
    assert (verdict.points, verdict.risk_class) == (72, "B")
    assert sentences(verdict) == ["nothing was paid yet that could tell how this customer pays"]


def test_who_pays_in_time_is_class_a() -> None:
    """72 and 14 for no day late and 10 for all in time."""
    verdict = scored(*regular(10, -2))
    assert (verdict.points, verdict.risk_class) == (96, "A")
    assert sentences(verdict) == [
        "pays 0.0 days late, weighted by amount, over twelve months",
        "100 % of what came due was paid in time",
    ]


def test_who_pays_twenty_days_late_is_class_d() -> None:
    """72, less 14 for 20 days, less 10 for nothing in time: 48."""
    verdict = scored(*regular(10, 20))
    assert (verdict.points, verdict.risk_class) == (48, "D")


def test_a_short_history_counts_by_half_and_says_so() -> None:
    """72, less 7 and 5: half of 14 and 10."""
    verdict = scored(*regular(4, 20))
    assert verdict.points == 60
    assert "only 4 items paid in twelve months: what they tell counts by half" in sentences(verdict)


@pytest.mark.parametrize(
    ("fact", "sentence", "points"),
    [
        (say.broken("B1", known=ago(20)), "promises to pay not kept in twelve months: 1", 90),
        (say.returned("P1", known=ago(20)), "payments returned unpaid in twelve months: 1", 90),
        (say.opened("O1", issued=ago(75), due=ago(45)), "an undisputed item is 45 days overdue", 81),
    ],
)
def test_every_incident_costs_points_and_is_named(fact: Fact, sentence: str, points: int) -> None:
    """From 96 of a punctual payer; 45 days overdue cost 10, and 5 more for the share in time, 10 of 11 paid."""
    verdict = scored(*regular(10, -2), fact)
    assert verdict.points == points
    assert sentence in sentences(verdict)


def test_reminders_that_were_needed_cost_points() -> None:
    reminded = [say.reminded(f"R{number}", 2, known=ago(10)) for number in range(10)]
    verdict = scored(*regular(10, 20), *reminded)
    assert verdict.points == 48 - 7
    assert "needs 2.0 reminder steps for an item, on average" in sentences(verdict)


def test_insolvency_alone_makes_class_e_and_its_end_unmakes_it() -> None:
    facts = [*regular(10, -2), say.insolvent(True, known=ago(10))]
    assert (scored(*facts).points, scored(*facts).risk_class) == (0, "E")
    assert scored(*facts, say.insolvent(False, known=ago(5))).risk_class == "A"


def test_the_heaviest_reason_comes_first() -> None:
    weights = [
        abs(reason.points) for reason in scored(*regular(10, 40), say.broken("B1", known=ago(5))).reasons
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) > 2


def test_reasons_are_told_in_french_too() -> None:
    verdict = scored(*regular(10, -2))
    assert (
        words(verdict.reasons[0], "fr")
        == "paie avec 0,0 jours de retard, pondérés par les montants, sur douze mois"
    )


def test_every_reason_has_words_in_both_languages() -> None:
    verdict = scored(
        *regular(3, 45),
        say.broken("B1", known=ago(5)),
        say.returned("P1", known=ago(5)),
        say.insolvent(True, known=ago(5)),
        say.opened("O1", issued=ago(100), due=ago(70)),
        *(say.reminded(f"R{number}", 3, known=ago(5)) for number in range(3)),
        *(fact for number in range(3) for fact in contested(number)),
    )
    codes = {reason.code for reason in verdict.reasons}
    assert {"insolvent", "short_history", "promises", "returns", "overdue", "steps", "disputes"} <= codes
    for reason in verdict.reasons:
        assert words(reason, "fr") != words(reason, "en")


def contested(number: int) -> list[Fact]:
    return [say.opened(f"D{number}", issued=ago(30), due=ago(1)), say.disputed(f"D{number}", known=ago(20))]


def test_the_version_of_the_policy_stands_on_the_score() -> None:
    profile = profile_of(history(*regular(10, 3)))
    assert score(profile, DEFAULT).version == "scorecard-1"
    other = replace(DEFAULT, version="ours-7", base_points=50)
    assert (score(profile, other).version, score(profile, other).points) == ("ours-7", 50 + 8 - 10)


@pytest.mark.parametrize(
    ("facts", "segment"),
    [
        ([], "new"),
        (regular(10, -2), "reliable"),
        (regular(10, 4), "standard"),
        (regular(10, 20), "watched"),
        ([*regular(10, 40), *(say.broken(f"B{n}", known=ago(5)) for n in range(3))], "critical"),
        ([*regular(10, -2), say.broken("B1", known=ago(5)), say.broken("B2", known=ago(5))], "watched"),
        ([*regular(10, 1), *(say.reminded(f"R{n}", 2, known=ago(5)) for n in range(10))], "watched"),
        ([*regular(10, -2), say.insolvent(True, known=ago(5))], "critical"),
    ],
)
def test_the_segment_that_is_proposed(facts: list[Fact], segment: str) -> None:
    profile = profile_of(history(*facts))
    assert propose_segment(profile, score(profile, DEFAULT).risk_class, DEFAULT).segment == segment
