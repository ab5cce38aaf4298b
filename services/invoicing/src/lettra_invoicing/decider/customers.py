"""Decisions on legal entities, customers, their contacts and their insolvency. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    ContactChanged,
    ContactErased,
    ContactRegistered,
    CustomerChanged,
    CustomerRegistered,
    InsolvencyClosed,
    InsolvencyOpened,
    LegalEntityChanged,
    LegalEntityRegistered,
)
from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain import (
    CloseInsolvency,
    Contact,
    Customer,
    EraseContact,
    ErasedContact,
    LegalEntity,
    OpenInsolvency,
    RegisterContact,
    RegisterCustomer,
    RegisterLegalEntity,
    customer_of,
    first_contact_id,
)

_PERSONAL = ("email", "address")
"""What a customer's row in a file says of its first contact; in no event."""
CUSTOMER_FIELDS = frozenset(RegisterCustomer.model_fields)


# -- legal entities ---------------------------------------------------------------------------------------------


def register_legal_entity(command: RegisterLegalEntity, existing: LegalEntity | None) -> list[Event]:
    """A new legal entity. Registered before with the same data: nothing; with other data: refused."""
    data = _entity_data(command)
    if existing == LegalEntity(**data):
        return []
    if existing is not None:
        raise Rejected(
            "legal-entity-exists",
            f"{command.entity_id} is registered with other data; PUT /legal-entities/{command.entity_id} changes it",
            status=409,
            field="entity_id",
        )
    return [LegalEntityRegistered(**data)]


def change_legal_entity(command: RegisterLegalEntity, existing: LegalEntity | None) -> list[Event]:
    """The entity is as the command says from now on. As it is already: nothing."""
    need_entity(existing, command.entity_id)
    data = _entity_data(command)
    changed = tuple(name for name, value in data.items() if getattr(existing, name) != value)
    return [LegalEntityChanged(**data, changed=changed)] if changed else []


def _entity_data(command: RegisterLegalEntity) -> dict[str, Any]:
    address = command.address.model_dump() if command.address else {}
    return command.model_dump(exclude={"address"}) | {"siren": command.legal_unit} | address


def need_entity(entity: LegalEntity | None, entity_id: str) -> LegalEntity:
    if entity is None:
        raise Rejected(
            "unknown-legal-entity", f"there is no legal entity {entity_id}", status=404, field="entity_id"
        )
    return entity


# -- customers --------------------------------------------------------------------------------------------------


def take_customer(
    command: RegisterCustomer,
    existing: Customer | None,
    contact: Contact | None,
    erased: ErasedContact | None,
    *,
    fields: Collection[str] = CUSTOMER_FIELDS,
    may_change: bool = False,
) -> list[Event]:
    """A new customer, or one that is known: with the same data nothing, with other data changed or refused.

    `fields`: what the caller spoke of; the others of a known customer stay. Of a first contact that was erased nothing
    is compared, and nothing is written again: its id stays erased.
    """
    if existing is None:
        return [CustomerRegistered(**_customer_data(command), contact_id=first_contact_of(command))]
    changed = changed_fields(command, existing, contact, erased, fields)
    if not changed:
        return []
    if not may_change:
        raise Rejected(
            "customer-exists",
            f"{command.customer_id} is registered with other data ({', '.join(changed)}); to change it: PATCH"
            f" /customers/{command.customer_id}, or import it with update",
            status=409,
            field="customer_id",
        )
    return [_changed(command, existing, changed)]


def changed_fields(
    command: RegisterCustomer,
    existing: Customer,
    contact: Contact | None,
    erased: ErasedContact | None,
    fields: Collection[str],
) -> tuple[str, ...]:
    """Which of the fields say something else than what is known, in the order of their names."""
    data = _customer_data(command)
    changed = {name for name in fields if name in data and getattr(existing, name) != data[name]}
    if erased is None:
        known = _personal_of(contact)
        wanted = _personal_of(first_contact(command))
        changed |= {name for name in _PERSONAL if name in fields and known[name] != wanted[name]}
    return tuple(sorted(changed))


def _changed(command: RegisterCustomer, existing: Customer, changed: tuple[str, ...]) -> CustomerChanged:
    data = _customer_data(command)
    known = {name: getattr(existing, name) for name in data}
    new = {name: data[name] for name in changed if name in data}
    personal = any(name in changed for name in _PERSONAL)
    contact_id = existing.contact_id or (first_contact_of(command) if personal else None)
    return CustomerChanged(**(known | new), contact_id=contact_id, changed=changed)


def _customer_data(command: RegisterCustomer) -> dict[str, Any]:
    return command.model_dump(exclude=set(_PERSONAL)) | {"siren": command.legal_unit}


def _personal_of(contact: Contact | None) -> dict[str, Any]:
    if contact is None:
        return {"email": None, "address": None}
    address = (contact.street, contact.postal_code, contact.city)
    return {"email": contact.email, "address": address if any(address) else None}


def need_customer(customer: Customer | None, customer_id: str) -> Customer:
    if customer is None:
        raise Rejected(
            "unknown-customer", f"there is no customer {customer_id}", status=404, field="customer_id"
        )
    return customer


# -- contacts ---------------------------------------------------------------------------------------------------


def first_contact_of(command: RegisterCustomer) -> str | None:
    """The id under which the customer's own mail and postal address are kept; None where it has none."""
    return first_contact_id(command.customer_id) if command.email or command.address else None


def first_contact(command: RegisterCustomer) -> Contact | None:
    """What of the customer is kept apart."""
    contact_id = first_contact_of(command)
    if contact_id is None:
        return None
    address = command.address.model_dump() if command.address else {}
    return Contact(contact_id, email=command.email, **address)


def check_not_erased(customer_id: str, fields: Collection[str]) -> None:
    """Refuse to write again to a first contact that was erased."""
    named = sorted(set(fields) & set(_PERSONAL))
    if named:
        raise Rejected(
            "contact-erased",
            f"the first contact of {customer_id} was erased, and its id stays so: give the customer another one with"
            f" POST /customers/{customer_id}/contacts",
            status=409,
            field=named[0],
        )


def register_contact(command: RegisterContact, customer: Customer) -> ContactRegistered:
    """One more contact, with an id that no other one had."""
    number = customer.contacts_made + 2
    return ContactRegistered(
        customer_id=customer.customer_id,
        contact_id=f"{first_contact_id(customer.customer_id)}:{number}",
        purposes=command.purposes,
    )


def person(contact_id: str, command: RegisterContact) -> Contact:
    """What is kept of the person."""
    address = command.address.model_dump() if command.address else {}
    return Contact(contact_id, command.name, command.email, command.phone, **address)


def change_contact(
    contact_id: str, command: RegisterContact, customer: Customer | None, known: Contact | None
) -> list[Event]:
    """The contact is as the command says from now on. As it is already: nothing. Erased or unknown: refused."""
    if customer is None or known is None:
        raise unknown_contact(contact_id)
    if known == person(contact_id, command) and purposes_of(contact_id, customer) == set(command.purposes):
        return []
    return [
        ContactChanged(customer_id=customer.customer_id, contact_id=contact_id, purposes=command.purposes)
    ]


def purposes_of(contact_id: str, customer: Customer) -> set[str]:
    """What the contact is there for."""
    served = {
        "billing": customer.contact_id,
        "payer": customer.payer_contact_id,
        "dunning": customer.dunning_contact_id,
    }
    return {purpose for purpose, who in served.items() if who == contact_id}


def erase_contact(
    contact_id: str, command: EraseContact, exists: bool, erased: ErasedContact | None
) -> list[Event]:
    """The contact is erased for good. Erased before: nothing, whoever asks. No such contact: refused."""
    if erased is not None:
        return []
    if not exists:
        raise unknown_contact(contact_id)
    return [
        ContactErased(
            customer_id=customer_of(contact_id), contact_id=contact_id, who=command.who, why=command.why
        )
    ]


def unknown_contact(contact_id: str) -> Rejected:
    return Rejected("unknown-contact", f"there is no contact {contact_id}", status=404, field="contact_id")


# -- insolvency -------------------------------------------------------------------------------------------------


def open_insolvency(command: OpenInsolvency, customer: Customer) -> list[Event]:
    """Proceedings are open. The same again: nothing. Others: refused, until these are closed or turned into them.

    Proceedings may turn into stricter ones (a recovery into a liquidation), not back.
    """
    known = (customer.proceeding, customer.proceeding_opened_on)
    if known == (command.proceeding, command.opened_on):
        return []
    order = ("safeguard", "recovery", "liquidation")
    if customer.proceeding is not None and order.index(command.proceeding) <= order.index(
        customer.proceeding
    ):
        raise Rejected(
            "insolvency-open",
            f"{customer.customer_id}: {customer.proceeding} since {customer.proceeding_opened_on}; close that first",
            status=409,
            field="proceeding",
        )
    return [InsolvencyOpened(customer_id=customer.customer_id, **command.model_dump())]


def close_insolvency(command: CloseInsolvency, customer: Customer) -> list[Event]:
    """The proceedings have ended. None open: refused."""
    if customer.proceeding is None or customer.proceeding_opened_on is None:
        raise Rejected(
            "no-insolvency",
            f"no proceedings are open on {customer.customer_id}",
            status=409,
            field="customer_id",
        )
    if command.closed_on < customer.proceeding_opened_on:
        raise Rejected(
            "closed-before-opened",
            f"closed on {command.closed_on}, opened on {customer.proceeding_opened_on}",
            field="closed_on",
        )
    return [InsolvencyClosed(customer_id=customer.customer_id, **command.model_dump())]
