"""Invoicing's words: what a caller asks for, and the state that its own events fold into. Pure."""

from __future__ import annotations

from lettra_invoicing.domain.commands import (
    EraseContact,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    RegisterCustomer,
    RegisterLegalEntity,
)
from lettra_invoicing.domain.state import (
    CALENDAR,
    CALENDAR_KEY,
    CONTACTS,
    CUSTOMERS,
    DOCUMENTS,
    ERASED_CONTACTS,
    LEGAL_ENTITIES,
    NO_DAY_CLOSED,
    PUBLISHED_CONTACTS,
    SERIES,
    Calendar,
    Contact,
    Customer,
    Document,
    ErasedContact,
    LegalEntity,
    Series,
)
from lettra_invoicing.domain.values import DocumentNumber, creditor_reference

__all__ = [
    "CALENDAR",
    "CALENDAR_KEY",
    "CONTACTS",
    "CUSTOMERS",
    "DOCUMENTS",
    "ERASED_CONTACTS",
    "LEGAL_ENTITIES",
    "NO_DAY_CLOSED",
    "PUBLISHED_CONTACTS",
    "SERIES",
    "Calendar",
    "Contact",
    "Customer",
    "Document",
    "DocumentNumber",
    "EraseContact",
    "ErasedContact",
    "ImportDocument",
    "IssueCreditNote",
    "IssueInvoice",
    "LegalEntity",
    "RegisterCustomer",
    "RegisterLegalEntity",
    "Series",
    "creditor_reference",
]
