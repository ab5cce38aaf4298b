"""Payment-ingest's settings beyond those of every service."""

from __future__ import annotations

from pydantic import Field

from lettra_events.service.settings import ServiceSettings


class PaymentIngestSettings(ServiceSettings):
    """See `ServiceSettings`."""

    upload_bytes_max: int = Field(200_000_000, ge=1_000, description="size of an uploaded file")
    import_transactions_max: int = Field(1_000_000, ge=1, description="transactions of one bank file")
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
    announcement_known_days: int = Field(
        5,
        ge=0,
        le=92,
        description="days for which an account is known beyond the day of announced money, before that is withdrawn",
    )
    announcement_days_max: int = Field(
        30, ge=1, le=366, description="days after which announced money is withdrawn in any case"
    )
