"""Invoicing's commands: load what the decision needs, decide, append. Synchronous, over a workspace."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel

from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, NumberDrawn
from lettra_events.decisions.compacting import PENDING_CHANGES
from lettra_events.decisions.tables import Change, Key, Table, put, remove
from lettra_events.decisions.workspace import Workspace
from lettra_invoicing import decider
from lettra_invoicing.domain import (
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
    Contact,
    EraseContact,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    RegisterCustomer,
    RegisterLegalEntity,
)


class Registered(BaseModel):
    """`created` is false where it was registered before with the same data."""

    id: str
    created: bool


class RegisteredCustomer(Registered):
    """`contact_erased`: the customer's contact was erased, so a mail address that came along was not taken."""

    contact_erased: bool = False


class Erased(BaseModel):
    """The contact is erased; `created` is false where it was before."""

    contact_id: str
    customer_id: str
    created: bool


class Issued(BaseModel):
    """The document's number, and the reference that its payer should give."""

    document_number: str
    payment_reference: str | None


class Closed(BaseModel):
    """The business date is closed; `created` is false where it was before."""

    business_date: date
    created: bool


def register_legal_entity(workspace: Workspace, command: RegisterLegalEntity) -> Registered:
    events = decider.register_legal_entity(command, workspace.get(LEGAL_ENTITIES, command.entity_id))
    workspace.append(*events)
    return Registered(id=command.entity_id, created=bool(events))


def register_customer(workspace: Workspace, command: RegisterCustomer) -> RegisteredCustomer:
    contact_id = decider.contact_of(command)
    workspace.expect(
        (CUSTOMERS, (command.customer_id,)),
        *(_rows_of_contact(command.customer_id, contact_id) if contact_id else ()),
    )
    contact = workspace.get(CONTACTS, contact_id) if contact_id else None
    events = decider.register_customer(command, workspace.get(CUSTOMERS, command.customer_id), contact)
    workspace.append(*events)
    if events and contact_id and command.email:
        _change_contact(workspace, command.customer_id, put(CONTACTS, Contact(contact_id, command.email)))
    erased = contact_id is not None and workspace.get(ERASED_CONTACTS, command.customer_id, contact_id)
    return RegisteredCustomer(id=command.customer_id, created=bool(events), contact_erased=bool(erased))


def erase_contact(workspace: Workspace, contact_id: str, command: EraseContact) -> Erased:
    customer_id = decider.customer_of(contact_id)
    workspace.expect((CUSTOMERS, (customer_id,)), *_rows_of_contact(customer_id, contact_id))
    events = decider.erase_contact(
        contact_id,
        command,
        workspace.get(CUSTOMERS, customer_id),
        workspace.get(ERASED_CONTACTS, customer_id, contact_id),
    )
    workspace.append(*events)
    if events:
        _change_contact(workspace, customer_id, remove(CONTACTS, (contact_id,)))
    return Erased(contact_id=contact_id, customer_id=customer_id, created=bool(events))


def _rows_of_contact(customer_id: str, contact_id: str) -> tuple[tuple[Table[Any], Key], ...]:
    return (
        (CONTACTS, (contact_id,)),
        (ERASED_CONTACTS, (customer_id, contact_id)),
        (PENDING_CHANGES, (PUBLISHED_CONTACTS.topic, contact_id)),
    )


def _change_contact(workspace: Workspace, customer_id: str, change: Change[Contact]) -> None:
    """Contacts change only beside an event of their customer, whose version therefore tells changes apart."""
    workspace.apply(change)
    (contact_id,) = change.key
    version = workspace.version(f"customer:{customer_id}")
    workspace.apply(PUBLISHED_CONTACTS.changed(contact_id, version))


def issue_invoice(workspace: Workspace, command: IssueInvoice) -> Issued:
    workspace.expect(
        (LEGAL_ENTITIES, (command.entity_id,)),
        (CUSTOMERS, (command.customer_id,)),
        (SERIES, (command.entity_id, command.series)),
    )
    drawn, invoice = decider.issue_invoice(
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
    drawn, note = decider.issue_credit_note(
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
    events = decider.import_document(
        command,
        workspace.get(LEGAL_ENTITIES, command.entity_id),
        workspace.get(CUSTOMERS, command.customer_id),
        workspace.get(DOCUMENTS, command.entity_id, command.document_number),
        workspace.get(DOCUMENTS, command.entity_id, command.corrects) if command.corrects else None,
    )
    workspace.append(*events)
    return bool(events)


def close_day(workspace: Workspace, business_date: date) -> Closed:
    events = decider.close_day(business_date, workspace.get(CALENDAR, CALENDAR_KEY) or NO_DAY_CLOSED)
    workspace.append(*events)
    return Closed(business_date=business_date, created=bool(events))
