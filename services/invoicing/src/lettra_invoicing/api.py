"""Invoicing's HTTP API."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, UploadFile
from pydantic import BaseModel

from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_invoicing import handlers, importing, imports
from lettra_invoicing.domain import (
    Identifier,
    IssueCreditNote,
    IssueInvoice,
    RegisterCustomer,
    RegisterLegalEntity,
)
from lettra_invoicing.handlers import Closed, Issued, Registered

router = APIRouter()

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


class DocumentView(BaseModel):
    """A document with how much of it is settled, as far as matching's events have been read."""

    entity_id: str
    document_number: str
    kind: str
    customer_id: str
    issue_date: date
    due_date: date | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    credited: Decimal
    corrects: str | None
    payment_reference: str | None
    origin: str
    settled: Decimal | None
    open: Decimal | None


class DocumentPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    documents: list[DocumentView]
    next: str | None


@router.post("/legal-entities", response_model=Registered, status_code=201, tags=["customers"])
async def register_legal_entity(body: RegisterLegalEntity, command: Command) -> Response:
    """Register a legal entity that issues invoices."""
    return await command.run(lambda w: handlers.register_legal_entity(w, body), status=201)


@router.post("/customers", response_model=Registered, status_code=201, tags=["customers"])
async def register_customer(body: RegisterCustomer, command: Command) -> Response:
    """Register a customer."""
    return await command.run(lambda w: handlers.register_customer(w, body), status=201)


@router.post("/invoices", response_model=Issued, status_code=201, tags=["documents"])
async def issue_invoice(body: IssueInvoice, command: Command) -> Response:
    """Issue an invoice with the next number of its series."""
    return await command.run(lambda w: handlers.issue_invoice(w, body), status=201)


@router.post("/credit-notes", response_model=Issued, status_code=201, tags=["documents"])
async def issue_credit_note(body: IssueCreditNote, command: Command) -> Response:
    """Issue a credit note that corrects an invoice."""
    return await command.run(lambda w: handlers.issue_credit_note(w, body), status=201)


@router.post("/days/{business_date}/close", response_model=Closed, tags=["days"])
async def close_day(business_date: date, command: Command) -> Response:
    """Close a business date: everything known by then stands before this in every partition."""
    return await command.run(lambda w: handlers.close_day(w, business_date))


_SELECT = """
select d.*, s.settled, s.open
  from documents d left join settlements s
    on s.customer_id = d.customer_id and s.item_id = d.entity_id || ':' || d.document_number"""


@router.get("/documents/{entity_id}/{document_number:path}", response_model=DocumentView, tags=["documents"])
async def read_document(
    request: Request, entity_id: Identifier, document_number: Identifier
) -> dict[str, Any]:
    """One invoice or credit note."""
    row = await request.app.state.pool.fetchrow(
        f"{_SELECT} where d.entity_id = $1 and d.document_number = $2",
        entity_id,
        document_number,
    )
    if row is None:
        raise Rejected(
            "unknown-document", f"there is no document {document_number} of {entity_id}", status=404
        )
    return dict(row)


@router.get("/customers/{customer_id}/documents", response_model=DocumentPage, tags=["documents"])
async def list_documents(
    request: Request, customer_id: Identifier, after: str = "", limit: Limit = 100
) -> dict[str, Any]:
    """A customer's documents by entity and number, a page at a time."""
    rows = await request.app.state.pool.fetch(
        f"{_SELECT} where d.customer_id = $1 and d.entity_id || ':' || d.document_number > $2"
        " order by d.entity_id || ':' || d.document_number limit $3",
        customer_id,
        after,
        limit + 1,
    )
    page = rows[:limit]
    more = f"{page[-1]['entity_id']}:{page[-1]['document_number']}" if len(rows) > limit else None
    return {"documents": [dict(row) for row in page], "next": more}


@router.post("/imports/customers", response_model=importing.Imported, tags=["imports"])
async def import_customers(request: Request, file: UploadFile) -> Any:
    """Import `customers.csv`: all of it or nothing; twice changes nothing."""
    settings, data = request.app.state.settings, await file.read()
    checked = imports.read_customers(data, settings.import_rows_max)
    return await _take(request, "customers", data, checked, handlers.register_customer)


@router.post("/imports/invoices", response_model=importing.Imported, tags=["imports"])
async def import_invoices(request: Request, file: UploadFile) -> Any:
    """Import `invoices.csv`, which keep the ERP's numbers: all of it or nothing; twice changes nothing."""
    settings, data = request.app.state.settings, await file.read()
    checked = imports.read_invoices(data, settings.import_rows_max)
    return await _take(request, "invoices", data, checked, handlers.import_document)


async def _take(request: Request, kind: str, data: bytes, checked: imports.Checked[Any], handle: Any) -> Any:
    job = importing.Job(
        digest=hashlib.sha256(data).hexdigest(),
        kind=kind,
        handle=handle,
        chunk_rows=request.app.state.settings.import_chunk_rows,
        correlation_id=request.state.correlation_id,
    )
    return await importing.take(request.app.state.commands, job, checked)


@router.get("/imports/{digest}", response_model=importing.Progress, tags=["imports"])
async def read_import(request: Request, digest: str) -> dict[str, Any]:
    """How far the import of a file is; the file is known by its SHA-256 digest."""
    row = await request.app.state.pool.fetchrow("select * from imports where digest = $1", digest)
    if row is None:
        raise Rejected("unknown-import", f"no file of digest {digest} was imported", status=404)
    return dict(row)
