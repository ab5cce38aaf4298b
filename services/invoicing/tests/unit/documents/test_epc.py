"""The payload of the QR code, line by line as EPC069-12 lists them."""

from __future__ import annotations

from typing import Any

import pytest
from document_examples import CREDIT_NOTE, FINAL_INVOICE, IN_DOLLARS, INVOICE, document
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from lettra_invoicing.documents.epc import epc_payload
from lettra_invoicing.domain.values import creditor_reference

_TRANSFER = INVOICE["credit_transfer"]


def test_the_lines_are_those_of_the_guideline() -> None:
    assert epc_payload(document(INVOICE)) == "\n".join(
        [
            "BCD",
            "002",
            "1",
            "SCT",
            "AGRIFRPP",
            "Lumière & Fils SAS",
            "FR7630006000011234567890189",
            "EUR427.19",
            "",
            "RF31FA2026000123",
        ]
    )


def test_without_a_structured_reference_the_number_is_free_text_and_the_first_instalment_is_paid() -> None:
    payload = epc_payload(document(FINAL_INVOICE, credit_transfer={"iban": _TRANSFER["iban"]}))
    assert payload is not None
    assert payload.split("\n")[4:] == [
        "",
        "Lumière & Fils SAS",
        "FR7630006000011234567890189",
        "EUR420.00",
        "",
        "",
        "FA-2026-000130",
    ]


def test_another_account_holder_is_named() -> None:
    payload = epc_payload(document(INVOICE, credit_transfer={**_TRANSFER, "account_name": "Affacturage SA"}))
    assert payload is not None
    assert payload.split("\n")[5] == "Affacturage SA"


def test_a_long_name_is_cut_at_seventy_characters() -> None:
    payload = epc_payload(document(INVOICE, seller={**INVOICE["seller"], "name": "N" * 200}))
    assert payload is not None
    assert payload.split("\n")[5] == "N" * 70


@pytest.mark.parametrize(
    ("base", "changes"),
    [(IN_DOLLARS, {}), (CREDIT_NOTE, {}), (INVOICE, {"credit_transfer": None})],
    ids=["not in euros", "nothing to pay", "no account"],
)
def test_no_code_where_it_could_not_be_paid(base: dict[str, Any], changes: dict[str, Any]) -> None:
    assert epc_payload(document(base, **changes)) is None


def test_no_code_for_more_than_can_be_said() -> None:
    line = {**INVOICE["lines"][0], "quantity": "1", "price": "1000000000", "discount": "0", "vat_rate": "20"}
    made = document(
        INVOICE,
        lines=[{**line, "net": "1000000000"}],
        vat_breakdown=[{"category": "S", "rate": "20", "base": "1000000000", "amount": "200000000"}],
        totals={
            "lines": "1000000000",
            "net": "1000000000",
            "vat": "200000000",
            "gross": "1200000000",
            "due": "1200000000",
        },
        instalments=[{"due_date": "2026-12-24", "amount": "1200000000"}],
    )
    assert epc_payload(made) is None


@given(st.from_regex(r"[A-Z]{2}[-/][0-9]{4}[-/][0-9]{1,13}", fullmatch=True))
def test_the_reference_of_a_number_is_valid_and_holds_its_letters_and_digits(number: str) -> None:
    """ISO 11649: another implementation validates it."""
    reference = creditor_reference(number)
    assert reference is not None
    assert iso11649.validate(reference) == reference
    assert reference[4:] == number.replace("-", "").replace("/", "")
