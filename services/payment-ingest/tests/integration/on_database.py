"""The service on a database of any name. Run, it is the API in a process of its own, which a test may kill:
LETTRA_DSN names the database, and LETTRA_FAILPOINT where the process ends.
"""

from __future__ import annotations

from dataclasses import replace

from lettra_events.service.roles import run
from lettra_payment_ingest.main import SERVICE
from lettra_payment_ingest.settings import PaymentIngestSettings


class OnDatabase(PaymentIngestSettings):
    """The service's settings, but for the database."""

    dsn: str

    def database(self, name: str) -> str:
        return self.dsn


if __name__ == "__main__":
    run(replace(SERVICE, settings=OnDatabase), ["api"])
