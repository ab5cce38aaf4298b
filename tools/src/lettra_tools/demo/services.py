"""The three services as the demo uses them: commands by HTTP, and the sentence that says why something failed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from lettra_tools.client import Refused, Service, service_of

PROCESSED_SECONDS_MAX = 90.0
POLL_SECONDS = 0.02
PAGE = 500


class DemoFailed(Exception):
    """The demo cannot go on; the message says what happened and where to look."""


class Services:
    """Invoicing, payment-ingest and matching."""

    def __init__(self, invoicing: Service, payment_ingest: Service, matching: Service) -> None:
        self.invoicing = invoicing
        self.payment_ingest = payment_ingest
        self.matching = matching

    def register_entity(self, entity_id: str, name: str, siren: str | None) -> None:
        """A legal entity of ours."""
        self.invoicing.post("/legal-entities", {"entity_id": entity_id, "name": name, "siren": siren})

    def register_account(self, account: str, currency: str, entity_id: str, cadence_days: int) -> None:
        """A bank account whose statements will come."""
        self.payment_ingest.post(
            "/accounts",
            {"account": account, "currency": currency, "entity_id": entity_id, "cadence_days": cadence_days},
        )

    def import_file(self, kind: str, file: Path) -> dict[str, Any]:
        """A CSV file of customers or invoices; all of it must be taken."""
        return _dict(self.invoicing.upload(f"/imports/{kind}", file.name, file.read_bytes()))

    def issue(self, path: str, key: str, body: Mapping[str, object]) -> dict[str, Any]:
        """An invoice or a credit note; `key` makes it one, however often it is sent."""
        return _dict(self.invoicing.post(path, body, key=key))

    def send_statements(self, file: Path) -> list[dict[str, Any]]:
        """A bank file; what became of each of its statements."""
        return list(self.payment_ingest.upload("/statements", file.name, file.read_bytes())["statements"])

    def close_day(self, day: date) -> None:
        """The end of a business date, in both services that take something in."""
        self.invoicing.post(f"/days/{day}/close")
        self.payment_ingest.post(f"/days/{day}/close")

    def await_processed(self, day: date, entities: Sequence[str]) -> float:
        """Wait until matching has decided on everything received by the day; the seconds that it took."""
        begun = time.monotonic()
        while True:
            found = self._day(day)
            waited = time.monotonic() - begun
            if found and set(entities) <= set(found["processed"]):
                return waited
            if found and found["held"]:
                raise DemoFailed(
                    f"Matching holds the day {day} back: a key is parked. Look at matching's log."
                )
            if waited > PROCESSED_SECONDS_MAX:
                raise DemoFailed(
                    f"Matching has not processed {day} in {PROCESSED_SECONDS_MAX:.0f} s. Look at the services' logs."
                )
            time.sleep(POLL_SECONDS)

    def _day(self, day: date) -> dict[str, Any] | None:
        try:
            return _dict(self.matching.get(f"/days/{day}"))
        except Refused as refused:
            if refused.status != 404:
                raise
            return None

    def payments(self) -> list[dict[str, Any]]:
        """All payments as matching has them."""
        return list(self.matching.pages("/payments", "payments", limit=PAGE))

    def incoming(self, account: str) -> list[dict[str, Any]]:
        """All transactions of an account as payment-ingest has them."""
        return list(self.payment_ingest.pages("/payments", "payments", account=account, limit=PAGE))

    def ledger(self, customer_id: str, *, limit: int = PAGE) -> dict[str, Any]:
        """A customer's ledger."""
        return _dict(self.matching.get(f"/customers/{customer_id}/ledger", limit=limit))

    def documents(self, customer_id: str) -> list[dict[str, Any]]:
        """A customer's documents as invoicing has them."""
        return list(self.invoicing.pages(f"/customers/{customer_id}/documents", "documents", limit=PAGE))


@contextmanager
def services_in(folder: Path) -> Iterator[Services]:
    """The services of the stack in a folder."""
    with (
        service_of("invoicing", folder) as invoicing,
        service_of("payment-ingest", folder) as payment_ingest,
        service_of("matching", folder) as matching,
    ):
        yield Services(invoicing, payment_ingest, matching)


def _dict(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer
