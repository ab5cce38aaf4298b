"""Commands on invoices, credit notes and days."""

from __future__ import annotations

from datetime import date

from lettra_events.decisions.tables import put
from lettra_events.decisions.workspace import Workspace
from lettra_invoicing.decider import issuing, numbering, opening
from lettra_invoicing.decider.contents import Parties
from lettra_invoicing.decider.customers import need_customer, need_entity
from lettra_invoicing.domain import (
    CALENDAR,
    CALENDAR_KEY,
    CONTACTS,
    CUSTOMERS,
    DOCUMENT_CONTENTS,
    DOCUMENTS,
    LEGAL_ENTITIES,
    NO_DAY_CLOSED,
    OPENING_ITEMS,
    SERIES,
    Contact,
    Customer,
    DocumentContent,
    ImportDocument,
    ImportOpenItem,
    IssueCreditNote,
    IssueInvoice,
    first_contact_id,
)
from lettra_invoicing.handlers.answers import Closed, Issued


def issue_invoice(workspace: Workspace, command: IssueInvoice) -> Issued:
    deposits = [(command.entity_id, each.document_number) for each in command.deposits]
    workspace.expect(
        (LEGAL_ENTITIES, (command.entity_id,)),
        (CUSTOMERS, (command.customer_id,)),
        (SERIES, (command.entity_id, command.series)),
        *((DOCUMENTS, key) for key in deposits),
    )
    parties = parties_of(workspace, command.entity_id, command.customer_id, with_address=bool(command.lines))
    issue = issuing.issue_invoice(
        command,
        parties,
        workspace.get_many(DOCUMENTS, deposits),
        workspace.get(SERIES, command.entity_id, command.series),
    )
    return append_issue(workspace, issue)


def parties_of(workspace: Workspace, entity_id: str, customer_id: str, *, with_address: bool) -> Parties:
    """Who issues, who owes, and his address where it is shown."""
    entity = need_entity(workspace.get(LEGAL_ENTITIES, entity_id), entity_id)
    customer = need_customer(workspace.get(CUSTOMERS, customer_id), customer_id)
    return Parties(entity, customer, _addressee(workspace, customer) if with_address else None)


def _addressee(workspace: Workspace, customer: Customer) -> Contact | None:
    """Billing's contact if it has an address, else the customer's own."""
    ids = [customer.contact_id, first_contact_id(customer.customer_id)]
    found = workspace.get_many(CONTACTS, [(contact_id,) for contact_id in ids if contact_id])
    return next((contact for contact in found if contact is not None and contact.street), None)


def issue_credit_note(workspace: Workspace, command: IssueCreditNote) -> Issued:
    workspace.expect(
        (DOCUMENTS, (command.entity_id, command.corrects)), (SERIES, (command.entity_id, command.series))
    )
    found = workspace.get(DOCUMENTS, command.entity_id, command.corrects)
    invoice = issuing.need_invoice(found, command.corrects, "corrects")
    parties = None
    if command.lines:
        parties = parties_of(workspace, command.entity_id, invoice.customer_id, with_address=True)
    series = workspace.get(SERIES, command.entity_id, command.series)
    return append_issue(workspace, issuing.issue_credit_note(command, invoice, parties, series))


def append_issue(workspace: Workspace, issue: issuing.Issue) -> Issued:
    """The document's stream is created, not locked beforehand: its number is only known under the series' lock."""
    document = issue.document
    workspace.append(issue.drawn)
    workspace.create(document)
    if issue.content is not None:
        kept = DocumentContent(document.entity_id, document.document_number, issue.content)
        workspace.apply(put(DOCUMENT_CONTENTS, kept))
    return Issued(
        document_number=document.document_number,
        payment_reference=document.payment_reference,
        warnings=issue.warnings,
    )


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


def import_open_item(workspace: Workspace, command: ImportOpenItem) -> bool:
    """True if the item is new, False if it was taken before with the same data."""
    item, document = (command.entity_id, command.item_id), (command.entity_id, command.document_number)
    workspace.expect(
        (LEGAL_ENTITIES, (command.entity_id,)),
        (CUSTOMERS, (command.customer_id,)),
        (OPENING_ITEMS, item),
        (DOCUMENTS, document),
    )
    need_entity(workspace.get(LEGAL_ENTITIES, command.entity_id), command.entity_id)
    need_customer(workspace.get(CUSTOMERS, command.customer_id), command.customer_id)
    events = opening.take_open_item(
        command, workspace.get(OPENING_ITEMS, *item), workspace.get(DOCUMENTS, *document)
    )
    workspace.append(*events)
    return bool(events)


def close_day(workspace: Workspace, business_date: date) -> Closed:
    events = numbering.close_day(business_date, workspace.get(CALENDAR, CALENDAR_KEY) or NO_DAY_CLOSED)
    workspace.append(*events)
    return Closed(business_date=business_date, created=bool(events))
