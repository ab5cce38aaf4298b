"""The company's accounts, and the payments that arrive on them, each seeing what those before it settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from lettra_tools.matchbench import codes
from lettra_tools.matchbench.banks import BANKS
from lettra_tools.matchbench.ledger import Ledger
from lettra_tools.matchbench.mixes import HABITS, Mix
from lettra_tools.matchbench.populating import START
from lettra_tools.matchbench.scene import Scene
from lettra_tools.matchbench.world import Account, Draft, Entity, Item, Payment

WEEKS = 8
DAYS_A_WEEK = 5
SEEDS_TRIED = 40
"""So many invoices are tried to make up one payment of a habit, before another habit is drawn."""
HABITS_TRIED = 60
WRONG_ENTITY = 0.05
"""How many pay to an account of another entity than the one that sold."""

Pools = dict[tuple[str, str], list[Item]]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where and when a payment is booked. The order of slots is the order of the files and of the lines in them."""

    week: int
    account: Account
    day: date


def accounts(random: Random, entities: tuple[Entity, ...]) -> list[Account]:
    """Each entity has one or more, at a bank each, in its currency."""
    names = list(BANKS)
    found: list[Account] = []
    for entity in entities:
        count = max(1, round(entity.share * 18))
        for _ in range(count):
            bank = names[len(found) % len(names)]
            iban = codes.iban("DE" if bank == "subfields" else "FR", random)
            found.append(Account(iban, entity.entity_id, entity.currency, bank, entity.share / count))
    return found


def slots(random: Random, count: int, where: list[Account]) -> list[Slot]:
    """So many slots, in the order in which they are booked."""
    order = {account.iban: place for place, account in enumerate(where)}
    found = []
    for account in random.choices(where, [account.share for account in where], k=count):
        week, weekday = random.randrange(WEEKS), random.randrange(DAYS_A_WEEK)
        found.append(Slot(week, account, START + timedelta(days=7 * week + weekday)))
    return sorted(found, key=lambda slot: (slot.week, order[slot.account.iban], slot.day))


def pools(ledger: Ledger) -> Pools:
    """The invoices by currency and by what habits ask for."""
    found: Pools = defaultdict(list)
    with_notes = {item.customer_id for item in ledger.items if not item.is_invoice}
    sizes: dict[str, int] = defaultdict(int)
    for item in ledger.items:
        sizes[item.customer_id] += 1
    for item in ledger.items:
        if not item.is_invoice:
            continue
        customer = ledger.customers[item.customer_id]
        kinds = {
            "any": True,
            "known": customer.known,
            "unknown": not customer.known,
            "group": bool(customer.group_id),
            "shared": bool(customer.group_id) and customer.known,
            "twin": customer.twin,
            "recurring": customer.customer_id in ledger.recurring,
            "discount": item.discount_until is not None,
            "credit": customer.customer_id in with_notes,
            "structured": bool(item.reference),
            "many": sizes[item.customer_id] > 8,
        }
        for kind in (kind for kind, holds in kinds.items() if holds):
            found[item.currency, kind].append(item)
            found[item.entity_id, kind].append(item)
    return found


class Booking:
    """Makes up one payment after the other."""

    def __init__(self, random: Random, ledger: Ledger, mix: Mix) -> None:
        self._random = random
        self._ledger = ledger
        self._names = list(mix.weights)
        self._weights = list(mix.weights.values())
        self._pools = pools(ledger)
        self._count = 0

    def payments(self, where: list[Slot], advance: Callable[[int], None]) -> Iterator[Payment]:
        """The payments of these slots. A slot for which nothing can be made up stays empty; `advance` is told how many
        slots are done.
        """
        for done, slot in enumerate(where, start=1):
            draft = self._draft(slot)
            if draft is not None:
                draft.booked_on = slot.account.iban
                self._ledger.settle(slot.day, draft)
                self._note(draft)
                yield Payment(self._reference(slot), slot.account, slot.day, draft)
            advance(done)

    def _draft(self, slot: Slot) -> Draft | None:
        for _ in range(HABITS_TRIED):
            case = self._random.choices(self._names, self._weights)[0]
            habit = HABITS[case]
            own = self._random.random() > WRONG_ENTITY
            pool = self._pools[slot.account.entity_id if own else slot.account.currency, habit.pool]
            for _ in range(SEEDS_TRIED if pool else 0):
                item = self._seed(pool)
                if not self._ledger.left[item] or item.issued > slot.day:
                    continue
                draft = habit.build(Scene(self._random, self._ledger, slot.day, item, slot.account))
                if draft is not None and self._comes_through(draft, slot):
                    draft.case = case
                    return draft
        return None

    def _seed(self, pool: list[Item]) -> Item:
        """An invoice, rather an old one."""
        return min(self._random.choices(pool, k=2), key=lambda item: item.due)

    @staticmethod
    def _comes_through(draft: Draft, slot: Slot) -> bool:
        return draft.may_be_cut or BANKS[slot.account.bank].fits(draft.text)

    def _note(self, draft: Draft) -> None:
        """What was begun or has come back is wanted by habits of its own."""
        for item in draft.settles:
            if self._ledger.left[item] and item.is_invoice:
                self._pools[item.entity_id, "begun"].append(item)
        for item in draft.returns.settles if draft.returns is not None else ():
            self._pools[item.entity_id, "returned"].append(item)

    def _reference(self, slot: Slot) -> str:
        """A bank's reference of at most 16 letters, as each bank has its own way; never the same twice."""
        self._count += 1
        way = slot.account.bank
        if BANKS[way].format == "cfonb":
            return f"{self._count:07d}{slot.day:%y%m%d}"
        if BANKS[way].format.startswith("mt940"):
            return f"{slot.day:%y%m%d}{self._count:08d}"
        return f"{slot.day:%Y%m%d}B{self._count:06d}"
