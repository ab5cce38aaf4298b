"""One plausible event of each of invoicing's contracts, all of it invented; see `_examples`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from lettra_events.contracts import invoicing
from lettra_events.contracts._registry import Event

_ENTITY = "FR01"
_CUSTOMER = "C-10482"
_INVOICE = "FA-2026-000123"
_CREDIT_NOTE = "AV-2026-000017"
_REFERENCE = "RF18539007547034"
_ACCOUNT = "FR1420041010050500013M02606"
_PAYER = "ATELIERS DURANCE SAS"
_PAYER_IBAN = "DE89370400440532013000"
_DAY = date(2026, 3, 16)
_DIGEST = "9f2b5c1e7d8a4036b1c2d3e4f5061728394a5b6c7d8e9f00112233445566778f"
_DISPUTE = "0d9a4c7e-51b6-5f0e-8c3b-7a1d2e5f9b60"
_ON_INVOICE: Any = {"customer_id": _CUSTOMER, "entity_id": _ENTITY, "document_number": _INVOICE}
_REQUEST = "6c1f0a52-9d47-5b3e-a1c8-0e2b4d6f8a13"
_REQUESTED: Any = {
    "request_id": _REQUEST,
    "amount": Decimal("120.00"),
    "currency": "EUR",
    "requested_on": _DAY,
    "who": "j.lambert",
    "why": "agreed by mail of 2026-03-12, file 26-231",
}
_DECIDED: Any = {
    "request_id": _REQUEST,
    "decided_on": date(2026, 3, 18),
    "who": "c.moreau",
    "why": "as agreed",
}
_MENTIONS = invoicing.Mentions(
    seller_siren="732829320",
    seller_vat_number="FR44732829320",
    buyer_siren="732829320",
    buyer_vat_number="FR44732829320",
    operation_category="goods",
    vat_on_debits=True,
    penalty="contract",
    penalty_rate=Decimal("15.00"),
    recovery_indemnity=Decimal("40.00"),
)
_EUR: Any = {"entity_id": _ENTITY, "currency": "EUR"}
_DOCUMENT: Any = {
    "customer_id": _CUSTOMER,
    "issue_date": date(2026, 2, 2),
    "net": Decimal("1000.00"),
    "vat": Decimal("200.00"),
    "gross": Decimal("1200.00"),
    "payment_reference": _REFERENCE,
    "origin": "imported",
    **_EUR,
}
_LEGAL_ENTITY: Any = {
    "entity_id": _ENTITY,
    "name": "PAPETERIES DU VERDON SA",
    "siren": "732829320",
    "vat_number": "FR44732829320",
    "siret": "73282932000074",
    "legal_form": "SA au capital de 150 000 EUR, RCS Digne 732 829 320",
    "street": "4 chemin du Moulin",
    "postal_code": "04500",
    "city": "Quinson",
    "country": "FR",
    "iban": _ACCOUNT,
    "bic": "PSSTFRPPLIL",
    "penalty_rate": Decimal("15.00"),
    "vat_on_debits": True,
}
_CUSTOMER_DATA: Any = {
    "customer_id": _CUSTOMER,
    "name": _PAYER,
    "siren": "732829320",
    "vat_number": "FR44732829320",
    "ibans": (_PAYER_IBAN,),
    "language": "fr",
    "group_id": "G-207",
    "contact_id": "K-5512",
    "siret": "73282932000074",
    "country": "FR",
    "channel": "letter",
    "debtor_class": "public",
    "terms": "45D-EOM 2%/8D",
}

OF_INVOICING: list[Event] = [
    invoicing.LegalEntityRegistered(**_LEGAL_ENTITY),
    invoicing.LegalEntityChanged(changed=("iban", "bic"), **_LEGAL_ENTITY),
    invoicing.CustomerRegistered(**_CUSTOMER_DATA),
    invoicing.CustomerChanged(changed=("terms", "email"), **_CUSTOMER_DATA),
    invoicing.ContactRegistered(customer_id=_CUSTOMER, contact_id="K-5513", purposes=("dunning",)),
    invoicing.ContactChanged(customer_id=_CUSTOMER, contact_id="K-5513", purposes=("payer", "dunning")),
    invoicing.InsolvencyOpened(
        customer_id=_CUSTOMER,
        proceeding="recovery",
        opened_on=date(2026, 3, 9),
        claim_until=date(2026, 5, 20),
        who="j.lambert",
        why="BODACC A 51 of 2026-03-20",
    ),
    invoicing.InsolvencyClosed(
        customer_id=_CUSTOMER, closed_on=date(2026, 11, 2), who="j.lambert", why="BODACC A 214 of 2026-11-06"
    ),
    invoicing.ContactErased(
        customer_id=_CUSTOMER, contact_id="K-5512", who="j.lambert", why="request of 2026-03-02, file 26-114"
    ),
    invoicing.NumberDrawn(
        entity_id=_ENTITY,
        series="FA-2026",
        number=123,
        document_number=_INVOICE,
        issue_date=date(2026, 2, 2),
    ),
    invoicing.InvoiceIssued(
        document_number=_INVOICE,
        due_date=date(2026, 4, 30),
        terms="45D-EOM 2%/8D",
        instalments=(
            invoicing.Instalment(number=1, due_date=date(2026, 3, 4), amount=Decimal("400.00")),
            invoicing.Instalment(number=2, due_date=date(2026, 4, 30), amount=Decimal("500.00")),
        ),
        discount_amount=Decimal("18.00"),
        discount_until=date(2026, 2, 10),
        deposit=True,
        deposits=(invoicing.DepositDeducted(document_number="AC-2026-000004", amount=Decimal("300.00")),),
        mentions=_MENTIONS,
        document_digest=_DIGEST,
        **_DOCUMENT,
    ),
    invoicing.CreditNoteIssued(
        document_number=_CREDIT_NOTE, corrects=_INVOICE, reason="price", document_digest=_DIGEST, **_DOCUMENT
    ),
    invoicing.OpeningItemTaken(
        customer_id=_CUSTOMER,
        item_id="FA-2025-000981/2",
        kind="invoice",
        document_number="FA-2025-000981",
        number=2,
        issue_date=date(2025, 11, 3),
        due_date=date(2026, 1, 31),
        amount=Decimal("250.00"),
        original_amount=Decimal("600.00"),
        reminder_step=2,
        payment_reference=_REFERENCE,
        discount_amount=Decimal("12.00"),
        discount_until=date(2025, 11, 11),
        **_EUR,
    ),
    invoicing.DisputeOpened(
        dispute_id=_DISPUTE,
        reason="quantity",
        amount=Decimal("240.00"),
        currency="EUR",
        owner="m.roche",
        due_date=date(2026, 3, 30),
        opened_on=_DAY,
        who="j.lambert",
        **_ON_INVOICE,
    ),
    invoicing.DisputeReassigned(
        dispute_id=_DISPUTE,
        owner="a.petit",
        due_date=date(2026, 4, 6),
        who="m.roche",
        why="the warehouse counts again",
        **_ON_INVOICE,
    ),
    invoicing.DisputeResolved(
        dispute_id=_DISPUTE,
        outcome="accepted",
        amount=Decimal("240.00"),
        currency="EUR",
        credited=Decimal("120.00"),
        credit_note=_CREDIT_NOTE,
        resolved_on=date(2026, 4, 2),
        who="a.petit",
        why="one pallet of two was missing",
        **_ON_INVOICE,
    ),
    invoicing.CreditNoteRequested(
        reason="price",
        lines=(
            invoicing.CreditedLine(line=1, quantity=Decimal("2.5")),
            invoicing.CreditedLine(line=3),
        ),
        **_REQUESTED,
        **_ON_INVOICE,
    ),
    invoicing.CreditNoteRequestApproved(credit_note=_CREDIT_NOTE, **_DECIDED, **_ON_INVOICE),
    invoicing.CreditNoteRequestRefused(**_DECIDED, **_ON_INVOICE),
    invoicing.BadDebtProposed(**_REQUESTED, **_ON_INVOICE),
    invoicing.BadDebtWrittenOff(
        amount=Decimal("120.00"),
        currency="EUR",
        proposed_by="j.lambert",
        open_before=Decimal("360.00"),
        **_DECIDED,
        **_ON_INVOICE,
    ),
    invoicing.BadDebtRefused(**_DECIDED, **_ON_INVOICE),
    invoicing.LifecycleStatusReceived(
        status=206,
        source="buyer",
        occurred_at=datetime(2026, 3, 16, 9, 30, tzinfo=UTC),
        reference="CDAR-2026-03-16-00417",
        reason="QTE_ERR",
        amount=Decimal("960.00"),
        **_ON_INVOICE,
    ),
    invoicing.InvoicingDayClosed(business_date=_DAY, entities=(_ENTITY, "FR02")),
]
