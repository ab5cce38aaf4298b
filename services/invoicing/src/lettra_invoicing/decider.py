"""Invoicing's decisions and what they do to its state. Pure: the same arguments always give the same events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    ContactErased,
    CreditNoteIssued,
    CustomerRegistered,
    InvoiceIssued,
    InvoicingDayClosed,
    LegalEntityRegistered,
    NumberDrawn,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_events.service.closing import is_closed
from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain import (
    CALENDAR,
    CALENDAR_KEY,
    CUSTOMERS,
    DOCUMENTS,
    ERASED_CONTACTS,
    LEGAL_ENTITIES,
    NO_DAY_CLOSED,
    SERIES,
    Calendar,
    Contact,
    Customer,
    Document,
    EraseContact,
    ErasedContact,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    LegalEntity,
    RegisterCustomer,
    RegisterLegalEntity,
    Series,
    creditor_reference,
)

_CONTACT = "contact:"


def register_legal_entity(command: RegisterLegalEntity, existing: LegalEntity | None) -> list[Event]:
    """A new legal entity. Registered before with the same data: nothing; with other data: refused."""
    wanted = LegalEntity(**command.model_dump())
    if existing == wanted:
        return []
    if existing is not None:
        raise Rejected(
            "legal-entity-exists",
            f"{command.entity_id} is registered with other data",
            status=409,
            field="entity_id",
        )
    return [LegalEntityRegistered(**command.model_dump())]


def register_customer(
    command: RegisterCustomer, existing: Customer | None, contact: Contact | None
) -> list[Event]:
    """A new customer. Registered before with the same data: nothing; with other data: refused.

    A contact that was erased since is not compared, and not written again: its id stays erased.
    """
    data = command.model_dump(exclude={"email"}) | {"contact_id": contact_of(command)}
    if existing == Customer(**data) and (contact is None or contact.email == command.email):
        return []
    if existing is not None:
        raise Rejected(
            "customer-exists",
            f"{command.customer_id} is registered with other data",
            status=409,
            field="customer_id",
        )
    return [CustomerRegistered(**data)]


def contact_of(command: RegisterCustomer) -> str | None:
    """The id under which the customer's address is kept."""
    return f"{_CONTACT}{command.customer_id}" if command.email else None


def customer_of(contact_id: str) -> str:
    """The customer whose contact has this id; "" for an id that no contact can have."""
    return contact_id.removeprefix(_CONTACT) if contact_id.startswith(_CONTACT) else ""


def erase_contact(
    contact_id: str, command: EraseContact, customer: Customer | None, erased: ErasedContact | None
) -> list[Event]:
    """The contact is erased for good. Erased before: nothing, whoever asks. No such contact: refused."""
    if erased is not None:
        return []
    if customer is None or customer.contact_id != contact_id:
        raise Rejected("unknown-contact", f"there is no contact {contact_id}", status=404, field="contact_id")
    return [
        ContactErased(
            customer_id=customer.customer_id, contact_id=contact_id, who=command.who, why=command.why
        )
    ]


def issue_invoice(
    command: IssueInvoice, entity: LegalEntity | None, customer: Customer | None, series: Series | None
) -> tuple[NumberDrawn, InvoiceIssued]:
    """The next number of the series, and the invoice that bears it."""
    _need_entity(entity, command.entity_id)
    _need_customer(customer, command.customer_id)
    drawn = _draw_number(command.entity_id, command.series, command.issue_date, series)
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
    drawn = _draw_number(command.entity_id, command.series, command.issue_date, series)
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
    _need_entity(entity, command.entity_id)
    _need_customer(customer, command.customer_id)
    event = _imported(command)
    if existing is not None:
        if replace(existing, credited=Decimal(0)) == _document(event):
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


def close_day(business_date: date, calendar: Calendar) -> list[Event]:
    """The end of a business date. Closed before: nothing. Dates only go forward."""
    if is_closed(business_date, calendar.closed_date):
        return []
    return [InvoicingDayClosed(business_date=business_date, entities=calendar.entities)]


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What an own event does to the state."""
    match event:
        case LegalEntityRegistered():
            yield put(LEGAL_ENTITIES, LegalEntity(event.entity_id, event.name, event.siren, event.vat_number))
            yield Change(
                CALENDAR, (CALENDAR_KEY,), lambda row: _with_entity(row or NO_DAY_CLOSED, event.entity_id)
            )
        case CustomerRegistered():
            yield put(CUSTOMERS, Customer(**event.model_dump()))
        case ContactErased():
            yield put(ERASED_CONTACTS, ErasedContact(event.customer_id, event.contact_id))
        case NumberDrawn():
            yield put(SERIES, Series(event.entity_id, event.series, event.number, event.issue_date))
        case InvoiceIssued():
            yield put(DOCUMENTS, _document(event))
        case CreditNoteIssued():
            yield put(DOCUMENTS, _document(event))
            yield change(
                DOCUMENTS,
                (event.entity_id, event.corrects),
                lambda row: replace(row, credited=row.credited + event.gross),
            )
        case InvoicingDayClosed():
            yield Change(
                CALENDAR,
                (CALENDAR_KEY,),
                lambda row: replace(row or NO_DAY_CLOSED, closed_date=event.business_date),
            )


def _need_entity(entity: LegalEntity | None, entity_id: str) -> None:
    if entity is None:
        raise Rejected(
            "unknown-legal-entity", f"there is no legal entity {entity_id}", status=404, field="entity_id"
        )


def _need_customer(customer: Customer | None, customer_id: str) -> None:
    if customer is None:
        raise Rejected(
            "unknown-customer", f"there is no customer {customer_id}", status=404, field="customer_id"
        )


def _draw_number(entity_id: str, series: str, issue_date: date, last: Series | None) -> NumberDrawn:
    """Continuous and chronological (CGI ann. II art. 242 nonies A): no hole, no date before the last one's."""
    if last is not None and issue_date < last.last_issue_date:
        raise Rejected(
            "issue-date-goes-back",
            f"the last document of series {series} is of {last.last_issue_date}, {issue_date} is before it",
            status=409,
            field="issue_date",
        )
    number = 1 if last is None else last.last_number + 1
    return NumberDrawn(
        entity_id=entity_id,
        series=series,
        number=number,
        document_number=f"{series}-{number:06d}",
        issue_date=issue_date,
    )


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


def _document(event: InvoiceIssued | CreditNoteIssued) -> Document:
    invoice = event if isinstance(event, InvoiceIssued) else None
    note = event if isinstance(event, CreditNoteIssued) else None
    return Document(
        entity_id=event.entity_id,
        document_number=event.document_number,
        kind="invoice" if invoice else "credit_note",
        customer_id=event.customer_id,
        issue_date=event.issue_date,
        due_date=invoice.due_date if invoice else None,
        currency=event.currency,
        net=event.net,
        vat=event.vat,
        gross=event.gross,
        credited=Decimal(0),
        corrects=note.corrects if note else None,
        payment_reference=event.payment_reference,
        origin=event.origin,
    )


def _with_entity(row: Calendar, entity_id: str) -> Calendar:
    return replace(row, entities=tuple(sorted({*row.entities, entity_id})))
