"""What matching must come to, by plain loops over what was published: written from the rules in its README, not from
its code, and compared with it by the tests of any history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

KEYS_PARKED_MAX = 3
Place = tuple[str, int]
ItemKey = tuple[str, str]
"""Legal entity and document number."""


@dataclass(frozen=True)
class Document:
    """An invoice, or the credit note of one (`corrects`)."""

    entity: str
    number: str
    customer: str
    amount: int
    currency: str = "EUR"
    reference: str | None = None
    corrects: str | None = None

    @property
    def item(self) -> ItemKey:
        return self.entity, self.number

    @property
    def names(self) -> set[str]:
        return {self.number} | ({self.reference} if self.reference else set())


@dataclass(frozen=True)
class Money:
    """A payment, and the document numbers and references that its texts name."""

    name: str
    entity: str
    amount: int
    names: frozenset[str]
    booked: date
    currency: str = "EUR"


@dataclass(frozen=True)
class Customer:
    """A customer is called something."""

    customer: str
    name: str


@dataclass(frozen=True)
class Tick:
    """The end of a date for these entities, as one topic says it."""

    day: date
    entities: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Entry:
    """A record in its place. `unreadable`: its data cannot be read; `entity` is whom it concerns, where it says so."""

    place: Place
    sequence: int
    key: str
    what: Document | Money | Customer | Tick
    unreadable: bool = False
    tells_entity: bool = True

    @property
    def fault(self) -> str:
        """What a release or a database that does not take this record would know it by."""
        if isinstance(self.what, Document):
            return f"{self.what.entity}:{self.what.number}"
        return self.what.name if isinstance(self.what, Money) else ""


@dataclass
class Item:
    document: Document
    open: int


@dataclass
class Held:
    """Where a payment's money is."""

    money: Money
    unapplied: int
    applied: int = 0
    on_account: int = 0
    account_of: str | None = None

    @property
    def available(self) -> int:
        return self.on_account + self.unapplied


@dataclass
class Model:
    """Matching after some records. `faults`: what the release or the database at work does not take now."""

    partitions: Mapping[str, int]
    items: dict[ItemKey, Item] = field(default_factory=dict)
    payments: dict[str, Held] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ticks: dict[tuple[date, str], Entry] = field(default_factory=dict)
    days: dict[date, tuple[set[str], bool]] = field(default_factory=dict)
    positions: dict[Place, int] = field(default_factory=dict)
    stopped: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    skipped: list[Entry] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)

    # ---- Records ----

    def apply(self, entries: Sequence[Entry]) -> bool:
        """Apply a batch of one partition; False, and nothing done, where too many keys fail in it."""
        newly = {e.key for e in entries if self.fails(e) and (e.place[0], e.key) not in self.stopped}
        if len(newly) > KEYS_PARKED_MAX:
            return False
        for entry in entries:
            self.positions[entry.place] = entry.sequence
            behind = self.stopped.get((entry.place[0], entry.key))
            if behind is not None:
                behind.append(entry)
            elif self.fails(entry):
                self.stopped[entry.place[0], entry.key] = [entry]
            else:
                self._take(entry)
        return True

    def release(self, topic: str, key: str, *, skip: bool) -> bool:
        """Let a key go, without the record at which it stands if that is skipped; whether it runs."""
        waiting = self.stopped[topic, key]
        if skip:
            self.skipped.append(waiting.pop(0))
        while waiting:
            if self.fails(waiting[0]):
                return False
            self._take(waiting.pop(0))
        del self.stopped[topic, key]
        for day in sorted(day for day, (_done, held) in self.days.items() if held):
            self._end(day)
        return True

    def fails(self, entry: Entry) -> bool:
        return entry.unreadable or entry.fault in self.faults

    def _take(self, entry: Entry) -> None:
        match entry.what:
            case Document(corrects=None) as document:
                self._open(document)
                self._look_again(document)
            case Document() as document:
                self._open(document)
                self._credit(document)
            case Money() as money:
                self.payments[money.name] = Held(money, money.amount)
                self._match(self.payments[money.name])
            case Customer() as customer:
                self.names[customer.customer] = customer.name
            case Tick() as tick:
                known = self.ticks.setdefault((tick.day, entry.place[0]), entry)
                assert known.sequence <= entry.sequence, "every partition reads the first tick first"
                self._end(tick.day)

    # ---- Money ----

    def _open(self, document: Document) -> None:
        assert document.item not in self.items, "a number is drawn once"
        self.items[document.item] = Item(document, document.amount)

    def _credit(self, note: Document) -> None:
        item = self.items.get((note.entity, note.corrects or ""))
        if item is None or item.document.corrects is not None:
            return
        invoice = item.document
        if (invoice.customer, invoice.currency) != (note.customer, note.currency) or not item.open:
            return
        amount = min(item.open, note.amount)
        item.open -= amount
        self.items[note.item].open -= amount
        self._look_again(invoice)

    def _look_again(self, document: Document) -> None:
        """The payments that have money left and name this document, oldest first."""
        waiting = [
            held
            for held in self.payments.values()
            if held.available and held.money.entity == document.entity and held.money.names & document.names
        ]
        for held in sorted(waiting, key=lambda h: (h.money.booked, h.money.name)):
            self._match(held)

    def _match(self, held: Held) -> None:
        designated = designates(held.money, [item.document for item in self.items.values()])
        owed = [self.items[d.item] for d in designated if self.items[d.item].open]
        total = sum(item.open for item in owed)
        customers = sorted({document.customer for document in designated})
        if not designated:
            return
        if total > held.available and len(owed) > 1:
            self._put_away(held, customers)
            return
        if owed:
            held.unapplied, held.on_account, held.account_of = held.available, 0, None
        for item in owed:
            paid = min(item.open, held.unapplied)
            item.open -= paid
            held.unapplied -= paid
            held.applied += paid
        self._put_away(held, customers)

    def _put_away(self, held: Held, customers: Sequence[str]) -> None:
        """What is left is on account of the customer, where there is one and it is not on account already."""
        if len(customers) == 1 and held.unapplied and not held.on_account:
            held.on_account, held.unapplied, held.account_of = held.unapplied, 0, customers[0]

    # ---- Days ----

    def _end(self, day: date) -> None:
        """The date is processed once all partitions of both topics are past its ticks."""
        ticks = {topic: self.ticks.get((day, topic)) for topic in self.partitions}
        for topic, tick in ticks.items():
            places = [(topic, number) for number in range(self.partitions[topic])]
            if tick is None or any(self.positions.get(place, 0) < tick.sequence for place in places):
                return
        before, _held = self.days.get(day, (set(), False))
        left = {entity for tick in ticks.values() for entity in tick.what.entities} - before
        held = left & set().union(*(self._holds(tick, left) for tick in ticks.values()))
        if left - held or day not in self.days:
            self.days[day] = (before | (left - held), bool(held))

    def _holds(self, tick: Entry, entities: set[str]) -> set[str]:
        """The entities of records that stood before this tick and wait."""
        held: set[str] = set()
        for (topic, _key), waiting in self.stopped.items():
            for entry in waiting:
                if topic == tick.place[0] and entry.sequence < tick.sequence:
                    held |= concerns(entry, entities)
        return held


def concerns(entry: Entry, entities: set[str]) -> set[str]:
    """Whose decisions wait with this record: maybe anyone's, where its data do not say; nobody's for a name."""
    if isinstance(entry.what, Customer | Tick):
        return set()
    return {entry.what.entity} if entry.tells_entity else entities


def designates(money: Money, documents: Iterable[Document]) -> list[Document]:
    """The invoices that one of the payment's names means and no other document bears, in its currency."""
    found: dict[ItemKey, Document] = {}
    mine = [document for document in documents if document.entity == money.entity]
    for name in money.names:
        bearers = [document for document in mine if name in document.names]
        if len(bearers) == 1 and bearers[0].corrects is None and bearers[0].currency == money.currency:
            found[bearers[0].item] = bearers[0]
    return list(found.values())


# ---- What does not depend on the order ----


@dataclass
class Unique:
    """What every interleaving of the topics must come to: open of items, (applied, on account, unapplied) of
    payments, and balances of customers in a currency.
    """

    items: dict[ItemKey, int] = field(default_factory=dict)
    payments: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    balances: dict[tuple[str, str], int] = field(default_factory=dict)


def unique(documents: Sequence[Document], payments: Sequence[Money]) -> Unique:
    """The part of the outcome that the rules fix without a word on order; `documents` in the order of their keys."""
    invoices = {d.item: d for d in documents if d.corrects is None}
    meant = {money.name: designates(money, documents) for money in payments}
    vague = {money.name for money in payments if _is_vague(money, documents)}
    claims: dict[ItemKey, list[Money]] = {item: [] for item in invoices}
    for money in payments:
        for document in meant[money.name]:
            claims[document.item].append(money)
    touched = _touched_by(vague, payments, documents)
    notes = _set_off(documents)
    result = Unique()
    for money in payments:
        if not meant[money.name] and money.name not in vague:
            result.payments[money.name] = (0, 0, money.amount)
    for item, invoice in invoices.items():
        if item not in touched and all(len(meant[money.name]) == 1 for money in claims[item]):
            _of_one_invoice(result, invoice, claims[item], notes.get(item, []))
    for money in payments:
        sole = all(claims[d.item] == [money] and d.item not in notes for d in meant[money.name])
        if len(meant[money.name]) > 1 and sole and not any(d.item in touched for d in meant[money.name]):
            _of_one_payment(result, money, meant[money.name])
    result.balances = _balances(documents, payments, meant, touched)
    return result


def _is_vague(money: Money, documents: Sequence[Document]) -> bool:
    """Whether a name of it is borne twice: which of the two came first then makes a difference."""
    mine = [document for document in documents if document.entity == money.entity]
    return any(sum(name in document.names for document in mine) > 1 for name in money.names)


def _touched_by(vague: set[str], payments: Sequence[Money], documents: Sequence[Document]) -> set[ItemKey]:
    """What a vague payment may have settled."""
    return {
        document.item
        for money in payments
        if money.name in vague
        for document in documents
        if document.entity == money.entity and document.names & money.names
    }


def _set_off(documents: Sequence[Document]) -> dict[ItemKey, list[Document]]:
    """By invoice: the credit notes that came behind it and correct it."""
    found: dict[ItemKey, list[Document]] = {}
    before: dict[ItemKey, Document] = {}
    for document in documents:
        before[document.item] = document
        invoice = before.get((document.entity, document.corrects or ""))
        if invoice is None or invoice.corrects is not None:
            continue
        if (invoice.customer, invoice.currency) == (document.customer, document.currency):
            found.setdefault(invoice.item, []).append(document)
    return found


def _of_one_invoice(
    result: Unique, invoice: Document, claims: Sequence[Money], notes: Sequence[Document]
) -> None:
    """Several claims on one invoice that claim nothing else: as far as it goes."""
    claimed = sum(one.amount for one in [*claims, *notes])
    result.items[invoice.item] = max(0, invoice.amount - claimed)
    if claimed <= invoice.amount:
        result.items |= {note.item: 0 for note in notes}
        result.payments |= {money.name: (money.amount, 0, 0) for money in claims}


def _of_one_payment(result: Unique, money: Money, invoices: Sequence[Document]) -> None:
    """One payment that suffices for several invoices that nothing else settles."""
    total = sum(invoice.amount for invoice in invoices)
    rest = money.amount - total
    if rest < 0:
        return
    result.items |= {invoice.item: 0 for invoice in invoices}
    one_customer = len({invoice.customer for invoice in invoices}) == 1
    result.payments[money.name] = (total, rest, 0) if one_customer else (total, 0, rest)


def _balances(
    documents: Sequence[Document],
    payments: Sequence[Money],
    meant: Mapping[str, Sequence[Document]],
    touched: set[ItemKey],
) -> dict[tuple[str, str], int]:
    """Of customers whose money can only be theirs: invoiced less credited less paid, wherever the payments are."""
    unclear = {(d.customer, d.currency) for d in documents if d.item in touched}
    balances: dict[tuple[str, str], int] = {}
    for document in documents:
        sign = 1 if document.corrects is None else -1
        account = document.customer, document.currency
        balances[account] = balances.get(account, 0) + sign * document.amount
    for money in payments:
        accounts = {(d.customer, d.currency) for d in meant[money.name]}
        if len(accounts) > 1:
            unclear |= accounts
        for account in accounts:
            balances[account] -= money.amount
    return {account: balance for account, balance in balances.items() if account not in unclear}
