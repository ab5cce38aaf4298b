"""Invoicing's HTTP API. What it reads is in `queries`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response, UploadFile

from lettra_events.errors import StaleVersion
from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import Identifier, IsoDate
from lettra_invoicing import handlers, importing, imports, queries
from lettra_invoicing.domain import (
    DocumentNumber,
    EraseContact,
    IssueCreditNote,
    IssueInvoice,
    RegisterCustomer,
    RegisterLegalEntity,
)
from lettra_invoicing.handlers import Closed, Erased, Issued, Registered, RegisteredCustomer

router = APIRouter()

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
ContactId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.post("/legal-entities", response_model=Registered, status_code=201, tags=["customers"])
async def register_legal_entity(body: RegisterLegalEntity, command: Command) -> Response:
    """Register a legal entity that issues invoices."""
    return await command.run(lambda w: handlers.register_legal_entity(w, body), status=201)


@router.post("/customers", response_model=RegisteredCustomer, status_code=201, tags=["customers"])
async def register_customer(body: RegisterCustomer, command: Command) -> Response:
    """Register a customer."""
    return await command.run(lambda w: handlers.register_customer(w, body), status=201)


@router.post("/contacts/{contact_id}/erase", response_model=Erased, tags=["contacts"])
async def erase_contact(contact_id: ContactId, body: EraseContact, command: Command) -> Response:
    """Erase a person for good; what remains is an event of who asked, and why."""
    return await command.run(lambda w: handlers.erase_contact(w, contact_id, body))


@router.get("/customers/{customer_id}/contacts", response_model=queries.ContactPage, tags=["contacts"])
async def list_contacts(request: Request, customer_id: Identifier) -> queries.ContactPage:
    """What is known of a customer's contacts besides the persons: whether they are erased, and how far that is."""
    return await queries.list_contacts(request.app.state.pool, customer_id)


@router.post("/invoices", response_model=Issued, status_code=201, tags=["documents"])
async def issue_invoice(body: IssueInvoice, command: Command) -> Response:
    """Issue an invoice with the next number of its series."""
    try:
        return await command.run(lambda w: handlers.issue_invoice(w, body), status=201)
    except StaleVersion as error:
        raise _number_taken(body.entity_id, error) from error


@router.post("/credit-notes", response_model=Issued, status_code=201, tags=["documents"])
async def issue_credit_note(body: IssueCreditNote, command: Command) -> Response:
    """Issue a credit note that corrects an invoice."""
    try:
        return await command.run(lambda w: handlers.issue_credit_note(w, body), status=201)
    except StaleVersion as error:
        raise _number_taken(body.entity_id, error) from error


def _number_taken(entity_id: str, error: StaleVersion) -> Exception:
    """The series was locked, so whoever has the number did not draw it: it was imported. To try again is no use."""
    prefix = f"invoice:{entity_id}:"
    if not error.stream_id.startswith(prefix):
        return error
    number = error.stream_id.removeprefix(prefix)
    return Rejected(
        "number-taken",
        f"{number} is the next number of the series, and an imported document of {entity_id} has it:"
        " issue in another series",
        status=409,
        field="series",
    )


@router.post("/days/{business_date}/close", response_model=Closed, tags=["days"])
async def close_day(business_date: IsoDate, command: Command) -> Response:
    """Close a business date: everything known by then stands before this in every partition."""
    return await command.run(lambda w: handlers.close_day(w, business_date))


# A document number may have slashes, as ERPs write them; it is the rest of the path.
@router.get(
    "/documents/{entity_id}/{document_number:path}",
    response_model=queries.DocumentView,
    tags=["documents"],
)
async def read_document(
    request: Request, entity_id: Identifier, document_number: DocumentNumber
) -> queries.DocumentView:
    """One invoice or credit note."""
    found = await queries.read_document(request.app.state.pool, entity_id, document_number)
    if found is None:
        raise Rejected(
            "unknown-document", f"there is no document {document_number} of {entity_id}", status=404
        )
    return found


@router.get("/customers/{customer_id}/documents", response_model=queries.DocumentPage, tags=["documents"])
async def list_documents(
    request: Request, customer_id: Identifier, after: str = "", limit: Limit = 100
) -> queries.DocumentPage:
    """A customer's documents by entity and number, a page at a time; none for an unknown customer."""
    return await queries.list_documents(request.app.state.pool, customer_id, after, limit)


@router.post("/imports/customers", response_model=importing.Imported, tags=["imports"])
async def import_customers(request: Request, file: UploadFile) -> importing.Imported:
    """Import `customers.csv`: all of it or nothing; twice changes nothing."""
    return await _import(request, file, "customers", imports.read_customers, handlers.register_customer)


@router.post("/imports/invoices", response_model=importing.Imported, tags=["imports"])
async def import_invoices(request: Request, file: UploadFile) -> importing.Imported:
    """Import `invoices.csv`, which keep the ERP's numbers: all of it or nothing; twice changes nothing."""
    return await _import(request, file, "invoices", imports.read_invoices, handlers.import_document)


async def _import(
    request: Request,
    file: UploadFile,
    kind: str,
    read: Callable[[bytes, int], imports.Checked[Any]],
    handle: importing.Handle,
) -> importing.Imported:
    settings, data = request.app.state.settings, await file.read()
    # In a thread: meanwhile the process answers others, publishes, and stays in its consumer group.
    checked = await asyncio.to_thread(read, data, settings.import_rows_max)
    job = importing.Job(
        digest=hashlib.sha256(data).hexdigest(),
        kind=kind,
        handle=handle,
        chunk_rows=settings.import_chunk_rows,
        correlation_id=request.state.correlation_id,
    )
    return await importing.take(request.app.state.commands, job, checked)


@router.get("/imports/{digest}", response_model=importing.Progress, tags=["imports"])
async def read_import(request: Request, digest: Digest) -> importing.Progress:
    """How far the import of a file is; the file is known by its SHA-256 digest."""
    found = await importing.progress(request.app.state.pool, digest)
    if found is None:
        raise Rejected("unknown-import", f"no file of digest {digest} was imported", status=404)
    return found
