"""Customers and days in few words, and dunning's decisions on them as sentences. All invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lettra_dunning.decider.decisions import (
    AgreementJudged,
    AgreementMade,
    Decision,
    FilingTaskOpened,
    HoldsChanged,
    SalesTold,
    Taken,
)
from lettra_dunning.decider.evolving import evolve_all
from lettra_dunning.decider.running import decide_run, explain
from lettra_dunning.domain.agreements import Agreement, Covered, Due
from lettra_dunning.domain.calendar import Place
from lettra_dunning.domain.customers import Customer, Feed, Item, ProcessedDay, UnmatchedMoney
from lettra_dunning.domain.default_policy import DEFAULT, STANDARD
from lettra_dunning.domain.policy import Policy
from lettra_dunning.domain.reading_policy import read_policy

PARIS = Place("FR", "Europe/Paris")
DUE = date(2026, 3, 2)
"""A Monday; the first reminder is due five days later, the second fifteen, the call twenty-two, the notice thirty."""
MONEY = Decimal


def on(days_late: int) -> date:
    """The business date so many days after the due date."""
    return DUE + timedelta(days=days_late)


def invoice(number: str = "FA-1", open: int | str = 100, **changes: Any) -> Item:
    entity = changes.pop("entity", "FR01")
    values: dict[str, Any] = {
        "item_id": f"{entity}:{number}",
        "entity_id": entity,
        "kind": "invoice",
        "document_number": number,
        "issue_date": DUE - timedelta(days=30),
        "due_date": DUE,
        "currency": "EUR",
        "amount": MONEY(open),
        "open": MONEY(open),
    }
    values |= {name: MONEY(value) if name == "disputed" else value for name, value in changes.items()}
    return Item(**values)


def credit_note(number: str = "AV-1", open: int | str = 50, **changes: Any) -> Item:
    return replace(invoice(number, open, **changes), kind="credit_note")


def money(amount: int = 10, state: Any = "on_account", **changes: Any) -> UnmatchedMoney:
    values: dict[str, Any] = {
        "payment_id": "P1",
        "entity_id": "FR01",
        "currency": "EUR",
        "amount": MONEY(amount),
    }
    return UnmatchedMoney(**{**values, "state": state, **changes})


def promise(number: str = "FA-1", amount: int = 100, day: date = DUE, **changes: Any) -> Agreement:
    covered = (Covered(f"FR01:{number}", MONEY(100), MONEY(amount)),)
    made_on = changes.pop("made_on", DUE)
    return Agreement("A1", "promise", "EUR", made_on, covered, (Due(1, day, MONEY(amount)),), **changes)


def policy(rules: Mapping[str, Any] | None = None, **changes: Any) -> Policy:
    """The default policy from the beginning of 2024, without statements of account, with these rules of `standard`."""
    standard = {**STANDARD, "statement": None, "silence_messages": None, **(rules or {})}
    segments = {**DEFAULT["segments"], "standard": standard}
    return read_policy({**DEFAULT, "effective_from": date(2024, 1, 1), "segments": segments, **changes})


def processed(
    day: date, entities: Iterable[str] = ("FR01", "FR02"), through: date | None = None, **changes: Any
) -> ProcessedDay:
    """A processed date; every entity has a EUR and a USD account, known up to `through`, the date itself if absent."""
    known = through or day
    feeds = {
        entity: (Feed(f"{entity}-EUR", "EUR", known), Feed(f"{entity}-USD", "USD", known))
        for entity in ("FR01", "FR02")
    }
    return ProcessedDay(day, frozenset(entities), **{"feeds": feeds, **changes})


class Story:
    """A customer whose days go on; every run's decisions are folded into it."""

    def __init__(self, customer: Customer, its_policy: Policy) -> None:
        self.customer = customer
        self.policy = its_policy
        self.decided: list[Decision] = []

    def run(self, day: date | ProcessedDay) -> list[str]:
        """What a run decides, in sentences."""
        the_day = day if isinstance(day, ProcessedDay) else processed(day)
        decided = decide_run(self.customer, self.policy, the_day)
        self.customer = evolve_all(self.customer, decided)
        self.decided += decided
        return [say(one) for one in decided]

    def runs(self, first: int, last: int, step: int = 1) -> list[str]:
        """Every run from so many days after the due date to so many, told with its day."""
        told = []
        for days in range(first, last + 1, step):
            told += [f"+{days}: {sentence}" for sentence in self.run(on(days))]
        return told

    def why_not(self, day: date | ProcessedDay, item: str = "FR01:FA-1") -> list[str]:
        the_day = day if isinstance(day, ProcessedDay) else processed(day)
        return list(explain(self.customer, self.policy, the_day)[item])

    def now(self, **changes: Any) -> Story:
        """The customer is otherwise from here on."""
        self.customer = replace(self.customer, **changes)
        return self

    def owes(self, *items: Item) -> Story:
        """Its items are these now; what they have been through stays theirs."""
        before = {item.item_id: item for item in self.customer.items}
        kept = ("level", "escalated", "dispute_told")
        return self.now(
            items=tuple(
                replace(item, **{name: getattr(before[item.item_id], name) for name in kept})
                if item.item_id in before
                else item
                for item in items
            )
        )

    def last(self, kind: type[Any]) -> Any:
        return next(one for one in reversed(self.decided) if isinstance(one, kind))


def given(*items: Item, by: Policy | None = None, **changes: Any) -> Story:
    """A customer who owes these items."""
    values: dict[str, Any] = {"customer_id": "C1", "place": PARIS, "items": items, **changes}
    return Story(Customer(**values), by or policy())


def _numbers(items: Iterable[str]) -> str:
    return ", ".join(item.partition(":")[2] for item in items)


def _amounts(amounts: Iterable[tuple[str, Decimal]]) -> str:
    return " and ".join(f"{amount} {currency}" for currency, amount in amounts)


def say(decision: Decision) -> str:
    """A decision as a sentence."""
    if isinstance(decision, Taken):
        numbers = ", ".join(line.document_number for line in decision.lines)
        return f"{decision.step} on {decision.goes_out_on}: {numbers} for {decision.net} {decision.currency}"
    if isinstance(decision, HoldsChanged):
        held = [
            f"{_numbers([one.item_id])} is held: {', '.join(hold.code for hold in one.reasons)}"
            for one in decision.held
        ]
        return "; ".join([*held, *(f"{_numbers([one])} is held no longer" for one in decision.released)])
    if isinstance(decision, SalesTold):
        return f"sales are told of {decision.about}: {_numbers(decision.items)}, {_amounts(decision.amounts)}"
    if isinstance(decision, FilingTaskOpened):
        return f"{_amounts(decision.amounts)} to be filed by {decision.file_by}"
    if isinstance(decision, AgreementJudged):
        return f"{decision.kind} {decision.agreement_id} is {decision.verdict}: {decision.settled} came"
    assert isinstance(decision, AgreementMade)
    return f"{decision.agreement.kind} {decision.agreement.agreement_id} is made"
