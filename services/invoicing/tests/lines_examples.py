"""Invoices with lines: a seller and a buyer that have all that a document shows."""

from __future__ import annotations

import json

from invoicing_examples import CUSTOMER_REGISTERED, ENTITY, IBAN, MAIL, issue

from lettra_events.contracts.invoicing import LegalEntityRegistered
from lettra_events.testing.given import Given, given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.decider.printed import printed
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.domain import CONTACTS, DOCUMENT_CONTENTS, AcceptDispute, Contact, OpenDispute

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


def issued(*lines, **changes) -> Given:
    """The history of an invoice with these lines, FA-000001."""
    history = given(evolve, SELLER, CUSTOMER_REGISTERED)
    history.workspace.loaded(CONTACTS, [], [BUYER])
    outcome = history.when(issuing(*lines, **changes))
    assert outcome.error is None, outcome.error
    return history


def contested(history: Given, amount: str | None = None) -> str:
    """The dispute of so much of it, or of all that is left."""
    said = {"entity_id": "FR01", "document_number": "FA-000001", "reason": "quantity", "who": "j.lambert"}
    said |= {"owner": "m.roche", "due_date": "2026-01-30", "opened_on": "2026-01-15", "amount": amount}
    outcome = history.when(lambda w: handlers.open_dispute(w, OpenDispute(**said)))
    assert outcome.error is None, outcome.error
    return str(outcome.result.dispute_id)


def accepting(dispute_id: str, **changes):
    said = {"series": "AV", "resolved_on": "2026-01-20", "who": "m.roche", "why": "one pallet was missing"}
    return lambda w: handlers.accept_dispute(w, dispute_id, AcceptDispute(**(said | changes)))


def document_of(history: Given, number: str) -> InvoiceDocument:
    """What is printed of it."""
    return printed(json.loads(history.workspace.get(DOCUMENT_CONTENTS, "FR01", number).content))
