"""What matching decides on payments, invoices and credit notes, in sentences."""

from __future__ import annotations

from datetime import date

import pytest
from receivables import CONTEXT, RF, after, credit_note, invoice, payment

from lettra_events.contracts.matching import CashApplied, PaymentUnmatched
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_matching.decider import evolve
from lettra_matching.domain import NAMES_MAX
from lettra_matching.reactions import react


def test_a_reference_settles_its_invoice() -> None:
    """Guard: the name `ref:` of an item (domain.item_names)."""
    story = after(invoice("FA-2026-000123", 100, reference=RF))
    said = story.when(payment("P1", 100, reference="rf18 5390 0754 7034"))
    assert said == ["P1 is taken with 100", "P1 settles 100 of FA-2026-000123, 0 open"]
    applied = story.events[-1]
    assert isinstance(applied, CashApplied)
    assert (applied.rule, RF in applied.evidence) == ("structured_reference", True)


def test_a_number_in_the_text_settles_its_invoice() -> None:
    """Guard: the name `num:` of an item (domain.item_names)."""
    story = after(invoice("FA-2026-000123", 100))
    said = story.when(payment("P1", 100, "VOTRE FACTURE FA/2026 000123"))
    assert said[1:] == ["P1 settles 100 of FA-2026-000123, 0 open"]
    applied = story.events[-1]
    assert isinstance(applied, CashApplied)
    assert (applied.rule, "FA-2026-000123" in applied.evidence) == ("document_number", True)


def test_a_number_inside_a_longer_one_is_ignored() -> None:
    """Guard: `longest` (decider.designate)."""
    story = after(invoice("000123", 70, "C2"), invoice("FA-2026-000123", 100))
    assert story.when(payment("P1", 100, "FA-2026-000123"))[1:] == [
        "P1 settles 100 of FA-2026-000123, 0 open"
    ]


@pytest.mark.parametrize(
    "text", ["LOYER ANNEE 2026", "VIR DU 16/03/2026", "VIR 20260316", "SOIT 1200.00 EUR"]
)
def test_a_year_a_date_an_amount_designate_nothing(text: str) -> None:
    """Guard: domain._without_other_figures and looks_like_number."""
    story = after(invoice("2026"), invoice("2026-0316"), invoice("16032026"), invoice("120000"))
    assert story.when(payment("P1", 100, text))[1:] == [
        "P1 is unmatched with 100: no item bears a reference or number of its text"
    ]


def test_a_name_that_two_items_bear_abstains() -> None:
    """Guard: one bearer (decider.designate)."""
    story = after(invoice("FA-1001", 100, "C1"), invoice("FA/1001", 100, "C2"))
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == ["P1 is unmatched with 100: 2 items bear FA1001"]


def test_another_entity_s_number_is_another_number() -> None:
    """Guard: names begin with the entity (domain.item_names, payment_names)."""
    story = after(invoice("FA-1001", 100, entity="FR02"))
    assert "unmatched" in story.when(payment("P1", 100, "FA-1001"))[1]


def test_another_currency_is_not_settled() -> None:
    """Guard: `_payable` (decider)."""
    story = after(invoice("FA-1001", 100, currency="USD"))
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == [
        "P1 is unmatched with 100: FA-1001 is in USD, the money in EUR"
    ]


def test_a_credit_note_is_not_paid() -> None:
    """Guard: `_payable` (decider)."""
    story = after(invoice("FA-1001", 100), credit_note("AV-0001", "FA-1001", 40))
    assert story.when(payment("P1", 40, "AV-0001"))[1:] == [
        "P1 is unmatched with 40: AV-0001 is a credit note"
    ]


def test_several_numbers_are_paid_exactly() -> None:
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50), invoice("FA-1003", 25))
    assert story.when(payment("P1", 175, "FA-1003, FA-1001, FA-1002"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "P1 settles 50 of FA-1002, 0 open",
        "P1 settles 25 of FA-1003, 0 open",
    ]


def test_what_a_reference_designates_is_settled_before_what_a_number_does() -> None:
    """Guard: by strength of the name (decider.designate)."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50, reference=RF))
    assert story.when(payment("P1", 150, f"FA-1001, FA-1002, {RF}"))[1:] == [
        "P1 settles 50 of FA-1002, 0 open",
        "P1 settles 100 of FA-1001, 0 open",
    ]


def test_too_little_for_several_is_left_to_a_person() -> None:
    """Guard: too little for several (decider.match)."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50))
    assert story.when(payment("P1", 149, "FA-1001, FA-1002"))[1:] == ["P1 leaves 149 on account of C1"]
    assert (story.item("FA-1001").open, story.item("FA-1002").open) == (100, 50)


def test_a_group_pays_exactly_for_several_customers() -> None:
    story = after(invoice("FA-1001", 100, "C1"), invoice("FA-1002", 50, "C2"))
    assert story.when(payment("P1", 150, "FA-1001, FA-1002"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "P1 settles 50 of FA-1002, 0 open",
    ]


def test_what_several_customers_leave_over_is_nobody_s() -> None:
    """Only the rest is unmatched. Guard: the amount is what is left (decider._left_over)."""
    story = after(invoice("FA-1001", 100, "C1"), invoice("FA-1002", 50, "C2"))
    assert story.when(payment("P1", 170, "FA-1001, FA-1002"))[3:] == [
        "P1 is unmatched with 20: more than is open of FA-1001, FA-1002; 2 customers: C1, C2"
    ]
    assert story.payment("P1").unapplied == 20


def test_part_of_one_invoice_leaves_the_rest_open() -> None:
    """Guard: as far as the money goes (decider._apply)."""
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", "60.50", "FA-1001"))[1:] == ["P1 settles 60.50 of FA-1001, 39.50 open"]
    assert story.when(payment("P2", "39.50", "FA-1001"))[1:] == ["P2 settles 39.50 of FA-1001, 0.00 open"]


def test_an_overpayment_leaves_the_rest_on_account() -> None:
    """Guard: decider._rest."""
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", 130, "FA-1001"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "P1 leaves 30 on account of C1",
    ]


def test_an_invoice_paid_twice_leaves_the_second_payment_on_account() -> None:
    """Its payer is known from a settled item. Guard: settled items still designate (decider.match)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"))
    assert story.when(payment("P2", 100, "FA-1001"))[1:] == ["P2 leaves 100 on account of C1"]


def test_a_payment_waits_for_its_invoice() -> None:
    """Guard: `waiting_for` and `_look_again` (reactions)."""
    story = after()
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == [
        "P1 is unmatched with 100: no item bears a reference or number of its text"
    ]
    assert story.when(invoice("FA-1001", 100))[1:] == ["P1 settles 100 of FA-1001, 0 open"]
    assert story.payment("P1").waiting_for == ()
    assert story.payment("P1").reason is None


def test_payments_that_wait_for_one_invoice_come_oldest_first() -> None:
    """Guard: sorted by booking date (reactions._look_again)."""
    story = after(
        payment("P1", 100, "FA-1001", booked=date(2026, 3, 16)),
        payment("P2", 100, "FA-1001", booked=date(2026, 3, 2)),
    )
    assert story.when(invoice("FA-1001", 100))[1:] == [
        "P2 settles 100 of FA-1001, 0 open",
        "P1 leaves 100 on account of C1",
    ]


def test_money_on_account_goes_to_the_second_invoice_when_it_comes() -> None:
    """Guard: taken from the account before it is applied (decider._take_back)."""
    story = after(invoice("FA-1001", 100))
    assert story.when(payment("P1", 150, "FA-1001, FA-1002"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "P1 leaves 50 on account of C1",
    ]
    assert story.when(invoice("FA-1002", 50))[1:] == [
        "P1 takes 50 back from C1",
        "P1 settles 50 of FA-1002, 0 open",
    ]
    assert (story.payment("P1").applied, story.payment("P1").account_customer_id) == (150, None)


def test_money_on_account_that_another_customer_s_invoice_takes_leaves_a_rest_that_is_nobody_s() -> None:
    """Guard: what is said unmatched is what is left (decider._rest)."""
    story = after(invoice("FA-1001", 100, "C1"), payment("P1", 180, "FA-1001, FA-1002"))
    assert story.when(invoice("FA-1002", 50, "C2"))[1:] == [
        "P1 takes 80 back from C1",
        "P1 settles 50 of FA-1002, 0 open",
        "P1 is unmatched with 30: more than is open of FA-1001, FA-1002; 2 customers: C1, C2",
    ]


def test_a_credit_note_is_set_off_against_its_invoice() -> None:
    """Guard: decider.set_off."""
    story = after(invoice("FA-1001", 100))
    assert story.when(credit_note("AV-0001", "FA-1001", 40)) == [
        "AV-0001 is opened with 40",
        "AV-0001 settles 40 of FA-1001, 60 open, 0 left",
    ]
    assert story.when(payment("P1", 60, "FA-1001"))[1:] == ["P1 settles 60 of FA-1001, 0 open"]


def test_a_credit_note_after_full_payment_stays_open() -> None:
    """Guard: as far as the invoice is open (decider.set_off)."""
    story = after(invoice("FA-1001", 100), payment("P1", 90, "FA-1001"))
    assert story.when(credit_note("AV-0001", "FA-1001", 10))[1:] == [
        "AV-0001 settles 10 of FA-1001, 0 open, 0 left"
    ]
    assert story.when(credit_note("AV-0002", "FA-1001", 15)) == ["AV-0002 is opened with 15"]
    assert story.item("AV-0002").open == 15


@pytest.mark.parametrize("corrects", ["AV-0001", "AV-0002", "FA-9999"])
def test_a_credit_note_is_set_off_against_no_other_one(corrects: str) -> None:
    """Not itself, nor another note, nor what is not there. Guard: `kind` (decider.set_off)."""
    story = after(invoice("FA-1001", 10), credit_note("AV-0001", "FA-9999", 10))
    assert story.when(credit_note("AV-0002", corrects, 10)) == ["AV-0002 is opened with 10"]


def test_after_a_credit_note_the_money_may_suffice() -> None:
    """Guard: `_look_again` after a credit note (reactions._open_credit_note)."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 50), payment("P1", 140, "FA-1001, FA-1002"))
    assert story.when(credit_note("AV-0001", "FA-1001", 10))[2:] == [
        "P1 takes 140 back from C1",
        "P1 settles 90 of FA-1001, 0 open",
        "P1 settles 50 of FA-1002, 0 open",
    ]


def test_what_designates_nothing_is_unmatched_with_a_reason_and_holds_nobody() -> None:
    """Guard: nothing is said of a customer (decider._unmatched), so no ledger is touched."""
    story = after(invoice("FA-1001", 100))
    opened = len(story.events)
    said = story.when(
        payment("P1", 100, "REMBOURSEMENT TVA"), payment("P2", 100, None), payment("P3", 7, "NOTPROVIDED")
    )
    assert said[1::2] == [
        f"{name} is unmatched with {amount}: no item bears a reference or number of its text"
        for name, amount in (("P1", 100), ("P2", 100), ("P3", 7))
    ]
    assert {event.stream_id() for event in story.events[opened:]} == {
        "payment:P1",
        "payment:P2",
        "payment:P3",
    }
    assert story.payment("P1").account_customer_id is None


def test_nothing_is_said_twice() -> None:
    """A second look that finds nothing new decides nothing. Guard: said already (decider._unmatched)."""
    story = after(payment("P1", 10, "FA-1007, FA-1008"))
    assert story.when(invoice("FA-1007", 100, currency="USD"))[1:] == [
        "P1 is unmatched with 10: FA-1007 is in USD, the money in EUR"
    ]
    assert story.when(invoice("FA-1008", 100, currency="USD")) == ["FA-1008 is opened with 100"]


def test_money_on_account_stays_there_while_nothing_more_is_owed() -> None:
    """Guard: on account already (decider._left_over)."""
    story = after(
        invoice("FA-1001", 100), invoice("FA-1002", 90), payment("P1", 5, "FA-1001, FA-1002, FA-1003")
    )
    assert story.when(invoice("FA-1003", 100)) == ["FA-1003 is opened with 100"]
    assert story.payment("P1").on_account == 5


def test_10_000_items_with_one_name_give_one_short_decision() -> None:
    """A customer's one reference on all his invoices abstains. Guards: one bearer, a short reason (decider)."""
    workspace = Workspace(evolve, everything_loaded=True)
    workspace.begin(Cause("test", "test", "test"))
    for n in range(10_000):
        react(workspace, invoice(f"FA-{n:06}", 100, reference=RF), CONTEXT)
    before = len(workspace.staged)
    react(workspace, payment("P1", 100, reference=RF), CONTEXT)
    _taken, said = [staged.event for staged in workspace.staged[before:]]
    assert isinstance(said, PaymentUnmatched)
    assert (said.reason, said.waiting_for) == (f"10000 items bear {RF}", (f"FR01|ref:{RF}",))


def test_a_payment_that_names_the_most_stays_a_small_event() -> None:
    """Guards: NAMES_MAX, and at most ten numbers in a sentence (decider._numbers)."""
    numbers = [f"FA-{n:05}" for n in range(NAMES_MAX)]
    story = after(*(invoice(number, 100, f"C{n}") for n, number in enumerate(numbers[:100])))
    (said,) = story.when(payment("P1", 1, ",".join(numbers)))[1:]
    assert said.count("FA-") == 10
    assert len(story.events[-1].model_dump_json()) < 10_000
