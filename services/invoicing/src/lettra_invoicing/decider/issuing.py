"""Issuing and importing invoices and credit notes. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, NumberDrawn
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.customers import need_customer, need_entity
from lettra_invoicing.decider.evolving import document_of
from lettra_invoicing.decider.numbering import draw_number
from lettra_invoicing.domain import (
    Customer,
    Document,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    LegalEntity,
    Series,
    creditor_reference,
)


def issue_invoice(
    command: IssueInvoice, entity: LegalEntity | None, customer: Customer | None, series: Series | None
) -> tuple[NumberDrawn, InvoiceIssued]:
    """The next number of the series, and the invoice that bears it."""
    need_entity(entity, command.entity_id)
    need_customer(customer, command.customer_id)
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    data = command.model_dump(exclude={"series"})
    invoice = InvoiceIssued(
        **data,
        document_number=drawn.document_number,
        payment_reference=creditor_reference(drawn.document_number),
    )
    return drawn, invoice


def issue_credit_note(
    command: IssueCreditNote, invoice: Document | None, series: Series | None
) -> tuple[NumberDrawn, CreditNoteIssued]:
    """The next number of the series, and the credit note that bears it, for no more than is left of its invoice."""
    if invoice is None or invoice.kind != "invoice":
        raise Rejected(
            "unknown-invoice", f"there is no invoice {command.corrects}", status=404, field="corrects"
        )
    _check_credit(invoice, command.gross, command.currency, command.issue_date)
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    data = command.model_dump(exclude={"series"})
    note = CreditNoteIssued(**data, customer_id=invoice.customer_id, document_number=drawn.document_number)
    return drawn, note


def import_document(
    command: ImportDocument,
    entity: LegalEntity | None,
    customer: Customer | None,
    existing: Document | None,
    corrected: Document | None,
) -> list[Event]:
    """A document with the ERP's number. Imported before with the same data: nothing; with other data: refused."""
    need_entity(entity, command.entity_id)
    need_customer(customer, command.customer_id)
    event = _imported(command)
    if existing is not None:
        if replace(existing, credited=Decimal(0)) == document_of(event):
            return []
        raise Rejected(
            "document-exists",
            f"{command.document_number} of {command.entity_id} exists with other data",
            status=409,
            field="document_number",
        )
    if command.kind == "credit_note":
        if corrected is None or corrected.kind != "invoice":
            raise Rejected("unknown-invoice", f"there is no invoice {command.corrects}", field="corrects")
        if corrected.customer_id != command.customer_id:
            raise Rejected("other-customer", f"{command.corrects} is another customer's", field="customer_id")
        _check_credit(corrected, command.gross, command.currency, command.issue_date)
    return [event]


def _check_credit(invoice: Document, gross: Decimal, currency: str, issue_date: date) -> None:
    if currency != invoice.currency:
        raise Rejected(
            "wrong-currency",
            f"{invoice.document_number} is in {invoice.currency}, the credit note in {currency}",
            field="currency",
        )
    left = invoice.gross - invoice.credited
    if gross > left:
        raise Rejected(
            "credit-exceeds-invoice",
            f"{gross} {currency} is more than the {left} {currency} left of {invoice.document_number}",
            field="gross",
        )
    if issue_date < invoice.issue_date:
        raise Rejected(
            "credit-before-invoice",
            f"{issue_date} is before the invoice's {invoice.issue_date}",
            field="issue_date",
        )


def _imported(command: ImportDocument) -> InvoiceIssued | CreditNoteIssued:
    data = command.model_dump(exclude={"kind"}) | {"origin": "imported"}
    return InvoiceIssued(**data) if command.kind == "invoice" else CreditNoteIssued(**data)
