"""Commands on legal entities, customers, contacts and insolvency."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from pydantic import ValidationError

from lettra_events.decisions.compacting import PENDING_CHANGES
from lettra_events.decisions.tables import Change, Key, Table, put, remove
from lettra_events.decisions.workspace import Workspace
from lettra_events.service.problems import plain
from lettra_events.service.rejection import ManyErrors
from lettra_invoicing.decider import customers as decider
from lettra_invoicing.domain import (
    CONTACTS,
    CUSTOMER_CONTACTS,
    CUSTOMERS,
    ERASED_CONTACTS,
    LEGAL_ENTITIES,
    PUBLISHED_CONTACTS,
    ChangeCustomer,
    CloseInsolvency,
    Contact,
    Customer,
    EraseContact,
    OpenInsolvency,
    RegisterContact,
    RegisterCustomer,
    RegisterLegalEntity,
    customer_of,
    first_contact_id,
)
from lettra_invoicing.handlers.answers import (
    Changed,
    ContactTaken,
    Erased,
    Noted,
    Registered,
    RegisteredCustomer,
)


def register_legal_entity(workspace: Workspace, command: RegisterLegalEntity) -> Registered:
    events = decider.register_legal_entity(command, workspace.get(LEGAL_ENTITIES, command.entity_id))
    workspace.append(*events)
    return Registered(id=command.entity_id, created=bool(events))


def change_legal_entity(workspace: Workspace, command: RegisterLegalEntity) -> Changed:
    events = decider.change_legal_entity(command, workspace.get(LEGAL_ENTITIES, command.entity_id))
    workspace.append(*events)
    return Changed(id=command.entity_id, changed=getattr(events[0], "changed", ()) if events else ())


def register_customer(workspace: Workspace, command: RegisterCustomer) -> RegisteredCustomer:
    return import_customer(workspace, command)


def import_customer(
    workspace: Workspace,
    command: RegisterCustomer,
    fields: Collection[str] = decider.CUSTOMER_FIELDS,
    *,
    may_change: bool = False,
) -> RegisteredCustomer:
    """Take what is said of a customer: `fields` are those that the caller spoke of."""
    customer_id = command.customer_id
    contact_id = first_contact_id(customer_id)
    workspace.expect((CUSTOMERS, (customer_id,)), *_rows_of_contact(customer_id, contact_id))
    erased = workspace.get(ERASED_CONTACTS, customer_id, contact_id)
    known = workspace.get(CONTACTS, contact_id)
    events = decider.take_customer(
        command,
        workspace.get(CUSTOMERS, customer_id),
        known,
        erased,
        fields=fields,
        may_change=may_change,
    )
    workspace.append(*events)
    wanted = decider.first_contact(command)
    if events and erased is None:
        _write_first_contact(workspace, customer_id, known, wanted, fields)
    return RegisteredCustomer(
        id=customer_id,
        created=bool(events),
        contact_erased=erased is not None and wanted is not None,
    )


def _write_first_contact(
    workspace: Workspace,
    customer_id: str,
    known: Contact | None,
    wanted: Contact | None,
    fields: Collection[str],
) -> None:
    """What the caller spoke of becomes so; what else is known of the contact stays."""
    before = known or Contact(first_contact_id(customer_id))
    said = asdict(wanted or Contact(before.contact_id))
    names = [
        *(["email"] if "email" in fields else []),
        *(["street", "postal_code", "city"] if "address" in fields else []),
    ]
    after = replace(before, **{name: said[name] for name in names})
    if after != before:
        _change_contact(workspace, customer_id, put(CONTACTS, after))


def change_customer(workspace: Workspace, customer_id: str, command: ChangeCustomer) -> Changed:
    """Change what the command names; what it does not name stays."""
    contact_id = first_contact_id(customer_id)
    workspace.expect((CUSTOMERS, (customer_id,)), *_rows_of_contact(customer_id, contact_id))
    customer = decider.need_customer(workspace.get(CUSTOMERS, customer_id), customer_id)
    if workspace.get(ERASED_CONTACTS, customer_id, contact_id) is not None:
        decider.check_not_erased(customer_id, command.model_fields_set)
    whole = _whole(customer, workspace.get(CONTACTS, contact_id), command)
    fields = command.model_fields_set | ({"siren"} if command.siret else set())
    changed = import_customer(workspace, whole, fields, may_change=True).created
    event = workspace.staged[-1].event if changed else None
    return Changed(id=customer_id, changed=getattr(event, "changed", ()))


def _whole(customer: Customer, contact: Contact | None, command: ChangeCustomer) -> RegisterCustomer:
    """The customer as it would be, which must be a valid one as a whole."""
    known: dict[str, Any] = {
        name: getattr(customer, name) for name in RegisterCustomer.model_fields if hasattr(customer, name)
    }
    if contact is not None:
        known["email"] = contact.email
        if contact.street:
            known["address"] = {
                "street": contact.street,
                "postal_code": contact.postal_code,
                "city": contact.city,
            }
    wanted = known | command.model_dump(exclude_unset=True)
    try:
        return RegisterCustomer.model_validate(wanted)
    except ValidationError as error:
        places = [
            {"field": ".".join(map(str, each["loc"])) or "body", "reason": plain(each["msg"])}
            for each in error.errors()
        ]
        raise ManyErrors("invalid-request", places[0]["reason"], places) from None


def register_contact(workspace: Workspace, customer_id: str, command: RegisterContact) -> ContactTaken:
    customer = decider.need_customer(workspace.get(CUSTOMERS, customer_id), customer_id)
    event = decider.register_contact(command, customer)
    workspace.expect(*_rows_of_contact(customer_id, event.contact_id))
    workspace.append(event)
    _change_contact(workspace, customer_id, put(CONTACTS, decider.person(event.contact_id, command)))
    return ContactTaken(contact_id=event.contact_id, customer_id=customer_id, changed=True)


def replace_contact(workspace: Workspace, contact_id: str, command: RegisterContact) -> ContactTaken:
    customer_id = customer_of(contact_id)
    workspace.expect((CUSTOMERS, (customer_id,)), *_rows_of_contact(customer_id, contact_id))
    events = decider.change_contact(
        contact_id, command, workspace.get(CUSTOMERS, customer_id), workspace.get(CONTACTS, contact_id)
    )
    workspace.append(*events)
    if events:
        _change_contact(workspace, customer_id, put(CONTACTS, decider.person(contact_id, command)))
    return ContactTaken(contact_id=contact_id, customer_id=customer_id, changed=bool(events))


def erase_contact(workspace: Workspace, contact_id: str, command: EraseContact) -> Erased:
    customer_id = customer_of(contact_id)
    workspace.expect((CUSTOMERS, (customer_id,)), *_rows_of_contact(customer_id, contact_id))
    exists = workspace.get(CUSTOMER_CONTACTS, customer_id, contact_id) is not None
    erased = workspace.get(ERASED_CONTACTS, customer_id, contact_id)
    events = decider.erase_contact(contact_id, command, exists, erased)
    workspace.append(*events)
    if events:
        _change_contact(workspace, customer_id, remove(CONTACTS, (contact_id,)))
    return Erased(contact_id=contact_id, customer_id=customer_id, created=bool(events))


def open_insolvency(workspace: Workspace, customer_id: str, command: OpenInsolvency) -> Noted:
    customer = decider.need_customer(workspace.get(CUSTOMERS, customer_id), customer_id)
    events = decider.open_insolvency(command, customer)
    workspace.append(*events)
    return Noted(customer_id=customer_id, created=bool(events))


def close_insolvency(workspace: Workspace, customer_id: str, command: CloseInsolvency) -> Noted:
    customer = decider.need_customer(workspace.get(CUSTOMERS, customer_id), customer_id)
    workspace.append(*decider.close_insolvency(command, customer))
    return Noted(customer_id=customer_id, created=True)


def _rows_of_contact(customer_id: str, contact_id: str) -> tuple[tuple[Table[Any], Key], ...]:
    return (
        (CONTACTS, (contact_id,)),
        (CUSTOMER_CONTACTS, (customer_id, contact_id)),
        (ERASED_CONTACTS, (customer_id, contact_id)),
        (PENDING_CHANGES, (PUBLISHED_CONTACTS.topic, contact_id)),
    )


def _change_contact(workspace: Workspace, customer_id: str, change: Change[Contact]) -> None:
    """Contacts change only beside an event of their customer, whose version therefore tells changes apart."""
    workspace.apply(change)
    (contact_id,) = change.key
    version = workspace.version(f"customer:{customer_id}")
    workspace.apply(PUBLISHED_CONTACTS.changed(contact_id, version))
