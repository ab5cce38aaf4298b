"""One legal entity, two customers, and documents between them; and the files that bring them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lettra_events.contracts.invoicing import (
    CreditNoteIssued,
    CustomerRegistered,
    InvoiceIssued,
    LegalEntityRegistered,
)
from lettra_events.contracts.matching import CashApplied, ItemOpened
from lettra_invoicing.domain import (
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    RegisterCustomer,
    RegisterLegalEntity,
)

# Valid by their check digits; nobody's.
SIREN, OTHER_SIREN = "552100554", "404833048"
IBAN = "FR1420041010050500013M02606"
MAIL = "compta@dupont.example"

ENTITY = {"entity_id": "FR01", "name": "Ateliers Martin", "siren": SIREN, "vat_number": "FR96552100554"}
CUSTOMER = {
    "customer_id": "C-1",
    "name": "Dupont",
    "siren": OTHER_SIREN,
    "ibans": [IBAN],
    "email": MAIL,
    "language": "fr",
}
AMOUNTS = {"currency": "EUR", "net": "100.00", "vat": "20.00", "gross": "120.00"}
INVOICE = {
    "entity_id": "FR01",
    "customer_id": "C-1",
    "series": "FA",
    "issue_date": "2026-01-05",
    "due_date": "2026-02-05",
    **AMOUNTS,
}
CREDIT_NOTE = {
    "entity_id": "FR01",
    "series": "AV",
    "issue_date": "2026-01-10",
    "corrects": "FA-000001",
    "currency": "EUR",
    "net": "10.00",
    "vat": "2.00",
    "gross": "12.00",
}
IMPORTED = {
    "entity_id": "FR01",
    "customer_id": "C-1",
    "document_number": "2025/0815",
    "kind": "invoice",
    "issue_date": "2025-12-01",
    "due_date": "2026-01-01",
    "payment_reference": "RF18539007547034",
    **AMOUNTS,
}
IMPORTED_NOTE = {
    "entity_id": "FR01",
    "customer_id": "C-1",
    "document_number": "2025/A7",
    "kind": "credit_note",
    "issue_date": "2025-12-10",
    "corrects": "2025/0815",
    "currency": "EUR",
    "net": "10.00",
    "vat": "2.00",
    "gross": "12.00",
}

ENTITY_REGISTERED = LegalEntityRegistered(**ENTITY, country="FR")
CUSTOMER_REGISTERED = CustomerRegistered(
    customer_id="C-1", name="Dupont", siren=OTHER_SIREN, ibans=(IBAN,), contact_id="contact:C-1"
)
OTHER_REGISTERED = CustomerRegistered(customer_id="C-2", name="Durand")
BASE = (ENTITY_REGISTERED, CUSTOMER_REGISTERED, OTHER_REGISTERED)


def register_entity(**changes: Any) -> RegisterLegalEntity:
    return RegisterLegalEntity(**(ENTITY | changes))


def register_customer(**changes: Any) -> RegisterCustomer:
    return RegisterCustomer(**(CUSTOMER | changes))


def issue(**changes: Any) -> IssueInvoice:
    return IssueInvoice(**(INVOICE | changes))


def issue_note(**changes: Any) -> IssueCreditNote:
    return IssueCreditNote(**(CREDIT_NOTE | changes))


def imported(**changes: Any) -> ImportDocument:
    return ImportDocument(**(IMPORTED | changes))


def imported_note(**changes: Any) -> ImportDocument:
    return ImportDocument(**(IMPORTED_NOTE | changes))


def invoice_event(**changes: Any) -> InvoiceIssued:
    """The first invoice of the series FA."""
    data = {name: value for name, value in INVOICE.items() if name != "series"}
    return InvoiceIssued(**(data | {"document_number": "FA-000001"} | changes))


def imported_event(**changes: Any) -> InvoiceIssued:
    data = {name: value for name, value in IMPORTED.items() if name != "kind"}
    return InvoiceIssued(**(data | {"origin": "imported"} | changes))


def note_event(**changes: Any) -> CreditNoteIssued:
    data = {name: value for name, value in CREDIT_NOTE.items() if name != "series"}
    return CreditNoteIssued(**(data | {"customer_id": "C-1", "document_number": "AV-000001"} | changes))


def item_events() -> tuple[ItemOpened, CashApplied]:
    """What matching says of the first invoice: open, and partly paid."""
    item = {"customer_id": "C-1", "entity_id": "FR01", "item_id": "FR01:FA-000001", "currency": "EUR"}
    opened = ItemOpened(
        **item,
        kind="invoice",
        document_number="FA-000001",
        issue_date="2026-01-05",
        due_date="2026-02-05",
        amount="120.00",
    )
    why = {"rule": "reference", "evidence": "RF", "confidence": "0.99", "solutions": 1, "rules_version": 0}
    paid = CashApplied(
        **item, **why, payment_id="p-1", line=1, date="2026-02-05", amount="50.00", open_after="70.00"
    )
    return opened, paid


CUSTOMER_HEADER = "customer_id,name,siren,vat_number,ibans,email,language,group_id"
INVOICE_HEADER = (
    "entity_id,customer_id,document_number,kind,issue_date,due_date,currency,net,vat,gross,"
    "payment_reference,corrects"
)


def customers_csv(*rows: str) -> bytes:
    return "\n".join([CUSTOMER_HEADER, *rows, ""]).encode()


def invoices_csv(*rows: str) -> bytes:
    return "\n".join([INVOICE_HEADER, *rows, ""]).encode()


def invoice_row(number: str, **changes: str) -> str:
    """A row of `invoices.csv`; cells are changed by their column."""
    cells = {
        "entity_id": "FR01",
        "customer_id": "C-1",
        "document_number": number,
        "kind": "invoice",
        "issue_date": "2026-01-05",
        "due_date": "2026-02-05",
        **AMOUNTS,
    } | changes
    return ",".join(cells.get(column, "") for column in INVOICE_HEADER.split(","))


def note_row(number: str, corrects: str, **changes: str) -> str:
    """A credit note's row."""
    return invoice_row(number, **({"kind": "credit_note", "due_date": "", "corrects": corrects} | changes))


def many_invoices(count: int) -> bytes:
    return invoices_csv(*(invoice_row(f"E-{n:06d}") for n in range(count)))


def columns_of(errors: Iterable[Any]) -> list[tuple[int, str]]:
    """Line and column of each bad cell."""
    return [(error.line, error.column) for error in errors]
