"""The guard: why no step is taken for an item. Each reason can be read by a person. Pure.

No item is reminded that money received by the close of the day settles or, by the rules, may settle. Where something
is not known, the answer is to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lettra_dunning.decider.decisions import Hold, HoldCode
from lettra_dunning.domain.agreements import by_item
from lettra_dunning.domain.calendar import bank_days_back
from lettra_dunning.domain.customers import Customer, Feed, Item, MoneyState, ProcessedDay, UnmatchedMoney
from lettra_dunning.domain.policy import Rules

_MONEY: dict[MoneyState, tuple[HoldCode, str]] = {
    "on_account": (
        "money_on_account",
        "{money} of payment {id} is on the customer's account and settles nothing yet",
    ),
    "announced": ("money_announced", "{money} of payment {id} is announced by the bank and not booked yet"),
    "may_be": ("money_may_be", "{money} of payment {id} may be this customer's"),
}


class Guard:
    """Looks at one customer on one processed day."""

    def __init__(self, customer: Customer, day: ProcessedDay) -> None:
        self._customer = customer
        self._day = day
        self._agreements = by_item(customer.agreements)
        self._known: dict[tuple[str, str, int], tuple[Hold, ...]] = {}

    def reasons(self, item: Item, rules: Rules) -> tuple[Hold, ...]:
        """All that holds the item; none: a step may be taken for what is not in dispute of it."""
        return (*self._of_customer, *self.of_money(item, rules), *self._of_item(item, rules))

    def of_money(self, item: Item, rules: Rules) -> tuple[Hold, ...]:
        """Why it is not sure that the item is still owed: the day, the feed, money that settles nothing yet."""
        return (*self._parked, *self._of_day(item, rules), *self._of_unmatched(item, rules))

    @cached_property
    def _of_customer(self) -> tuple[Hold, ...]:
        found = self._customer.insolvency
        if found is None:
            return ()
        return (Hold("insolvency", f"insolvency proceedings ({found.proceeding}) since {found.opened_on}"),)

    @cached_property
    def _parked(self) -> tuple[Hold, ...]:
        return tuple(
            Hold(
                "parked",
                f"events of the customer on {parked.topic} wait behind one that failed: {parked.error}",
            )
            for parked in self._customer.parked
        )

    def _of_day(self, item: Item, rules: Rules) -> tuple[Hold, ...]:
        key = (item.entity_id, item.currency, rules.feed_days)
        if key not in self._known:
            self._known[key] = tuple(self._look_at_day(*key))
        return self._known[key]

    def _look_at_day(self, entity_id: str, currency: str, feed_days: int) -> Iterator[Hold]:
        day = self._day.business_date
        if entity_id in self._day.held_back:
            yield Hold(
                "day_not_processed", f"{day} of {entity_id} waits for a key that is parked in matching"
            )
        elif entity_id not in self._day.entities:
            yield Hold("day_not_processed", f"{day} of {entity_id} is not processed by matching")
        feeds = self.feeds(entity_id, currency)
        if not feeds:
            yield Hold("feed_stale", f"no bank account of {entity_id} is read: a payment would not be seen")
        oldest = bank_days_back(day, feed_days)
        for feed in feeds:
            if feed.through_date is None:
                yield Hold("feed_stale", f"no statement of account {feed.account} has come yet")
            elif feed.through_date < oldest:
                known = f"account {feed.account} is known up to {feed.through_date}"
                yield Hold("feed_stale", f"{known}, and the policy asks for {oldest} at least")

    def feeds(self, entity_id: str, currency: str) -> tuple[Feed, ...]:
        """The accounts on which the money may come: the entity's in this currency, or all of them if it has none."""
        all_feeds = self._day.feeds.get(entity_id, ())
        return tuple(feed for feed in all_feeds if feed.currency == currency) or tuple(all_feeds)

    def _of_unmatched(self, item: Item, rules: Rules) -> Iterator[Hold]:
        for money in self._customer.money:
            if rules.money_holds == "payer" or _same_ledger(money, item):
                code, text = _MONEY[money.state]
                said = text.format(money=f"{money.amount} {money.currency}", id=money.payment_id)
                yield Hold(code, f"{said}: {money.reason}" if money.reason else said)

    def _of_item(self, item: Item, rules: Rules) -> Iterator[Hold]:
        if rules.paused is not None:
            yield Hold("paused", f"dunning is paused: {rules.paused}")
        agreement = self._agreements.get(item.item_id)
        if agreement is not None and agreement.kind == "promise":
            yield Hold("promise", f"payment is promised for {agreement.last_day}")
        elif agreement is not None:
            yield Hold("plan", f"it is paid by a plan until {agreement.last_day}")
        if item.undelivered is not None:
            yield Hold("undelivered", f"the invoice could not be delivered: {item.undelivered}")
        if item.disputed > 0 and item.claimable == 0:
            yield Hold("disputed", f"all of it, {item.open} {item.currency}, is in dispute")


def _same_ledger(money: UnmatchedMoney, item: Item) -> bool:
    return (money.entity_id, money.currency) == (item.entity_id, item.currency)
