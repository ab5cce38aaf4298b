"""What invoicing's own events do to its state. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    ContactChanged,
    ContactErased,
    ContactRegistered,
    CreditNoteIssued,
    CustomerChanged,
    CustomerRegistered,
    InsolvencyClosed,
    InsolvencyOpened,
    InvoiceIssued,
    InvoicingDayClosed,
    LegalEntityChanged,
    LegalEntityRegistered,
    NumberDrawn,
    OpeningItemTaken,
)
from lettra_events.decisions.tables import Change, change, put, remove
from lettra_invoicing.decider.evolving_following import of_document, of_followed
from lettra_invoicing.domain import (
    CALENDAR,
    CALENDAR_KEY,
    CUSTOMER_CONTACTS,
    CUSTOMERS,
    DOCUMENTS,
    ERASED_CONTACTS,
    LEGAL_ENTITIES,
    NO_DAY_CLOSED,
    OPENING_ITEMS,
    SERIES,
    Calendar,
    Customer,
    CustomerContact,
    Document,
    ErasedContact,
    LegalEntity,
    OpeningItem,
    Series,
    first_contact_id,
)

_PURPOSES = {"billing": "contact_id", "payer": "payer_contact_id", "dunning": "dunning_contact_id"}
"""The column of a customer that names who serves a purpose."""


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What an own event does to the state."""
    yield from _of_registers(event)
    yield from _of_contacts(event)
    yield from _of_documents(event)
    yield from of_followed(event)


def _of_registers(event: Event) -> Iterable[Change[Any]]:
    match event:
        case LegalEntityRegistered():
            yield put(LEGAL_ENTITIES, LegalEntity(**event.model_dump()))
            yield Change(
                CALENDAR, (CALENDAR_KEY,), lambda row: _with_entity(row or NO_DAY_CLOSED, event.entity_id)
            )
        case LegalEntityChanged():
            yield put(LEGAL_ENTITIES, LegalEntity(**event.model_dump(exclude={"changed"})))
        case CustomerRegistered():
            yield put(CUSTOMERS, Customer(**event.model_dump()))
            if event.contact_id is not None:
                yield put(CUSTOMER_CONTACTS, CustomerContact(event.customer_id, event.contact_id))
        case CustomerChanged():
            yield _of_customer(event.customer_id, event.model_dump())
            if {"email", "address"}.intersection(event.changed):
                yield put(
                    CUSTOMER_CONTACTS, CustomerContact(event.customer_id, first_contact_id(event.customer_id))
                )
        case InsolvencyOpened():
            opened = {"proceeding": event.proceeding, "proceeding_opened_on": event.opened_on}
            yield _of_customer(event.customer_id, opened)
        case InsolvencyClosed():
            yield _of_customer(event.customer_id, {"proceeding": None, "proceeding_opened_on": None})


def _of_contacts(event: Event) -> Iterable[Change[Any]]:
    match event:
        case ContactRegistered():
            yield put(CUSTOMER_CONTACTS, CustomerContact(event.customer_id, event.contact_id))
            yield change(
                CUSTOMERS,
                (event.customer_id,),
                lambda row: _serving(
                    replace(row, contacts_made=row.contacts_made + 1), event.contact_id, event.purposes
                ),
            )
        case ContactChanged():
            yield change(
                CUSTOMERS,
                (event.customer_id,),
                lambda row: _serving(row, event.contact_id, event.purposes),
            )
        case ContactErased():
            yield put(ERASED_CONTACTS, ErasedContact(event.customer_id, event.contact_id))
            yield remove(CUSTOMER_CONTACTS, (event.customer_id, event.contact_id))
            yield change(CUSTOMERS, (event.customer_id,), lambda row: _serving(row, event.contact_id, ()))


def _of_documents(event: Event) -> Iterable[Change[Any]]:
    match event:
        case NumberDrawn():
            yield put(SERIES, Series(event.entity_id, event.series, event.number, event.issue_date))
        case InvoiceIssued():
            yield put(DOCUMENTS, document_of(event))
            for deposit in event.deposits:
                yield of_document(event.entity_id, deposit.document_number, deducted=deposit.amount)
        case CreditNoteIssued():
            yield put(DOCUMENTS, document_of(event))
            yield of_document(event.entity_id, event.corrects, credited=event.gross)
        case OpeningItemTaken():
            yield put(OPENING_ITEMS, OpeningItem(**event.model_dump()))
            yield Change(
                DOCUMENTS, (event.entity_id, event.document_number), lambda row: _with_item(row, event)
            )
        case InvoicingDayClosed():
            yield Change(
                CALENDAR,
                (CALENDAR_KEY,),
                lambda row: replace(row or NO_DAY_CLOSED, closed_date=event.business_date),
            )


def _of_customer(customer_id: str, columns: Mapping[str, Any]) -> Change[Any]:
    known = {field.name for field in fields(Customer)}
    new = {name: value for name, value in columns.items() if name in known}
    return change(CUSTOMERS, (customer_id,), lambda row: replace(row, **new))


def _serving(row: Customer, contact_id: str, purposes: tuple[str, ...]) -> Customer:
    """The contact serves these purposes, and no others any more."""
    served: dict[str, Any] = {
        column: contact_id if purpose in purposes else None
        for purpose, column in _PURPOSES.items()
        if purpose in purposes or getattr(row, column) == contact_id
    }
    return replace(row, **served)


def document_of(event: InvoiceIssued | CreditNoteIssued) -> Document:
    """The row of a document as it is issued."""
    invoice = event if isinstance(event, InvoiceIssued) else None
    deducted = sum((each.amount for each in invoice.deposits), Decimal(0)) if invoice else Decimal(0)
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
        corrects=event.corrects if isinstance(event, CreditNoteIssued) else None,
        payment_reference=event.payment_reference,
        origin=event.origin,
        payable=event.gross - deducted,
        terms=invoice.terms if invoice else None,
        instalments=tuple(f"{each.due_date} {each.amount}" for each in invoice.instalments)
        if invoice
        else (),
        discount_amount=invoice.discount_amount if invoice else None,
        discount_until=invoice.discount_until if invoice else None,
        deposit=invoice.deposit if invoice else False,
    )


def _with_item(row: Document | None, event: OpeningItemTaken) -> Document:
    """A document of before, for as much as its items were for."""
    written = f"{event.due_date} {event.amount}"
    if row is not None:
        return replace(
            row,
            gross=row.gross + event.original_amount,
            payable=row.payable + event.original_amount,
            due_date=max(row.due_date or event.due_date, event.due_date),
            instalments=(*row.instalments, written),
        )
    return Document(
        entity_id=event.entity_id,
        document_number=event.document_number,
        kind=event.kind,
        customer_id=event.customer_id,
        issue_date=event.issue_date,
        due_date=event.due_date,
        currency=event.currency,
        net=None,
        vat=None,
        gross=event.original_amount,
        credited=Decimal(0),
        corrects=None,
        payment_reference=event.payment_reference,
        origin="opening",
        payable=event.original_amount,
        terms=None,
        instalments=(written,),
        discount_amount=event.discount_amount,
        discount_until=event.discount_until,
        deposit=False,
    )


def _with_entity(row: Calendar, entity_id: str) -> Calendar:
    return replace(row, entities=tuple(sorted({*row.entities, entity_id})))
