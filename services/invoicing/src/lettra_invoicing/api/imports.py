"""Files by HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

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

    return await _import(
        request, file, imports.CUSTOMERS, handle, "customers, updated" if update else "customers"
    )


@router.post("/imports/invoices", response_model=importing.Imported, tags=["imports"])
async def import_invoices(request: Request, file: UploadFile) -> importing.Imported:
    """Import `invoices.csv`, which keep the ERP's numbers: all of it or nothing; twice changes nothing."""
    return await _import(request, file, imports.INVOICES, lambda _: handlers.import_document)


@router.post("/imports/open-items", response_model=importing.Imported, tags=["imports"])
async def import_open_items(request: Request, file: UploadFile) -> importing.Imported:
    """Import `open_items.csv`, what is open when an entity begins here: all or nothing; twice changes nothing."""
    return await _import(request, file, imports.OPEN_ITEMS, lambda _: handlers.import_open_item)


async def _import(
    request: Request,
    file: UploadFile,
    kind: imports.Kind,
    handle: Callable[[frozenset[str]], importing.Handle],
    name: str | None = None,
) -> importing.Imported:
    settings = request.app.state.settings
    job = importing.Job(
        kind=kind,
        name=name or kind.name,
        handle=handle,
        rows_max=settings.import_rows_max,
        chunk_rows=settings.import_chunk_rows,
        correlation_id=request.state.correlation_id,
    )
    return await importing.take(request.app.state.commands, job, file.file)


@router.get("/imports/{digest}", response_model=importing.Progress, tags=["imports"])
async def read_import(request: Request, digest: Digest) -> importing.Progress:
    """How far the import of a file is; the file is known by its SHA-256 digest."""
    found = await importing.progress(request.app.state.pool, digest)
    if found is None:
        raise Rejected("unknown-import", f"no file of digest {digest} was imported", status=404)
    return found
