"""What must hold, because the demo wrote the remittances itself: each promise with how often it was kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import NumberDrawn
from lettra_tools.demo.model import Company, Habit, Payment
from lettra_tools.demo.remittance import Document, write_remittance
from lettra_tools.demo.tally import Booked, Money, Tally

EXAMPLES_MAX = 3


@dataclass(frozen=True)
class Check:
    """A promise: kept `kept` times of `of`, with a few of those that were not."""

    what: str
    kept: int
    of: int
    broken: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it was kept every time."""
        return self.kept == self.of


def one(what: str, problems: Iterable[str]) -> Check:
    """A promise that holds or not."""
    broken = tuple(problems)
    return Check(what, 0 if broken else 1, 1, broken[:EXAMPLES_MAX])


@dataclass(frozen=True)
class Outcome:
    """A payment that the demo made, what it wrote, and what became of it (None: it is nowhere)."""

    payment: Payment
    text: str
    money: Money | None
    settles: Mapping[str, Decimal]
    silently: str | None = None

    @property
    def as_meant(self) -> bool:
        """Whether every cent is where its payer meant it to be; of one who did not say it: none is elsewhere."""
        if self.money is None or self.money.amount != self.payment.amount:
            return False
        mine, theirs = self.payment, self.money
        if not mine.names:
            return dict(theirs.applied) in ({}, {self.silently: mine.amount})
        return (dict(theirs.applied), theirs.on_account, theirs.unapplied) == (
            dict(self.settles),
            mine.on_account,
            Decimal(0),
        )

    def in_words(self) -> str:
        """For a broken promise."""
        if self.money is None:
            return f"{self.payment.ref} ({self.text}): it was never taken"
        found = {item: str(amount) for item, amount in self.money.applied.items()}
        meant = {item: str(amount) for item, amount in self.settles.items()} or self.silently
        return (
            f"{self.payment.ref} of {self.payment.amount} ({self.text!r}) should settle {meant or 'nothing'},"
            f" and settles {found or 'nothing'}: {self.money.reason}"
        )


def outcomes(
    company: Company, documents: Mapping[str, Document], booked: Booked, tally: Tally, seed: int
) -> list[Outcome]:
    """All payments of the company with what became of them."""
    found = []
    for payment in company.payments:
        written = write_remittance(payment, documents, seed)
        received = booked.payments.get((company.account, payment.ref))
        settles = {
            f"{company.entity_id}:{documents[key].number}": sum_ for key, sum_ in payment.settles.items()
        }
        money = tally.money.get(received.payment_id) if received else None
        text = " · ".join(part for part in (written.structured, written.text) if part)
        silent = payment.silently
        silently = f"{company.entity_id}:{documents[silent].number}" if silent else None
        found.append(Outcome(payment, text, money, settles, silently))
    return found


def check_payments(found: Iterable[Outcome]) -> Iterator[Check]:
    """Nothing lost, nothing guessed, and whoever said what he pays was understood."""
    all_ = list(found)
    naming = [each for each in all_ if each.payment.names]
    silent = [each for each in all_ if not each.payment.names]
    early = [each for each in naming if each.payment.habit is Habit.EARLY]
    yield _count(
        "every payment that the bank booked was taken once", all_, lambda each: each.money is not None
    )
    yield _count(
        "every payment that named its invoice is applied to it, the rest on account", naming, _as_meant
    )
    yield _count("of these, payments that came before their invoice found it later", early, _as_meant)
    yield _count("no payment that named nothing was applied to what it did not pay", silent, _as_meant)


def check_items(
    company: Company,
    documents: Mapping[str, Document],
    numbers: Mapping[str, str],
    tally: Tally,
    found: Iterable[Outcome],
) -> Check:
    """What is open of each document, by the demo's own books; `numbers` are the credit notes' by their keys.

    A payment that named nothing counts where matching found out what it pays.
    """
    settled: Counter[str] = Counter()
    for each in found:
        settled.update(each.payment.settles)
        if each.payment.silently and each.money is not None and each.money.applied:
            settled.update({each.payment.silently: each.payment.amount})
    credit = {note.corrects: note for note in company.credit_notes}
    expected = {}
    for invoice in company.invoices:
        left = invoice.gross - settled[invoice.key]
        note = credit.get(invoice.key)
        used = min(note.gross, left) if note else Decimal(0)
        expected[documents[invoice.key].number] = left - used
        if note:
            expected[numbers[note.key]] = note.gross - used
    items = {
        item.document_number: item.open
        for item in tally.items.values()
        if item.entity_id == company.entity_id
    }
    wrong = [
        f"{number}: open {items.get(number)}, not {open_}"
        for number, open_ in expected.items()
        if items.get(number) != open_
    ]
    wrong += [f"{number} is no document of the demo's" for number in items.keys() - expected.keys()]
    what = "every document is open by as much as payments and credit notes left of it"
    return Check(what, len(expected) - len(wrong), len(expected), tuple(wrong[:EXAMPLES_MAX]))


def check_account(company: Company, booked: Booked, closing: Decimal) -> Check:
    """The bank's balance: what it held, and received, less what was spent."""
    received, spent = (
        booked.received.get(company.account, Decimal(0)),
        booked.spent.get(company.account, Decimal(0)),
    )
    expected = company.opening_balance + received - spent
    what = (
        f"opening {company.opening_balance:,} + received {received:,} - spent {spent:,} = closing {closing:,}"
    )
    return one(
        f"the bank's balance: {what}", () if expected == closing else (f"the events give {expected:,}",)
    )


def check_conservation(tally: Tally, currency: str) -> Check:
    """No cent of a currency appears or vanishes: on the side of the money, and on that of what it settles."""
    money = [each for each in tally.money.values() if each.currency == currency]
    items = [each for each in tally.items.values() if each.currency == currency]
    received, applied, kept, left, gone = (
        _sum(getattr(each, name) for each in money)
        for name in ("amount", "applied_in_all", "on_account", "unapplied", "gone")
    )
    settled, credit = _sum(each.amount - each.open for each in items), tally.credit_applied[currency]
    given_up = tally.written_off[currency]
    problems = [f"a payment of {each.amount} has less than nothing left" for each in money if _negative(each)]
    problems += [
        f"{each.document_number} is settled by more than its amount" for each in items if each.open < 0
    ]
    if received != applied + kept + left + gone:
        problems.append(f"{received} is not {applied} + {kept} + {left} + {gone}")
    if settled != applied + 2 * credit + given_up:
        problems.append(
            f"{settled} of the items is settled, by {applied} of cash, twice {credit} of credit,"
            f" {given_up} given up"
        )
    what = f"received {received:,} = applied {applied:,} + on account {kept:,} + unapplied {left:,}"
    what += f" + returned, refunded or transferred {gone:,}" if gone else ""
    return one(f"money in {currency} is conserved: {what}", problems)


def check_numbers(events: Iterable[Event], issued: Iterable[str]) -> Check:
    """Continuous numbers: no hole in any series, and the documents bear them."""
    last: Counter[str] = Counter()
    problems, drawn = [], []
    for event in events:
        if isinstance(event, NumberDrawn):
            drawn.append(event.document_number)
            if event.number != last[event.series] + 1:
                problems.append(f"{event.series}: {event.number} after {last[event.series]}")
            last[event.series] = event.number
    if sorted(drawn) != sorted(issued):
        problems.append(f"{len(drawn)} numbers were drawn, not those that the API answered")
    series = ", ".join(f"{name} 1-{count}" for name, count in sorted(last.items()))
    return one(f"continuous numbers without a hole: {series or 'none'}", problems)


def _count(what: str, found: list[Outcome], holds: Callable[[Outcome], bool]) -> Check:
    broken = [each for each in found if not holds(each)]
    return Check(
        what, len(found) - len(broken), len(found), tuple(each.in_words() for each in broken[:EXAMPLES_MAX])
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _as_meant(outcome: Outcome) -> bool:
    return outcome.as_meant


def _negative(money: Money) -> bool:
    return min(money.unapplied, money.on_account, *money.applied.values(), Decimal(0)) < 0
