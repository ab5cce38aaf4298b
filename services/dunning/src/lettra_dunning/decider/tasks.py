"""What people do with their tasks: an outcome ends one, or sets the date on which to go on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from lettra_dunning.decider.decisions import CallTaskOpened
from lettra_dunning.domain.agenda import NEEDS_NEXT_DATE, Outcome, Task
from lettra_events.service.rejection import Rejected


@dataclass(frozen=True, slots=True)
class OutcomeNoted:
    """What came of a task; `goes_on`: when it comes up again, None: it is over."""

    task_id: str
    customer_id: str
    outcome: Outcome
    goes_on: date | None


def task_of(call: CallTaskOpened) -> Task:
    """The task that a call step opens."""
    return Task(
        task_id=call.step_id,
        kind="call",
        customer_id=call.customer_id,
        currency=call.currency,
        owed=call.net,
        oldest_due=min(line.due_date for line in call.lines),
        due_on=call.goes_out_on,
        script=call.template,
        collector=call.collector,
    )


def note_outcome(task: Task, outcome: Outcome) -> OutcomeNoted:
    """Refused where the task is over, where it goes on and no day is said, or where the day is not a later one."""
    if not task.is_open:
        raise Rejected("task-over", f"task {task.task_id} is over", status=409)
    goes_on = outcome.kind in NEEDS_NEXT_DATE
    if goes_on and outcome.next_date is None:
        raise Rejected(
            "next-date", f"after {outcome.kind} somebody looks at it again: say when", field="next_date"
        )
    if not goes_on and outcome.next_date is not None:
        raise Rejected("next-date", f"after {outcome.kind} the task is over", field="next_date")
    if outcome.next_date is not None and outcome.next_date <= outcome.on:
        raise Rejected("next-date", f"{outcome.next_date} is not after {outcome.on}", field="next_date")
    if outcome.kind in ("contested", "refused") and outcome.reason is None:
        raise Rejected("reason", f"{outcome.kind}: say why it was not paid", field="reason")
    return OutcomeNoted(task.task_id, task.customer_id, outcome, outcome.next_date)


def evolve_task(task: Task, noted: OutcomeNoted) -> Task:
    """The task after an outcome."""
    outcomes = (*task.outcomes, noted.outcome)
    if noted.goes_on is None:
        return replace(task, outcomes=outcomes, is_open=False)
    return replace(task, outcomes=outcomes, due_on=noted.goes_on)
