"""What matching must come to, by plain loops over what was published: written from what it promises, not from its code.

Which records are applied, parked and skipped, and which days are processed, is told after every step. What becomes
of money is told at the end, where the rules leave no choice (`unique`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class Model:
    """Matching after some records. `faults`: what the release or the database at work does not take now."""

    partitions: Mapping[str, int]
    documents: list[Document] = field(default_factory=list)
    payments: list[Money] = field(default_factory=list)
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
            case Document() as document:
                self.documents.append(document)
            case Money() as money:
                self.payments.append(money)
            case Customer():
                pass
            case Tick() as tick:
                known = self.ticks.setdefault((tick.day, entry.place[0]), entry)
                assert known.sequence <= entry.sequence, "every partition reads the first tick first"
                self._end(tick.day)

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


# ---- What does not depend on the order ----


@dataclass
class Unique:
    """What every interleaving must come to: what is open of items, and which payments are all applied."""

    items: dict[ItemKey, int] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)


def unique(documents: Sequence[Document], payments: Sequence[Money]) -> Unique:
    """Of the customers whose money leaves no choice, what must become of it.

    No choice is left where every name of every payment that names the customer's documents is one document's alone,
    no two payments name the same, each pays exactly what is left of what it names once all credit notes are taken
    off, and each credit note corrects an invoice that is large enough and that it came behind. `documents` are in the
    order of their keys.
    """
    invoices = {d.item: d for d in documents if d.corrects is None}
    notes = _notes(documents)
    bearers = {
        (money.name, name): [d for d in documents if d.entity == money.entity and name in d.names]
        for money in payments
        for name in money.names
    }
    unclear = _unclear(documents, payments, bearers, invoices, notes)
    result = Unique()
    for money in payments:
        meant = [d for name in money.names for d in bearers[money.name, name]]
        if meant and not unclear & {d.customer for d in meant}:
            result.applied[money.name] = money.amount
            result.items |= {d.item: 0 for d in meant}
    for item, invoice in invoices.items():
        if invoice.customer not in unclear:
            result.items.setdefault(item, invoice.amount - sum(note.amount for note in notes.get(item, [])))
    result.items |= {
        note.item: 0 for found in notes.values() for note in found if note.customer not in unclear
    }
    return result


def _notes(documents: Sequence[Document]) -> dict[ItemKey, list[Document]]:
    """Credit notes by the invoice that they came behind and correct."""
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


def _unclear(
    documents: Sequence[Document],
    payments: Sequence[Money],
    bearers: Mapping[tuple[str, str], Sequence[Document]],
    invoices: Mapping[ItemKey, Document],
    notes: Mapping[ItemKey, Sequence[Document]],
) -> set[str]:
    """The customers of whose documents something is left to choose."""
    left = {item: d.amount - sum(n.amount for n in notes.get(item, [])) for item, d in invoices.items()}
    unclear = {invoices[item].customer for item, amount in left.items() if amount < 0}
    set_off = {note.item for found in notes.values() for note in found}
    unclear |= {d.customer for d in documents if d.corrects is not None and d.item not in set_off}
    named: dict[ItemKey, int] = {}
    for money in payments:
        meant = [d for name in money.names for d in bearers[money.name, name]]
        for document in meant:
            named[document.item] = named.get(document.item, 0) + 1
        alone = all(len(bearers[money.name, name]) == 1 for name in money.names)
        payable = all(d.corrects is None and d.currency == money.currency for d in meant)
        exact = payable and sum(left[d.item] for d in meant) == money.amount
        positive = all(left.get(d.item, 0) > 0 for d in meant)
        partly = any(notes.get(d.item) for d in meant) and len(meant) > 1
        if not (alone and exact and positive) or partly:
            unclear |= {d.customer for d in meant}
            # Money that fits nothing that it names may be put to anything of this amount.
            unclear |= {d.customer for d in documents if d.entity == money.entity}
    return unclear | {d.customer for d in documents if named.get(d.item, 0) > 1}
