"""The rules, each by an example that an accountant would recognise. Amounts in EUR."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from engine_world import (
    IBAN,
    OTHER_IBAN,
    RULES,
    World,
    applied,
    credit_note,
    invoice,
    payer,
    payment,
    settled,
)

from lettra_matching.engine import AdviceLine, Rules

RF = "RF18539007547034"
FA1, FA2, FA3 = (
    invoice(f"FA-2026-00000{n}", amount) for n, amount in ((1, "100.00"), (2, "250.10"), (3, "49.90"))
)
DURAND = payer("C1", "Durand Matériaux SARL", IBAN)


# -- rule 1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [RF, "RF18 5390 0754 7034", "merci rf18 5390 0754 7034 facture"])
def test_1_a_structured_reference_settles_its_item(text: str) -> None:
    world = World(invoice("FA-2026-000001", "100.00", payment_reference=RF), FA2)
    decision = world.decide(payment("100.00", text))
    assert applied(decision) == {"FA-2026-000001": "100.00"}
    assert decision.rule == "structured_reference"


def test_1_a_reference_with_wrong_check_digits_says_nothing() -> None:
    """Guard: `text.references_in`; also where an item bears the same wrong one."""
    wrong = "RF19539007547034"
    world = World(invoice("FA-2026-000001", "100.00", payment_reference=wrong))
    assert world.decide(payment("40.00", wrong)).outcome == "held"


# -- rule 2 -------------------------------------------------------------------------------------------------------


def test_2_a_remittance_advice_says_what_is_paid_line_by_line() -> None:
    world = World(FA1, FA2, credit_note("AV-1", "20.00"))
    lines = (
        AdviceLine("FA-2026-000001", Decimal("100.00")),
        AdviceLine("fa 2026 000002", Decimal("50.00")),
        AdviceLine("AV-1", Decimal("-20.00")),
    )
    decision = world.decide(payment("130.00", advice=lines))
    assert decision.rule == "remittance_advice"
    assert applied(decision) == {"FA-2026-000001": "100.00", "FA-2026-000002": "50.00", "AV-1": "20.00"}


def test_2_an_advice_that_does_not_add_up_is_not_taken_as_said() -> None:
    lines = (AdviceLine("FA-2026-000001", Decimal("100.00")), AdviceLine("FA-2026-000002", Decimal("250.10")))
    assert World(FA1, FA2, DURAND).decide(payment("300.00", advice=lines)).outcome != "applied"


# -- rules 1 to 3: not exactly ------------------------------------------------------------------------------------


def test_3_two_invoices_of_two_customers_are_paid_at_once() -> None:
    world = World(FA1, replace(FA2, customer_id="C2"))
    decision = world.decide(payment("350.10", "FA-2026-000001 FA-2026-000002"))
    assert applied(decision) == {"FA-2026-000001": "100.00", "FA-2026-000002": "250.10"}


def test_3_a_part_goes_to_the_item_that_is_named() -> None:
    decision = World(FA1, FA2, DURAND).decide(
        payment("30.00", "acompte FA-2026-000002", counterparty_iban=IBAN)
    )
    assert applied(decision) == {"FA-2026-000002": "30.00"}
    assert decision.rest == 0


def test_3_more_than_is_open_stays_on_account() -> None:
    decision = World(FA1, DURAND).decide(payment("130.00", "FA-2026-000001", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000001": "100.00"}
    assert (decision.rest, decision.rest_customer_id) == (Decimal("30.00"), "C1")


def test_3_a_rest_larger_than_an_item_named_is_left_to_a_person() -> None:
    """Guard: `designated._doubts_of_more`; most of the money is for something that the text does not say."""
    decision = World(FA1, DURAND).decide(payment("730.00", "FA-2026-000001", counterparty_iban=IBAN))
    assert decision.outcome == "proposed"


def test_3_a_number_in_full_keeps_later_rules_from_applying_something_else() -> None:
    """Guard: `Finding.blocks`; the amount is exactly that of another item, but FA-1 is what the text names."""
    other = invoice("FA-2026-000008", "30.00", "C2")
    martin = payer("C2", "Martin SAS", OTHER_IBAN)
    decision = World(FA1, other, DURAND, martin).decide(
        payment("30.00", "FA-2026-000001", counterparty_iban=OTHER_IBAN)
    )
    assert decision.outcome == "proposed"


def test_3_what_is_paid_twice_stays_on_account() -> None:
    """Guard: strong keys find settled items (`keys.item_keys`); another open item of that amount is not taken."""
    paid = replace(FA1, open=Decimal(0))
    for other in (FA2, invoice("FA-2026-000009", "100.00")):
        decision = World(paid, other, DURAND).decide(
            payment("100.00", "FA-2026-000001", counterparty_iban=IBAN)
        )
        assert (decision.outcome, decision.rest_customer_id) == ("held", "C1")
        assert any("settled already" in words for words in decision.evidence)


def test_3_a_number_that_contradicts_who_pays_is_left_to_a_person() -> None:
    """Guard: `designated._rival`; A's number, B's account and exactly what B owes."""
    martin = payer("C2", "Martin SAS", OTHER_IBAN)
    world = World(FA1, invoice("FA-2026-000007", "100.00", "C2"), DURAND, martin)
    decision = world.decide(payment("100.00", "FA-2026-000001", counterparty_iban=OTHER_IBAN))
    assert decision.outcome == "proposed"
    assert {hold.customer_id for hold in decision.may_be} == {"C1", "C2"}


def test_3_somebody_elses_money_settles_no_part_of_an_item() -> None:
    """Guard: `designated._is_theirs`; a supplier's own number may be like one of ours."""
    decision = World(FA1, DURAND).decide(
        payment("30.00", "FA-2026-000001", counterparty_name="Zygomatic GmbH", counterparty_iban=OTHER_IBAN)
    )
    assert decision.outcome == "proposed"


def test_3_a_refund_is_no_part_payment() -> None:
    """Guard: `Case.says_refund`."""
    decision = World(FA1, DURAND).decide(
        payment("30.00", "remboursement trop perçu FA-2026-000001", counterparty_iban=IBAN)
    )
    assert decision.outcome == "proposed"


# -- rule 8 -------------------------------------------------------------------------------------------------------

UNTIL = {"discount_amount": Decimal("5.00"), "discount_until": date(2026, 3, 10)}


@pytest.mark.parametrize(
    ("text", "who"), [("FA-2026-000002", None), (None, IBAN)], ids=["designated", "by its amount"]
)
def test_8_a_discount_still_valid_is_a_write_off(text: str | None, who: str | None) -> None:
    world = World(invoice("FA-2026-000002", "250.00", **UNTIL), FA3, DURAND)
    decision = world.decide(payment("245.00", text, counterparty_iban=who))
    assert applied(decision) == {"FA-2026-000002": "250.00"}
    assert [(line.write_off, line.write_off_type) for line in decision.lines] == [
        (Decimal("5.00"), "early_payment_discount")
    ]


def test_8_what_may_be_a_fee_or_a_credit_note_is_left_to_a_person() -> None:
    """Guard: `designated._fee_or_note`."""
    world = World(FA2, credit_note("AV-1", "5.00"), DURAND)
    assert world.decide(payment("245.10", "FA-2026-000002", counterparty_iban=IBAN)).outcome == "proposed"
    said = world.decide(payment("245.10", "FA-2026-000002 moins avoir", counterparty_iban=IBAN))
    assert applied(said) == {"FA-2026-000002": "250.10", "AV-1": "5.00"}


def test_8_a_discount_that_the_customer_rounded_otherwise() -> None:
    world = World(invoice("FA-2026-000002", "250.00", **UNTIL), DURAND)
    decision = world.decide(payment("244.99", "FA-2026-000002", counterparty_iban=IBAN))
    assert [(str(line.write_off), line.write_off_type) for line in decision.lines] == [
        ("5.01", "early_payment_discount")
    ]


def test_8_a_discount_that_ended_is_none() -> None:
    world = World(invoice("FA-2026-000002", "250.00", **UNTIL), DURAND)
    late = payment("245.00", "FA-2026-000002", value_date=date(2026, 3, 11), counterparty_iban=IBAN)
    world.rules = Rules(fee_tolerance=Decimal("4.99"))
    assert applied(world.decide(late)) == {"FA-2026-000002": "245.00"}


def test_8_bank_fees_within_the_tolerance_are_written_off_where_the_item_is_named() -> None:
    world = World(FA2, FA3, DURAND)
    decision = world.decide(payment("288.00", "FA-2026-000002, 000003", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000002": "250.10", "FA-2026-000003": "49.90"}
    assert [(str(line.write_off), line.write_off_type) for line in decision.lines if line.write_off] == [
        ("12.00", "bank_fees")
    ]
    assert world.decide(payment("238.10", counterparty_iban=IBAN)).outcome != "applied"


def test_8_what_says_that_it_is_a_part_is_not_less_by_fees() -> None:
    """Guard: `says_part` in `designated._slightly_less`; the rest is owed, and not given up as fees."""
    world = World(FA2, DURAND)
    decision = world.decide(payment("238.10", "ACOMPTE FA-2026-000002", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000002": "238.10"}
    assert [line.write_off for line in decision.lines] == [Decimal(0)]


def test_8_without_a_tolerance_it_is_a_part_payment() -> None:
    world = World(FA2, DURAND, rules=Rules())
    assert applied(world.decide(payment("240.00", "FA-2026-000002", counterparty_iban=IBAN))) == {
        "FA-2026-000002": "240.00"
    }


def test_8_a_few_cents_are_rounding() -> None:
    decision = World(FA2, DURAND).decide(payment("250.08", "FA-2026-000002", counterparty_iban=IBAN))
    assert [(str(line.settled), line.write_off_type) for line in decision.lines] == [("250.10", "rounding")]


def test_8_a_credit_note_that_nobody_names_is_found_by_its_amount() -> None:
    world = World(FA2, credit_note("AV-1", "50.10"), credit_note("AV-2", "70.00"), DURAND)
    decision = world.decide(payment("200.00", "FA-2026-000002", counterparty_iban=IBAN))
    assert applied(decision) == {"FA-2026-000002": "250.10", "AV-1": "50.10"}


# -- rules 4 and 5 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who",
    [
        {"counterparty_iban": "FR76 3000 6000 0112 3456 7890 189"},
        {"counterparty_name": "STE DURAND MATERIAUX"},
        {"counterparty_name": "DURAND MATER"},
        {"counterparty_name": "MATERIAUX DURAND"},
        {"remittance": "VIR SIREN 552 100 554 MERCI"},
        {"remittance": "TVA FR12552100554"},
        {"remittance": "VIR RECU DURAND MATERIAUX SARL MERCI"},
        {"remittance": "pour le compte de Durand Matériaux", "counterparty_name": "Factor XY"},
    ],
)
def test_4_and_5_who_pays_and_one_item_of_this_amount(who: dict[str, str]) -> None:
    durand = payer("C1", "Durand Matériaux SARL", IBAN, siren="552100554")
    world = World(durand, payer("C2", "Martin Matériaux SAS"), FA1, FA2, invoice("FA-9", "100.00", "C2"))
    decision = world.decide(payment("100.00", **who))
    assert applied(decision) == {"FA-2026-000001": "100.00"}
    assert decision.rule == "exact_amount"


def test_4_two_names_that_are_as_like_abstain() -> None:
    """Guard: `Rules.name_margin`."""
    twins = payer("C1", "Durand Nord"), payer("C2", "Durand Sud")
    world = World(*twins, FA1, invoice("FA-9", "100.00", "C2"))
    decision = world.decide(payment("100.00", counterparty_name="DURAND"))
    assert decision.outcome == "held"


def test_5_of_two_names_that_are_as_like_the_one_who_owes_exactly_this() -> None:
    """Guard: `exact_amount.ROUND`; cents tell them apart, a round amount does not."""
    twins = payer("C1", "Durand Nord"), payer("C2", "Durand Sud")
    world = World(*twins, FA2, invoice("FA-9", "250.00", "C2"))
    found = world.decide(payment("250.10", counterparty_name="DURAND"))
    assert applied(found) == {"FA-2026-000002": "250.10"}
    assert world.decide(payment("250.00", counterparty_name="DURAND")).outcome == "held"


def test_4_of_two_that_differ_in_their_legal_form_the_one_that_is_written_out() -> None:
    twins = payer("C1", "Garage Durand SARL"), payer("C2", "Garage Durand SA")
    world = World(*twins, FA1, invoice("FA-9", "100.00", "C2"))
    assert applied(world.decide(payment("100.00", counterparty_name="garage durand s.a."))) == {
        "FA-9": "100.00"
    }
    assert world.decide(payment("100.00", counterparty_name="DURAND GARAGE")).outcome == "held"


def test_5_of_two_items_of_this_amount_none_is_applied() -> None:
    """Guard: uniqueness; a person chooses, and the customer is not reminded meanwhile."""
    world = World(DURAND, FA1, invoice("FA-2026-000004", "100.00"))
    decision = world.decide(payment("100.00", counterparty_iban=IBAN))
    assert (decision.outcome, decision.solutions) == ("proposed", 2)
    assert [hold.customer_id for hold in decision.may_be] == ["C1"]


def test_5_of_two_equal_items_the_month_or_being_due_tells() -> None:
    january = invoice("FA-2026-000001", "100.00", issue_date=date(2026, 1, 5))
    february = invoice("FA-2026-000004", "100.00", issue_date=date(2026, 2, 5), due_date=date(2026, 4, 6))
    world = World(DURAND, january, february)
    named = world.decide(payment("100.00", "LOYER FEVRIER 2026", counterparty_iban=IBAN))
    assert applied(named) == {"FA-2026-000004": "100.00"}
    assert applied(world.decide(payment("100.00", counterparty_iban=IBAN))) == {"FA-2026-000001": "100.00"}


def test_5_an_item_and_a_group_of_this_amount_are_two_answers() -> None:
    """Guard: `exact_amount._also`; with round amounts both may be meant."""
    early = {"issue_date": date(2026, 1, 2), "due_date": date(2026, 2, 1)}
    halves = invoice("FA-1", "40.00", **early), invoice("FA-2", "60.00", **early)
    decision = World(DURAND, *halves, invoice("FA-3", "100.00")).decide(
        payment("100.00", counterparty_iban=IBAN)
    )
    assert decision.outcome == "proposed"


def test_5_a_number_that_is_not_known_keeps_the_amount_from_deciding() -> None:
    """Guard: `undesignated.doubts`; the invoice that is named may not have arrived yet."""
    decision = World(DURAND, FA1).decide(payment("100.00", "facture FA-2026-000777", counterparty_iban=IBAN))
    assert decision.outcome == "proposed"
    assert "num:FA2026000777" in decision.waits_for


def test_5_a_parent_pays_for_its_subsidiary() -> None:
    parent = payer("P", "Groupe Durand", IBAN, group_id="G")
    world = World(parent, payer("C1", "Durand Nord", group_id="G"), FA1, FA2)
    assert applied(world.decide(payment("100.00", counterparty_iban=IBAN))) == {"FA-2026-000001": "100.00"}


# -- rules 6, 7 and 9 ---------------------------------------------------------------------------------------------


def test_6_everything_due_less_the_credit_note() -> None:
    later = invoice("FA-2026-000008", "77.00", due_date=date(2026, 4, 30))
    world = World(DURAND, FA1, FA2, FA3, later, credit_note("AV-1", "20.00"))
    decision = world.decide(payment("380.00", counterparty_iban=IBAN))
    assert decision.rule == "natural_group"
    assert settled(decision).keys() == {"FA-2026-000001", "FA-2026-000002", "FA-2026-000003", "AV-1"}


def test_6_two_groups_of_one_amount_are_no_answer() -> None:
    march, april = (
        [
            invoice(
                f"M{month}-{n}", amount, due_date=date(2026, month, 10 + n), issue_date=date(2026, 1, month)
            )
            for n, amount in enumerate(("60.00", "40.00"))
        ]
        for month in (3, 4)
    )
    decision = World(DURAND, *march, *april).decide(payment("100.00", counterparty_iban=IBAN))
    assert decision.outcome == "proposed"
    assert decision.solutions > 1


def test_7_the_only_sum() -> None:
    due = [date(2026, 2, day) for day in (1, 2, 3, 4, 5)]
    amounts = ("1031.17", "2210.40", "377.77", "4018.90", "598.25")
    items = [
        invoice(f"FA-{n}", a, due_date=d, issue_date=d)
        for n, (a, d) in enumerate(zip(amounts, due, strict=True))
    ]
    decision = World(DURAND, *items).decide(payment("1629.42", counterparty_iban=IBAN))
    assert decision.rule == "unique_sum"
    assert applied(decision) == {"FA-0": "1031.17", "FA-4": "598.25"}


def test_7_a_sum_that_chance_gives_is_proposed() -> None:
    """Guard: `Rules.chance_max`; the sum is unique, but 13 items have so many that one hit says little."""
    items = [
        invoice(f"FA-{n}", f"{10 + n * n * 7}.{n * 37 % 100:02}", issue_date=date(2026, 1, 1 + n))
        for n in range(13)
    ]
    incoming = payment("1791.32", counterparty_iban=IBAN)
    decision = World(DURAND, *items).decide(incoming)
    assert (decision.outcome, decision.rule, decision.solutions) == ("proposed", "unique_sum", 1)
    assert any("by chance" in words for words in decision.evidence)
    daring = World(DURAND, *items, rules=Rules(chance_max=1.0))
    assert daring.decide(incoming).outcome == "applied"


def test_9_without_designation_the_law_proposes() -> None:
    old = invoice("FA-2025-000009", "80.00", due_date=date(2025, 12, 31), issue_date=date(2025, 12, 1))
    decision = World(DURAND, FA1, FA2, old).decide(payment("133.33", counterparty_iban=IBAN))
    assert (decision.outcome, decision.rule) == ("proposed", "legal_imputation")
    assert settled(decision) == {"FA-2025-000009": "80.00", "FA-2026-000001": "53.33"}


# -- nobody's money, and rules as data ----------------------------------------------------------------------------


def test_money_that_is_no_customers_is_held_and_holds_nobody() -> None:
    decision = World(DURAND, FA1).decide(payment("1234.56", "DGFIP REMB TVA 2026", counterparty_name="DGFIP"))
    assert (decision.outcome, decision.rest_customer_id, decision.may_be) == ("held", None, ())


def test_the_only_customer_who_owes_this_amount_is_held_for() -> None:
    decision = World(DURAND, FA1).decide(payment("100.00", counterparty_name="XYZ HOLDING"))
    assert (decision.outcome, [hold.customer_id for hold in decision.may_be]) == ("held", ["C1"])


def test_a_rule_that_is_off_finds_nothing_and_the_version_stands_in_the_decision() -> None:
    off = Rules(version=7, on=RULES.on - {"exact_amount"})
    decision = World(DURAND, FA1, rules=off).decide(payment("100.00", counterparty_iban=IBAN))
    assert decision.outcome != "applied"
    assert decision.rules_version == 7


def test_money_of_another_currency_or_entity_settles_nothing() -> None:
    world = World(DURAND, FA1)
    assert world.decide(payment("100.00", "FA-2026-000001", currency="USD")).outcome == "held"
    assert world.decide(payment("100.00", "FA-2026-000001", entity_id="E2")).outcome == "held"
