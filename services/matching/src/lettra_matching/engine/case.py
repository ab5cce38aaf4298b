"""A payment on its way through the rules: what they ask of it, looked up once and only when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lettra_matching.engine.candidates import Candidates
from lettra_matching.engine.designating import Meant, Mentioned, Named, meant_by
from lettra_matching.engine.keys import number_key, reference_key, siren_key
from lettra_matching.engine.model import Incoming, Item, Payer, RuleName
from lettra_matching.engine.numbers import FULL, STRONG, WORDS_FOR_INVOICE, anatomy
from lettra_matching.engine.reading import Reading, read
from lettra_matching.engine.ruleset import Rules
from lettra_matching.engine.settling import Settlement
from lettra_matching.engine.text import canonical
from lettra_matching.engine.who import Who, resembles, who_pays

ALIKE_ENOUGH = 0.75
"""From here on a name does not contradict what a number says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `opens`: it is to be applied; otherwise a person is asked.

    `settlement` None: the payment names what is settled already, so there is nothing to settle.
    `blocks`: later rules may not apply something else on their own.
    """

    rule: RuleName
    settlement: Settlement | None
    opens: bool
    confidence: str
    evidence: tuple[str, ...]
    solutions: int = 1
    blocks: bool = False
    customers: tuple[str, ...] = ()


class Case:
    """One payment, one state of the candidates, one set of rules."""

    def __init__(self, payment: Incoming, candidates: Candidates, rules: Rules) -> None:
        self.payment = payment
        self.candidates = candidates
        self.rules = rules
        self._asked: set[str] = set()
        self._found: dict[str, Sequence[Item]] = {}
        self._named_customers: dict[str, Payer] = {}

    # -- what stands in the texts ----------------------------------------------------------------------------

    @cached_property
    def reading(self) -> Reading:
        payment = self.payment
        texts = (payment.structured_reference, payment.remittance, payment.end_to_end_id)
        return read(texts, self.rules.text_chars_max)

    @cached_property
    def is_cut(self) -> bool:
        """Whether more was written than is read."""
        return self.reading.is_cut or len(self.search_keys) > self.rules.keys_max

    @property
    def sirens(self) -> tuple[str, ...]:
        """What may be the SIREN of who pays."""
        return self.reading.sirens

    @cached_property
    def search_keys(self) -> tuple[str, ...]:
        """All index keys that the texts and the advice give, references first."""
        advised = [number_key(canonical(line.document_number)) for line in self.payment.advice]
        return tuple(dict.fromkeys((*self.reading.reference_keys, *advised, *self.reading.number_keys)))

    @property
    def found(self) -> Mapping[str, Sequence[Item]]:
        """The items that the texts may name, by key, in the payment's currency."""
        self._look_up(self.search_keys[: self.rules.keys_max])
        return self._found

    def _look_up(self, keys: Sequence[str]) -> None:
        """Fetch the items of keys that were not asked for yet."""
        new = [key for key in keys if key not in self._asked]
        if not new:
            return
        self._asked.update(new)
        for key, items in self.candidates.items_named(new, self.payment.entity_id).items():
            payable = self._payable(items)
            if payable:
                self._found[key] = payable

    def _payable(self, items: Iterable[Item]) -> list[Item]:
        return [item for item in items if item.currency == self.payment.currency]

    @cached_property
    def referenced(self) -> tuple[Named, ...]:
        """The items whose structured reference is there, and is no other item's."""
        named = []
        for reference in self.reading.references:
            items = self.found.get(reference_key(reference), ())
            if len(items) == 1:
                named.append(Named(items[0], FULL, reference))
        return tuple(named)

    @cached_property
    def meant(self) -> Meant:
        """What the texts mean among all items. What last digits stand for is looked up behind the first reading."""
        meant = self._meant(None)
        if meant.wanted:
            self._look_up(meant.wanted[: self.rules.keys_max])
            meant = self._meant(None)
        return meant

    def meant_among(self, customer_ids: Collection[str]) -> Meant:
        """What the texts mean if only these customers' items can be meant."""
        meant = self._meant(customer_ids)
        if meant.wanted:
            self._look_up(meant.wanted[: self.rules.keys_max])
            meant = self._meant(customer_ids)
        return meant

    def _meant(self, allowed: Collection[str] | None) -> Meant:
        read = [meant_by(written, self.found, self._asked, allowed) for written in self.reading.written]
        return Meant(
            tuple(m for meant in read for m in meant.mentioned if not self._is_of_siren(m)),
            tuple(run for meant in read for run in meant.unresolved),
            tuple(run for meant in read for run in meant.unread_in_list),
            tuple(key for meant in read for key in meant.wanted),
        )

    def _is_of_siren(self, mentioned: Mentioned) -> bool:
        """Whether a figure that says little is a part of what may say who pays."""
        return mentioned.strength < STRONG and any(
            mentioned.run.digits in each for each in self._known_sirens
        )

    @cached_property
    def _known_sirens(self) -> tuple[str, ...]:
        """The SIREN of the texts that are customers'."""
        if not self.sirens:
            return ()
        found = self.candidates.payers([siren_key(siren) for siren in self.sirens])
        return tuple(siren for siren in self.sirens if siren_key(siren) in found)

    def unknown_documents(self, items: Sequence[Item]) -> list[str]:
        """What the texts write like an invoice's number, or like the numbers of these items, and is none known."""
        numbers = {(parts.prefix, len(parts.digits)) for parts in (anatomy(i.document_number) for i in items)}
        prefixes = {prefix for prefix, _digits in numbers if prefix}
        lengths = {digits for prefix, digits in numbers if not prefix}
        taken = {item.item_id for item in items}
        unsure = (
            mentioned.run
            for mentioned in self.meant.mentioned
            if mentioned.strength < STRONG and taken.isdisjoint(n.item.item_id for n in mentioned.candidates)
        )
        unread = [run.written for run in self.meant.unread_in_list]
        return unread + [
            run.written
            for run in (*self.meant.unresolved, *unsure)
            if (run.continues or not run.doubtful)
            and not any(run.digits in siren for siren in self._known_sirens)
            and (
                any(letters in WORDS_FOR_INVOICE or letters in prefixes for letters in run.letters)
                or len(run.digits) in lengths
            )
        ]

    def is_of_named_month(self, item: Item) -> bool:
        """Whether an item was issued in a month that the texts name."""
        return any(period.fits(item.issue_date) for period in self.reading.periods)

    @property
    def says_refund(self) -> str | None:
        """The word by which the texts say that this is no payment of an invoice, if they do."""
        return self.reading.refund

    @property
    def says_part(self) -> bool:
        """Whether the texts say that only a part is paid."""
        return self.reading.says_part

    @property
    def says_credit(self) -> bool:
        """Whether the texts speak of a credit note."""
        return self.reading.says_credit

    # -- who pays, and what they owe -------------------------------------------------------------------------

    @cached_property
    def who(self) -> Who:
        return who_pays(self.payment, self.sirens, self.candidates, self.rules)

    @cached_property
    def own(self) -> tuple[Item, ...]:
        """What is open of the customers who pay, oldest first, issued by the day of the payment."""
        return self._open(self.who.ids)

    @cached_property
    def family(self) -> tuple[Item, ...]:
        """As `own`, of all for whom they may pay; empty where that is nobody else."""
        return self._open(self.who.family_ids) if self.who.family_ids != self.who.ids else ()

    def _open(self, customer_ids: Collection[str]) -> tuple[Item, ...]:
        return tuple(filter(self.was_issued, self.open_of(customer_ids)))

    def was_issued(self, item: Item) -> bool:
        """Whether the item was there on the day of the payment."""
        return item.issue_date <= max(self.payment.booking_date, self.payment.day)

    def open_of(self, customer_ids: Collection[str]) -> tuple[Item, ...]:
        """Everything open of these customers in the payment's currency, oldest first."""
        if not customer_ids:
            return ()
        payment = self.payment
        items = self.candidates.open_items(sorted(customer_ids), payment.entity_id, payment.currency)
        return tuple(sorted(items, key=lambda i: (i.due_date, i.issue_date, i.item_id)))

    def agrees(self, customer_id: str) -> bool:
        """Whether who pays is this customer, or pays for it, or has a name like it."""
        return self.alike([customer_id]) or customer_id in self.who.family_ids

    def contradicts(self, customer_ids: Collection[str]) -> bool:
        """Whether it is known who pays, and it is none of these customers."""
        if self.alike(customer_ids):
            return False
        return bool(self.who) and self.who.family_ids.isdisjoint(customer_ids)

    @property
    def is_anonymous(self) -> bool:
        """Whether the bank says nothing of who pays."""
        return not self.payment.counterparty_name and not self.payment.counterparty_iban

    def alike(self, customer_ids: Collection[str]) -> bool:
        """Whether one of these customers has a name like the payer's."""
        if not self.payment.counterparty_name:
            return False
        new = sorted(set(customer_ids) - self._named_customers.keys())
        if new:
            self._named_customers.update(self.candidates.payers_of(new))
        known = (self._named_customers.get(each) for each in customer_ids)
        return any(p is not None and resembles(self.payment, p) >= ALIKE_ENOUGH for p in known)
