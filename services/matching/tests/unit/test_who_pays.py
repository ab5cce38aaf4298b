"""Who pays: what is known of customers, what matches teach, whom money that is not matched holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from receivables import DAY, act, after, customer, invoice, payment

from lettra_events.contracts.matching import CashApplied, HoldPlaced, PayerLearned
from lettra_events.contracts.payments import PaymentReceived
from lettra_matching.handlers import acts

IBAN = "DE89370400440532013000"


def silent(name: str, amount: int, booked: date = DAY, **more: Any) -> PaymentReceived:
    """A payment from this account that names nothing."""
    return payment(name, amount, None, booked=booked, counterparty_iban=IBAN, **more)


def test_a_designated_match_teaches_the_payer_s_account_from_the_next_day() -> None:
    """Guard: teaching.teach_by_rules."""
    story = after(customer(), invoice("FA-1001", 100))
    said = story.when(payment("P1", 100, "FA-1001", counterparty_iban=IBAN))
    assert said[-1] == f"C1 pays by {IBAN} from 2026-03-17"
    assert story.last(PayerLearned).payment_id == "P1"


def test_what_was_learned_serves_from_the_next_day_only() -> None:
    """Else a day's decisions would depend on the order of its payments. The engine's part: `serves_from`."""
    story = after(customer(), invoice("FA-1001", 100), invoice("FA-1002", 50))
    story.when(payment("P1", 100, "FA-1001", counterparty_iban=IBAN), silent("P2", 50))
    assert story.payment("P2").applied == 0
    story.when(silent("P3", 50, DAY + timedelta(1)))
    assert story.payment("P3").applied == 50
    assert story.last(CashApplied).rule == "exact_amount"


def test_what_is_known_is_not_learned_again() -> None:
    """Guard: teaching._teach."""
    story = after(customer(ibans=(IBAN,)), invoice("FA-1001", 100), invoice("FA-1002", 50))
    story.when(payment("P1", 100, "FA-1001", counterparty_iban=IBAN))
    assert not [event for event in story.events if isinstance(event, PayerLearned)]
    story = after(customer(), invoice("FA-1001", 100), invoice("FA-1002", 50))
    for name, number in (("P1", "FA-1001"), ("P2", "FA-1002")):
        story.when(payment(name, story.item(number).open, number, counterparty_iban=IBAN))
    assert len([event for event in story.events if isinstance(event, PayerLearned)]) == 1


def test_what_a_person_confirms_on_a_day_serves_from_the_day_after() -> None:
    """Guard: teaching.teach_by_person."""
    story = after(customer(), invoice("FA-1001", 100))
    story.when(payment("P1", 70, None, counterparty_name="MARTIN", counterparty_iban=IBAN))
    confirmed = DAY + timedelta(8)
    story.doing(lambda w: acts.confirm(w, "P1", act(day=confirmed)))
    found = story.last(PayerLearned)
    assert (found.iban, found.alias, found.serves_from) == (IBAN, "MARTIN", confirmed + timedelta(1))


def test_what_an_undone_match_taught_is_forgotten() -> None:
    """Guard: teaching.forget; what invoicing said of the customer stays."""
    story = after(customer(ibans=("FR1420041010050500013M02606",)), invoice("FA-1001", 100))
    story.when(payment("P1", 100, "FA-1001", counterparty_iban=IBAN))
    said = story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert "P1 taught nothing of C1" in said
    story.when(invoice("FA-1002", 50), silent("P2", 50, DAY + timedelta(5)))
    assert story.payment("P2").applied == 0


def test_money_that_comes_before_its_payer_is_looked_at_again_when_that_is_known() -> None:
    """By account, by SIREN's customer name. Guards: payers' marks in `waiting_for`, reactions._state_payer."""
    for known in ({"ibans": (IBAN,)}, {"called": "Ateliers Durance Nord SARL"}):
        story = after(invoice("FA-1001", 100), silent("P1", 100, counterparty_name="ATELIERS DURANCE"))
        assert story.payment("P1").applied == 0
        story.when(customer(**known))
        assert story.payment("P1").applied == 100, known


def test_money_is_looked_at_again_when_its_account_is_learned() -> None:
    """Guard: marks of who was learned (handlers.matching._keys_of)."""
    story = after(customer(), invoice("FA-1001", 100), invoice("FA-1002", 50))
    story.when(silent("P2", 50, DAY + timedelta(2)))
    assert story.payment("P2").applied == 0
    story.when(payment("P1", 100, "FA-1001", counterparty_iban=IBAN))
    assert story.payment("P2").applied == 50


def test_money_on_account_is_looked_at_again_when_its_customer_gets_an_invoice() -> None:
    """Guard: `customer:` in waiting_for."""
    story = after(customer(ibans=(IBAN,)), silent("P1", 50))
    assert story.payment("P1").on_account == 50
    assert story.when(invoice("FA-1001", 50))[1:] == [
        "P1 takes 50 back from C1",
        "P1 settles 50 of FA-1001, 0 open",
        "FA-1001 is settled",
    ]


# -- holds ------------------------------------------------------------------------------------------------------


def test_an_exact_amount_that_one_customer_alone_owes_holds_him() -> None:
    """And no longer once another owes it too. Guards: concluding.holds, the amount in waiting_for (waiting)."""
    story = after(invoice("FA-1001", 100, "C1"), payment("P1", 100, "MERCI"))
    assert story.held("C1", "C2") == ["C1 by P1"]
    assert "nobody else owes exactly 100" in story.last(HoldPlaced).reason
    story.when(invoice("FA-1002", 100, "C2"))
    assert story.held("C1", "C2") == []


def test_an_invoice_that_comes_after_the_money_is_held_as_one_that_came_before() -> None:
    story = after(payment("P1", 100, "MERCI"))
    story.when(invoice("FA-1001", 100, "C1"))
    assert story.held("C1") == ["C1 by P1"]


def test_several_customers_of_one_account_are_all_held() -> None:
    story = after(
        customer("C1", "Durance Nord", ibans=(IBAN,)),
        customer("C2", "Durance Sud", ibans=(IBAN,)),
        silent("P1", 70),
    )
    assert story.held("C1", "C2") == ["C1 by P1", "C2 by P1"]


def test_an_item_that_is_open_again_holds_as_a_new_one() -> None:
    """Guard: marks of what is open again (handlers.matching._keys_of)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"), payment("P2", 100, "MERCI"))
    assert story.held("C1") == []
    said = story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert "P2 holds C1" in said


def test_a_hold_ends_when_its_money_is_applied() -> None:
    """Guard: concluding._apply."""
    story = after(invoice("FA-1001", 100, "C1"), payment("P1", 100, "FA-1002"))
    assert story.held("C1") == ["C1 by P1"]
    said = story.when(invoice("FA-1002", 100, "C2"))
    assert "P1 releases C1" in said
    assert (story.held("C1", "C2"), story.payment("P1").applied) == ([], 100)


def test_nobody_is_held_twice_or_released_twice() -> None:
    """Guard: held_for (concluding.holds)."""
    story = after(invoice("FA-1001", 100, "C1"), payment("P1", 100, "MERCI"))
    for n in range(3):
        story.when(invoice(f"FA-2{n:03}", 7, "C1"))
    assert [event for event in story.events if isinstance(event, HoldPlaced)] == [story.last(HoldPlaced)]
