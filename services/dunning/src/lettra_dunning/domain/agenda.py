"""The agenda of a collector: tasks ranked by the euros expected to be lost, their scripts and outcomes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from lettra_dunning.domain.policy import ShareAtRisk

TaskKind = Literal["call", "letter", "visit", "check_delivery", "file_claim", "hand_over"]
ReasonOfNonPayment = Literal[
    "oversight",
    "invoice_not_received",
    "awaiting_approval",
    "wrong_details",
    "dispute",
    "already_paid",
    "cash_shortage",
    "insolvency",
    "refusal",
    "unknown",
]
"""Why it was not paid: forgotten, not received, waits for approval, order or bank details wrong, contested, paid by the
customer's word, short of money, insolvent, refused."""
OutcomeKind = Literal[
    "promised", "plan_asked_for", "contested", "says_paid", "refused", "no_answer", "wrong_contact", "done"
]
NEEDS_NEXT_DATE: tuple[OutcomeKind, ...] = (
    "plan_asked_for",
    "says_paid",
    "refused",
    "no_answer",
    "wrong_contact",
)
"""After these the task is not over: somebody looks at it again."""
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task. `next_date`: when to look again; `reason`: why the customer did not pay, if it said."""

    kind: OutcomeKind
    on: date
    who: str
    reason: ReasonOfNonPayment | None = None
    next_date: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a person is to do. `owed` in its currency; `oldest_due`: of what is owed.

    `lost`: the share that is expected to be lost, by the customer's score; None: no score is known. `script`: the name
    of what to say, of the policy's step.
    """

    task_id: str
    kind: TaskKind
    customer_id: str
    currency: str
    owed: Decimal
    oldest_due: date
    due_on: date
    script: str
    collector: str | None = None
    lost: Decimal | None = None
    outcomes: tuple[Outcome, ...] = ()
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Ranked:
    """A task in its place. `at_risk`: euros; None: no rate of the currency was given. `why`: in words."""

    task: Task
    at_risk: Decimal | None
    why: str


def rank(
    tasks: Iterable[Task],
    day: date,
    shares: Sequence[ShareAtRisk],
    euro_rates: Mapping[str, Decimal],
    collector: str | None = None,
) -> list[Ranked]:
    """What is to be done on this day, what may cost most first; then what is due longest.

    `euro_rates`: how much of a currency is 1 EUR. What cannot be put in euros comes before the rest, for nobody knows
    how much it is. `shares`: of what is lost by days late, where no score is known. `collector`: only his tasks.
    """
    mine = (task for task in tasks if collector is None or task.collector == collector)
    ranked = [_ranked(task, day, shares, euro_rates) for task in mine if task.is_open and task.due_on <= day]
    return sorted(ranked, key=_order)


def _order(one: Ranked) -> tuple[bool, Decimal, date, str]:
    return one.at_risk is not None, -(one.at_risk or Decimal(0)), one.task.oldest_due, one.task.task_id


def _ranked(
    task: Task, day: date, shares: Sequence[ShareAtRisk], euro_rates: Mapping[str, Decimal]
) -> Ranked:
    late = max((day - task.oldest_due).days, 0)
    share = task.lost if task.lost is not None else _by_age(late, shares)
    source = "by its score" if task.lost is not None else f"as of what is {late} days late"
    words = f"{task.owed} {task.currency} owed, of which {share:.1%} is expected to be lost, {source}"
    rate = Decimal(1) if task.currency == "EUR" else euro_rates.get(task.currency)
    if rate is None:
        return Ranked(task, None, f"{words}; no euro rate of {task.currency} is known")
    return Ranked(task, (task.owed * share / rate).quantize(CENT, ROUND_HALF_UP), words)


def _by_age(days_late: int, shares: Sequence[ShareAtRisk]) -> Decimal:
    found = Decimal(0)
    for one in shares:
        if one.from_days_late <= days_late:
            found = one.share
    return found
