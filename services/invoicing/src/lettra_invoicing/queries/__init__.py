"""What the API reads, a page at a time."""

from lettra_invoicing.queries.customers import (
    ContactPage,
    CustomerPage,
    CustomerView,
    list_contacts,
    list_customers,
    read_customer,
)
from lettra_invoicing.queries.documents import (
    DocumentPage,
    DocumentView,
    list_documents,
    read_content,
    read_document,
)

__all__ = [
    "ContactPage",
    "CustomerPage",
    "CustomerView",
    "DocumentPage",
    "DocumentView",
    "list_contacts",
    "list_customers",
    "list_documents",
    "read_content",
    "read_customer",
    "read_document",
]
