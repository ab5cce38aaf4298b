"""What must hold, because the demo wrote the remittances itself: each promise with how often it was kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import NumberDrawn
from lettra_tools.demo.model import Company, Habit, Payment
from lettra_tools.demo.remittance import Document, write_remittance
from lettra_tools.demo.running import Told
from lettra_tools.demo.tally import Booked, Money, Tally
from lettra_tools.reviewing import RULES

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
    silently: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def as_meant(self) -> bool:
        """Whether every cent is where its payer meant it to be; of one who did not say it: none is elsewhere."""
        if self.money is None or self.money.amount != self.payment.amount:
            return False
        mine, theirs = self.payment, self.money
        if mine.is_returned:
            return not theirs.applied and theirs.gone == mine.amount
        if not mine.names:
            return self.is_not_wrong
        rest = (theirs.on_account, theirs.unapplied)
        return (
            self.is_not_wrong
            and bool(theirs.applied) == bool(mine.settles)
            and rest == (mine.on_account, Decimal(0))
        )

    @property
    def is_not_wrong(self) -> bool:
        """Whether what is applied of it, if anything is, is what its payer meant: these items, these amounts, and no
        more given up or deducted beside them.
        """
        if self.money is None:
            return False
        applied, less = dict(self.money.applied), sum(self.money.less.values(), Decimal(0))
        return not applied or (applied == dict(self.settles or self.silently) and less == self.payment.less)

    def in_words(self) -> str:
        """For a broken promise."""
        if self.money is None:
            return f"{self.payment.ref} ({self.text}): it was never taken"
        found = {item: str(amount) for item, amount in self.money.applied.items()}
        meant = {item: str(amount) for item, amount in (self.settles or self.silently).items()}
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
        settles, silently = (
            {f"{company.entity_id}:{documents[key].number}": sum_ for key, sum_ in meant.items()}
            for meant in (payment.settles, payment.silently)
        )
        money = tally.money.get(received.payment_id) if received else None
        text = " · ".join(part for part in (written.structured, written.text) if part)
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
    yield check_not_wrong(
        "none applied wrong: what is applied of a payment is what its payer meant, to the cent", all_
    )
    yield _count(
        "what fits something else as well was left to a person",
        [each for each in all_ if each.payment.only_by_person],
        lambda each: each.money is not None and not each.money.applied,
    )
    yield _count(
        "money that went back settles nothing, and its invoice is open again",
        [each for each in all_ if each.payment.is_returned],
        _as_meant,
    )


def check_not_wrong(what: str, found: Iterable[Outcome]) -> Check:
    """Of all payments that settle anything, each settles what it was meant for."""
    applied = [each for each in found if each.money is not None and each.money.applied]
    return _count(what, applied, lambda each: each.is_not_wrong)


def check_all_occur(money: Sequence[Money]) -> Check:
    """Every rule that can settle something did, the ninth proposed, something was less, and something was held."""
    seen = {rule for each in money for rule in each.rules.values()}
    seen |= {"legal_imputation" for each in money if _proposed_by(each) == "legal_imputation"}
    missing = [rule.replace("_", " ") for rule in RULES if rule not in seen]
    missing += [] if any(each.less for each in money) else ["less"]
    missing += [] if any(each.proposal is not None for each in money) else ["proposed"]
    missing += [] if any(each.is_held for each in money) else ["held"]
    return one("rules 1 to 9 occur, and all three outcomes: applied, proposed, held", missing)


def check_announced(company: Company, told: Told, booked: Booked) -> Check:
    """Announced money holds its payer back until it is booked, and is then counted once."""
    expected = sum(each.announced_on is not None for each in company.payments)
    problems = [
        f"{count} of {expected} {what}"
        for what, count in (
            ("were announced", told.announced),
            ("held their payer", told.announced_held),
            ("were booked in its place", booked.announced_first),
        )
        if count != expected
    ]
    return one(f"announced money holds its payer, and is booked once: {expected} payments", problems)


def _proposed_by(money: Money) -> str | None:
    return money.proposal.rule if money.proposal is not None else None


def check_items(
    company: Company,
    documents: Mapping[str, Document],
    numbers: Mapping[str, str],
    tally: Tally,
    found: Iterable[Outcome],
) -> Check:
    """What is open of each document, by the demo's own books; `numbers` are the credit notes' by their keys.

    A payment counts by what its payer meant, where matching or a person applied it.
    """
    settled: Counter[str] = Counter()
    for each in found:
        if each.money is None or not each.money.applied:
            continue
        for meant in (each.payment.settles, each.payment.silently, each.payment.besides):
            settled.update(meant)
    credit = {note.corrects: note for note in company.credit_notes}
    expected = {}
    for invoice in company.invoices:
        left = invoice.owed - settled[invoice.key]
        note = credit.get(invoice.key)
        used = min(note.gross, left) if note else Decimal(0)
        expected[documents[invoice.key].number] = left - used
        if note:
            expected[numbers[note.key]] = note.gross - used - settled[note.key]
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
