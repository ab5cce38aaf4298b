"""A document exists only when every rule holds; what is wrong is told by field, rule and a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from document_examples import (
    COMPANY,
    CREDIT_NOTE,
    DEPOSIT_INVOICE,
    EXAMPLES,
    EXEMPT,
    FINAL_INVOICE,
    GERMAN,
    IN_DOLLARS,
    INTRA_COMMUNITY,
    INVOICE,
    OUTSIDE_VAT,
    PERSON_INVOICE,
    PUBLIC,
    PUBLIC_INVOICE,
    REVERSE_CHARGE,
    SELLER,
    changed,
    document,
    many_lines,
)
from pydantic import ValidationError

from lettra_invoicing.documents.rules import Broken, BrokenRules
from lettra_invoicing.documents.rules.mentions import LINES_MAX


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_valid_and_frozen(name: str) -> None:
    valid = document(EXAMPLES[name])
    with pytest.raises(ValidationError, match="frozen"):
        valid.number = "other"  # type: ignore[misc]


def _line(of: dict[str, Any] = INVOICE, /, **changes: Any) -> list[dict[str, Any]]:
    first, *others = of["lines"]
    return [{**first, **changes}, *others]


def _share(of: dict[str, Any] = INVOICE, /, **changes: Any) -> list[dict[str, Any]]:
    first, *others = of["vat_breakdown"]
    return [{**first, **changes}, *others]


def _totals(of: dict[str, Any] = INVOICE, /, **changes: Any) -> dict[str, Any]:
    return {**of["totals"], **changes}


_DEPOSIT = FINAL_INVOICE["deposits"][0]
_INSTALMENT = INVOICE["instalments"][0]

# What is changed in which valid document, and the field and the rule that the error must name.
BROKEN: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    # Sums
    (INVOICE, {"lines": _line(net="290.00")}, "lines[0].net", "BT-131"),
    (INVOICE, {"totals": _totals(lines="362.00")}, "totals.lines", "BR-CO-10"),
    (INVOICE, {"totals": _totals(net="362.00")}, "totals.net", "BR-CO-13"),
    (INVOICE, {"totals": _totals(vat="65.21")}, "totals.vat", "BR-CO-14"),
    (INVOICE, {"totals": _totals(gross="427.20")}, "totals.gross", "BR-CO-15"),
    (INVOICE, {"totals": _totals(due="427.20")}, "totals.due", "BR-CO-16"),
    (FINAL_INVOICE, {"totals": _totals(FINAL_INVOICE, prepaid="359")}, "totals.prepaid", "BT-113"),
    (FINAL_INVOICE, {"deposits": [{**_DEPOSIT, "vat": "61"}]}, "deposits[0].gross", "BR-CO-15"),
    (INVOICE, {"vat_breakdown": _share(base="290.00")}, "vat_breakdown[0].base", "BR-S-08"),
    (
        INTRA_COMMUNITY,
        {"vat_breakdown": _share(INTRA_COMMUNITY, base="1")},
        "vat_breakdown[0].base",
        "BR-IC-08",
    ),
    (INVOICE, {"vat_breakdown": _share(amount="58.01")}, "vat_breakdown[0].amount", "BR-CO-17"),
    (INVOICE, {"vat_breakdown": INVOICE["vat_breakdown"][:1]}, "vat_breakdown", "BR-CO-18"),
    (INVOICE, {"vat_breakdown": INVOICE["vat_breakdown"] * 2}, "vat_breakdown", "BR-CO-18"),
    (INVOICE, {"totals": _totals(due="427.195")}, "totals.due", "BR-DEC"),
    (INVOICE, {"lines": _line(discount="10.001")}, "lines[0].discount", "BR-DEC"),
    (INVOICE, {"currency": "KWD"}, "currency", "BR-DEC-12"),
    (IN_DOLLARS, {"totals": _totals(IN_DOLLARS, vat_in_euros="60.375")}, "totals.vat_in_euros", "BR-DEC-15"),
    (
        INVOICE,
        {
            "lines": [{**INVOICE["lines"][1], "quantity": "-1", "net": "-48.00"}],
            "vat_breakdown": [{"category": "S", "rate": "10", "base": "-48", "amount": "-4.80"}],
            "totals": {"lines": "-48", "net": "-48", "vat": "-4.80", "gross": "-52.80", "due": "-52.80"},
        },
        "totals.due",
        "CGI art. 289",
    ),
    # Instalments
    (INVOICE, {"instalments": None}, "instalments", "C. com. L441-9"),
    (INVOICE, {"instalments": [{**_INSTALMENT, "amount": "427.18"}]}, "instalments", "C. com. L441-9"),
    (
        INVOICE,
        {"instalments": [{**_INSTALMENT, "due_date": "2026-11-23"}]},
        "instalments[0].due_date",
        "BR-FR-CO-07",
    ),
    (FINAL_INVOICE, {"instalments": FINAL_INVOICE["instalments"][::-1]}, "instalments", "BT-9"),
    (
        CREDIT_NOTE,
        {"instalments": [{**_INSTALMENT, "due_date": "2027-01-01"}]},
        "instalments",
        "CGI art. 289",
    ),
    # VAT
    (INVOICE, {"lines": _line(vat_rate="21")}, "lines[0].vat_rate", "BR-FR-16"),
    (INVOICE, {"lines": _line(vat_rate="0")}, "lines[0].vat_rate", "BR-S-05"),
    (INTRA_COMMUNITY, {"lines": _line(INTRA_COMMUNITY, vat_rate="20")}, "lines[0].vat_rate", "BR-IC-05"),
    (
        INVOICE,
        {"vat_breakdown": _share(exemption_reason="x")},
        "vat_breakdown[0].exemption_reason",
        "BR-S-10",
    ),
    (
        EXEMPT,
        {"vat_breakdown": [{k: v for k, v in EXEMPT["vat_breakdown"][0].items() if k != "exemption_reason"}]},
        "vat_breakdown[0].exemption_reason",
        "BR-E-10",
    ),
    (
        OUTSIDE_VAT,
        {
            "lines": [*OUTSIDE_VAT["lines"], INVOICE["lines"][0]],
            "vat_breakdown": [*OUTSIDE_VAT["vat_breakdown"], INVOICE["vat_breakdown"][0]],
        },
        "vat_breakdown",
        "BR-O-11",
    ),
    (REVERSE_CHARGE, {"buyer": changed(GERMAN, vat_number=None)}, "buyer.vat_number", "BR-AE-02"),
    (INTRA_COMMUNITY, {"buyer": changed(GERMAN, vat_number=None)}, "buyer.vat_number", "BR-IC-02"),
    (INTRA_COMMUNITY, {"delivery_address": None}, "delivery_address", "BR-IC-12"),
    (INTRA_COMMUNITY, {"delivery_date": None}, "delivery_date", "BR-IC-11"),
    (IN_DOLLARS, {"totals": INVOICE["totals"]}, "totals.vat_in_euros", "BR-FR-CO-12"),
    (INVOICE, {"totals": _totals(vat_in_euros="65.20")}, "totals.vat_in_euros", "BR-53"),
    # Parties
    (INVOICE, {"seller": {**SELLER, "siret": "55212022200013"}}, "seller.siret", "BR-FR-09"),
    (INVOICE, {"seller": {**SELLER, "vat_number": "FR27552120222"}}, "seller.vat_number", "BR-CO-09"),
    (INVOICE, {"buyer": changed(COMPANY, siren=None)}, "buyer.siren", "BR-FR-11"),
    (PUBLIC_INVOICE, {"buyer": changed(PUBLIC, siret=None)}, "buyer.siret", "CCP D2192-2"),
    (PERSON_INVOICE, {"buyer": {**PERSON_INVOICE["buyer"], "siren": "552120222"}}, "buyer.siren", "BT-47"),
    (
        INVOICE,
        {"buyer": {**COMPANY, "electronic_address": {"scheme": "EM", "value": "a@b.fr"}}},
        "buyer.electronic_address",
        "BR-FR-21",
    ),
    (
        INVOICE,
        {"seller": {**SELLER, "electronic_address": {"scheme": "0225", "value": "732829320/A"}}},
        "seller.electronic_address",
        "BR-FR-23",
    ),
    # Mentions
    (CREDIT_NOTE, {"corrects": None}, "corrects", "BR-FR-CO-05"),
    (INVOICE, {"corrects": CREDIT_NOTE["corrects"]}, "corrects", "CGI art. 289"),
    (FINAL_INVOICE, {"deposits": None}, "deposits", "BT-113"),
    (INVOICE, {"deposits": FINAL_INVOICE["deposits"]}, "deposits", "BT-113"),
    (FINAL_INVOICE, {"deposits": [_DEPOSIT, _DEPOSIT]}, "deposits[1].number", "BT-25"),
    (
        CREDIT_NOTE,
        {"corrects": {"number": CREDIT_NOTE["number"], "issue_date": "2026-11-24"}},
        "corrects.number",
        "BT-25",
    ),
    (
        FINAL_INVOICE,
        {"deposits": [{**_DEPOSIT, "issue_date": "2026-12-01"}]},
        "deposits[0].issue_date",
        "BT-26",
    ),
    (INVOICE, {"delivery_date": None}, "delivery_date", "242 nonies A, I 10"),
    (INVOICE, {"period": {"start": "2026-11-02", "end": "2026-11-01"}}, "period.end", "BR-29"),
    (INVOICE, {"delivery_date": "1999-12-31"}, "delivery_date", "BR-FR-03"),
    (INVOICE, {"late_penalty": None}, "late_penalty", "BR-FR-05"),
    (INVOICE, {"recovery_indemnity": None}, "recovery_indemnity", "D441-5"),
    (INVOICE, {"recovery_indemnity": "80"}, "recovery_indemnity", "D441-5"),
    (PERSON_INVOICE, {"recovery_indemnity": "40"}, "recovery_indemnity", "L441-10"),
    (PERSON_INVOICE, {"late_penalty": INVOICE["late_penalty"]}, "late_penalty", "L441-10"),
    (
        INVOICE,
        {"early_payment_discount": {"percent": "2", "until": "2026-11-23"}},
        "early_payment_discount.until",
        "L441-9",
    ),
    (
        CREDIT_NOTE,
        {"early_payment_discount": {"percent": "2", "until": "2026-12-23"}},
        "early_payment_discount",
        "L441-9",
    ),
]


@pytest.mark.parametrize(("base", "changes", "field", "rule"), BROKEN, ids=[f"{b[2]} {b[3]}" for b in BROKEN])
def test_what_is_wrong_is_named_by_field_and_rule(
    base: dict[str, Any], changes: dict[str, Any], field: str, rule: str
) -> None:
    """Guard: the rule of that name in `rules`."""
    with pytest.raises(ValidationError) as refused:
        document(base, **changes)
    assert any(it.field == field and rule in it.rule for it in _broken(refused.value))


def _broken(error: ValidationError) -> tuple[Broken, ...]:
    (only,) = error.errors()
    rules = only["ctx"]["error"]
    assert isinstance(rules, BrokenRules)
    return rules.broken


# What is changed in the invoice, and what the error of that field says.
MALFORMED: list[tuple[dict[str, Any], str, str]] = [
    ({"number": "FA 2026 1"}, "number", "pattern"),
    ({"number": "F" * 36}, "number", "pattern"),
    ({"lines": []}, "lines", "at least 1"),
    ({"lines": _line(unit="XYZ")}, "lines.0.unit", "BR-CL-23"),
    ({"lines": _line(quantity="1.00001")}, "lines.0.quantity", "4 decimal places"),
    ({"lines": _line(price="-1")}, "lines.0.price", "greater than or equal to 0"),
    ({"lines": _line(price=99.995)}, "lines.0.price", "decimal string"),
    ({"lines": _line(vat_category="L")}, "lines.0.vat_category", "Input should be"),
    ({"lines": _line(name="")}, "lines.0.name", "at least 1 character"),
    ({"lines": _line(name="tab\there")}, "lines.0.name", "U+0009 cannot be printed"),
    ({"lines": _line(name="\ufffe")}, "lines.0.name", "U+FFFE cannot be printed"),
    ({"notes": ["漢字"]}, "notes.0", "U+6F22 cannot be printed; Latin, Greek and Cyrillic letters can"),
    ({"notes": ["→\u0301"]}, "notes.0", "U+0301 cannot be printed"),
    ({"notes": ["\u202e123"]}, "notes.0", "U+202E cannot be printed"),
    ({"seller": {**SELLER, "siren": "732829321"}}, "seller.siren", "not a valid SIREN"),
    ({"seller": {**SELLER, "siret": "73282932000075"}}, "seller.siret", "not a valid SIRET"),
    ({"seller": {**SELLER, "vat_number": "FR45732829320"}}, "seller.vat_number", "not a valid VAT number"),
    ({"seller": {**SELLER, "vat_number": "12345"}}, "seller.vat_number", "code of its country"),
    ({"seller": changed(SELLER, vat_number=None)}, "seller.vat_number", "Field required"),
    ({"seller": changed(SELLER, siren=None)}, "seller.siren", "Field required"),
    ({"buyer": changed(COMPANY, electronic_address=None)}, "buyer.electronic_address", "Field required"),
    (
        {"credit_transfer": {"iban": "FR7630006000011234567890188"}},
        "credit_transfer.iban",
        "not a valid IBAN",
    ),
    (
        {"credit_transfer": {**INVOICE["credit_transfer"], "bic": "X"}},
        "credit_transfer.bic",
        "not a valid BIC",
    ),
    ({"payment_reference": "RF32FA2026000123"}, "payment_reference", "ISO 11649"),
    ({"issue_date": "24/11/2026"}, "issue_date", "2026-03-31"),
    ({"operation_category": None}, "operation_category", "Field required"),
    ({"currency": "XXY"}, "currency", "ISO 4217"),
    ({"discount": "1"}, "discount", "not permitted"),
]


@pytest.mark.parametrize(("changes", "field", "words"), MALFORMED)
def test_a_malformed_value_is_refused_with_its_field(changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        document(INVOICE, **changes)
    found = [error["msg"] for error in refused.value.errors() if ".".join(map(str, error["loc"])) == field]
    assert found
    assert words in found[0]


def test_a_thousand_lines_are_taken_and_more_are_refused_in_a_sentence() -> None:
    """Guard: `not_too_long`."""
    assert len(many_lines(LINES_MAX).lines) == 1_000
    with pytest.raises(
        ValidationError, match=r"lines: 10,000 lines, and a document has 1,000 at most; issue several"
    ):
        many_lines(10_000)


def test_a_document_that_is_all_wrong_names_twenty_things_and_how_many_more() -> None:
    lines = [{**INVOICE["lines"][0], "net": "1.00"}] * 30
    with pytest.raises(ValidationError) as refused:
        document(INVOICE, lines=lines)
    broken = _broken(refused.value)
    assert [it.field for it in broken[:30]] == [f"lines[{i}].net" for i in range(30)]
    assert "lines[0].net: 1.00 is not quantity x price, rounded, less the discount: 289.99 (BT-131); " in str(
        refused.value
    )
    assert f"; and {len(broken) - 20} more" in str(refused.value)


def test_a_deposit_invoice_needs_no_delivery() -> None:
    assert document(DEPOSIT_INVOICE).delivery_date is None


def test_letters_and_their_accents_become_one_character() -> None:
    assert document(INVOICE, notes=["e\u0301te\u0301"]).notes == ("été",)


def test_spaces_that_french_is_written_with_are_kept() -> None:
    made = document(INVOICE, notes=["Merci\N{NARROW NO-BREAK SPACE}!"])
    assert made.notes == ("Merci\N{NARROW NO-BREAK SPACE}!",)


@pytest.mark.parametrize(
    ("given", "kept"), [("EL 094259216", "EL094259216"), ("CHE-123.456.788 MWST", "CHE-123.456.788MWST")]
)
def test_vat_numbers_of_other_countries(given: str, kept: str) -> None:
    assert document(INTRA_COMMUNITY, buyer={**GERMAN, "vat_number": given}).buyer.vat_number == kept
