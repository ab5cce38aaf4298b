"""What banks say later of money: returned, several payments, announced, advised; and what invoicing says of items."""

from __future__ import annotations

from datetime import date

from receivables import LATER, act, after, bad_debt, credit_note, customer, invoice, payment, returned
from told_later import advice, announced, detailed, disputed, resolved

from lettra_events.contracts.matching import CashUnapplied, ItemDisputed, ItemWrittenOff
from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    AnnouncementWithdrawn,
)
from lettra_matching.handlers import acts

# -- returned ---------------------------------------------------------------------------------------------------


def test_a_returned_payment_reopens_what_it_had_paid() -> None:
    """Discount and credit note too. Guard: from_banks._send_back, acting.enough_for."""
    story = after(
        invoice("FA-1000", 5),
        credit_note("AV-0001", "FA-1000", 35),
        invoice("FA-1001", 100, discount=(2, date(2026, 3, 31))),
        payment("P1", 68, "FA-1001, AV-0001"),
    )
    assert story.when(returned("P1", 68)) == [
        "2 of FA-1001 is owed again: early_payment_discount",
        "P1 gives 68 of FA-1001 back",
        "AV-0001 gives 30 of FA-1001 back",
        "AV-0001 is open again with 30",
        "FA-1001 is open again with 100",
        "68 of P1 is returned",
    ]
    row = story.payment("P1")
    assert (row.received, row.returned, row.available, row.waiting_for) == (68, 68, 0, ())
    assert story.last(CashUnapplied).date == LATER


def test_a_part_that_is_returned_leaves_the_rest_applied() -> None:
    story = after(invoice("FA-1001", 60), invoice("FA-1002", 40), payment("P1", 100, "FA-1001, FA-1002"))
    story.when(returned("P1", 30))
    row = story.payment("P1")
    assert (row.received, row.returned, row.applied + row.available) == (100, 30, 70)
    assert (story.item("FA-1001").open, story.item("FA-1002").open) == (0, 40 - (row.applied - 60))


def test_a_part_of_an_overpayment_is_returned_from_what_is_unapplied() -> None:
    """Guard: nothing is undone that need not be (acting.enough_for)."""
    story = after(invoice("FA-1001", 100), payment("P1", 130, "FA-1001"))
    assert story.when(returned("P1", 30)) == ["P1 takes 30 back from C1", "30 of P1 is returned"]
    assert story.item("FA-1001").open == 0


def test_a_returned_proposal_is_withdrawn_and_holds_nobody() -> None:
    """Guard: acting.send_back."""
    story = after(
        customer(), invoice("FA-1001", 100), payment("P1", 70, None, counterparty_name="MARTIN BOULANGERIE")
    )
    assert story.held("C1") == ["C1 by P1"]
    assert story.when(returned("P1", 70)) == [
        "P1's proposal is withdrawn",
        "P1 releases C1",
        "70 of P1 is returned",
    ]


def test_what_is_reopened_by_a_return_is_there_for_who_waited_for_it() -> None:
    """Guard: look_again_after (from_banks._send_back)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"), payment("P2", 100, "FA-1001"))
    said = story.when(returned("P1", 100))
    assert said[-3:] == [
        "P2 takes 100 back from C1",
        "P2 settles 100 of FA-1001, 0 open",
        "FA-1001 is settled",
    ]


# -- several ----------------------------------------------------------------------------------------------------


def test_a_payment_that_turns_out_to_be_several_makes_room_for_them() -> None:
    """In either order. Guard: from_banks._split."""
    for first in ("parts", "detail"):
        story = after(invoice("FA-1001", 60), invoice("FA-1002", 40), payment("P1", 100, "FA-1001, FA-1002"))
        assert (story.item("FA-1001").open, story.payment("P1").available) == (0, 0)
        parts = [payment("P2", 60, "FA-1001", part_of="P1"), payment("P3", 40, "FA-1002", part_of="P1")]
        told = detailed("P1", ("P2", 60), ("P3", 40))
        story.when(*([*parts, told] if first == "parts" else [told, *parts]))
        row = story.payment("P1")
        assert (row.transferred_out, row.available, row.applied) == (100, 0, 0)
        assert [story.payment(name).applied for name in ("P2", "P3")] == [60, 40]
        assert (story.item("FA-1001").open, story.item("FA-1002").open) == (0, 0)


# -- announced --------------------------------------------------------------------------------------------------


def test_announced_money_holds_whom_it_may_be_and_is_never_applied() -> None:
    """Guard: concluding.announce instead of conclude (handlers.matching._match)."""
    story = after(invoice("FA-1001", 100))
    assert story.when(announced("N1", 100, "FA-1001"))[:2] == ["N1 is announced with 100", "N1 holds C1"]
    assert (story.item("FA-1001").open, story.payment("N1").applied) == (100, 0)
    assert story.held("C1") == ["C1 by N1"]


def test_announced_money_is_looked_at_again_when_its_invoice_comes() -> None:
    """Guard: what it waits for is said (concluding.announce)."""
    story = after(announced("N1", 100, "FA-1001"))
    assert story.held("C1") == []
    assert story.when(invoice("FA-1001", 100))[1] == "N1 holds C1"


def test_booked_money_takes_the_place_of_its_announcement() -> None:
    story = after(invoice("FA-1001", 100), announced("N1", 100, "FA-1001"), payment("P1", 100, "FA-1001"))
    replaced = AnnouncementReplaced(
        announcement_id="N1", entity_id="FR01", payment_id="P1", evidence="end-to-end id"
    )
    assert story.when(replaced) == ["N1 releases C1", "N1 is booked"]
    assert story.when(replaced) == []
    assert (story.held("C1"), story.item("FA-1001").open) == ([], 0)
    assert [one for one in story.when(invoice("FA-1002", 5)) if "N1" in one] == []


def test_announced_money_that_does_not_come_holds_nobody() -> None:
    story = after(invoice("FA-1001", 100), announced("N1", 100, "FA-1001"))
    withdrawn = AnnouncementWithdrawn(announcement_id="N1", entity_id="FR01", reason="not booked in 10 days")
    assert story.when(withdrawn) == ["N1 releases C1", "N1 is withdrawn"]


# -- advised ----------------------------------------------------------------------------------------------------


def test_an_advice_that_comes_second_settles_what_was_unmatched() -> None:
    """Guard: from_banks._take_advice."""
    story = after(invoice("FA-1001", 60), invoice("FA-1002", 55), payment("P1", 115, "MERCI"))
    assert story.payment("P1").unapplied == 115
    assert story.when(advice("P1", ("FA-1001", 60), ("FA-1002", 55))) == [
        "P1 is advised",
        "P1 settles 60 of FA-1001, 0 open",
        "FA-1001 is settled",
        "P1 settles 55 of FA-1002, 0 open",
        "FA-1002 is settled",
    ]


def test_an_advice_without_lines_is_read_as_the_payment_s_own_text() -> None:
    """Guard: `advice_text` (candidates.incoming)."""
    story = after(invoice("FA-1001", 60), payment("P1", 60, "MERCI"))
    assert story.when(advice("P1", text="ce virement règle la facture FA-1001"))[1:] == [
        "P1 releases C1",
        "P1 settles 60 of FA-1001, 0 open",
        "FA-1001 is settled",
    ]


# -- items ------------------------------------------------------------------------------------------------------


def test_disputes_are_restated_as_the_amount_that_is_disputed_now() -> None:
    """Guard: opening.dispute."""
    story = after(invoice("FA-1001", 100))
    assert story.when(disputed(30)) == ["FA-1001 is disputed with 30"]
    assert story.when(disputed(20, "D2")) == ["FA-1001 is disputed with 50"]
    assert story.when(resolved(30)) == ["FA-1001 is disputed with 20"]
    assert story.when(resolved(20, "D2")) == ["FA-1001 is disputed with 0"]
    assert story.last(ItemDisputed).stream_id() == "ledger:C1"


def test_money_is_matched_to_a_disputed_item_as_before() -> None:
    story = after(invoice("FA-1001", 100), disputed(30))
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == [
        "P1 settles 100 of FA-1001, 0 open",
        "FA-1001 is settled",
    ]


def test_bad_debt_is_given_up_as_far_as_it_is_open() -> None:
    """Guard: opening.write_off_bad_debt."""
    story = after(invoice("FA-1001", 100), payment("P1", 60, "FA-1001"))
    assert story.when(bad_debt(100)) == [
        "40 of FA-1001 is given up: bad_debt",
        "FA-1001 is settled",
    ]
    found = story.last(ItemWrittenOff)
    assert (found.date, found.payment_id, "Anne" in found.evidence) == (LATER, None, True)


def test_money_for_what_was_given_up_stays_on_account() -> None:
    story = after(invoice("FA-1001", 100), bad_debt(100))
    assert story.when(payment("P1", 100, "FA-1001"))[1:] == ["P1 leaves 100 on account of C1"]


def test_undoing_a_payment_keeps_what_was_given_up_as_bad_debt() -> None:
    """Guard: a write-off belongs to its own cause (undoing.undo)."""
    story = after(invoice("FA-1001", 100), payment("P1", 60, "FA-1001"), bad_debt(40))
    story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert story.item("FA-1001").open == 60
