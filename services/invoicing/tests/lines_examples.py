"""Invoices with lines: a seller and a buyer that have all that a document shows."""

from __future__ import annotations

from invoicing_examples import ENTITY, IBAN, MAIL, issue

from lettra_events.contracts.invoicing import LegalEntityRegistered
from lettra_invoicing import handlers
from lettra_invoicing.domain import Contact

SELLER = LegalEntityRegistered(
    **ENTITY, country="FR", street="4 chemin du Moulin", postal_code="04500", city="Quinson", iban=IBAN
)
BUYER = Contact(
    "contact:C-1", "A. Petit", MAIL, "+33123456789", street="1 rue X", postal_code="75001", city="Paris"
)
NO_AMOUNTS = {"net": None, "vat": None, "gross": None}


def line(price: str, quantity: str = "1", rate: str = "20", **more) -> dict:
    return {"name": "Article", "quantity": quantity, "price": price, "vat_rate": rate, **more}


def issuing(*lines, **changes):
    said = {"operation_category": "goods", "delivery_date": "2026-01-04", "late_penalty_rate": "12.15"}
    command = issue(lines=lines, **(said | NO_AMOUNTS | changes))
    return lambda w: handlers.issue_invoice(w, command)
