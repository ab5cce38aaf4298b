"""Habits of the benchmark on small ledgers made by hand: what they write, and what they do not make up."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from lettra_tools.matchbench import numbers
from lettra_tools.matchbench.banks import BANKS
from lettra_tools.matchbench.habits import by_amount, silent
from lettra_tools.matchbench.ledger import Ledger
from lettra_tools.matchbench.populating import DASHED, Population
from lettra_tools.matchbench.scene import Build, Scene
from lettra_tools.matchbench.world import Account, Customer, Draft, Item, Number, Style

IBAN = "FR7699999000010000000000183"
DAY = date(2026, 3, 10)
ACCOUNT = Account("FR7699999000020000000000268", "E01", "EUR", "as written", 1.0)


def number(serial: int, style: Style = DASHED, month: int | None = None) -> Number:
    return Number(style.invoice, 2026, month, serial, style)


def customer(identity: str, root: str, *ibans: str) -> Customer:
    own = ibans or ("DE21999900000000000001",)
    return Customer(
        identity, f"{root} SARL", root, "FR", "000000000", "", ibans, own, "", "fr", "", twin=False
    )


def item(serial: int, cents: int, owner: str = "C1", due: date = DAY) -> Item:
    issued = date(2026, 2, 1)
    return Item("E01", owner, f"item-{serial}", "invoice", number(serial), issued, due, "EUR", cents)


def scenes(
    *items: Item, owners: tuple[Customer, ...] = (customer("C1", "Bartilac", IBAN),), count: int = 200
) -> list[Scene]:
    """So many scenes that begin with the first item, each with another chance."""
    ledger = Ledger(Population(list(owners), list(items)))
    return [Scene(Random(seed), ledger, DAY, items[0], ACCOUNT) for seed in range(count)]


def made(habit: Build, *items: Item, owners: tuple[Customer, ...] | None = None) -> list[Draft]:
    found = scenes(*items, owners=owners) if owners else scenes(*items)
    return [draft for scene in found if (draft := habit(scene)) is not None]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (numbers.blanks, "FA 2026 000123"),
        (numbers.slashes, "FA/2026/000123"),
        (numbers.glued, "FA2026000123"),
        (numbers.lower, "fa-2026-000123"),
        (numbers.short_prefix, "F-2026-000123"),
        (numbers.no_prefix, "2026-000123"),
        (numbers.year_dropped, "FA-000123"),
        (numbers.year_of_two_digits, "FA-26-000123"),
        (numbers.zeros_dropped, "FA-2026-123"),
        (numbers.serial_only, "123"),
        (numbers.misread, "FA-2O26-OOOI23"),
        (numbers.year_last, "000123/2026"),
        (numbers.old_prefix, "FC-2026-000123"),
    ],
)
def test_a_number_in_the_forms_of_its_writers(form: numbers.Form, text: str) -> None:
    assert form(number(123)) == text


def test_forms_that_say_nothing_else_are_none() -> None:
    plain = Style("INV", "CN", "", 7, year_digits=0)
    alone = Number("INV", None, None, 123, plain)
    assert alone.printed == "INV0000123"
    assert numbers.glued(alone) is numbers.year_dropped(alone) is numbers.no_prefix(alone) is None
    monthly = Number("", 2026, 3, 123, Style("", "A", "/", 5, month=True))
    assert monthly.printed == "2026/03/00123"


def test_several_numbers_in_short() -> None:
    run = [number(serial) for serial in (125, 123, 124)]
    assert numbers.suffixes(run) == "FA-2026-000123/124/125"
    assert numbers.span(run) == "FA-2026-000123-125"
    assert numbers.span([number(123), number(124), number(126)]) is None, "125 is not among them"
    assert numbers.suffixes([number(999), number(1000)]) is None, "more than three digits differ"


def test_a_part_is_never_exactly_another_invoice() -> None:
    """Guard: number and amount that say different things are not made up as certain."""
    drafts = made(by_amount.round_part, item(1, 150_000), item(2, 100_000))
    assert {draft.cents for draft in drafts} == {50_000}


def test_a_part_is_short_by_more_than_a_fee() -> None:
    """Guard: 15.00 short would be a fee, written off."""
    assert made(by_amount.round_part, item(1, 51_500)) == []
    assert {draft.cents for draft in made(by_amount.round_part, item(1, 51_501))} == {50_000}


def test_a_fee_is_written_off_and_is_no_more_than_fifteen() -> None:
    invoice = item(1, 80_000)
    drafts = made(by_amount.fee_deducted, invoice)
    assert all(draft.settles == {invoice: 80_000} for draft in drafts)
    assert {80_000 - draft.cents for draft in drafts} <= set(range(100, 1501))
    assert max(80_000 - draft.cents for draft in drafts) == 1500


def test_silence_is_certain_only_with_one_invoice_of_that_amount() -> None:
    assert made(silent.known_account, item(1, 12_345), item(2, 9_999))
    assert made(silent.known_account, item(1, 12_345), item(2, 12_345)) == []


def test_silence_is_not_certain_from_an_account_that_nobody_knows_or_no_bank_shows() -> None:
    unknown = (customer("C1", "Bartilac"),)
    assert made(silent.known_account, item(1, 12_345), owners=unknown) == []
    hidden = Account(ACCOUNT.iban, "E01", "EUR", "no account", 1.0)
    ledger = Ledger(Population([customer("C1", "Bartilac", IBAN)], [item(1, 12_345)]))
    assert silent.known_account(Scene(Random(1), ledger, DAY, ledger.items[0], hidden)) is None


def test_a_subset_is_certain_only_where_no_other_has_its_sum() -> None:
    """Guard: 100 + 50 = 150, which is there as well."""
    alike = [item(1, 10_000), item(2, 5_000), item(3, 15_000)]
    assert not any(
        len(draft.settles) == 2 and draft.cents == 15_000 for draft in made(silent.any_subset, *alike)
    )
    other = [item(1, 10_000), item(2, 5_000), item(3, 15_001)]
    assert any(len(draft.settles) == 2 and draft.cents == 15_000 for draft in made(silent.any_subset, *other))


def test_banks_cut_and_wrap_each_in_its_way() -> None:
    text = "Règlement facture FA-2026-000123"
    assert BANKS["capitals"].shown(Draft(1, text)) == ["REGLEMENT FACTURE FA-2026-000123"]
    assert BANKS["no signs"].shown(Draft(1, text))[0].split() == [
        "REGLEMENT",
        "FACTURE",
        "FA",
        "2026",
        "000123",
    ]
    assert BANKS["flattened"].shown(Draft(1, text)) == ["Reglement facture FA-2026-0 00123"]
    assert BANKS["thirty-five"].shown(Draft(1, f"{text} MERCI")) == [
        "REGLEMENT FACTURE FA-2026-000123 ME",
        "RCI",
    ]
    assert BANKS["four columns"].shown_name("Société Nouvelle de Transports Bartilac Nord") == (
        "SOCIETE NOUVELLE DE TRANSPORTS BART"
    )
