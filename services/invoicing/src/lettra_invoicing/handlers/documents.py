"""Commands on invoices, credit notes and days."""

from __future__ import annotations

from datetime import date

from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, NumberDrawn
from lettra_events.decisions.workspace import Workspace
from lettra_invoicing.decider import issuing, numbering
from lettra_invoicing.domain import (
    CALENDAR,
    CALENDAR_KEY,
    CUSTOMERS,
    DOCUMENTS,
    LEGAL_ENTITIES,
    NO_DAY_CLOSED,
    SERIES,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
)
from lettra_invoicing.handlers.answers import Closed, Issued


def issue_invoice(workspace: Workspace, command: IssueInvoice) -> Issued:
    workspace.expect(
        (LEGAL_ENTITIES, (command.entity_id,)),
        (CUSTOMERS, (command.customer_id,)),
        (SERIES, (command.entity_id, command.series)),
    )
    drawn, invoice = issuing.issue_invoice(
        command,
        workspace.get(LEGAL_ENTITIES, command.entity_id),
        workspace.get(CUSTOMERS, command.customer_id),
        workspace.get(SERIES, command.entity_id, command.series),
    )
    return _append_issued(workspace, drawn, invoice)


def issue_credit_note(workspace: Workspace, command: IssueCreditNote) -> Issued:
    workspace.expect(
        (DOCUMENTS, (command.entity_id, command.corrects)), (SERIES, (command.entity_id, command.series))
    )
    drawn, note = issuing.issue_credit_note(
        command,
        workspace.get(DOCUMENTS, command.entity_id, command.corrects),
        workspace.get(SERIES, command.entity_id, command.series),
    )
    return _append_issued(workspace, drawn, note)


def _append_issued(
    workspace: Workspace, drawn: NumberDrawn, document: InvoiceIssued | CreditNoteIssued
) -> Issued:
    """The document's stream is created, not locked beforehand: its number is only known under the series' lock."""
    workspace.append(drawn)
    workspace.create(document)
    return Issued(document_number=document.document_number, payment_reference=document.payment_reference)


def import_document(workspace: Workspace, command: ImportDocument) -> bool:
    """True if the document is new, False if it was imported before with the same data."""
    numbers = [number for number in (command.document_number, command.corrects) if number is not None]
    workspace.expect(
        (LEGAL_ENTITIES, (command.entity_id,)),
        (CUSTOMERS, (command.customer_id,)),
        *((DOCUMENTS, (command.entity_id, number)) for number in numbers),
    )
    events = issuing.import_document(
        command,
        workspace.get(LEGAL_ENTITIES, command.entity_id),
        workspace.get(CUSTOMERS, command.customer_id),
        workspace.get(DOCUMENTS, command.entity_id, command.document_number),
        workspace.get(DOCUMENTS, command.entity_id, command.corrects) if command.corrects else None,
    )
    workspace.append(*events)
    return bool(events)


def close_day(workspace: Workspace, business_date: date) -> Closed:
    events = numbering.close_day(business_date, workspace.get(CALENDAR, CALENDAR_KEY) or NO_DAY_CLOSED)
    workspace.append(*events)
    return Closed(business_date=business_date, created=bool(events))
