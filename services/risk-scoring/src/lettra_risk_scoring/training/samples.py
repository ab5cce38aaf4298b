"""From settled items to what a model learns from: each as it looked when it was issued, and what became of it.

Nothing that was known later is in the features: they come from the customer's history at the close of the eve of the
issue. A file says of a dispute only that there was one, so it is known with the settlement and not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lettra_risk_scoring.domain import Fact, History, Item, SeesLater, fold
from lettra_risk_scoring.domain.facts import ItemDisputed, ItemOpened, ItemReduced
from lettra_risk_scoring.engine.expecting import Expectation, Payer, expect
from lettra_risk_scoring.engine.features import Features, features_of, known_of
from lettra_risk_scoring.engine.policy import DEFAULT
from lettra_risk_scoring.engine.profile import profile_of
from lettra_risk_scoring.engine.scorecard import score
from lettra_risk_scoring.training.files import SettledItem

ENTITY = "file"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """An item as it looked when issued, and its outcome: `days` from due date to payment, known on `settled_on`.

    `scorecard`: what scoring would have expected then without a trained model.
    """

    customer_id: str
    item_id: str
    issued_on: date
    features: Features
    scorecard: Expectation
    settled_on: date
    days: int

    @property
    def late(self) -> bool:
        return self.days > 0


def samples_of(items: Iterable[SettledItem]) -> list[Sample]:
    """One for each item that was paid, in the order of issue; the unpaid ones are part of their customer's history."""
    by_customer: dict[str, list[SettledItem]] = {}
    for item in items:
        by_customer.setdefault(item.customer_id, []).append(item)
    samples = [
        sample_of(item, fold(facts, eve_of(item)))
        for own in by_customer.values()
        for facts in [facts_of(own)]
        for item in own
        if item.settled_on is not None
    ]
    return sorted(samples, key=lambda sample: (sample.issued_on, sample.item_id))


def eve_of(item: SettledItem) -> date:
    return item.issue_date - DAY


def sample_of(item: SettledItem, history: History) -> Sample:
    """The item beside what was known of its customer; `SeesLater` if that is more than on the eve of its issue."""
    if item.settled_on is None:
        raise ValueError(f"item {item.item_id} is not paid: it has no outcome")
    known = known_of(history, eve_of(item))
    itself = Item(
        item_id=item.item_id,
        entity_id=ENTITY,
        kind="invoice",
        currency=item.currency,
        amount=item.amount,
        issue_date=item.issue_date,
        due_date=item.due_date,
        open=item.amount,
    )
    return Sample(
        customer_id=item.customer_id,
        item_id=item.item_id,
        issued_on=item.issue_date,
        features=features_of(known, itself, among_open=False),
        scorecard=_by_scorecard(itself, history),
        settled_on=item.settled_on,
        days=(item.settled_on - item.due_date).days,
    )


def _by_scorecard(item: Item, history: History) -> Expectation:
    profile = profile_of(history)
    payer = Payer(score(profile, DEFAULT).risk_class, profile.delays, None)
    return expect(item, payer, history.as_of, DEFAULT, None)


def facts_of(items: Iterable[SettledItem]) -> list[Fact]:
    """What the file tells of a customer, each fact with the day from which it was known."""
    facts: list[Fact] = []
    for item in items:
        facts.append(
            ItemOpened(
                known_on=item.issue_date,
                item_id=item.item_id,
                entity_id=ENTITY,
                kind="invoice",
                currency=item.currency,
                amount=item.amount,
                issue_date=item.issue_date,
                due_date=item.due_date,
            )
        )
        if item.settled_on is not None:
            if item.disputed:
                facts.append(ItemDisputed(item.settled_on, item.item_id, item.amount))
            facts.append(
                ItemReduced(item.settled_on, item.item_id, "paid", item.settled_on, item.amount, "cash")
            )
    return facts


def settled_before(samples: Iterable[Sample], day: date) -> list[Sample]:
    """What could be learned from at the beginning of `day`."""
    return [sample for sample in samples if sample.settled_on < day]


def must_be_settled_before(samples: Sequence[Sample], day: date) -> None:
    """The guard of every training: `SeesLater` if the outcome of one sample was not known when `day` began."""
    later = next((sample for sample in samples if sample.settled_on >= day), None)
    if later is not None:
        raise SeesLater(
            f"a model of {day} would learn from item {later.item_id}, which was settled on {later.settled_on}"
        )
