"""Remittance advices: as data, as the text of a message, as a file."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Request, Response, UploadFile
from pydantic import BaseModel, ValidationError

from lettra_events.decisions.workspace import Workspace, for_each
from lettra_events.service.commands import Answer
from lettra_events.service.commands import Request as Asked
from lettra_events.service.http import Command
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_events.values import SearchedText
from lettra_payment_ingest import handlers, queries
from lettra_payment_ingest.api.values import Limit
from lettra_payment_ingest.decider.advices import read_message
from lettra_payment_ingest.domain import AdviseByMessage, AdviseRemittance
from lettra_payment_ingest.handlers import Advised
from lettra_payment_ingest.linking import link_advices
from lettra_payment_ingest.remittances import read_remittances

router = APIRouter()

ADVICES_A_CHUNK = 200


class ImportedAdvices(BaseModel):
    """What became of a file: how many advices it has, how many were new, how many payments are linked to one now."""

    digest: str
    rows: int
    created: int
    linked: int


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


@router.post("/imports/remittances", response_model=ImportedAdvices, tags=["remittances"])
async def import_remittances(request: Request, file: UploadFile) -> Any:
    """Take remittance advices from CSV: all rows, or none, with line and column of each that is wrong."""
    data = await file.read()
    checked = read_remittances(data)
    if checked.errors:
        raise ManyErrors("bad-rows", "nothing was taken", checked.errors)
    commands, correlation_id = request.app.state.commands, request.state.correlation_id
    created = 0
    for start in range(0, len(checked.advices), ADVICES_A_CHUNK):
        chunk = checked.advices[start : start + ADVICES_A_CHUNK]

        def decide(workspace: Workspace, chunk: list[AdviseRemittance] = chunk) -> Answer:
            taken = for_each(chunk, lambda each: handlers.advise(workspace, each).created)
            return Answer(200, str(sum(taken)).encode())

        created += int((await commands.run(decide, Asked(correlation_id))).body)
    linked = await link_advices(commands, correlation_id)
    digest = hashlib.sha256(data).hexdigest()
    return ImportedAdvices(digest=digest, rows=len(checked.advices), created=created, linked=linked)


@router.get("/remittances", response_model=queries.AdvicePage, tags=["remittances"])
async def list_advices(
    request: Request, customer_id: SearchedText, after: SearchedText = "", limit: Limit = 100
) -> queries.AdvicePage:
    """The remittance advices of a customer by day, a page at a time; `payment_id` is null while none is linked."""
    return await queries.list_advices(request.app.state.pool, customer_id, after, limit)
