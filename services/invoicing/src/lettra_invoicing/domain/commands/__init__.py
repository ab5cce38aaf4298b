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
from lettra_invoicing.domain.commands.documents import (
    DepositAsked,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    LineAsked,
    Reason,
)

__all__ = [
    "PURPOSES",
    "Address",
    "ChangeCustomer",
    "CloseInsolvency",
    "DepositAsked",
    "EraseContact",
    "ImportDocument",
    "IssueCreditNote",
    "IssueInvoice",
    "LineAsked",
    "OpenInsolvency",
    "Reason",
    "RegisterContact",
    "RegisterCustomer",
    "RegisterLegalEntity",
]
