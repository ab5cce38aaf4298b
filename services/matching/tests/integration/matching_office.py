"""What two publishing services say in any history: invoices, credit notes, money, names and ends of days.

An act is drawn without a look at what came before; the office makes of it something that fits: a payment names late
invoices or those that come next, a credit note corrects a late document. What an invoice says follows from its
number, so that it can be paid, and exactly, before it is issued.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import strategies as st
from matching_model import Customer, Document, Money, Tick
from receivables import DAY, INVOICING, PAYMENTS_TOPIC

ENTITIES = ("FR01", "FR02")
CUSTOMERS = ("C0", "C1", "C2", "C3")
Said = tuple[Document | Money | Customer | Tick, str, str]
"""What is published, the topic, and why its record fails (see `World.publish`)."""


@dataclass
class Office:
    """What was said so far."""

    issued: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENTITIES, 0))
    documents: list[Document] = field(default_factory=list)
    closed: dict[str, int] = field(default_factory=lambda: dict.fromkeys((INVOICING, PAYMENTS_TOPIC), 0))
    said: int = 0

    def late(self, pick: int) -> Document | None:
        return self.documents[-1 - pick % len(self.documents)] if self.documents else None

    def next(self) -> int:
        self.said += 1
        return self.said


@dataclass(frozen=True)
class Issue:
    """The entity's next invoice."""

    entity: str
    customer: str
    fault: str

    def say(self, office: Office) -> list[Said]:
        document = numbered(self.entity, office.issued[self.entity], self.customer)
        office.issued[self.entity] += 1
        office.documents.append(document)
        return [(document, INVOICING, self.fault)]


@dataclass(frozen=True)
class Credit:
    """A credit note on a late document, perhaps on another credit note; `astray`: in another customer's name."""

    pick: int
    amount: int
    astray: bool
    fault: str

    def say(self, office: Office) -> list[Said]:
        corrected = office.late(self.pick)
        if corrected is None:
            return []
        customer = CUSTOMERS[0] if self.astray else corrected.customer
        number = f"AV-{2000 + office.next()}"
        document = Document(
            corrected.entity,
            number,
            customer,
            self.amount,
            corrected.currency,
            corrects=corrected.number,
        )
        office.documents.append(document)
        return [(document, INVOICING, self.fault)]


@dataclass(frozen=True)
class Pay:
    """Money for invoices counted from the next one (-1: the last), exactly or with a difference (`more`)."""

    entity: str
    picks: tuple[int, ...]
    by_reference: bool
    more: int
    booked: int
    fault: str

    def say(self, office: Office) -> list[Said]:
        numbers = {n for n in (office.issued[self.entity] + pick for pick in self.picks) if n >= 0}
        meant = [numbered(self.entity, n) for n in sorted(numbers)]
        names = {(self.by_reference and one.reference) or one.number for one in meant}
        credited = sum(d.amount for m in meant for d in office.documents if (d.entity, d.corrects) == m.item)
        amount = max(5, sum(one.amount for one in meant) - credited + self.more)
        # A name that sorts before those of older payments, now and then.
        name = f"P{(office.next() * 37) % 100:02}-{office.said}"
        money = Money(name, self.entity, amount, frozenset(names), DAY + timedelta(self.booked))
        return [(money, PAYMENTS_TOPIC, self.fault)]


@dataclass(frozen=True)
class PayDocument:
    """Money for a late document by its number, whatever it is, whatever its currency, perhaps a second time."""

    pick: int
    amount: int

    def say(self, office: Office) -> list[Said]:
        document = office.late(self.pick)
        if document is None:
            return []
        names, name = frozenset({document.number}), f"Q{office.next()}"
        money = Money(name, document.entity, self.amount, names, DAY, document.currency)
        return [(money, PAYMENTS_TOPIC, "")]


@dataclass(frozen=True)
class Trade:
    """The entity's next invoices and one payment of them: exact, or short of what a credit note corrects then."""

    entity: str
    customer: str
    count: int
    short: int

    def say(self, office: Office) -> list[Said]:
        said = [one for _ in range(self.count) for one in Issue(self.entity, self.customer, "").say(office)]
        last = tuple(range(-self.count, 0))
        said += Pay(self.entity, last, False, -self.short, 0, "").say(office)
        return said + (Credit(0, self.short, False, "").say(office) if self.short else [])


@dataclass(frozen=True)
class Register:
    """A customer has a name, perhaps another one than before."""

    customer: str
    fault: str

    def say(self, office: Office) -> list[Said]:
        return [(Customer(self.customer, f"SOCIETE {office.next()}"), INVOICING, self.fault)]


@dataclass(frozen=True)
class Close:
    """The end of the next date, of one topic or of both; `again`: of the last date, a second time."""

    topics: tuple[str, ...]
    entities: tuple[str, ...]
    again: bool

    def say(self, office: Office) -> list[Said]:
        ticks: list[Said] = []
        for topic in self.topics:
            office.closed[topic] += 0 if self.again and office.closed[topic] else 1
            ticks.append((Tick(DAY + timedelta(office.closed[topic]), self.entities), topic, ""))
        return ticks


def numbered(entity: str, n: int, customer: str = "") -> Document:
    """The entity's invoice of this number."""
    references = (None, reference(n + 100 * ENTITIES.index(entity)), reference(999), None)
    currency = "USD" if n % 7 == 6 else "EUR"
    return Document(entity, f"FA-{1001 + n}", customer, 10 * (1 + n * 3 % 4), currency, references[n % 4])


def reference(number: int) -> str:
    """An ISO 11649 reference: check digits by its own rule (mod 97 over digits, RF as 2715)."""
    digits = f"{number:06}"
    return f"RF{98 - int(digits + '271500') % 97:02}{digits}"


FAULT = st.sampled_from((*[""] * 26, "data", "entity", "code", "code", "database", "database"))
UNREADABLE = st.sampled_from(("", "", "", "data", "entity"))
ENTITY = st.sampled_from(ENTITIES)
PICK = st.integers(0, 5)
ISSUE = st.builds(Issue, ENTITY, st.sampled_from(CUSTOMERS), FAULT)
PAY = st.builds(
    Pay,
    ENTITY,
    st.lists(st.sampled_from((-1, -2, 0, -3, 1, -4)), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
    st.sampled_from((0, 0, 0, -5, 5, 40)),
    st.integers(0, 2),
    FAULT,
)
CREDIT = st.builds(
    Credit, PICK, st.sampled_from((5, 10, 20, 100)), st.sampled_from((False, False, True)), FAULT
)
TOPICS = ((INVOICING, PAYMENTS_TOPIC), (INVOICING, PAYMENTS_TOPIC), (INVOICING,), (PAYMENTS_TOPIC,))
CLOSE = st.builds(
    Close,
    st.sampled_from(TOPICS),
    st.sampled_from((ENTITIES, ENTITIES, ENTITIES[:1])),
    st.sampled_from((False, False, False, True)),
)
TRADE = st.builds(Trade, ENTITY, st.sampled_from(CUSTOMERS), st.integers(1, 3), st.sampled_from((0, 5, 10)))
OTHER = st.one_of(
    TRADE,
    CLOSE,
    CLOSE,
    CREDIT,
    CREDIT,
    st.builds(PayDocument, PICK, st.sampled_from((10, 50))),
    st.builds(Register, st.sampled_from(CUSTOMERS), UNREADABLE),
)
MEETING = st.lists(st.one_of(TRADE, CLOSE), min_size=1, max_size=3)
ACTS = st.lists(st.one_of(ISSUE, PAY, OTHER), min_size=1, max_size=8)
