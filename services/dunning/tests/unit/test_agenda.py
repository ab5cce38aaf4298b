"""The agenda: what may cost most is done first, and what came of it is noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from dunning_stories import DUE, given, invoice, on

from lettra_dunning.decider.decisions import CallTaskOpened
from lettra_dunning.decider.tasks import evolve_task, note_outcome, task_of
from lettra_dunning.domain.agenda import Outcome, Task, rank
from lettra_dunning.domain.default_policy import default_policy
from lettra_events.service.rejection import Rejected

SHARES = default_policy(date(2026, 1, 1)).at_risk
DAY = on(20)


def task(name: str = "T1", owed: int = 1000, oldest: date = DUE, **changes: Any) -> Task:
    return replace(
        Task(name, "call", "C1", "EUR", Decimal(owed), oldest, DAY, "call_unpaid_invoices"), **changes
    )


def ranked(*tasks: Task, **changes: Any) -> list[tuple[str, str | None]]:
    asked: dict[str, Any] = {"day": DAY, "shares": SHARES, "euro_rates": {"USD": Decimal("1.25")}, **changes}
    return [(one.task.task_id, one.at_risk and str(one.at_risk)) for one in rank(tasks, **asked)]


def test_tasks_are_ranked_by_the_euros_expected_to_be_lost() -> None:
    """Guard: agenda._order; a small debt that is nearly lost goes before a large one that is sure."""
    sure = task("sure", 10_000, lost=Decimal("0.01"))
    doubtful = task("doubtful", 1_000, lost=Decimal("0.60"))
    dollars = task("dollars", 1_000, currency="USD", lost=Decimal("0.60"))
    assert ranked(sure, doubtful, dollars) == [
        ("doubtful", "600.00"),
        ("dollars", "480.00"),
        ("sure", "100.00"),
    ]


def test_without_a_score_it_goes_by_age() -> None:
    old = date(2025, 12, 1)
    assert ranked(task("new", 1_000), task("old", 1_000, oldest=old)) == [("old", "300.00"), ("new", "10.00")]
    (one, *_rest) = rank([task()], DAY, SHARES, {})
    assert one.why == "1000 EUR owed, of which 1.0% is expected to be lost, as of what is 20 days late"


def test_of_equal_risk_the_oldest_is_first() -> None:
    tasks = [task("b", oldest=on(1), lost=Decimal(1)), task("a", oldest=on(2), lost=Decimal(1))]
    assert [name for name, _risk in ranked(*tasks)] == ["b", "a"]


def test_what_cannot_be_put_in_euros_is_looked_at_first_and_says_so() -> None:
    pounds = task("pounds", 1, currency="GBP")
    assert ranked(task("euros", 1_000_000), pounds)[0] == ("pounds", None)
    (one,) = rank([pounds], DAY, SHARES, {})
    assert one.why.endswith("no euro rate of GBP is known")


def test_the_agenda_is_of_a_day_and_of_a_collector() -> None:
    tasks = [
        task("mine", collector="Anne"),
        task("his", collector="Luc"),
        task("later", collector="Anne", due_on=on(21)),
        task("over", collector="Anne", is_open=False),
    ]
    assert [name for name, _risk in ranked(*tasks, collector="Anne")] == ["mine"]
    assert sorted(name for name, _risk in ranked(*tasks)) == ["his", "mine"]


def test_a_call_step_becomes_a_task_with_its_script() -> None:
    story = given(invoice("FA-1", 100, level=30), invoice("FA-2", 50, due_date=on(9)), collector="Anne")
    story.run(on(22))
    opened = task_of(story.last(CallTaskOpened))
    assert opened.task_id == "C1:EUR:2026-03-24:call"
    assert (opened.kind, opened.owed, opened.oldest_due) == ("call", 150, DUE)
    assert (opened.due_on, opened.script, opened.collector) == (
        date(2026, 3, 25),
        "call_unpaid_invoices",
        "Anne",
    )


def outcome(kind: Any, **changes: Any) -> Outcome:
    return Outcome(kind, DAY, "Anne", **changes)


def test_an_outcome_ends_the_task_or_says_when_to_go_on() -> None:
    noted = note_outcome(task(), outcome("no_answer", next_date=on(22)))
    later = evolve_task(task(), noted)
    assert (later.is_open, later.due_on) == (True, on(22))
    done = evolve_task(later, note_outcome(later, outcome("promised", reason="oversight")))
    assert (done.is_open, [one.kind for one in done.outcomes]) == (False, ["no_answer", "promised"])


@pytest.mark.parametrize(
    ("the_task", "the_outcome", "kind"),
    [
        (task(is_open=False), outcome("done"), "task-over"),
        (task(), outcome("no_answer"), "next-date"),
        (task(), outcome("no_answer", next_date=DAY), "next-date"),
        (task(), outcome("done", next_date=on(30)), "next-date"),
        (task(), outcome("contested"), "reason"),
        (task(), outcome("refused", next_date=on(30)), "reason"),
    ],
)
def test_an_outcome_that_says_too_little_is_refused(the_task: Task, the_outcome: Outcome, kind: str) -> None:
    with pytest.raises(Rejected) as caught:
        note_outcome(the_task, the_outcome)
    assert caught.value.kind == kind
