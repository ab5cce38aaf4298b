"""What a payment's text may name: references and document numbers, and nothing that only looks like one."""

from __future__ import annotations

import pytest
from receivables import RF

from lettra_matching import domain
from lettra_matching.domain import (
    NAMES_MAX,
    TEXT_CHARS_MAX,
    longest,
    numbers_in,
    payment_names,
    references_in,
)


@pytest.mark.parametrize(
    "text",
    [
        RF,
        "RF18 5390 0754 7034",
        "rf18 5390 0754 7034",
        f"reglement {RF} merci",
        "FACTURE DE MARS, RF18 5390 0754 7034 / ATELIERS",
        f"({RF})",
    ],
)
def test_a_valid_reference_is_found_however_it_is_written(text: str) -> None:
    """Guard: `canonical` of the groups, and their capitals (domain._references)."""
    assert RF in references_in(text)


@pytest.mark.parametrize("text", ["RF19539007547034", "RF19 5390 0754 7034", "RF18", "XRF18539007547034"])
def test_a_reference_with_wrong_check_digits_is_none(text: str) -> None:
    """Guard: mod 97 (iso11649.is_valid), and that a reference begins where a word begins."""
    assert list(references_in(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "FA-2026-000123",
        "FA 2026 000123",
        "FA/2026/000123",
        "FA2026000123",
        "fa2026000123",
        "Fact. fa_2026.000123 du mois",
        "votre facture n°FA-2026/000123.",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    """Guard: neighbouring tokens are joined, capitals do not count (domain.numbers_in)."""
    assert "FA2026000123" in numbers_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "LOYER 2026",
        "2026",
        "16/03/2026",
        "DU 16.03.26 AU",
        "2026-03-16",
        "16 03 2026",
        "LE 20260316",
        "16032026",
        "1200",
        "1200.00",
        "SOIT 12500.00 EUR",
        "1 200.00",
        "12.345,67",
        "12500,00 EUR",
        "NOTPROVIDED",
        "",
    ],
)
def test_a_bare_year_a_date_and_an_amount_are_no_number(text: str) -> None:
    """Guard: dates and amounts are cut out (domain._without_other_figures); five digits where there is no letter."""
    bare = [found for found in numbers_in(text) if found.isdigit()]
    assert bare == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("FA-2026-03-12", "FA20260312"),
        ("DU 16/03/2026 FA 2026 000123", "FA2026000123"),
        ("2026-0316", "20260316"),
    ],
)
def test_a_number_that_holds_what_looks_like_a_date_is_one(text: str, number: str) -> None:
    """Guard: a date stands alone (domain._ALONE)."""
    assert number in numbers_in(text)


def test_a_list_is_cut_at_its_commas() -> None:
    """Guard: nothing is joined across a comma (domain.numbers_in)."""
    assert set(numbers_in("A123, B456; C789 + D012")) == {"A123", "B456", "C789", "D012"}


def test_every_number_of_a_long_list_is_found() -> None:
    """Guard: numbers come in the text's order, so a long list is not all joined pairs (domain.numbers_in)."""
    wanted = [f"FA2026{n:06}" for n in range(25)]
    text = " ".join(f"FA-2026-{n:06}" for n in range(25))
    found = payment_names("FR01", None, text)
    assert [name for name in wanted if f"FR01|num:{name}" not in found] == []


def test_a_number_inside_a_longer_one_says_nothing() -> None:
    """Guard: domain.longest."""
    names = ["E|num:000123", "E|num:FA2026000123", "E|num:2026000123", "E|num:4711"]
    assert sorted(longest(names)) == ["E|num:4711", "E|num:FA2026000123"]


def test_the_text_is_cut_between_numbers_not_inside_one() -> None:
    """Half a number is another number. Guard: domain._cut."""
    start = "X " * ((TEXT_CHARS_MAX - 10) // 2)
    names = payment_names("FR01", None, f"{start}FA2026000123")
    assert [name for name in names if "FA2026" in name] == []


@pytest.mark.parametrize(
    "text", ["FA2026000123 " * 8_000, "A" * 100_000, "RF18 " * 20_000, "1" * 100_000, "é" * 100_000]
)
@pytest.mark.parametrize("structured", [False, True])
def test_a_text_of_100_kB_costs_what_a_short_one_does(
    monkeypatch: pytest.MonkeyPatch, text: str, structured: bool
) -> None:
    """Guard: TEXT_CHARS_MAX, of the structured field too (domain._cut). Counted in runs of tokens looked at."""
    looked_at = 0

    def count(token: str) -> bool:
        nonlocal looked_at
        looked_at += 1
        return len(token) <= domain.NUMBER_CHARS_MAX

    monkeypatch.setattr(domain, "looks_like_number", count)
    names = payment_names("FR01", text, None) if structured else payment_names("FR01", None, text)
    assert looked_at <= 4 * TEXT_CHARS_MAX
    assert len(names) <= NAMES_MAX


def test_a_text_of_10_000_numbers_yields_at_most_names_max() -> None:
    """Guard: NAMES_MAX; what is beyond is not looked up (domain.payment_names)."""
    text = ",".join(f"F{n:04}" for n in range(10_000))
    names = payment_names("FR01", None, text)
    assert len(names) == NAMES_MAX
    assert names[0] == "FR01|num:F0000"


def test_references_come_first_of_the_names() -> None:
    """So that a long list does not crowd a reference out (domain.payment_names)."""
    text = ",".join(f"F{n:04}" for n in range(300)) + f", {RF}"
    assert payment_names("FR01", None, text)[0] == f"FR01|ref:{RF}"


@pytest.mark.parametrize(
    ("text", "number"), [("FACT 816.829.81", "81682981"), ("Invoice 138.918.35", "13891835")]
)
def test_a_number_in_groups_of_one_sign_is_no_amount(text: str, number: str) -> None:
    """Guard: thousands and decimals are never parted by the same sign (domain._AMOUNTS)."""
    assert number in numbers_in(text)
