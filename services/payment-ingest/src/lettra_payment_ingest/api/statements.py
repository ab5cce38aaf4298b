"""Bank files, and what is decided on statements in quarantine."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile

from lettra_events.money import CurrencyCode
from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import SearchedText
from lettra_payment_ingest import handlers, keeping, queries
from lettra_payment_ingest.api.values import FILE_NAME_CHARS_MAX, Limit, number
from lettra_payment_ingest.bank.errors import one_line
from lettra_payment_ingest.choosing import choose_mapping
from lettra_payment_ingest.decider import need_quarantined, resolved_by
from lettra_payment_ingest.domain import Resolve
from lettra_payment_ingest.handlers import Resolved
from lettra_payment_ingest.importing import Importer, TakenFile
from lettra_payment_ingest.linking import link_advices

router = APIRouter()


@router.post("/statements", response_model=TakenFile, tags=["statements"])
async def take_statements(
    request: Request,
    file: UploadFile,
    mapping: Annotated[str | None, Form()] = None,
    account: Annotated[str | None, Form()] = None,
    currency: Annotated[CurrencyCode | None, Form()] = None,
) -> Any:
    """Take a bank file of any format, told from its content: each statement of it whole or not at all.

    Twice changes nothing. CSV needs a mapping (TOML): the one given here, that of `account`, or the only registered
    one that the columns fit.
    """
    state = request.app.state
    source: Any = file.file
    known = number(account) if account is not None else None
    text = await choose_mapping(state.pool, source, mapping, known, currency)
    kept = keeping.Kept(
        digest=await asyncio.to_thread(keeping.digest_of, source),
        name=one_line(file.filename or "file")[:FILE_NAME_CHARS_MAX],
        mapping=text,
        correlation_id=request.state.correlation_id,
    )
    taken = await Importer(state.commands, state.settings).take(kept, source)
    await link_advices(state.commands, request.state.correlation_id)
    return taken


@router.get("/statements", response_model=queries.StatementPage, tags=["statements"])
async def list_statements(
    request: Request, account: str, after: SearchedText = "", limit: Limit = 100
) -> queries.StatementPage:
    """The statements of an account by day, booked and quarantined, a page at a time."""
    return await queries.list_statements(request.app.state.pool, number(account), after, limit)


@router.post("/statements/{content_digest}/release", response_model=TakenFile, tags=["statements"])
async def release_statement(
    request: Request, content_digest: SearchedText, body: Resolve, command: Command
) -> Any:
    """Take a statement out of quarantine, as it is and unverified: the account is not known through it.

    Asked again by the same person for the same reason there is nothing left to take: no statement is in the answer.
    """
    state = request.app.state
    row = await queries.find_statement(state.pool, content_digest)
    if row.outcome == "booked" and row.resolved_by == resolved_by(body.who, body.why):
        return TakenFile(file="", digest=row.file_digest)
    if row.outcome != "released":  # released before, and stopped: it goes on
        need_quarantined(row)
    if not await state.pool.fetchval("select true from bank_files where digest = $1", row.file_digest):
        raise Rejected(
            "file-not-kept",
            f"the file of statement {row.statement_id} is not here: send it again",
            status=409,
        )
    if row.outcome != "released":
        await command.run(lambda w: handlers.release_statement(w, row, body.who, body.why))
    taken = await Importer(state.commands, state.settings).go_on(row.file_digest)
    if taken is None:
        raise Rejected("file-not-kept", "its file was taken meanwhile", status=409)
    await link_advices(state.commands, request.state.correlation_id)
    return taken


@router.post("/statements/{content_digest}/dismiss", response_model=Resolved, tags=["statements"])
async def dismiss_statement(
    request: Request, content_digest: SearchedText, body: Resolve, command: Command
) -> Response:
    """Say that a statement in quarantine tells nothing: it is never taken, and the account goes on without it."""
    pool = request.app.state.pool
    row = await queries.find_statement(pool, content_digest)
    answer = await command.run(lambda w: handlers.dismiss_statement(w, row, body.who, body.why))
    await keeping.finish(pool, row.file_digest)
    return answer
