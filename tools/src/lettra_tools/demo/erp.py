"""The ERP's side of the demo: extracts of customers and invoices as CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from lettra_tools.demo.model import CURRENCY, Company, Customer, Invoice

CUSTOMER_COLUMNS = ("customer_id", "name", "siren", "vat_number", "ibans", "email", "language", "group_id")
INVOICE_COLUMNS = (
    "entity_id",
    "customer_id",
    "document_number",
    "kind",
    "issue_date",
    "due_date",
    "currency",
    "net",
    "vat",
    "gross",
    "payment_reference",
    "corrects",
)


def write_customers(customers: Iterable[Customer]) -> bytes:
    """`customers.csv`. No mail addresses: those are persons' data."""
    rows = (
        (c.customer_id, c.name, c.siren, "", c.iban if c.knows_iban else "", "", c.language, c.group_id)
        for c in customers
    )
    return _csv(CUSTOMER_COLUMNS, rows)


def write_invoices(company: Company, invoices: Iterable[Invoice]) -> bytes:
    """`invoices.csv`, with the ERP's numbers."""
    rows = (
        (
            company.entity_id,
            i.customer_id,
            i.key,
            "invoice",
            i.issue_date.isoformat(),
            i.due_date.isoformat(),
            CURRENCY,
            str(i.net),
            str(i.vat),
            str(i.gross),
            i.reference or "",
            "",
        )
        for i in invoices
    )
    return _csv(INVOICE_COLUMNS, rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return output.getvalue().encode()
