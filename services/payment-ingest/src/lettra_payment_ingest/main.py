"""Payment-ingest's process: `python -m lettra_payment_ingest.main api worker relay`, or `migrate` once before."""

from __future__ import annotations

from lettra_events.contracts import TOPICS
from lettra_events.contracts.parking import PARKING
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Reading
from lettra_events.service.roles import run
from lettra_events.service.service import Service
from lettra_payment_ingest import decider
from lettra_payment_ingest.api import router
from lettra_payment_ingest.domain import STATE
from lettra_payment_ingest.projections import payment_uses
from lettra_payment_ingest.settings import PaymentIngestSettings

READING = Reading(
    service="payments",
    topics=(TOPICS["matching"],),
    reads=payment_uses.READS,
    parking=PARKING["payments"],
    evolve=with_parking(decider.evolve),
    project=payment_uses.project,
)
SERVICE = Service(
    name="payment-ingest",
    package="lettra_payment_ingest",
    reading=READING,
    state=STATE,
    projections=(payment_uses.PAYMENT_USES, payment_uses.PAYMENT_TRANSFERS),
    router=router,
    settings=PaymentIngestSettings,
)


def main() -> None:
    """Run the roles named on the command line."""
    run(SERVICE)


if __name__ == "__main__":
    main()
