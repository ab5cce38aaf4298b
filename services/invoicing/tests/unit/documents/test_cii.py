"""What stands where in the data; that all of it is valid is for the public rules (`test_public_rules`)."""

from __future__ import annotations

from typing import Any

import pytest
from document_examples import (
    CREDIT_NOTE,
    CREDIT_NOTE_OF_DEPOSIT,
    DEPOSIT_INVOICE,
    EXAMPLES,
    FINAL_INVOICE,
    GERMAN,
    IN_DOLLARS,
    INTRA_COMMUNITY,
    INVOICE,
    OUTSIDE_VAT,
    PERSON_INVOICE,
    PUBLIC_INVOICE,
    REVERSE_CHARGE,
    document,
)
from lxml import etree

from lettra_invoicing.documents.cii import cii_xml


def _texts(base: dict[str, Any], name: str, **changes: Any) -> list[str | None]:
    root = etree.fromstring(cii_xml(document(base, **changes)))
    return [element.text for element in root.iter(f"{{*}}{name}")]


@pytest.mark.parametrize(
    ("base", "type_code", "process"),
    [
        (INVOICE, "380", "M1"),
        (CREDIT_NOTE, "381", "M1"),
        (CREDIT_NOTE_OF_DEPOSIT, "503", "M1"),
        (DEPOSIT_INVOICE, "386", "S1"),
        (FINAL_INVOICE, "380", "S4"),
        (INTRA_COMMUNITY, "380", "B1"),
    ],
)
def test_kind_and_business_process(base: dict[str, Any], type_code: str, process: str) -> None:
    root = etree.fromstring(cii_xml(document(base)))
    assert root.findtext(".//{*}ExchangedDocument/{*}TypeCode") == type_code
    assert root.findtext(".//{*}BusinessProcessSpecifiedDocumentContextParameter/{*}ID") == process


@pytest.mark.parametrize(
    ("base", "changes", "treatment"),
    [
        (INVOICE, {}, ["B2B"]),
        (PERSON_INVOICE, {}, ["B2C"]),
        (INTRA_COMMUNITY, {}, ["B2BINT"]),
        (PERSON_INVOICE, {"buyer": {**PERSON_INVOICE["buyer"], "address": GERMAN["address"]}}, ["B2CINT"]),
        (PUBLIC_INVOICE, {}, []),
    ],
)
def test_treatment_by_the_platforms(
    base: dict[str, Any], changes: dict[str, Any], treatment: list[str]
) -> None:
    root = etree.fromstring(cii_xml(document(base, **changes)))
    notes = {
        note.findtext("{*}SubjectCode"): note.findtext("{*}Content") for note in root.iter("{*}IncludedNote")
    }
    assert [text for code, text in notes.items() if code == "BAR"] == treatment


def test_a_credit_note_names_its_invoice_and_its_date() -> None:
    root = etree.fromstring(cii_xml(document(CREDIT_NOTE)))
    reference = root.find(".//{*}InvoiceReferencedDocument")
    assert reference is not None
    assert ["".join(element.itertext()) for element in reference] == ["FA-2026-000123", "20261124"]


def test_a_final_invoice_deducts_its_deposits_and_names_them() -> None:
    assert _texts(FINAL_INVOICE, "TotalPrepaidAmount") == ["360.00"]
    assert _texts(FINAL_INVOICE, "DuePayableAmount") == ["840.00"]
    root = etree.fromstring(cii_xml(document(FINAL_INVOICE)))
    assert root.findtext(".//{*}InvoiceReferencedDocument/{*}IssuerAssignedID") == "AC-2026-000001"


def test_several_instalments_stand_in_words_and_the_last_is_the_due_date() -> None:
    root = etree.fromstring(cii_xml(document(FINAL_INVOICE, language="en")))
    terms = root.find(".//{*}SpecifiedTradePaymentTerms")
    assert terms is not None
    assert terms.findtext("{*}Description") == (
        "30 jours net. Due 24 December 2026: EUR\N{NO-BREAK SPACE}420.00; 24 January 2027: EUR\N{NO-BREAK SPACE}420.00"
    )
    assert terms.findtext(".//{*}DateTimeString") == "20270124"


def test_means_of_payment() -> None:
    assert _texts(INVOICE, "PaymentReference") == ["RF31FA2026000123"]
    assert _texts(FINAL_INVOICE, "PaymentReference") == ["FA-2026-000130"]
    assert _texts(INVOICE, "IBANID") == ["FR7630006000011234567890189"]
    assert _texts(INVOICE, "BICID") == ["AGRIFRPP"]
    root = etree.fromstring(cii_xml(document(INVOICE)))
    assert root.findtext(".//{*}SpecifiedTradeSettlementPaymentMeans/{*}TypeCode") == "58"
    root = etree.fromstring(cii_xml(document(IN_DOLLARS)))
    assert root.findtext(".//{*}SpecifiedTradeSettlementPaymentMeans/{*}TypeCode") == "30"


def test_vat_in_another_currency_is_said_in_euros_too() -> None:
    root = etree.fromstring(cii_xml(document(IN_DOLLARS)))
    amounts = [(it.get("currencyID"), it.text) for it in root.iter("{*}TaxTotalAmount")]
    assert amounts == [("USD", "65.20"), ("EUR", "60.37")]


def test_what_is_outside_vat_names_no_vat_number_and_no_rate() -> None:
    assert _texts(OUTSIDE_VAT, "SpecifiedTaxRegistration") == []
    assert _texts(OUTSIDE_VAT, "RateApplicablePercent") == []


def test_reverse_charge_says_the_word_of_the_law_once() -> None:
    assert _texts(REVERSE_CHARGE, "ExemptionReason") == [
        "Reverse charge (Autoliquidation) - art. 283-2 du CGI"
    ]
    share = {**REVERSE_CHARGE["vat_breakdown"][0], "exemption_reason": "autoliquidation, art. 283-2 du CGI"}
    assert _texts(REVERSE_CHARGE, "ExemptionReason", vat_breakdown=[share]) == [
        "autoliquidation, art. 283-2 du CGI"
    ]


def test_texts_are_texts_and_no_markup() -> None:
    name = "<b>&amp; ]]> \"'"
    assert name in _texts(
        INVOICE, "Name", notes=["&"], lines=[{**INVOICE["lines"][0], "name": name}, INVOICE["lines"][1]]
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_document_gives_the_same_bytes(name: str) -> None:
    assert cii_xml(document(EXAMPLES[name])) == cii_xml(document(EXAMPLES[name]))
