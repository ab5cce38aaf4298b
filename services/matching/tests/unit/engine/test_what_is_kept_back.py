"""What a payer keeps back: a discount and fees, what is disputed, credit notes; and when a person is asked."""

from __future__ import annotations

from decimal import Decimal

from engine_world import IBAN, PAID, World, applied, credit_note, invoice, payer, payment, settled

FA1, FA2 = invoice("FA-2026-000001", "1000.00"), invoice("FA-2026-000002", "300.00")
DURAND = payer("C1", "Durand Matériaux SARL", IBAN)
DISCOUNTED = invoice("FA-2026-000003", "1000.00", discount_amount=Decimal("20.00"), discount_until=PAID)
DISPUTED = invoice("FA-2026-000004", "500.00", disputed=Decimal("120.00"))


def test_a_discount_and_fees_of_one_item_are_both_written_off() -> None:
    """Guard: `less_discount_and_fees`; each is within its own rule, and the fees are told apart in the line."""
    decision = World(DURAND, DISCOUNTED).decide(payment("972.50", "FA-2026-000003", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000003": "1000.00"}
    (line,) = decision.lines
    assert (line.write_off, line.write_off_type, line.fees) == (
        Decimal("27.50"),
        "early_payment_discount",
        Decimal("7.50"),
    )


def test_fees_are_borne_by_an_item_without_discount_where_there_is_one() -> None:
    paid = payment("1272.50", "FA-2026-000002 FA-2026-000003", counterparty_iban=IBAN)
    lines = {line.item.document_number: line for line in World(DURAND, DISCOUNTED, FA2).decide(paid).lines}
    assert (lines["FA-2026-000002"].write_off, lines["FA-2026-000002"].write_off_type) == (
        Decimal("7.50"),
        "bank_fees",
    )
    assert (lines["FA-2026-000003"].write_off, lines["FA-2026-000003"].fees) == (Decimal("20.00"), Decimal(0))


def test_a_discount_and_more_than_fees_is_a_part() -> None:
    decision = World(DURAND, DISCOUNTED).decide(payment("964.99", "FA-2026-000003", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000003": "964.99"}
    assert decision.lines[0].write_off == 0


def test_all_but_what_is_disputed_is_paid_and_the_rest_stays_open() -> None:
    """Guard: `less_disputed`; the evidence says so."""
    for text in ("FA-2026-000004", None):
        decision = World(DURAND, DISPUTED, FA1).decide(payment("380.00", text, counterparty_iban=IBAN))
        assert applied(decision) == {"FA-2026-000004": "380.00"}
        assert any("disputed" in words for words in decision.evidence)


def test_the_whole_of_a_disputed_item_settles_it() -> None:
    decision = World(DURAND, DISPUTED).decide(payment("500.00", "FA-2026-000004", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000004": "500.00"}


def test_a_list_less_what_is_disputed_of_one() -> None:
    paid = payment("1380.00", "FA-2026-000004 FA-2026-000001", counterparty_iban=IBAN)
    assert applied(World(DURAND, DISPUTED, FA1).decide(paid)) == {
        "FA-2026-000001": "1000.00",
        "FA-2026-000004": "380.00",
    }


def test_two_disputed_items_that_fit_are_left_to_a_person() -> None:
    other = invoice("FA-2026-000005", "400.00", disputed=Decimal("20.00"))
    decision = World(DURAND, DISPUTED, other).decide(payment("380.00", counterparty_iban=IBAN))
    assert (decision.outcome, decision.solutions) == ("proposed", 2)


GROUP = [payer("C1", "Durand SA", IBAN, group_id="G"), payer("C2", "Durand Nord SAS", group_id="G")]
SISTER_NOTE = credit_note("AV-2026-000009", "90.00", "C2")


def test_a_sister_company_s_credit_note_is_deducted_only_where_it_is_named() -> None:
    """Guard: `notes_of_others`, in what is named and in what is not."""
    world = World(*GROUP, FA1, SISTER_NOTE)
    assert world.decide(payment("910.00", counterparty_iban=IBAN)).outcome == "proposed"
    assert world.decide(payment("910.00", "FA-2026-000001", counterparty_iban=IBAN)).outcome == "proposed"
    named = world.decide(payment("910.00", "FA-2026-000001 - AV-2026-000009", counterparty_iban=IBAN))
    assert applied(named) == {"FA-2026-000001": "1000.00", "AV-2026-000009": "90.00"}


def test_fees_that_may_be_a_sister_s_credit_note_are_left_to_a_person() -> None:
    note = credit_note("AV-2026-000009", "7.50", "C2")
    decision = World(*GROUP, FA1, note).decide(payment("992.50", "FA-2026-000001", counterparty_iban=IBAN))
    assert decision.outcome == "proposed"


def test_one_more_item_of_the_amount_is_chance_unless_the_text_is_a_list() -> None:
    """Guard: `_doubts_of_one_more`."""
    third = invoice("FA-2026-000007", "55.10")
    world = World(DURAND, FA1, FA2, third)
    alone = world.decide(payment("1055.10", "FA-2026-000001", counterparty_iban=IBAN))
    assert alone.outcome == "proposed"
    listed = world.decide(
        payment("1355.10", "FA-2026-000001 FA-2026-000002 FA-2026-0", counterparty_iban=IBAN)
    )
    assert set(applied(listed)) == {"FA-2026-000001", "FA-2026-000002", "FA-2026-000007"}


def test_forty_more_than_a_list_may_be_the_indemnity() -> None:
    """Guard: `_is_indemnity`."""
    world = World(DURAND, FA1, FA2, invoice("FA-2026-000007", "40.00"))
    decision = world.decide(payment("1340.00", "FA-2026-000001 FA-2026-000002", counterparty_iban=IBAN))
    assert decision.outcome == "proposed"
    assert settled(decision)["FA-2026-000007"] == "40.00"


def test_of_equal_invoices_the_months_of_the_text_decide_else_a_person() -> None:
    """Guard: `_instead`, and the group of the months that the text names."""
    rents = [
        invoice(f"FA-2026-00010{month}", "700.00", issue_date=PAID.replace(month=month, day=1), due_date=PAID)
        for month in (1, 2, 3)
    ]
    world = World(DURAND, *rents)
    named = world.decide(payment("1400.00", "LOYERS FEVRIER ET MARS", counterparty_iban=IBAN))
    assert set(applied(named)) == {"FA-2026-000102", "FA-2026-000103"}
    assert world.decide(payment("1400.00", counterparty_iban=IBAN)).outcome == "proposed"


def test_a_siren_is_waited_for() -> None:
    decision = World(FA1).decide(payment("50.00", "pour SIREN 552100554"))
    assert "siren:552100554" in decision.waits_for


def test_of_equal_invoices_the_serial_number_in_the_text_decides_before_what_is_due() -> None:
    """The year alone does not agree with a head of year and month, and still says which of two is meant."""
    old = invoice("VE 2026 01 0811", "972.63")
    new = invoice("VE 2026 02 1221", "972.63", due_date=PAID.replace(month=4))
    decision = World(DURAND, old, new).decide(payment("972.63", "VIREMENT 1221/2026", counterparty_iban=IBAN))
    assert applied(decision) == {"VE 2026 02 1221": "972.63"}
