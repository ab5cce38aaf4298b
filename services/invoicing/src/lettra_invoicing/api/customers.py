"""Legal entities, customers and contacts by HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import Identifier, SearchedText
from lettra_invoicing import handlers, queries
from lettra_invoicing.api.paging import Limit
from lettra_invoicing.domain import (
    ChangeCustomer,
    CloseInsolvency,
    EraseContact,
    OpenInsolvency,
    RegisterContact,
    RegisterCustomer,
    RegisterLegalEntity,
)
from lettra_invoicing.handlers import (
    Changed,
    ContactTaken,
    Erased,
    Noted,
    Registered,
    RegisteredCustomer,
)

router = APIRouter()

ContactId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$")]


@router.post("/legal-entities", response_model=Registered, status_code=201, tags=["customers"])
async def register_legal_entity(body: RegisterLegalEntity, command: Command) -> Response:
    """Register a legal entity that issues invoices."""
    return await command.run(lambda w: handlers.register_legal_entity(w, body), status=201)


@router.put("/legal-entities/{entity_id}", response_model=Changed, tags=["customers"])
async def change_legal_entity(entity_id: Identifier, body: RegisterLegalEntity, command: Command) -> Response:
    """A registered legal entity is all as the body says from now on."""
    if body.entity_id != entity_id:
        raise Rejected(
            "other-entity", f"the body is of {body.entity_id}, the path of {entity_id}", field="entity_id"
        )
    return await command.run(lambda w: handlers.change_legal_entity(w, body))


@router.post("/customers", response_model=RegisteredCustomer, status_code=201, tags=["customers"])
async def register_customer(body: RegisterCustomer, command: Command) -> Response:
    """Register a customer."""
    return await command.run(lambda w: handlers.register_customer(w, body), status=201)


@router.patch("/customers/{customer_id}", response_model=Changed, tags=["customers"])
async def change_customer(customer_id: Identifier, body: ChangeCustomer, command: Command) -> Response:
    """Change what the body names of a customer; the rest stays."""
    return await command.run(lambda w: handlers.change_customer(w, customer_id, body))


@router.get("/customers", response_model=queries.CustomerPage, tags=["customers"])
async def list_customers(
    request: Request,
    group_id: SearchedText = "",
    siren: SearchedText = "",
    after: SearchedText = "",
    limit: Limit = 100,
) -> queries.CustomerPage:
    """Customers by id, a page at a time: all, those of a group, or the sites of a legal unit (SIREN)."""
    return await queries.list_customers(request.app.state.pool, group_id, siren, after, limit)


@router.get("/customers/{customer_id}", response_model=queries.CustomerView, tags=["customers"])
async def read_customer(request: Request, customer_id: Identifier) -> queries.CustomerView:
    """One customer, without the persons."""
    found = await queries.read_customer(request.app.state.pool, customer_id)
    if found is None:
        raise Rejected("unknown-customer", f"there is no customer {customer_id}", status=404)
    return found


@router.post("/customers/{customer_id}/insolvency", response_model=Noted, status_code=201, tags=["customers"])
async def open_insolvency(customer_id: Identifier, body: OpenInsolvency, command: Command) -> Response:
    """Insolvency proceedings (procédure collective) were opened on the customer."""
    return await command.run(lambda w: handlers.open_insolvency(w, customer_id, body), status=201)


@router.post("/customers/{customer_id}/insolvency/close", response_model=Noted, tags=["customers"])
async def close_insolvency(customer_id: Identifier, body: CloseInsolvency, command: Command) -> Response:
    """The proceedings on the customer have ended."""
    return await command.run(lambda w: handlers.close_insolvency(w, customer_id, body))


@router.post(
    "/customers/{customer_id}/contacts", response_model=ContactTaken, status_code=201, tags=["contacts"]
)
async def register_contact(customer_id: Identifier, body: RegisterContact, command: Command) -> Response:
    """Give a customer one more contact, for some purposes or none yet."""
    return await command.run(lambda w: handlers.register_contact(w, customer_id, body), status=201)


@router.put("/contacts/{contact_id}", response_model=ContactTaken, tags=["contacts"])
async def replace_contact(contact_id: ContactId, body: RegisterContact, command: Command) -> Response:
    """A contact is all as the body says from now on."""
    return await command.run(lambda w: handlers.replace_contact(w, contact_id, body))


@router.post("/contacts/{contact_id}/erase", response_model=Erased, tags=["contacts"])
async def erase_contact(contact_id: ContactId, body: EraseContact, command: Command) -> Response:
    """Erase a person for good; what remains is an event of who asked, and why."""
    return await command.run(lambda w: handlers.erase_contact(w, contact_id, body))


@router.get("/customers/{customer_id}/contacts", response_model=queries.ContactPage, tags=["contacts"])
async def list_contacts(request: Request, customer_id: Identifier) -> queries.ContactPage:
    """What is known of a customer's contacts besides the persons: whether they are erased, and how far that is."""
    return await queries.list_contacts(request.app.state.pool, customer_id)
