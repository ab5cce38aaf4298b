"""From the content of an issued invoice to the document that is printed and sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.terms import HUNDRED
from lettra_invoicing.documents.amounts import VatKey, add_up, rounded, vat_breakdown
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.parts import Deposit, Line

_KINDS = {"company": "company", "public": "public", "private": "private_person"}
_LANGUAGES = ("fr", "en")
_BASIS = {
    ("ecb+10", "fr"): "taux de refinancement de la BCE majoré de 10 points",
    ("ecb+10", "en"): "ECB main refinancing rate plus 10 points",
    ("ecb+8", "fr"): "taux de refinancement de la BCE majoré de 8 points",
    ("ecb+8", "en"): "ECB main refinancing rate plus 8 points",
    ("contract", "fr"): "taux contractuel",
    ("contract", "en"): "rate by contract",
}
_VAT_SCHEMES = {
    "AT": "9914",
    "BE": "9925",
    "BG": "9926",
    "CY": "9928",
    "CZ": "9929",
    "DE": "9930",
    "EE": "9931",
    "EL": "9933",
    "ES": "9920",
    "HR": "9934",
    "HU": "9910",
    "IE": "9935",
    "IT": "0211",
    "LT": "9937",
    "LU": "9938",
    "LV": "9939",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "SI": "9949",
    "SK": "9950",
}
"""The schemes of electronic addresses that are a country's VAT numbers (CEF EAS)."""


def printed(content: Mapping[str, Any]) -> InvoiceDocument:
    """The document of a content that was kept; `Rejected` where a rule of EN 16931 or of French law is broken."""
    try:
        return InvoiceDocument.model_validate(_document(content))
    except ValidationError as error:
        broken = "; ".join(_why(each) for each in error.errors())
        raise Rejected("document-incomplete", broken, field="lines") from None


def _why(error: Any) -> str:
    """Field and reason; of our own rules their sentence, which names both."""
    place = ".".join(map(str, error["loc"]))
    reason = str(error.get("ctx", {}).get("error", error["msg"]))
    return f"{place}: {reason}" if place else reason


def _document(content: Mapping[str, Any]) -> dict[str, Any]:
    issued, buyer = content["issued"], content["buyer"]
    language = buyer["language"] if buyer["language"] in _LANGUAGES else "fr"
    lines = tuple(_line(line) for line in content["lines"])
    breakdown = vat_breakdown(
        lines, issued["currency"], _reasons(content["lines"]), _vat_of_lines(content, lines)
    )
    deposits = tuple(_deposits(content))
    totals = add_up(breakdown, deposits, _decimal(content["vat_in_euros"]))
    said = content["mentions"]
    is_note = content["kind"] == "credit_note"
    return {
        "number": issued["document_number"],
        "kind": _kind(content),
        "language": language,
        "issue_date": issued["issue_date"],
        "delivery_date": content["delivery_date"],
        "currency": issued["currency"],
        "operation_category": said["operation_category"],
        "vat_on_debits": said["vat_on_debits"],
        "seller": _seller(content["seller"]),
        "buyer": _buyer(buyer),
        "corrects": _corrects(content["corrects"]) if is_note else None,
        "deposits": deposits,
        "lines": lines,
        "vat_breakdown": breakdown,
        "totals": totals,
        "instalments": () if is_note else _instalments(issued, totals.due),
        "early_payment_discount": None if is_note else _discount(issued, totals.due),
        "late_penalty": _penalty(said, language),
        "recovery_indemnity": said["recovery_indemnity"],
        "credit_transfer": None if is_note else _account(content["seller"]),
        "payment_reference": issued["payment_reference"],
        "buyer_reference": content["buyer_reference"],
        "order_number": content["order_number"],
        "contract_number": content["contract_number"],
    }


def _kind(content: Mapping[str, Any]) -> str:
    if content["kind"] == "credit_note":
        return "credit_note"
    if content["issued"]["deposit"]:
        return "deposit_invoice"
    return "final_invoice" if content["deposits"] else "invoice"


def _corrects(invoice: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": invoice["document_number"],
        "issue_date": invoice["issue_date"],
        "is_deposit": invoice["deposit"],
    }


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _line(line: Mapping[str, Any]) -> Line:
    return Line.model_validate({name: value for name, value in line.items() if name != "exemption_reason"})


def _reasons(lines: list[dict[str, Any]]) -> dict[Any, str]:
    return {line["vat_category"]: line["exemption_reason"] for line in lines if line["exemption_reason"]}


def _vat_of_lines(content: Mapping[str, Any], lines: tuple[Line, ...]) -> dict[VatKey, Decimal] | None:
    """Where a credit note is for an amount with its VAT; else it follows from the lines."""
    if "vat_of_lines" not in content:
        return None
    keys = [(line.vat_category, line.vat_rate) for line in lines]
    return dict(zip(keys, map(Decimal, content["vat_of_lines"]), strict=True))


def _deposits(content: Mapping[str, Any]) -> list[Deposit]:
    """So much of each as is deducted, its VAT in proportion."""
    if content["kind"] == "credit_note":
        return []
    taken = {each["document_number"]: Decimal(each["amount"]) for each in content["issued"]["deposits"]}
    found = []
    for deposit in content["deposits"]:
        gross = taken[deposit["document_number"]]
        share = Decimal(deposit["vat"]) * gross / Decimal(deposit["gross"])
        vat = rounded(share, content["issued"]["currency"])
        found.append(
            Deposit(
                number=deposit["document_number"],
                issue_date=deposit["issue_date"],
                net=gross - vat,
                vat=vat,
                gross=gross,
            )
        )
    return found


def _instalments(invoice: Mapping[str, Any], due: Decimal) -> list[dict[str, Any]]:
    if invoice["instalments"]:
        return [{"due_date": each["due_date"], "amount": each["amount"]} for each in invoice["instalments"]]
    return [{"due_date": invoice["due_date"], "amount": due}] if due else []


def _discount(invoice: Mapping[str, Any], due: Decimal) -> dict[str, Any] | None:
    if invoice["discount_amount"] is None:
        return None
    percent = (Decimal(invoice["discount_amount"]) * HUNDRED / due).quantize(Decimal("0.01"))
    return {"percent": percent, "until": invoice["discount_until"]}


def _penalty(said: Mapping[str, Any], language: str) -> dict[str, Any] | None:
    if said["penalty"] == "none":
        return None
    return {"rate": said["penalty_rate"], "basis": _BASIS[said["penalty"], language]}


def _account(seller: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"iban": seller["iban"], "bic": seller["bic"]} if seller["iban"] else None


def _address(party: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line_1": party["street"],
        "postcode": party["postal_code"],
        "city": party["city"],
        "country": party["country"],
    }


def _seller(seller: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": seller["name"],
        "legal_mention": seller["legal_form"],
        "address": _address(seller),
        "siren": seller["siren"],
        "siret": seller["siret"],
        "vat_number": seller["vat_number"],
        "electronic_address": {"scheme": "0225", "value": seller["siren"]},
    }


def _buyer(buyer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": _KINDS[buyer["debtor_class"]],
        "name": buyer["name"],
        "address": _address(buyer),
        "siren": buyer["siren"],
        "siret": buyer["siret"],
        "vat_number": buyer["vat_number"],
        "electronic_address": _electronic_address(buyer),
    }


def _electronic_address(buyer: Mapping[str, Any]) -> dict[str, str]:
    """The SIREN in the directory, else the VAT number; else one that no mail reaches: a mail would be a person's."""
    number = buyer["vat_number"] or ""
    if buyer["siren"]:
        return {"scheme": "0225", "value": buyer["siren"]}
    if number[:2] in _VAT_SCHEMES:
        return {"scheme": _VAT_SCHEMES[number[:2]], "value": number}
    return {"scheme": "EM", "value": f"{buyer['customer_id']}@customers.invalid"}
