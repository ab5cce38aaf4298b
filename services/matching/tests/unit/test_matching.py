"""What matching decides on payments, invoices and credit notes, in sentences; the engine's own say how it finds."""

from __future__ import annotations

from datetime import date

import pytest
from receivables import CONTEXT, RF, after, credit_note, customer, invoice, payment

from lettra_events.contracts.matching import CashApplied, CreditApplied, ItemSettled, PaymentUnmatched
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_matching.decider import evolve
from lettra_matching.reactions import react

NOTHING = "no document that is known stands in the text; nothing says who pays"


def test_a_reference_settles_its_invoice_and_the_decision_says_why() -> None:
    """Guard: concluding.basis_of."""
    story = after(invoice("FA-2026-000123", 100, reference=RF))
    assert story.when(payment("P1", 100, reference="rf18 5390 0754 7034")) == [
        "P1 is taken with 100",
        "P1 settles 100 of FA-2026-000123, 0 open",
        "FA-2026-000123 is settled",
    ]
    applied = story.last(CashApplied)
    assert (applied.rule, applied.solutions, applied.rules_version) == ("structured_reference", 1, 0)
    assert (RF in applied.evidence, applied.confidence > 0, applied.who) == (True, True, None)


def test_a_number_in_the_text_settles_its_invoice() -> None:
    story = after(invoice("FA-2026-000123", 100))
    assert story.when(payment("P1", 100, "VOTRE FACTURE FA/2026 000123"))[1:2] == [
        "P1 settles 100 of FA-2026-000123, 0 open"
    ]
    assert story.last(CashApplied).rule == "document_number"


def test_what_is_settled_together_bears_one_lettrage_code() -> None:
    """Guard: the code follows from the payment (settling.lettrage)."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50), invoice("FA-1003", 25))
    story.when(payment("P1", 150, "FA-1001, FA-1002"), payment("P2", 25, "FA-1003"))
    codes = [story.item(number).lettrage for number in ("FA-1001", "FA-1002", "FA-1003")]
    assert codes[0] == codes[1] != codes[2]
    assert all(code is not None and len(code) == 8 for code in codes)


def test_money_that_comes_before_its_invoice_settles_it_when_it_is_issued() -> None:
    """Guards: `waiting_for` (waiting), look_again when items open (reactions)."""
    story = after(payment("P1", 100, "FA-2026-000123"))
    assert story.when(invoice("FA-2026-000123", 100)) == [
        "FA-2026-000123 is opened with 100",
        "P1 settles 100 of FA-2026-000123, 0 open",
        "FA-2026-000123 is settled",
    ]


def test_the_oldest_payment_is_looked_at_first() -> None:
    """Guard: by booking date (handlers.matching._waiting)."""
    story = after(
        payment("P1", 100, "FA-2026-000123", booked=date(2026, 3, 20)),
        payment("P2", 100, "FA-2026-000123", booked=date(2026, 3, 18)),
    )
    said = story.when(invoice("FA-2026-000123", 100))
    assert said[1] == "P2 settles 100 of FA-2026-000123, 0 open"


def test_a_movement_is_dated_when_both_money_and_item_are_there() -> None:
    """Guard: concluding.effective_date."""
    late = date(2026, 3, 25)
    story = after(payment("P1", 100, "FA-2026-000123"), invoice("FA-2026-000123", 100, issued=late))
    assert (story.last(CashApplied).date, story.last(ItemSettled).date) == (late, late)


def test_another_entity_s_number_is_another_number() -> None:
    """Guard: marks begin with the entity (candidates.in_entity)."""
    story = after(invoice("FA-1001", 100, entity="FR02"))
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == [f"P1 is unmatched with 100: {NOTHING}"]


def test_another_currency_is_not_settled() -> None:
    story = after(invoice("FA-1001", 100, currency="USD"))
    story.when(payment("P1", 100, "FA-1001"))
    assert (story.item("FA-1001").open, story.payment("P1").applied) == (100, 0)


def test_a_group_pays_for_several_customers() -> None:
    """One event a customer and item, each on its own ledger (settling)."""
    story = after(invoice("FA-1001", 100, "C1"), invoice("FA-1002", 50, "C2"))
    assert story.when(payment("P1", 150, "FA-1001, FA-1002"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "FA-1001 is settled",
        "P1 settles 50 of FA-1002, 0 open",
        "FA-1002 is settled",
    ]
    assert {event.key() for event in story.events[-4:]} == {"C1", "C2"}


def test_what_several_customers_leave_over_is_nobody_s() -> None:
    """Only the rest is unmatched. Guard: concluding._put_away."""
    story = after(invoice("FA-1001", 100, "C1"), invoice("FA-1002", 50, "C2"))
    said = story.when(payment("P1", 170, "FA-1001, FA-1002"))
    assert said[-1].startswith("P1 is unmatched with 20: ")
    assert (story.payment("P1").applied, story.payment("P1").unapplied) == (150, 20)


def test_part_of_one_invoice_leaves_the_rest_open() -> None:
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", "60.50", "FA-1001"))[1:] == ["P1 settles 60.50 of FA-1001, 39.50 open"]
    assert story.when(payment("P2", "39.50", "FA-1001"))[1:] == [
        "P2 settles 39.50 of FA-1001, 0.00 open",
        "FA-1001 is settled",
    ]


def test_an_overpayment_leaves_the_rest_on_account() -> None:
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", 130, "FA-1001"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "FA-1001 is settled",
        "P1 leaves 30 on account of C1",
    ]


def test_an_invoice_paid_twice_leaves_the_second_payment_on_account() -> None:
    """Guard: settled items keep their strong marks (candidates.item_marks)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"))
    assert story.when(payment("P2", 100, "FA-1001"))[1:] == ["P2 leaves 100 on account of C1"]


def test_a_discount_taken_in_time_is_a_typed_write_off() -> None:
    """Guard: settling._give_up; the money pays the rest alone."""
    story = after(invoice("FA-1001", 100, discount=(2, date(2026, 3, 20))))
    assert story.when(payment("P1", 98, "FA-1001"))[1:] == [
        "P1 settles 98 of FA-1001, 2 open",
        "2 of FA-1001 is given up: early_payment_discount",
        "FA-1001 is settled",
    ]
    assert (story.payment("P1").applied, story.item("FA-1001").open) == (98, 0)


def test_a_discount_taken_too_late_is_owed() -> None:
    """The engine's part: the value date counts."""
    story = after(invoice("FA-1001", 100, discount=(2, date(2026, 3, 15))))
    assert story.when(payment("P1", 98, "FA-1001"))[1:] == ["P1 settles 98 of FA-1001, 2 open"]


def test_a_credit_note_that_the_payer_deducts_settles_with_the_money() -> None:
    """Guard: settling.deduct; the deduction belongs to the payment, so that undoing it takes it back."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 30), credit_note("AV-0001", "FA-1001", 130))
    assert story.item("AV-0001").open == 30
    story.when(invoice("FA-1003", 100))
    said = story.when(payment("P1", 70, "FA-1003 MOINS AVOIR AV-0001"))
    assert said[1:] == [
        "AV-0001 settles 30 of FA-1003, 70 open, 0 left",
        "P1 settles 70 of FA-1003, 0 open",
        "FA-1003 is settled",
        "AV-0001 is settled",
    ]
    assert story.last(CreditApplied).payment_id == "P1"


def test_a_credit_note_is_set_off_against_the_invoice_that_it_corrects() -> None:
    story = after(invoice("FA-1001", 100))
    assert story.when(credit_note("AV-0001", "FA-1001", 40)) == [
        "AV-0001 is opened with 40",
        "AV-0001 settles 40 of FA-1001, 60 open, 0 left",
        "AV-0001 is settled",
    ]


def test_what_is_left_of_a_credit_note_stays_open() -> None:
    story = after(invoice("FA-1001", 100), payment("P1", 90, "FA-1001"))
    assert story.when(credit_note("AV-0001", "FA-1001", 40)) == [
        "AV-0001 is opened with 40",
        "AV-0001 settles 10 of FA-1001, 0 open, 30 left",
        "FA-1001 is settled",
    ]


@pytest.mark.parametrize("corrects", ["AV-0001", "AV-0002", "FA-9999"])
def test_a_credit_note_sets_off_nothing_but_an_invoice(corrects: str) -> None:
    """Not itself, nor another note, nor what is not there. Guard: `kind` (opening.set_off, reactions._items_of)."""
    story = after(invoice("FA-1001", 10), credit_note("AV-0001", "FA-9999", 10))
    assert story.when(credit_note("AV-0002", corrects, 10)) == ["AV-0002 is opened with 10"]


def test_after_a_credit_note_the_money_settles_exactly() -> None:
    """What was proposed is decided again. Guard: look_again after a credit note (reactions._open_credit_note)."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50), payment("P1", 140, "FA-1001, FA-1002"))
    assert story.payment("P1").applied == 0
    assert story.when(credit_note("AV-0001", "FA-1001", 10))[3:] == [
        "P1's proposal is withdrawn",
        "P1 releases C1",
        "P1 settles 90 of FA-1001, 0 open",
        "FA-1001 is settled",
        "P1 settles 50 of FA-1002, 0 open",
        "FA-1002 is settled",
    ]


def test_what_designates_nothing_is_unmatched_with_a_reason_and_holds_nobody() -> None:
    """Guard: nothing is said of a customer, so no ledger is touched (concluding._hold)."""
    story = after(invoice("FA-1001", 90))
    opened = len(story.events)
    said = story.when(
        payment("P1", 100, "REMBOURSEMENT TVA"), payment("P2", 100, None), payment("P3", 7, "NOTPROVIDED")
    )
    assert said[1::2] == [
        f"{name} is unmatched with {amount}: {NOTHING}"
        for name, amount in (("P1", 100), ("P2", 100), ("P3", 7))
    ]
    assert {event.stream_id() for event in story.events[opened:]} == {
        "payment:P1",
        "payment:P2",
        "payment:P3",
    }


@pytest.mark.parametrize("sign", [{"reversal": True}, {"return_reason": "AC04"}])
def test_our_own_money_that_came_back_is_no_customer_s(sign: dict[str, object]) -> None:
    """Guard: reactions._take_payment; not even if its text names an invoice."""
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", 100, "FA-1001", **sign))[1:] == [
        "P1 is unmatched with 100: money of ours that came back, not a customer's"
    ]
    assert story.when(customer(), invoice("FA-1002", 100))[1:] == ["FA-1002 is opened with 100"]


def test_nothing_is_said_twice() -> None:
    """A second look that finds nothing new decides nothing. Guards: concluding._hold and _propose."""
    story = after(payment("P1", 10, "FA-1007, FA-1008"))
    assert story.when(invoice("FA-1007", 100, currency="USD")) == ["FA-1007 is opened with 100"]
    story = after(customer(), invoice("FA-1001", 100), payment("P1", 5, None, counterparty_name="Martin"))
    proposed = len(story.events)
    story.when(invoice("FA-1009", 900, due=date(2026, 6, 15)))
    assert [event for event in story.events[proposed:] if event.stream_id() == "payment:P1"] == []


def test_a_customer_that_changes_nothing_of_who_it_is_is_not_stated_again() -> None:
    """Guard: opening.is_news."""
    story = after(customer())
    assert story.when(customer()) == []
    assert story.when(customer(called="Garage Petit")) == ["C1 is Garage Petit"]


def test_10_000_items_with_one_name_give_one_short_decision() -> None:
    """A customer's one reference on all his invoices says nothing. Guard: CROWD (find_few)."""
    workspace = Workspace(evolve, everything_loaded=True)
    workspace.begin(Cause("test", "test", "test"))
    for n in range(10_000):
        react(workspace, invoice(f"FA-{n:06}", 100, reference=RF), CONTEXT)
    before = len(workspace.staged)
    react(workspace, payment("P1", 100, reference=RF), CONTEXT)
    _taken, said = [staged.event for staged in workspace.staged[before:]]
    assert isinstance(said, PaymentUnmatched)
    assert len(said.model_dump_json()) < 2_000


def test_a_payment_that_names_the_most_stays_a_small_event() -> None:
    """Guards: the engine's WAITS_MAX and its lists in words."""
    numbers = [f"FA-{n:05}" for n in range(2_000)]
    story = after(*(invoice(number, 100, f"C{n}") for n, number in enumerate(numbers[:20])))
    story.when(payment("P1", 1, ",".join(numbers)))
    assert max(len(event.model_dump_json()) for event in story.events[-3:]) < 20_000
