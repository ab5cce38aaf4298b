"""What a caller may ask for. Pure."""

from lettra_invoicing.domain.commands.customers import (
    PURPOSES,
    Address,
    ChangeCustomer,
    CloseInsolvency,
    EraseContact,
    OpenInsolvency,
    RegisterContact,
    RegisterCustomer,
    RegisterLegalEntity,
)
from lettra_invoicing.domain.commands.documents import ImportDocument, IssueCreditNote, IssueInvoice

__all__ = [
    "PURPOSES",
    "Address",
    "ChangeCustomer",
    "CloseInsolvency",
    "EraseContact",
    "ImportDocument",
    "IssueCreditNote",
    "IssueInvoice",
    "OpenInsolvency",
    "RegisterContact",
    "RegisterCustomer",
    "RegisterLegalEntity",
]
