"""Documents with several open items: instalments, deposits, what was open at the beginning, and their credit notes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from receivables import CONTEXT, DAY, credit_note, invoice

from lettra_events.contracts.invoicing import DepositDeducted, Instalment, InvoiceIssued, OpeningItemTaken
from lettra_events.contracts.matching import CreditApplied, ItemOpened
from lettra_events.testing.given import Given, given
from lettra_matching.decider import evolve
from lettra_matching.domain import OPEN_ITEMS
from lettra_matching.reactions import react


def in_parts(number: str, *amounts: int) -> InvoiceIssued:
    parts = tuple(
        Instalment(number=n, due_date=date(2026, 3 + n, 15), amount=Decimal(amount))
        for n, amount in enumerate(amounts, start=1)
    )
    return invoice(number, sum(amounts)).model_copy(
        update={"instalments": parts, "due_date": parts[-1].due_date}
    )


def opening(item_id: str, number: int = 1, kind: str = "invoice", amount: str = "70") -> OpeningItemTaken:
    return OpeningItemTaken(
        customer_id="C1",
        entity_id="FR01",
        item_id=item_id,
        kind=kind,
        document_number="FA-1",
        number=number,
        issue_date=DAY,
        due_date=date(2026, 4, 15),
        currency="EUR",
        amount=amount,
        original_amount="100",
        reminder_step=2,
    )


def after(*events) -> tuple[Given, list]:
    """Matching's state after these events, and what it decided on them."""
    history = given(evolve)
    decided = [
        event for each in events for event in history.when(lambda w, e=each: react(w, e, CONTEXT)).events
    ]
    return history, decided[-1:] if len(events) == 1 and len(decided) == 1 else decided


def opened(history: Given) -> dict[str, Decimal]:
    ids = ["FA-1", *(f"FA-1#{n}" for n in range(1, 5))]
    rows = history.workspace.get_many(OPEN_ITEMS, [("C1", f"FR01:{each}") for each in ids])
    return {row.item_id: row.open for row in rows if row is not None}


def test_one_item_for_each_instalment():
    """Guard: decider.open_items."""
    history, _ = after(in_parts("FA-1", 40, 35, 25))
    assert opened(history) == {"FR01:FA-1#1": 40, "FR01:FA-1#2": 35, "FR01:FA-1#3": 25}
    rows = [history.workspace.get(OPEN_ITEMS, "C1", f"FR01:FA-1#{n}") for n in (1, 2, 3)]
    assert [row.due_date for row in rows] == [date(2026, 4, 15), date(2026, 5, 15), date(2026, 6, 15)]


def test_an_invoice_in_one_part_keeps_its_plain_name():
    assert opened(after(invoice("FA-1", 100))[0]) == {"FR01:FA-1": 100}
    assert opened(after(in_parts("FA-1", 100))[0]) == {"FR01:FA-1": 100}


def test_deposits_are_not_owed_again():
    """Guard: InvoiceIssued.owed takes the deposits off."""
    deducted = invoice("FA-1", 100).model_copy(
        update={"deposits": (DepositDeducted(document_number="AC-1", amount=Decimal(30)),)}
    )
    assert opened(after(deducted)[0]) == {"FR01:FA-1": 70}
    covered = deducted.model_copy(
        update={"deposits": (DepositDeducted(document_number="AC-1", amount=Decimal(100)),)}
    )
    assert after(covered)[1] == []


def test_a_credit_note_is_set_off_against_the_instalments_in_order():
    """Guard: decider.set_off goes over all parts; the reaction looks for each of them."""
    history, decided = after(in_parts("FA-1", 40, 35, 25), credit_note("AV-1", "FA-1", 60))
    assert opened(history) == {"FR01:FA-1#1": 0, "FR01:FA-1#2": 15, "FR01:FA-1#3": 25}
    settled = [event for event in decided if isinstance(event, CreditApplied)]
    assert [(event.amount, event.credit_open_after) for event in settled] == [(40, 20), (20, 0)]


def test_what_was_open_at_the_beginning_opens_as_far_as_it_was_open():
    """Guard: decider.open_opening_item; reactions reads the event."""
    history, _ = after(opening("old-1"), opening("old-2", 2, amount="30"))
    assert opened(history) == {"FR01:FA-1": 70, "FR01:FA-1#2": 30}


def test_an_opening_credit_note_stays_open():
    _, (event,) = after(opening("old-1", kind="credit_note"))
    assert isinstance(event, ItemOpened)
    assert (event.kind, event.amount) == ("credit_note", 70)
