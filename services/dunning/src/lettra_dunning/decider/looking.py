"""One customer on one processed day: its rules, the steps that are due, and what holds them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from lettra_dunning.decider.decisions import Credit, Hold, Inputs
from lettra_dunning.decider.guarding import Guard
from lettra_dunning.decider.stepping import next_step
from lettra_dunning.domain.calendar import QuietHours, after_close, local_date
from lettra_dunning.domain.customers import Customer, Feed, Item, ProcessedDay
from lettra_dunning.domain.policy import Policy, Rules, Step, StepKind, invoice_of

ZERO = Decimal(0)
NAMED_ALONE: tuple[StepKind, ...] = ("pre_due_reminder", "handover")
"""Steps that name only the items whose own they are."""


@dataclass(frozen=True, slots=True)
class Look:
    """One invoice: its rules, when something would go out, the step that is due (None: none is), what holds it."""

    item: Item
    rules: Rules
    goes_out: datetime
    goes_out_on: date
    late: bool
    step: Step | None
    holds: tuple[Hold, ...]

    @property
    def is_ready(self) -> bool:
        """Whether a step is due for it, and nothing holds it."""
        return self.step is not None and not self.holds

    @property
    def is_named(self) -> bool:
        """Whether a message may name it beside others: it is late, and nothing holds it."""
        return self.late and not self.holds and self.item.claimable > 0


class Looking:
    """Answers for one customer, each asked for once."""

    def __init__(self, customer: Customer, policy: Policy, day: ProcessedDay) -> None:
        self.customer = customer
        self.policy = policy
        self.day = day
        self.guard = Guard(customer, day)
        self._moments: dict[tuple[QuietHours, bool], tuple[datetime, date]] = {}

    @property
    def on(self) -> date:
        """The business date."""
        return self.day.business_date

    @property
    def _segment(self) -> str | None:
        """The customer's; or that which is named after what the law makes of it (`public`, `private`)."""
        by_class = self.customer.debtor_class
        return self.customer.segment or (by_class if by_class in self.policy.segments else None)

    def rules(self, item: Item | None) -> Rules:
        """Those of an item; of the customer as a whole where there is none."""
        return self.policy.rules_for(
            self.on,
            self._segment,
            item.entity_id if item is not None else None,
            self.customer.customer_id,
            invoice_of(item.item_id) if item is not None else None,
        )

    def moment(self, rules: Rules) -> tuple[datetime, date]:
        """When something decided at the close of the day goes out, and the customer's own date then."""
        asked = (rules.quiet.hours, rules.business_days_only)
        if asked not in self._moments:
            place = self.customer.place
            goes_out = after_close(self.on, place, *asked)
            self._moments[asked] = (goes_out, local_date(goes_out, place))
        return self._moments[asked]

    def look(self, items: Iterable[Item]) -> list[Look]:
        """Every invoice of which something is open."""
        return [self._look(item) for item in items if item.kind == "invoice" and item.open > 0]

    def _look(self, item: Item) -> Look:
        rules = self.rules(item)
        goes_out, goes_out_on = self.moment(rules)
        step = next_step(item, rules, self.on, goes_out_on)
        late = self.on > item.due_date
        holds = self.guard.reasons(item, rules) if step is not None or late else ()
        return Look(item, rules, goes_out, goes_out_on, late, step, holds)

    def inputs(self, ledgers: Iterable[tuple[str, str]]) -> Inputs:
        """What a decision about items of these entities in these currencies stands on."""
        feeds = {feed for ledger in set(ledgers) for feed in self.guard.feeds(*ledger)}
        return Inputs(self.on, self.policy.version, tuple(sorted(feeds, key=_feed_order)))


def _feed_order(feed: Feed) -> tuple[str, str]:
    return feed.account, feed.currency


def credits_of(items: Iterable[Item], currency: str) -> tuple[Credit, ...]:
    """The credit notes of which something is open."""
    return tuple(
        Credit(item.item_id, item.entity_id, item.document_number, item.open)
        for item in items
        if item.kind == "credit_note" and item.currency == currency and item.open > 0
    )


def less_than_credits(looks: list[Look], credits: tuple[Credit, ...], currency: str) -> list[Look]:
    """Where open credit notes cover all that a step would ask for, that holds it."""
    credited = sum((credit.open for credit in credits), ZERO)
    if not credited:
        return looks
    for kind in NAMED_ALONE:
        ready = [look for look in looks if look.is_ready and look.step is not None and look.step.kind == kind]
        looks = _covered(looks, ready, ready, credited, currency)
    ready = [
        look
        for look in looks
        if look.is_ready and look.step is not None and look.step.kind not in NAMED_ALONE
    ]
    return _covered(looks, ready, [look for look in looks if look.is_named], credited, currency)


def _covered(
    looks: list[Look], ready: list[Look], named: list[Look], credited: Decimal, currency: str
) -> list[Look]:
    asked = sum((look.item.claimable for look in named), ZERO)
    if asked > credited or not ready:
        return looks
    hold = Hold(
        "credits", f"open credit notes of {credited} {currency} cover the {asked} {currency} to be asked for"
    )
    return [replace(look, holds=(hold,)) if look in ready else look for look in looks]


def currencies(customer: Customer) -> Iterator[str]:
    """Those in which something is open; first the one in which the last step lies longest ago."""
    last: dict[str, date] = {}
    for touch in customer.touches:
        last[touch.currency] = max(last.get(touch.currency, date.min), touch.on)
    open_in = {item.currency for item in customer.items if item.open > 0}
    yield from sorted(open_in, key=lambda currency: (last.get(currency, date.min), currency))
