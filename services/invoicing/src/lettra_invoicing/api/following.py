"""Disputes, credit-note requests, write-offs and statuses by HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from lettra_events.errors import StaleVersion
from lettra_events.service.http import Command, CommandContext
from lettra_events.values import Identifier, SearchedText
from lettra_invoicing import handlers, queries
from lettra_invoicing.api.documents import number_taken
from lettra_invoicing.api.paging import Limit
from lettra_invoicing.domain import (
    AcceptDispute,
    ApproveCreditNote,
    CloseDispute,
    Decide,
    DocumentNumber,
    OpenDispute,
    ProposeBadDebt,
    ReassignDispute,
    ReceiveStatus,
    RequestCreditNote,
)
from lettra_invoicing.handlers import DisputeTaken, RequestTaken, StatusTaken

router = APIRouter()

Id = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


@router.post("/disputes", response_model=DisputeTaken, status_code=201, tags=["disputes"])
async def open_dispute(body: OpenDispute, command: Command) -> Response:
    """A customer contests an invoice (litige), all of it or a part."""
    return await command.run(lambda w: handlers.open_dispute(w, body), status=201)


@router.post("/disputes/{dispute_id}/reassign", response_model=DisputeTaken, tags=["disputes"])
async def reassign_dispute(dispute_id: Id, body: ReassignDispute, command: Command) -> Response:
    """Somebody else clears the dispute, or by another date."""
    return await command.run(lambda w: handlers.reassign_dispute(w, dispute_id, body))


@router.post("/disputes/{dispute_id}/accept", response_model=DisputeTaken, tags=["disputes"])
async def accept_dispute(dispute_id: Id, body: AcceptDispute, command: Command) -> Response:
    """The customer is right: issue the credit note and end the dispute."""
    try:
        return await command.run(lambda w: handlers.accept_dispute(w, dispute_id, body))
    except StaleVersion as error:
        raise number_taken(error) from error


@router.post("/disputes/{dispute_id}/reject", response_model=DisputeTaken, tags=["disputes"])
async def reject_dispute(dispute_id: Id, body: CloseDispute, command: Command) -> Response:
    """The customer is not right: all of it is owed."""
    return await command.run(lambda w: handlers.close_dispute(w, dispute_id, body, "rejected"))


@router.post("/disputes/{dispute_id}/withdraw", response_model=DisputeTaken, tags=["disputes"])
async def withdraw_dispute(dispute_id: Id, body: CloseDispute, command: Command) -> Response:
    """The customer contests no more."""
    return await command.run(lambda w: handlers.close_dispute(w, dispute_id, body, "withdrawn"))


@router.get("/disputes", response_model=queries.DisputePage, tags=["disputes"])
async def list_disputes(
    request: Request,
    outcome: Literal["open", "accepted", "rejected", "withdrawn"] = "open",
    owner: SearchedText = "",
    customer_id: SearchedText = "",
    after: SearchedText = "",
    limit: Limit = 100,
) -> queries.DisputePage:
    """Disputes, a page at a time; the open ones where nothing else is asked for."""
    return await queries.list_disputes(request.app.state.pool, outcome, owner, customer_id, after, limit)


@router.post("/credit-note-requests", response_model=RequestTaken, status_code=201, tags=["requests"])
async def request_credit_note(body: RequestCreditNote, command: Command) -> Response:
    """Ask for a credit note, on which another person decides."""
    return await command.run(lambda w: handlers.request_credit_note(w, body), status=201)


@router.post("/credit-note-requests/{request_id}/approve", response_model=RequestTaken, tags=["requests"])
async def approve_credit_note(request_id: Id, body: ApproveCreditNote, command: Command) -> Response:
    """Issue the credit note that another person asked for."""
    try:
        return await command.run(lambda w: handlers.approve_credit_note(w, request_id, body))
    except StaleVersion as error:
        raise number_taken(error) from error


@router.post("/credit-note-requests/{request_id}/refuse", response_model=RequestTaken, tags=["requests"])
async def refuse_credit_note(request_id: Id, body: Decide, command: Command) -> Response:
    """Issue none."""
    return await command.run(lambda w: handlers.refuse_credit_note(w, request_id, body))


@router.post("/bad-debts", response_model=RequestTaken, status_code=201, tags=["requests"])
async def propose_bad_debt(body: ProposeBadDebt, command: Command) -> Response:
    """Propose to give up an invoice (irrécouvrable), on which another person decides."""
    return await command.run(lambda w: handlers.propose_bad_debt(w, body), status=201)


@router.post("/bad-debts/{request_id}/approve", response_model=RequestTaken, tags=["requests"])
async def approve_bad_debt(request_id: Id, body: Decide, command: Command) -> Response:
    """Write it off."""
    return await _decide(request_id, body, command, "approve")


@router.post("/bad-debts/{request_id}/refuse", response_model=RequestTaken, tags=["requests"])
async def refuse_bad_debt(request_id: Id, body: Decide, command: Command) -> Response:
    """It is owed as before."""
    return await _decide(request_id, body, command, "refuse")


async def _decide(
    request_id: str, body: Decide, command: CommandContext, decision: Literal["approve", "refuse"]
) -> Response:
    return await command.run(lambda w: handlers.decide_bad_debt(w, request_id, body, decision))


@router.get("/requests", response_model=queries.RequestPage, tags=["requests"])
async def list_requests(
    request: Request,
    state: Literal["open", "approved", "refused"] = "open",
    kind: Literal["", "credit_note", "bad_debt"] = "",
    customer_id: SearchedText = "",
    after: SearchedText = "",
    limit: Limit = 100,
) -> queries.RequestPage:
    """Credit notes and write-offs that were asked for, a page at a time; those to be decided on by default."""
    return await queries.list_requests(request.app.state.pool, state, kind, customer_id, after, limit)


@router.post("/statuses", response_model=StatusTaken, status_code=201, tags=["statuses"])
async def receive_status(body: ReceiveStatus, command: Command) -> Response:
    """A status of electronic invoicing came in, from the platform or the buyer; the same message twice is once."""
    return await command.run(lambda w: handlers.receive_status(w, body), status=201)


# A document number may have slashes, as ERPs write them; it is the rest of the path.
@router.get(
    "/statuses/{entity_id}/{document_number:path}", response_model=queries.StatusPage, tags=["statuses"]
)
async def list_statuses(
    request: Request, entity_id: Identifier, document_number: DocumentNumber
) -> queries.StatusPage:
    """The statuses of an invoice, in the order in which they occurred."""
    return await queries.list_statuses(request.app.state.pool, entity_id, document_number)
