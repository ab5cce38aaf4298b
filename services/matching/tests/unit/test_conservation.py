"""Money is conserved whatever comes in whatever order, and the order does not matter where the solution is unique."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from receivables import CONTEXT, credit_note, invoice, payment

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashTakenFromAccount,
    PaymentUnmatched,
)
from lettra_events.contracts.payments import PaymentReceived
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_matching.decider import evolve, match
from lettra_matching.domain import OPEN_ITEMS, PAYMENTS, OpenItem, Payment
from lettra_matching.reactions import react

NUMBERS = ["FA-1001", "FA-1002", "FA-1003", "FA-1004", "FA-1005"]
CUSTOMER_OF = {"FA-1001": "C1", "FA-1002": "C1", "FA-1003": "C1", "FA-1004": "C2", "FA-1005": "C2"}
SETTINGS = settings(deadline=None, max_examples=150)


class Books:
    """One workspace in memory, through which every event goes."""

    def __init__(self) -> None:
        self.workspace = Workspace(evolve, everything_loaded=True)
        self.items: set[tuple[str, str]] = set()
        self.payments: set[str] = set()

    def take(self, event: Event) -> list[Event]:
        """Decide on one event; what was decided."""
        before = len(self.workspace.staged)
        self.workspace.begin(Cause(f"cause {before}", "test", "test"))
        react(self.workspace, event, CONTEXT)
        if isinstance(event, PaymentReceived):
            self.payments.add(event.payment_id)
        elif isinstance(event, InvoiceIssued | CreditNoteIssued):
            self.items.add((event.customer_id, f"{event.entity_id}:{event.document_number}"))
        return [staged.event for staged in self.workspace.staged[before:]]

    def take_all(self, events: Iterable[Event]) -> Books:
        for event in events:
            self.take(event)
        return self

    @property
    def decided(self) -> list[Event]:
        return [staged.event for staged in self.workspace.staged]

    def open_items(self) -> list[OpenItem]:
        return [
            row for key in sorted(self.items) if (row := self.workspace.get(OPEN_ITEMS, *key)) is not None
        ]

    def received(self) -> list[Payment]:
        return [
            row for key in sorted(self.payments) if (row := self.workspace.get(PAYMENTS, key)) is not None
        ]

    def balances(self) -> dict[str, Decimal]:
        """By customer: open invoices less open credit notes less money on account."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for item in self.open_items():
            sums[item.customer_id] += item.open if item.kind == "invoice" else -item.open
        for one in self.received():
            if one.account_customer_id is not None:
                sums[one.account_customer_id] -= one.on_account
        return dict(sums)


amounts = st.integers(1, 50)


@st.composite
def any_history(draw: st.DrawFn) -> list[Event]:
    """Invoices, credit notes behind their invoices, and payments anywhere, that name anything."""
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=1))
    events: list[Event] = [invoice(number, draw(amounts), CUSTOMER_OF[number]) for number in numbers]
    for n in range(draw(st.integers(0, 4))):
        corrects = draw(st.sampled_from(numbers))
        note = credit_note(f"AV-{n:04}", corrects, draw(amounts), CUSTOMER_OF[corrects])
        behind = next(i for i, e in enumerate(events) if getattr(e, "document_number", "") == corrects)
        events.insert(draw(st.integers(behind + 1, len(events))), note)
    for n in range(draw(st.integers(1, 6))):
        named = draw(st.lists(st.sampled_from([*NUMBERS, "AV-0001", "2026"]), max_size=4))
        events.insert(draw(st.integers(0, len(events))), payment(f"P{n}", draw(amounts), ", ".join(named)))
    return events


@SETTINGS
@given(any_history())
def test_money_is_conserved_at_every_step(events: list[Event]) -> None:
    """Received = applied + on account + unapplied, in the rows and summed over the events; what is said unmatched is
    unapplied; no open amount is negative; all ledgers together are gross - credit - cash.

    Guards: domain.Payment.__post_init__, evolving._settle, and the amounts of deciding._left_over and _unmatched.
    """
    books = Books()
    came: list[Event] = []
    for event in events:
        decided = books.take(event)
        came.append(event)
        check_payments(books, decided)
        assert all(0 <= item.open <= item.amount for item in books.open_items())
        assert sum(books.balances().values()) == billed(came) - tied(books.decided)


def check_payments(books: Books, decided: Sequence[Event]) -> None:
    sums = summed(books.decided)
    for row in books.received():
        applied, on_account = sums[row.payment_id]
        assert (row.applied, row.on_account) == (applied, on_account)
        assert row.unapplied == row.amount - applied - on_account >= 0
        assert min(applied, on_account) >= 0
    for event in decided:
        if isinstance(event, PaymentUnmatched):
            row = next(one for one in books.received() if one.payment_id == event.payment_id)
            assert event.amount == row.unapplied


def summed(events: Iterable[Event]) -> dict[str, tuple[Decimal, Decimal]]:
    """By payment: what the events apply, and what they leave on account."""
    sums: defaultdict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for event in events:
        if isinstance(event, CashApplied | CashPutOnAccount | CashTakenFromAccount):
            applied, account = sums[event.payment_id]
            if isinstance(event, CashApplied):
                applied += event.amount
            else:
                account += event.amount if isinstance(event, CashPutOnAccount) else -event.amount
            sums[event.payment_id] = (applied, account)
    return sums


def billed(events: Iterable[Event]) -> Decimal:
    """What customers owe before any money: invoices less credit notes."""
    invoices = sum((e.gross for e in events if isinstance(e, InvoiceIssued)), Decimal(0))
    return invoices - sum((e.gross for e in events if isinstance(e, CreditNoteIssued)), Decimal(0))


def tied(events: Iterable[Event]) -> Decimal:
    """Cash that is some customer's."""
    return sum((applied + account for applied, account in summed(events).values()), Decimal(0))


@SETTINGS
@given(st.data())
def test_the_order_of_the_candidates_does_not_matter(data: st.DataObject) -> None:
    """Guard: sorted names (decider.designate)."""
    events = [invoice(number, data.draw(amounts), CUSTOMER_OF[number]) for number in NUMBERS]
    items = Books().take_all(events).open_items()
    amount = data.draw(amounts)
    books = Books().take_all([payment("P1", amount)])
    (row,) = books.received()
    names = tuple(f"FR01|num:{number.replace('-', '')}" for number in data.draw(st.permutations(NUMBERS))[:3])
    shuffled = data.draw(st.permutations(items))
    assert match(row, names, shuffled) == match(row, names, items)


# ---- Two topics, interleaved ----


@st.composite
def exact_payments(draw: st.DrawFn) -> tuple[list[list[Event]], dict[str, Decimal]]:
    """Streams that each keep their order, and what an independent model says is open of each invoice at the end.

    Every payment names its invoices and pays them exactly; a credited invoice is paid alone, for what is left of it.
    """
    gross = {number: Decimal(draw(st.integers(2, 50))) for number in NUMBERS}
    credited = {number: Decimal(0) for number in NUMBERS}
    ledgers: dict[str, list[Event]] = {"C1": [], "C2": []}
    for number in draw(st.permutations(NUMBERS)):
        ledgers[CUSTOMER_OF[number]].append(invoice(number, gross[number], CUSTOMER_OF[number]))
        if draw(st.booleans()):
            credited[number] = Decimal(draw(st.integers(1, int(gross[number]) - 1)))
            note = credit_note(f"AV-{number[3:]}", number, credited[number], CUSTOMER_OF[number])
            ledgers[CUSTOMER_OF[number]].append(note)
    left = {number: gross[number] - credited[number] for number in NUMBERS}
    streams: list[list[Event]] = list(ledgers.values())
    for n, group in enumerate(draw(groups([number for number in NUMBERS if not credited[number]]))):
        streams.append([payment(f"P{n}", sum(left.pop(one) for one in group), ", ".join(group))])
    alone = [number for number in NUMBERS if credited[number] and draw(st.booleans())]
    streams += [[payment(f"Q{one}", left.pop(one), f"facture {one.lower()}")] for one in alone]
    return streams, {number: left.get(number, Decimal(0)) for number in NUMBERS}


@st.composite
def groups(draw: st.DrawFn, numbers: list[str]) -> list[list[str]]:
    """Some of the numbers, each in one group."""
    parts: defaultdict[int, list[str]] = defaultdict(list)
    for number in numbers:
        parts[draw(st.integers(0, 2))].append(number)
    return [group for key, group in parts.items() if key > 0]


@st.composite
def merged(draw: st.DrawFn, streams: list[list[Event]]) -> list[Event]:
    """One of the ways to interleave the streams."""
    turns = draw(st.permutations([n for n, stream in enumerate(streams) for _ in stream]))
    queues: list[Any] = [iter(stream) for stream in streams]
    return [next(queues[n]) for n in turns]


@SETTINGS
@given(st.data())
def test_any_interleaving_of_the_topics_ends_in_the_same_balances(data: st.DataObject) -> None:
    """Compared with a plain model: what is open of an invoice is gross - credit - what a payment that names it paid.

    Guards: waiting_for and _look_again (reactions), _take_back (decider).
    """
    streams, expected = data.draw(exact_payments())
    books = Books().take_all(data.draw(merged(streams)))
    open_amounts = {item.document_number: item.open for item in books.open_items()}
    assert {number: open_amounts[number] for number in NUMBERS} == expected
    assert all(amount == 0 for number, amount in open_amounts.items() if number.startswith("AV-"))
    assert all((row.applied, row.waiting_for) == (row.amount, ()) for row in books.received())


@SETTINGS
@given(st.data())
def test_one_customer_s_balance_does_not_depend_on_the_order_of_any_payments(data: st.DataObject) -> None:
    """Whatever is paid, too much or too little: the balance is gross - credit - cash that names his items."""
    ledger: list[Event] = []
    for number in NUMBERS[:3]:
        ledger.append(invoice(number, data.draw(amounts)))
        if data.draw(st.booleans()):
            ledger.append(credit_note(f"AV-{number[3:]}", number, data.draw(amounts)))
    paid: list[PaymentReceived] = []
    for n in range(data.draw(st.integers(1, 5))):
        named = data.draw(st.lists(st.sampled_from(NUMBERS[:3]), min_size=1, unique=True))
        paid.append(payment(f"P{n}", data.draw(amounts), ", ".join(named)))
    books = Books().take_all(data.draw(merged([ledger, *([one] for one in paid)])))
    cash = sum((one.amount for one in paid), Decimal(0))
    assert books.balances() == {"C1": billed(ledger) - cash}
