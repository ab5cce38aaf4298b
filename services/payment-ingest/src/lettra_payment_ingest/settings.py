"""Payment-ingest's settings beyond those of every service."""

from __future__ import annotations

from pydantic import Field

from lettra_events.service.settings import ServiceSettings


class PaymentIngestSettings(ServiceSettings):
    """See `ServiceSettings`."""

    import_transactions_max: int = Field(500_000, ge=1, description="transactions of one bank file")
    import_chunk_transactions: int = Field(
        500,
        ge=1,
        le=1_000,
        description="transactions of a statement that are one transaction of the database",
    )
    import_wait_seconds: float = Field(
        30.0,
        ge=0,
        le=600,
        description="patience with a statement of the same account that stands still half taken",
    )
