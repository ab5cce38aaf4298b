"""Remittance advices: as data, as the text of a message, as a file."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, UploadFile
from pydantic import ValidationError

from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import SearchedText
from lettra_payment_ingest import handlers, queries
from lettra_payment_ingest.api.values import Limit
from lettra_payment_ingest.decider.advices import read_message
from lettra_payment_ingest.domain import AdviseByMessage, AdviseRemittance
from lettra_payment_ingest.handlers import Advised
from lettra_payment_ingest.linking import link_advices
from lettra_payment_ingest.remittances import read_remittances
from lettra_payment_ingest.taking import Imported, read_checked, take_all

router = APIRouter()


@router.post("/remittances", response_model=Advised, status_code=201, tags=["remittances"])
async def advise(request: Request, body: AdviseRemittance, command: Command) -> Response:
    """Take a remittance advice; it is linked to its payment, whichever comes second."""
    answer = await command.run(lambda w: handlers.advise(w, body), status=201)
    await link_advices(request.app.state.commands, request.state.correlation_id)
    return answer


@router.post("/remittances/message", response_model=Advised, status_code=201, tags=["remittances"])
async def advise_by_message(request: Request, body: AdviseByMessage, command: Command) -> Response:
    """Take a remittance advice from the plain text of a message."""
    try:
        advice = read_message(body)
    except ValidationError as error:
        raise Rejected("no-advice", str(error.errors(include_url=False)[0]["msg"]), field="text") from None
    except ValueError as error:
        raise Rejected("no-advice", str(error), field="text") from None
    answer = await command.run(lambda w: handlers.advise(w, advice), status=201)
    await link_advices(request.app.state.commands, request.state.correlation_id)
    return answer


@router.post("/imports/remittances", response_model=Imported, tags=["remittances"])
async def import_remittances(request: Request, file: UploadFile) -> Imported:
    """Take remittance advices from CSV: all rows, or none, with line and column of each that is wrong."""
    checked, digest = await read_checked(file, read_remittances)
    commands, correlation_id = request.app.state.commands, request.state.correlation_id
    created = await take_all(
        commands, correlation_id, checked.commands, lambda w, each: handlers.advise(w, each).created
    )
    linked = await link_advices(commands, correlation_id)
    return Imported(digest=digest, rows=len(checked.commands), created=created, linked=linked)


@router.get("/remittances", response_model=queries.AdvicePage, tags=["remittances"])
async def list_advices(
    request: Request, customer_id: SearchedText, after: SearchedText = "", limit: Limit = 100
) -> queries.AdvicePage:
    """The remittance advices of a customer by day, a page at a time; `payment_id` is null while none is linked."""
    return await queries.list_advices(request.app.state.pool, customer_id, after, limit)
