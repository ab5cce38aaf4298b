"""Files by HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, UploadFile

from lettra_events.service.rejection import Rejected
from lettra_invoicing import handlers, importing, imports

router = APIRouter()

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.post("/imports/customers", response_model=importing.Imported, tags=["imports"])
async def import_customers(request: Request, file: UploadFile, update: bool = False) -> importing.Imported:
    """Import `customers.csv`: all of it or nothing; twice changes nothing.

    A known customer with other data is refused, unless `update` says that the file is right. Columns that the file
    does not have leave a known customer as it is.
    """

    def handle(columns: frozenset[str]) -> importing.Handle:
        return partial(handlers.import_customer, fields=columns, may_change=update)

    return await _import(request, file, "customers", imports.read_customers, handle)


@router.post("/imports/invoices", response_model=importing.Imported, tags=["imports"])
async def import_invoices(request: Request, file: UploadFile) -> importing.Imported:
    """Import `invoices.csv`, which keep the ERP's numbers: all of it or nothing; twice changes nothing."""
    return await _import(request, file, "invoices", imports.read_invoices, lambda _: handlers.import_document)


async def _import(
    request: Request,
    file: UploadFile,
    kind: str,
    read: Callable[[bytes, int], imports.Checked[Any]],
    handle: Callable[[frozenset[str]], importing.Handle],
) -> importing.Imported:
    settings, data = request.app.state.settings, await file.read()
    # In a thread: meanwhile the process answers others, publishes, and stays in its consumer group.
    checked = await asyncio.to_thread(read, data, settings.import_rows_max)
    job = importing.Job(
        digest=hashlib.sha256(data).hexdigest(),
        kind=kind,
        handle=handle(checked.columns),
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
