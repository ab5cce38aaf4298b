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
from lettra_invoicing.queries.following import (
    DisputePage,
    RequestPage,
    StatusPage,
    list_disputes,
    list_requests,
    list_statuses,
)

__all__ = [
    "ContactPage",
    "CustomerPage",
    "CustomerView",
    "DisputePage",
    "DocumentPage",
    "DocumentView",
    "RequestPage",
    "StatusPage",
    "list_contacts",
    "list_customers",
    "list_disputes",
    "list_documents",
    "list_requests",
    "list_statuses",
    "read_content",
    "read_customer",
    "read_document",
]
