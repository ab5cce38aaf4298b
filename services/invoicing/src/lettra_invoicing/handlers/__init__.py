"""Invoicing's commands: load what the decision needs, decide, append. Synchronous, over a workspace."""

from lettra_invoicing.handlers.answers import (
    Changed,
    Closed,
    ContactTaken,
    Erased,
    Issued,
    Noted,
    Registered,
    RegisteredCustomer,
)
from lettra_invoicing.handlers.customers import (
    change_customer,
    change_legal_entity,
    close_insolvency,
    erase_contact,
    import_customer,
    open_insolvency,
    register_contact,
    register_customer,
    register_legal_entity,
    replace_contact,
)
from lettra_invoicing.handlers.documents import (
    close_day,
    import_document,
    issue_credit_note,
    issue_invoice,
)

__all__ = [
    "Changed",
    "Closed",
    "ContactTaken",
    "Erased",
    "Issued",
    "Noted",
    "Registered",
    "RegisteredCustomer",
    "change_customer",
    "change_legal_entity",
    "close_day",
    "close_insolvency",
    "erase_contact",
    "import_customer",
    "import_document",
    "issue_credit_note",
    "issue_invoice",
    "open_insolvency",
    "register_contact",
    "register_customer",
    "register_legal_entity",
    "replace_contact",
]
