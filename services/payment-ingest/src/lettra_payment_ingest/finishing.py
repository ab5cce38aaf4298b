"""What an import left behind that was stopped: any process of the service goes on with it by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog
from fastapi import FastAPI

from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_payment_ingest import keeping
from lettra_payment_ingest.importing import Importer
from lettra_payment_ingest.settings import PaymentIngestSettings

log = structlog.get_logger(__name__)

FILES_AT_ONCE_MAX = 20
PAUSE_SECONDS_MIN = 5.0


@asynccontextmanager
async def finishing(app: FastAPI) -> AsyncIterator[None]:
    """While the API runs, look now and then for files that stand half taken."""
    task = asyncio.create_task(_go_on(app))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _go_on(app: FastAPI) -> None:
    settings: PaymentIngestSettings = app.state.settings
    pause = max(settings.import_wait_seconds, PAUSE_SECONDS_MIN)
    while True:
        await asyncio.sleep(pause)
        try:
            await finish_standing(Importer(app.state.commands, settings), pause)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("imports.cannot_look", reason=f"{type(error).__name__}: {error}")


async def finish_standing(importer: Importer, seconds: float) -> int:
    """Go on with every file that nobody has been at for so long; how many came to their end."""
    done = 0
    for digest in await keeping.standing(importer.pool, seconds, FILES_AT_ONCE_MAX):
        try:
            found = await importer.go_on(digest)
        except (Rejected, ManyErrors) as error:
            # An account was closed meanwhile, or another release reads the file otherwise: a person's matter.
            log.error("imports.cannot_finish", file_digest=digest, reason=str(error))
            await keeping.give_up(importer.pool, digest)
            continue
        if found is not None:
            done += 1
            log.info("imports.finished", file=found.file, file_digest=digest)
    return done
