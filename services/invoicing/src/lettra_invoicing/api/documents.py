"""Invoices, credit notes and days by HTTP."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, Request, Response

from lettra_events.errors import StaleVersion
from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import Identifier, IsoDate
from lettra_invoicing import handlers, queries
from lettra_invoicing.api.paging import Limit
from lettra_invoicing.decider.printed import printed
from lettra_invoicing.domain import DocumentNumber, IssueCreditNote, IssueInvoice
from lettra_invoicing.handlers import Closed, Issued

router = APIRouter()


def _print(content: bytes) -> bytes:
    # Here, and not above: the typesetter is for this request alone, and every role of the process loads this module.
    from lettra_invoicing.documents.pdf import factur_x

    return factur_x(printed(json.loads(content)))


class FacturX(Response):
    """A PDF."""

    media_type = "application/pdf"


@router.post("/invoices", response_model=Issued, status_code=201, tags=["documents"])
async def issue_invoice(body: IssueInvoice, command: Command) -> Response:
    """Issue an invoice with the next number of its series."""
    try:
        return await command.run(lambda w: handlers.issue_invoice(w, body), status=201)
    except StaleVersion as error:
        raise number_taken(error) from error


@router.post("/credit-notes", response_model=Issued, status_code=201, tags=["documents"])
async def issue_credit_note(body: IssueCreditNote, command: Command) -> Response:
    """Issue a credit note that corrects an invoice."""
    try:
        return await command.run(lambda w: handlers.issue_credit_note(w, body), status=201)
    except StaleVersion as error:
        raise number_taken(error) from error


def number_taken(error: StaleVersion) -> Exception:
    """The series was locked, so whoever has the number did not draw it: it was imported. To try again is no use."""
    stream, entity_id, number = [*error.stream_id.split(":", 2), "", ""][:3]
    if stream != "invoice":
        return error
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


@router.get(
    "/invoices/{entity_id}/{document_number:path}/document", response_class=FacturX, tags=["documents"]
)
async def read_factur_x(request: Request, entity_id: Identifier, document_number: DocumentNumber) -> Response:
    """The invoice as Factur-X: a PDF/A-3 with its EN 16931 data; of those that were issued here with lines."""
    content = await queries.read_content(request.app.state.pool, entity_id, document_number)
    if content is None:
        raise Rejected(
            "no-document",
            f"no invoice {document_number} of {entity_id} was issued here with lines and parties",
            status=404,
        )
    # In a thread: setting a page takes tens of milliseconds, a long invoice half a second.
    pdf = await asyncio.to_thread(_print, content)
    name = document_number.replace("/", "-")
    return FacturX(pdf, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


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
