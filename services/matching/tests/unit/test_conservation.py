"""Money is conserved whatever happens in whatever order, and the order does not matter where the solution is unique."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from receivables import CONTEXT, DAY, act, bad_debt, credit_note, customer, invoice, payment, returned
from told_later import advice, detailed, disputed, resolved

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued
from lettra_events.contracts.payments import PaymentReceived
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.service.rejection import Rejected
from lettra_matching.decider import evolve
from lettra_matching.domain import (
    ACCOUNT_DAYS,
    ALLOCATIONS,
    OPEN_ITEMS,
    PAYMENTS,
    OpenItem,
    Payment,
)
from lettra_matching.domain.commands import Allocate, Refund, Transfer
from lettra_matching.handlers import acts
from lettra_matching.reactions import react

NUMBERS = ["FA-1001", "FA-1002", "FA-1003", "FA-1004", "FA-1005"]
CUSTOMER_OF = {"FA-1001": "C1", "FA-1002": "C1", "FA-1003": "C1", "FA-1004": "C2", "FA-1005": "C2"}
NAMES = [f"P{n}" for n in range(6)]
IBAN = "FR1420041010050500013M02606"
ACCOUNT_OF = {"C1": IBAN, "C2": "FR7630006000011234567890189"}
SETTINGS = settings(deadline=None, max_examples=120)
ZERO = Decimal(0)
Act = Callable[[Workspace], Any]


class Books:
    """One workspace in memory, through which every event and every act goes."""

    def __init__(self) -> None:
        self.workspace = Workspace(evolve, everything_loaded=True)
        self.items: set[tuple[str, str]] = set()
        self.payments: set[str] = set()

    def take(self, what: Event | Act) -> list[Event]:
        """Decide on one event, or for one person; what was decided, nothing where it is refused."""
        before = len(self.workspace.staged)
        self.workspace.begin(Cause(f"cause {before}", "test", "test"))
        try:
            if isinstance(what, Event):
                react(self.workspace, what, CONTEXT)
            else:
                what(self.workspace)
        except Rejected:
            self.workspace.discard()
        decided = [staged.event for staged in self.workspace.staged[before:]]
        for event in decided:
            if isinstance(event, said.PaymentTaken | said.PaymentTransferredIn):
                self.payments.add(event.payment_id)
            if isinstance(event, said.ItemOpened):
                self.items.add((event.customer_id, event.item_id))
        return decided

    def take_all(self, events: Iterable[Event | Act]) -> Books:
        for event in events:
            self.take(event)
        return self

    @property
    def decided(self) -> list[Event]:
        return [staged.event for staged in self.workspace.staged]

    def open_items(self) -> list[OpenItem]:
        rows = self.workspace.get_many(OPEN_ITEMS, sorted(self.items))
        return [row for row in rows if row is not None]

    def received(self) -> list[Payment]:
        rows = self.workspace.get_many(PAYMENTS, [(name,) for name in sorted(self.payments)])
        return [row for row in rows if row is not None]


amounts = st.integers(1, 50)
# Few amounts, so that money often fits: exactly, less a discount of 1, with a credit note.
billed = st.sampled_from([10, 20, 30])
paid_amounts = st.sampled_from([10, 20, 30, 9, 19, 29, 15, 40, 60])


@st.composite
def person(draw: st.DrawFn) -> Act:
    """What somebody does with one of the payments, whether or not it can be done."""
    name, amount = draw(st.sampled_from(NAMES)), Decimal(draw(paid_amounts))
    who: dict[str, Any] = {
        "who": "Anne",
        "why": "why",
        "business_date": DAY + timedelta(draw(st.integers(0, 9))),
    }
    number = draw(st.sampled_from(NUMBERS))
    given_up = draw(st.sampled_from([ZERO, ZERO, Decimal("0.5")]))
    line = said.ProposedLine(
        customer_id=CUSTOMER_OF[number],
        item_id=f"FR01:{number}",
        settled=amount,
        write_off=given_up,
        write_off_type="bank_fees" if given_up else None,
    )
    to_customer = draw(st.booleans())
    target = {"to_customer_id": "C2"} if to_customer else {"to_entity_id": "FR02"}
    return draw(
        st.sampled_from(
            [
                lambda w: acts.undo_match(w, name, act(day=who["business_date"])),
                lambda w: acts.confirm(w, name, act(day=who["business_date"])),
                lambda w: acts.refuse(w, name, act(day=who["business_date"])),
                lambda w: acts.allocate(w, name, Allocate(lines=(line,), **who)),
                lambda w: acts.refund(w, name, Refund(amount=amount, **who)),
                lambda w: acts.transfer(w, name, Transfer(amount=amount, **target, **who)),
            ]
        )
    )


@st.composite
def said_later(draw: st.DrawFn, name: str) -> list[Event]:
    """What the bank or the payer says of a payment behind it: it is several, or an advice tells what it pays."""
    numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        return [advice(name, *((number, draw(amounts)) for number in numbers))]
    parts = [(f"{name}-{number}", draw(amounts), number) for number in numbers]
    received = [payment(part, amount, number, part_of=name) for part, amount, number in parts]
    return [detailed(name, *((part, amount) for part, amount, _ in parts)), *received]


@st.composite
def any_history(draw: st.DrawFn) -> list[Event | Act]:
    """Invoices; credit notes, disputes and bad debt behind them; payments that name anything or only who pays; returns,
    parts, advices and acts behind those.
    """
    numbers = draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=1))
    events: list[Event | Act] = [
        invoice(
            number,
            draw(billed),
            CUSTOMER_OF[number],
            discount=draw(st.sampled_from([None, (1, DAY + timedelta(2)), (1, DAY + timedelta(9))])),
        )
        for number in numbers
    ]
    for n in range(draw(st.integers(0, 3))):
        corrects = draw(st.sampled_from(numbers))
        note = credit_note(f"AV-{n:04}", corrects, draw(paid_amounts), CUSTOMER_OF[corrects])
        behind = next(i for i, e in enumerate(events) if getattr(e, "document_number", "") == corrects)
        events.insert(draw(st.integers(behind + 1, len(events))), note)
    for name in NAMES[: draw(st.integers(1, 5))]:
        named = draw(st.lists(st.sampled_from([*NUMBERS, "AV-0000", "AV-0001"]), max_size=2))
        place = draw(st.integers(0, len(events)))
        booked = DAY + timedelta(draw(st.integers(0, 5)))
        text, account = ", ".join(named), draw(st.sampled_from([None, IBAN]))
        paid = payment(name, draw(paid_amounts), text, booked=booked, counterparty_iban=account)
        events.insert(place, paid)
        if draw(st.booleans()):
            back = returned(name, draw(paid_amounts), booked + timedelta(draw(st.integers(0, 5))))
            events.insert(draw(st.integers(place + 1, len(events))), back)
        if draw(st.integers(0, 3)) == 0:
            for later in draw(said_later(name)):
                events.insert(draw(st.integers(place + 1, len(events))), later)
    if "FA-1001" in numbers and draw(st.booleans()):
        events.append(bad_debt(draw(amounts)))
    if "FA-1001" in numbers and draw(st.booleans()):
        contested = draw(amounts)
        events += [disputed(contested), *draw(st.sampled_from([[], [resolved(contested)]]))]
    if draw(st.booleans()):
        known = customer(draw(st.sampled_from(["C1", "C2"])), ibans=(IBAN,))
        events.insert(draw(st.integers(0, len(events))), known)
    acted = draw(st.lists(person(), max_size=8))
    for one in acted:
        events.insert(draw(st.integers(len(events) // 2, len(events))), one)
    return events


@SETTINGS
@given(any_history())
def test_money_is_conserved_at_every_step(events: list[Event | Act]) -> None:
    """Under any sequence of payments, matches, acts, returns, credit notes and write-offs.

    Of each payment and of each item the rows are what the events sum up to, by sums that know nothing of the rows.
    Guards: Payment.__post_init__, OpenItem.__post_init__, and every amount of settling, undoing, concluding, acting.
    """
    books = Books()
    for event in events:
        books.take(event)
        check_payments(books)
        check_items(books)


def check_payments(books: Books) -> None:
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for event in books.decided:
        for payment_id, name, amount in moved(event):
            sums[payment_id][name] += amount
    for row in books.received():
        mine = sums[row.payment_id]
        for name in ("applied", "on_account", "returned", "refunded", "transferred_out"):
            assert getattr(row, name) == mine[name] >= 0, (row.payment_id, name)
        gone = sum(mine.values(), ZERO) - mine["came"]
        assert row.unapplied == mine["came"] - gone >= 0
        assert row.received + row.transferred_in == mine["came"]


def moved(event: Event) -> Iterable[tuple[str, str, Decimal]]:
    """Which payment has how much more where."""
    match event:
        case said.PaymentTaken() | said.PaymentTransferredIn():
            yield event.payment_id, "came", event.amount
        case said.CashApplied():
            yield event.payment_id, "applied", event.amount
        case said.CashUnapplied():
            yield event.payment_id, "applied", -event.amount
        case said.CashPutOnAccount():
            yield event.payment_id, "on_account", event.amount
        case said.CashTakenFromAccount():
            yield event.payment_id, "on_account", -event.amount
        case said.CashRefunded():
            yield event.payment_id, "on_account", -event.amount
            yield event.payment_id, "refunded", event.amount
        case said.PaymentSentBack():
            yield event.payment_id, "returned", event.amount
        case said.PaymentTransferredOut() | said.PaymentSplit():
            yield event.payment_id, "transferred_out", event.amount


def check_items(books: Books) -> None:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    settled: dict[str, bool] = {}
    for event in books.decided:
        match event:
            case said.ItemOpened():
                sums[event.item_id] += event.amount
            case said.CashApplied() | said.ItemWrittenOff():
                sums[event.item_id] -= event.amount
            case said.CashUnapplied() | said.WriteOffReversed():
                sums[event.item_id] += event.amount
            case said.CreditApplied() | said.CreditUnapplied():
                amount = event.amount if isinstance(event, said.CreditUnapplied) else -event.amount
                sums[event.item_id] += amount
                sums[event.credit_item_id] += amount
            case said.ItemSettled() | said.ItemReopened():
                settled[event.item_id] = isinstance(event, said.ItemSettled)
    for row in books.open_items():
        assert 0 <= row.open == sums[row.item_id] <= row.amount
        assert settled.get(row.item_id, False) == (row.open == 0) == (row.lettrage is not None)


@SETTINGS
@given(any_history())
def test_the_balances_of_no_day_are_below_zero(events: list[Event | Act]) -> None:
    """As of any business date, past or present: what is open of an item, and what is on an account.

    Guards: `moved_on`, `reopened_on` (concluding.effective_date and its like).
    """
    books = Books().take_all(events)
    accounts: defaultdict[Any, dict[date, Decimal]] = defaultdict(dict)
    for key, row in books.workspace._rows.get(ACCOUNT_DAYS, {}).items():
        accounts[key[:3]][row.date] = row.change
    items = [
        row.days | {row.issue_date: row.amount + row.days.get(row.issue_date, ZERO)}
        for row in books.open_items()
    ]
    for changes in (*accounts.values(), *items):
        balance = ZERO
        for _day, change in sorted(changes.items()):
            balance += change
            assert balance >= 0


@SETTINGS
@given(any_history())
def test_undoing_everything_leaves_items_as_if_no_payment_had_come(events: list[Event | Act]) -> None:
    """Guard: undoing.undo; what other causes settled stays."""
    books = Books().take_all(events)
    rounds = 0
    while applied := [row.payment_id for row in books.received() if settles(books, row)]:
        for name in applied:
            books.take(lambda w, name=name: acts.undo_match(w, name, act(day=DAY + timedelta(30))))
        rounds += 1
        assert rounds < 10, "what is undone is barred to its payment, so this ends"
    by_others: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in books.decided:
        if isinstance(event, said.CreditApplied) and event.payment_id is None:
            by_others[event.item_id] += event.amount
            by_others[event.credit_item_id] += event.amount
        if isinstance(event, said.ItemWrittenOff) and event.payment_id is None:
            by_others[event.item_id] += event.amount
    for item in books.open_items():
        assert item.open == item.amount - by_others[item.item_id]


def settles(books: Books, row: Payment) -> bool:
    """Whether the payment settles anything, in cash or by a credit note."""
    keys = [(row.payment_id, line) for line in range(1, row.lines + 1)]
    found = books.workspace.get_many(ALLOCATIONS, keys)
    return any(line is not None and line.amount > 0 for line in found)


# ---- Two topics, interleaved ----


@st.composite
def exact_payments(draw: st.DrawFn) -> tuple[list[list[Event]], dict[str, Decimal]]:
    """Streams that each keep their order, and what an independent model says is open of each invoice at the end.

    Every payment names its invoices, or is of a customer's account, and pays them exactly; a credited invoice is paid
    alone, for what is left of it. No two sums of what may be open are equal, so no other items could be meant. Some
    payments are returned: what they had paid is open.
    """
    powers = draw(st.permutations(range(len(NUMBERS))))
    gross = {number: Decimal(1000 * 2**power) for number, power in zip(NUMBERS, powers, strict=True)}
    credited = dict.fromkeys(NUMBERS, ZERO)
    ledgers: dict[str, list[Event]] = {"C1": [], "C2": []}
    for number in draw(st.permutations(NUMBERS)):
        ledgers[CUSTOMER_OF[number]].append(invoice(number, gross[number], CUSTOMER_OF[number]))
        if draw(st.booleans()):
            credited[number] = Decimal(2 ** NUMBERS.index(number))
            note = credit_note(f"AV-{number[3:]}", number, credited[number], CUSTOMER_OF[number])
            ledgers[CUSTOMER_OF[number]].append(note)
    left = {number: gross[number] - credited[number] for number in NUMBERS}
    streams: list[list[Event]] = list(ledgers.values())
    streams.append([customer(name, ibans=(iban,)) for name, iban in ACCOUNT_OF.items()])
    whole = [number for number in NUMBERS if not credited[number]]
    by_account = draw(st.lists(st.sampled_from(whole), max_size=2, unique=True)) if whole else []
    for n, group in enumerate(draw(groups([number for number in whole if number not in by_account]))):
        paid = payment(f"P{n}", sum(gross[one] for one in group), ", ".join(group))
        streams.append([paid])
        if draw(st.booleans()):
            streams[-1].append(returned(paid.payment_id, paid.amount))
        else:
            left |= dict.fromkeys(group, ZERO)
    for one in by_account:
        account = ACCOUNT_OF[CUSTOMER_OF[one]]
        streams.append([payment(f"A{one}", left.pop(one), counterparty_iban=account)])
    alone = [number for number in NUMBERS if credited[number] and draw(st.booleans())]
    streams += [[payment(f"Q{one}", left.pop(one), f"facture {one.lower()}")] for one in alone]
    return streams, {number: left.get(number, ZERO) for number in NUMBERS}


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

    Guards: waiting_for and look_again (handlers.matching), take_back (concluding).
    """
    streams, expected = data.draw(exact_payments())
    books = Books().take_all(data.draw(merged(streams)))
    open_amounts = {item.document_number: item.open for item in books.open_items()}
    assert {number: open_amounts[number] for number in NUMBERS} == expected
    assert all(amount == 0 for number, amount in open_amounts.items() if number.startswith("AV-"))
    assert all(
        (row.applied + row.returned, row.waiting_for) == (row.received, ()) for row in books.received()
    )
    assert all(row.returned in (0, row.received) for row in books.received())


@SETTINGS
@given(st.data())
def test_all_ledgers_together_are_what_was_billed_less_cash_and_what_was_given_up(
    data: st.DataObject,
) -> None:
    """Whatever is paid, too much or too little: gross - credit = open - credit left + cash applied + given up."""
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
    owed = sum((row.open if row.kind == "invoice" else -row.open for row in books.open_items()), ZERO)
    cash = sum((row.applied for row in books.received()), ZERO)
    given_up = sum((e.amount for e in books.decided if isinstance(e, said.ItemWrittenOff)), ZERO)
    billed = sum((e.gross for e in ledger if isinstance(e, InvoiceIssued)), ZERO)
    credited = sum((e.gross for e in ledger if isinstance(e, CreditNoteIssued)), ZERO)
    assert owed + cash + given_up == billed - credited
