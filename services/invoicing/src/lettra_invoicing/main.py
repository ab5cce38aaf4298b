"""Invoicing's process: `python -m lettra_invoicing.main api worker relay`, or `migrate` once before."""

from __future__ import annotations

from lettra_events.contracts import TOPICS
from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued
from lettra_events.contracts.parking import PARKING
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Reading, types
from lettra_events.service.roles import run
from lettra_events.service.service import Kept, Service
from lettra_invoicing.api import router
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import (
    CALENDAR,
    CONTACTS,
    CUSTOMER_CONTACTS,
    CUSTOMERS,
    DISPUTES,
    DOCUMENT_CONTENTS,
    DOCUMENT_STATUSES,
    DOCUMENTS,
    ERASED_CONTACTS,
    LEGAL_ENTITIES,
    OPENING_ITEMS,
    PUBLISHED_CONTACTS,
    REQUESTS,
    SERIES,
)
from lettra_invoicing.projections import settlements
from lettra_invoicing.settings import InvoicingSettings

READING = Reading(
    service="invoicing",
    topics=(TOPICS["matching"],),
    reads=settlements.READS,
    parking=PARKING["invoicing"],
    evolve=with_parking(evolve),
    project=settlements.project,
)
SERVICE = Service(
    name="invoicing",
    package="lettra_invoicing",
    reading=READING,
    state=(
        LEGAL_ENTITIES,
        CUSTOMERS,
        CUSTOMER_CONTACTS,
        ERASED_CONTACTS,
        DOCUMENTS,
        OPENING_ITEMS,
        DISPUTES,
        REQUESTS,
        DOCUMENT_STATUSES,
        SERIES,
        CALENDAR,
    ),
    projections=(settlements.SETTLEMENTS,),
    aside=(CONTACTS,),
    kept=(
        Kept(
            DOCUMENT_CONTENTS,
            content="content",
            digest="document_digest",
            told_by=types(InvoiceIssued, CreditNoteIssued),
        ),
    ),
    compacted=(PUBLISHED_CONTACTS,),
    router=router,
    settings=InvoicingSettings,
)


def main() -> None:
    """Run the roles named on the command line."""
    run(SERVICE)


if __name__ == "__main__":
    main()
