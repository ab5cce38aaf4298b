"""Small documents of every kind, written by hand; each is a dict that a test may change before it is validated."""

from __future__ import annotations

import copy
from typing import Any

from lettra_invoicing.documents.model import InvoiceDocument

SELLER = {
    "name": "Lumière & Fils SAS",
    "legal_mention": "SAS au capital de 100 000 EUR, RCS Paris 732 829 320",
    "address": {"line_1": "12 rue de l'Écluse", "postcode": "75010", "city": "Paris", "country": "FR"},
    "siren": "732829320",
    "siret": "73282932000074",
    "vat_number": "FR44732829320",
    "electronic_address": {"scheme": "0225", "value": "732829320"},
}
COMPANY = {
    "kind": "company",
    "name": "Société Générale des Œuvres",
    "address": {
        "line_1": "1 place du Marché",
        "line_2": "Bâtiment B",
        "postcode": "69002",
        "city": "Lyon",
        "country": "FR",
    },
    "siren": "552120222",
    "vat_number": "FR27552120222",
    "electronic_address": {"scheme": "0225", "value": "552120222_FACTURES"},
}
PUBLIC = {
    "kind": "public",
    "name": "Commune de Roquefort",
    "address": {"line_1": "Place de la Mairie", "postcode": "12250", "city": "Roquefort", "country": "FR"},
    "siren": "732829320",
    "siret": "73282932000074",
    "electronic_address": {"scheme": "0225", "value": "732829320"},
}
PERSON = {
    "kind": "private_person",
    "name": "Zoé Lefèvre",
    "address": {"line_1": "3 impasse du Nœud", "postcode": "35000", "city": "Rennes", "country": "FR"},
    "electronic_address": {"scheme": "EM", "value": "zoe@example.org"},
}
GERMAN = {
    "kind": "company",
    "name": "Straßenbau Müller GmbH",
    "address": {"line_1": "Hauptstraße 5", "postcode": "10827", "city": "Berlin", "country": "DE"},
    "vat_number": "DE136695976",
    "electronic_address": {"scheme": "9930", "value": "DE136695976"},
}
PENALTY = {"rate": "12.15", "basis": "taux de la BCE majoré de 10 points"}

INVOICE: dict[str, Any] = {
    "number": "FA-2026-000123",
    "kind": "invoice",
    "issue_date": "2026-11-24",
    "delivery_date": "2026-11-20",
    "currency": "EUR",
    "operation_category": "mixed",
    "seller": SELLER,
    "buyer": COMPANY,
    "lines": [
        {
            "name": "Serrure à 3 points",
            "description": "Acier, clé incopiable",
            "quantity": "3",
            "unit": "H87",
            "price": "99.995",
            "discount": "10.00",
            "discount_reason": "Remise de fidélité",
            "vat_category": "S",
            "vat_rate": "20",
            "net": "289.99",
        },
        {
            "name": "Pose",
            "quantity": "1.5",
            "unit": "HUR",
            "price": "48.00",
            "vat_category": "S",
            "vat_rate": "10",
            "net": "72.00",
        },
    ],
    "vat_breakdown": [
        {"category": "S", "rate": "20", "base": "289.99", "amount": "58.00"},
        {"category": "S", "rate": "10", "base": "72.00", "amount": "7.20"},
    ],
    "totals": {"lines": "361.99", "net": "361.99", "vat": "65.20", "gross": "427.19", "due": "427.19"},
    "instalments": [{"due_date": "2026-12-24", "amount": "427.19"}],
    "late_penalty": PENALTY,
    "recovery_indemnity": "40",
    "credit_transfer": {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
    "payment_reference": "RF31FA2026000123",
    "order_number": "PO-4711",
    "notes": ["Merci de votre confiance."],
}
_ONE_LINE = {
    "name": "Étude",
    "quantity": "10",
    "unit": "DAY",
    "price": "100.00",
    "vat_category": "S",
    "vat_rate": "20",
    "net": "1000.00",
}
_ONE_SHARE = {"category": "S", "rate": "20", "base": "1000.00", "amount": "200.00"}
_TOTALS = {"lines": "1000.00", "net": "1000.00", "vat": "200.00", "gross": "1200.00", "due": "1200.00"}


def changed(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A deep copy with other values; None takes a field away."""
    wanted = copy.deepcopy(base)
    wanted.update(copy.deepcopy(changes))
    return {name: value for name, value in wanted.items() if value is not None}


CREDIT_NOTE = changed(
    INVOICE,
    number="AV-2026-000007",
    kind="credit_note",
    corrects={"number": "FA-2026-000123", "issue_date": "2026-11-24"},
    issue_date="2026-11-30",
    instalments=None,
    late_penalty=None,
    recovery_indemnity=None,
    payment_reference=None,
)
DEPOSIT_INVOICE = changed(
    INVOICE,
    number="AC-2026-000001",
    kind="deposit_invoice",
    issue_date="2026-10-01",
    delivery_date=None,
    operation_category="services",
    lines=[
        {**_ONE_LINE, "name": "Acompte de 30 %", "quantity": "1", "unit": "C62", "price": "300", "net": "300"}
    ],
    vat_breakdown=[{"category": "S", "rate": "20", "base": "300", "amount": "60"}],
    totals={"lines": "300", "net": "300", "vat": "60", "gross": "360", "due": "360"},
    instalments=[{"due_date": "2026-10-31", "amount": "360"}],
    payment_reference=None,
)
FINAL_INVOICE = changed(
    INVOICE,
    number="FA-2026-000130",
    kind="final_invoice",
    operation_category="services",
    vat_on_debits=True,
    lines=[_ONE_LINE],
    vat_breakdown=[_ONE_SHARE],
    totals={**_TOTALS, "prepaid": "360.00", "due": "840.00"},
    deposits=[
        {"number": "AC-2026-000001", "issue_date": "2026-10-01", "net": "300", "vat": "60", "gross": "360"},
    ],
    instalments=[
        {"due_date": "2026-12-24", "amount": "420.00"},
        {"due_date": "2027-01-24", "amount": "420.00"},
    ],
    early_payment_discount={"percent": "2", "until": "2026-12-04"},
    payment_terms="30 jours net",
    payment_reference=None,
)
PUBLIC_INVOICE = changed(
    FINAL_INVOICE,
    number="FA/2026/131",
    kind="invoice",
    buyer=PUBLIC,
    deposits=None,
    totals=_TOTALS,
    instalments=[{"due_date": "2026-12-24", "amount": "1200"}],
    buyer_reference="SERVICE-12",
    contract_number="2026-MAPA-3",
    period={"start": "2026-11-01", "end": "2026-11-20"},
    delivery_date=None,
)
PERSON_INVOICE = changed(INVOICE, buyer=PERSON, late_penalty=None, recovery_indemnity=None, order_number=None)
ENGLISH_INVOICE = changed(FINAL_INVOICE, language="en")
INTRA_COMMUNITY = changed(
    INVOICE,
    language="en",
    buyer=GERMAN,
    operation_category="goods",
    delivery_address=GERMAN["address"],
    lines=[{**_ONE_LINE, "vat_category": "K", "vat_rate": "0"}],
    vat_breakdown=[
        {
            "category": "K",
            "rate": "0",
            "base": "1000.00",
            "amount": "0.00",
            "exemption_reason": "Exonération de TVA, art. 262 ter I du CGI",
        }
    ],
    totals={"lines": "1000", "net": "1000", "vat": "0", "gross": "1000", "due": "1000"},
    instalments=[{"due_date": "2026-12-24", "amount": "1000"}],
)


def _without_vat(category: str, reason: str, **changes: Any) -> dict[str, Any]:
    document = changed(INTRA_COMMUNITY, **changes)
    document["lines"][0]["vat_category"] = category
    document["vat_breakdown"][0] |= {"category": category, "exemption_reason": reason}
    return document


REVERSE_CHARGE = _without_vat("AE", "art. 283-2 du CGI", delivery_address=None)
EXPORT = _without_vat("G", "Exonération de TVA, art. 262 I du CGI")
EXEMPT = _without_vat("E", "TVA non applicable, art. 293 B du CGI", buyer=COMPANY, language="fr")
OUTSIDE_VAT = _without_vat("O", "Indemnité hors champ de la TVA", buyer=COMPANY, language="fr")
IN_DOLLARS = changed(
    INVOICE,
    currency="USD",
    totals={**INVOICE["totals"], "vat_in_euros": "60.37"},
)
IN_YEN = changed(
    INTRA_COMMUNITY,
    currency="JPY",
    totals={**INTRA_COMMUNITY["totals"], "vat_in_euros": "0.00"},
)
CREDIT_NOTE_OF_DEPOSIT = changed(
    CREDIT_NOTE,
    corrects={"number": "AC-2026-000001", "issue_date": "2026-10-01", "is_deposit": True},
)

EXAMPLES: dict[str, dict[str, Any]] = {
    "invoice": INVOICE,
    "credit note": CREDIT_NOTE,
    "credit note of a deposit": CREDIT_NOTE_OF_DEPOSIT,
    "deposit invoice": DEPOSIT_INVOICE,
    "final invoice": FINAL_INVOICE,
    "final invoice in English": ENGLISH_INVOICE,
    "to a public body": PUBLIC_INVOICE,
    "to a private person": PERSON_INVOICE,
    "within the Union": INTRA_COMMUNITY,
    "reverse charge": REVERSE_CHARGE,
    "export": EXPORT,
    "exempt": EXEMPT,
    "outside VAT": OUTSIDE_VAT,
    "in dollars": IN_DOLLARS,
    "in yen": IN_YEN,
}


def document(base: dict[str, Any] = INVOICE, **changes: Any) -> InvoiceDocument:
    """A valid document of an example, with other values (None takes a field away)."""
    return InvoiceDocument.model_validate(changed(base, **changes))


def many_lines(count: int) -> InvoiceDocument:
    """An invoice of so many lines of 10.00 each at 20 %."""
    net = 10 * count
    vat = net / 5
    gross = net + vat
    line = {**_ONE_LINE, "quantity": "1", "price": "10.00", "net": "10.00"}
    return document(
        INVOICE,
        lines=[{**line, "name": f"Article {i}"} for i in range(count)],
        vat_breakdown=[{"category": "S", "rate": "20", "base": f"{net}", "amount": f"{vat:.2f}"}],
        totals={
            "lines": f"{net}",
            "net": f"{net}",
            "vat": f"{vat:.2f}",
            "gross": f"{gross:.2f}",
            "due": f"{gross:.2f}",
        },
        instalments=[{"due_date": "2026-12-24", "amount": f"{gross:.2f}"}],
    )
