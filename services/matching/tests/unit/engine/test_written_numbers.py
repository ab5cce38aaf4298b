"""Rule 3: document numbers as people write them, and figures that only look like one."""

from __future__ import annotations

import pytest
from engine_world import IBAN, World, applied, credit_note, invoice, payer, payment, settled

FA = invoice("FA-2026-000123", "120.00")


@pytest.mark.parametrize(
    "text",
    [
        "FA-2026-000123",
        "VIREMENT FA 2026 000123 MERCI",
        "fa-2026/000123",
        "FA2026000123",
        "Règlement facture FA.2026.000123",
        "FA-2026-000\n123",
        "FA-20 26-000123",
        "F A-2026-000123",
        "FA-2O26-OOO123",
        "FA-26-000123",
        "26/000123 FA",
        "F2026-000123",
        "FACT 2026/123",
        "FACTURE N° 000123",
        "FA 123",
        "2026-000123",
        "FACTURE 123/2026",
        "INVOICE: 2026000123",
        "FA20 2600 0123",
    ],
)
def test_a_number_is_read_however_it_is_written(text: str) -> None:
    """Guard: the readings of `engine.mentions` and `engine.numbers`; the amount confirms the weaker ones."""
    world = World(FA, invoice("FA-2026-000124", "77.10"), invoice("FA-2025-000125", "120.00", "C2"))
    assert applied(world.decide(payment("120.00", text))) == {"FA-2026-000123": "120.00"}


LIST = [invoice(f"FA-2026-{serial:06}", f"{serial}.00") for serial in range(120, 130)]


@pytest.mark.parametrize(
    "text",
    [
        "FA-2026-000123 FA-2026-000124 FA-2026-000125",
        "FA-2026-000123, 000124 et 000125",
        "FA-2026-000123/124/125",
        "FA-2026-000123/24/25",
        "FA-2026-000123-125",
        "FA-2026-000123 A 125",
        "FACTURES 123 124 125",
        "FACT 123+124+125",
        "factures du 000123 au 000125",
        "FA2026000123;FA2026000124;FA2026000125",
    ],
)
def test_lists_suffixes_and_ranges(text: str) -> None:
    """Guard: last digits and ranges in `engine.designating`."""
    expected = {f"FA-2026-000{serial}": f"{serial}.00" for serial in (123, 124, 125)}
    assert applied(World(*LIST).decide(payment("372.00", text))) == expected


def test_a_dash_between_two_is_no_range_where_the_amount_is_that_of_two() -> None:
    found = applied(World(*LIST).decide(payment("248.00", "FA-2026-000123-125")))
    assert found == {"FA-2026-000123": "123.00", "FA-2026-000125": "125.00"}


@pytest.mark.parametrize(
    "text",
    [
        "LOYER ANNEE 2026",
        "VIREMENT DU 01/23/2026 000123",
        "COMMANDE 000123",
        "CONTRAT CT-2026-000123",
        "TEL 01 23 45 67 89",
        "123,00 EUR",
        "FA-2025-000123",
    ],
)
def test_other_figures_open_no_door(text: str) -> None:
    """Another amount of somebody unknown: neither a date, an order, a contract nor another year's number is FA-123."""
    decision = World(FA, payer()).decide(payment("55.00", text))
    assert decision.outcome != "applied", decision.evidence


def test_another_years_number_is_not_this_one_even_if_the_amount_is() -> None:
    """Guard: a group that is glued to digits before it is no number of its own."""
    decision = World(FA, payer("C1", "Durand", IBAN)).decide(
        payment("120.00", "FA-2025-000123", counterparty_iban=IBAN)
    )
    assert decision.outcome == "proposed"


def test_a_month_glued_to_more_digits_is_no_number_of_its_own() -> None:
    """2026/03 is not AV-2026-000003, so 2026/03/01905 stays a number that is not known."""
    items = invoice("2026/03/01907", "120.00"), credit_note("AV-2026-000003", "5.00")
    world = World(*items, payer("C1", "Durand", IBAN))
    unknown = world.decide(payment("120.00", "RECHNUNG 2026/03/01905", counterparty_iban=IBAN))
    assert unknown.outcome == "proposed"


def test_a_weak_number_counts_only_with_the_amount_or_the_payer() -> None:
    """Guard: `designated._doubts`: a part of an item needs a payer who agrees, or a number in full."""
    world = World(FA, payer("C1", "Durand SARL", IBAN))
    assert world.decide(payment("50.00", "FACT 123")).outcome != "applied"
    agreed = world.decide(payment("50.00", "FACT 123", counterparty_iban=IBAN))
    assert applied(agreed) == {"FA-2026-000123": "50.00"}


def test_a_number_that_two_entities_bear_needs_more() -> None:
    here, there = invoice("1000123", "120.00"), invoice("1000123", "130.00", "C2", entity_id="E2")
    world = World(here, there)
    assert applied(world.decide(payment("130.00", "FACTURE 1000123"))) == {"1000123": "130.00"}
    assert world.decide(payment("60.00", "FACTURE 1000123")).outcome != "applied"
    only_here = world.decide(payment("120.00", "FACTURE 1000123", entity_id="E1"))
    assert [line.item.entity_id for line in only_here.lines] == ["E1"]


def test_a_credit_note_that_is_named_is_deducted() -> None:
    world = World(FA, credit_note("AV-2026-000007", "20.00"))
    decision = world.decide(payment("100.00", "FA-2026-000123 moins AV-2026-000007"))
    assert applied(decision) == {"FA-2026-000123": "120.00", "AV-2026-000007": "20.00"}
    assert sum(line.cash for line in decision.lines) == 100


def test_numbers_of_another_shape_are_read_too() -> None:
    for number, text in [
        ("2026/05/00123", "2026 05 00123"),
        ("V10020856", "V/10020856"),
        ("INV0000382", "inv 382"),
    ]:
        world = World(invoice(number, "44.10"))
        assert settled(world.decide(payment("44.10", text))) == {number: "44.10"}, number
