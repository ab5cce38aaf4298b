"""What a habit sees when it makes up a payment: a day, an open invoice to begin with, and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from lettra_tools.matchbench import codes, payers, words
from lettra_tools.matchbench.banks import BANKS, Bank
from lettra_tools.matchbench.ledger import Ledger
from lettra_tools.matchbench.numbers import Form
from lettra_tools.matchbench.world import Account, Customer, Draft, Item, money

Build = Callable[["Scene"], Draft | None]

FEE_MAX_CENTS = 1500
"""Up to so much a payment may be short because a bank took a fee."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How a payment is made up. `pool` names the invoices that it needs one of (see `pools`); `build` gives None where
    it cannot be made from this one.
    """

    build: Build
    pool: str = "any"


@dataclass(frozen=True)
class Scene:
    """The surroundings of one payment."""

    random: Random
    ledger: Ledger
    day: date
    seed: Item
    account: Account

    @property
    def bank(self) -> Bank:
        return BANKS[self.account.bank]

    @property
    def customer(self) -> Customer:
        return self.ledger.customers[self.seed.customer_id]

    @property
    def left(self) -> int:
        """What is open of the invoice to begin with."""
        return self.ledger.left[self.seed]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was paid of it yet."""
        return self.left == self.seed.cents

    def invoices(self) -> list[Item]:
        """The customer's open invoices of the same entity, issued by this day, oldest due first."""
        return [item for item in self._mine() if item.is_invoice]

    def credit_notes(self) -> list[Item]:
        return [item for item in self._mine() if not item.is_invoice]

    def _mine(self) -> list[Item]:
        found = self.ledger.open_of(self.customer.customer_id, self.seed.currency, self.day)
        return sorted(
            (item for item in found if item.entity_id == self.seed.entity_id),
            key=lambda item: (item.due, item.number.serial),
        )

    def total(self, items: Sequence[Item]) -> int:
        """What is open of these, credit notes deducted."""
        return sum(self.ledger.left[item] if item.is_invoice else -self.ledger.left[item] for item in items)

    def whole(self, items: Sequence[Item]) -> dict[Item, int]:
        """The truth that settles these entirely."""
        return {item: self.ledger.left[item] for item in items}

    def some(self, least: int, most: int) -> list[Item]:
        """The invoice to begin with and others of the customer; fewer than `least` where he has not so many."""
        others = [item for item in self.invoices() if item is not self.seed]
        count = min(len(others), self.random.randint(least, most) - 1)
        chosen = [self.seed, *self.random.sample(others, max(count, 0))]
        return sorted(chosen, key=lambda item: item.number.serial)

    def written(self, form: Form) -> str | None:
        return form(self.seed.number)

    def phrase(self, numbers: str) -> str:
        """The numbers as a payer of this language puts them into a text."""
        template = self.random.choice(words.PHRASES[self.customer.language])
        return template.format(n=numbers, date=self.some_day(), order=self.order())

    def some_day(self) -> str:
        day = self.seed.issued if self.random.random() < 0.7 else self.day - timedelta(days=2)
        return day.strftime(self.random.choice(("%d/%m/%Y", "%d.%m.%y", "%d%m%y", "%Y-%m-%d")))

    def order(self) -> str:
        """A number of the payer's own."""
        kinds = ("45{:08d}", "CDE{:06d}", "{:05d}", "PO-{:07d}", "B{:06d}", "{:010d}")
        return self.random.choice(kinds).format(self.random.randrange(10_000, 99_999))

    def silence(self) -> str:
        """A text that says nothing."""
        return self.random.choice(words.SILENT[self.customer.language])

    def amount_words(self, cents: int) -> str:
        text = money(cents)
        return text if self.customer.language == "en" else text.replace(".", ",")

    def pay(self, text: str, items: Sequence[Item], cents: int | None = None) -> Draft:
        """The customer pays these whole, `cents` in money (default: their sum), as he is known or not."""
        amount = self.total(items) if cents is None else cents
        return self.by_customer(Draft(amount, text, self.whole(items)))

    def by_customer(self, draft: Draft) -> Draft:
        """Name and account as the customer's bank sends them."""
        draft.name = payers.name(self.random, self.customer)
        draft.iban = self._account()
        return draft

    def _account(self) -> str | None:
        chance = self.random.random()
        if chance < 0.05:
            return None
        if chance < 0.11 and not self.customer.group_id:
            return codes.iban(self.customer.country, self.random)
        return self.random.choice(self.customer.own_ibans)

    def certainly_by_customer(self, draft: Draft) -> Draft | None:
        """The same, so that the payer is known beyond doubt: by his account, or else by a name that only he has."""
        if self.customer.known and self.bank.shows_account:
            draft.name = payers.name(self.random, self.customer)
            draft.iban = self.customer.ibans[0]
            return draft
        return self.by_name(draft, payers.clear_name)

    def by_name(self, draft: Draft, way: payers.Way, iban: str | None = None) -> Draft | None:
        """Known by his name alone; None where others bear nearly the same, or the bank cuts what is his own in it."""
        draft.name = way(self.random, self.customer)
        draft.iban = iban or codes.iban(self.customer.country, self.random)
        shown = self.bank.shown_name(draft.name).casefold()
        is_his = payers.plain(self.customer.root).casefold()[:6] in payers.plain(shown)
        return draft if is_his and len(self.ledger.taken_for(self.customer)) == 1 else None
