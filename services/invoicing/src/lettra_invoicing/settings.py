"""Invoicing's settings beyond those of every service."""

from __future__ import annotations

from pydantic import Field

from lettra_events.service.settings import ServiceSettings


class InvoicingSettings(ServiceSettings):
    """See `ServiceSettings`."""

    import_rows_max: int = Field(200_000, ge=1, description="rows of one imported file")
    import_chunk_rows: int = Field(
        500, ge=1, le=5_000, description="rows of an import that are one transaction"
    )
