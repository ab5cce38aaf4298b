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

    def set_rules(self, entity_id: str, rules: Mapping[str, str], why: str) -> None:
        """The matching rules of an entity, where they differ from the defaults."""
        body = {"who": "demo", "why": why, "rules": dict(rules)}
        self.matching.put(f"/entities/{entity_id}/rules", body)

    def import_file(self, kind: str, file: Path) -> dict[str, Any]:
        """A CSV file of customers or invoices; all of it must be taken."""
        return _dict(self.invoicing.upload(f"/imports/{kind}", file.name, file.read_bytes()))

    def issue(self, path: str, key: str, body: Mapping[str, object]) -> dict[str, Any]:
        """An invoice or a credit note; `key` makes it one, however often it is sent."""
        return _dict(self.invoicing.post(path, body, key=key))

    def advise(self, body: Mapping[str, object]) -> None:
        """A remittance advice by the text of a message."""
        self.payment_ingest.post("/remittances/message", body)

    def holds(self, customer_id: str) -> list[dict[str, Any]]:
        """Which money may be a customer's."""
        return list(self.matching.pages(f"/customers/{customer_id}/holds", "holds", limit=PAGE))

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

    def ledger(self, customer_id: str, *, limit: int = PAGE, settled: bool = False) -> dict[str, Any]:
        """A customer's ledger; with what is settled, too, where that is asked for."""
        path = f"/customers/{customer_id}/ledger"
        return _dict(self.matching.get(path, limit=limit, settled=str(settled).lower()))

    def proposals(self, entity_id: str) -> list[dict[str, Any]]:
        """What waits for a person."""
        return list(self.matching.pages("/proposals", "proposals", entity_id=entity_id, limit=PAGE))

    def act(self, path: str, who: str, why: str, day: date) -> dict[str, Any]:
        """What a person decides about a payment; the same once more changes nothing."""
        body = {"who": who, "why": why, "business_date": str(day)}
        return _dict(self.matching.post(path, body, key=f"demo-{path}"))

    def aged_balance(self, entity_id: str, day: date) -> list[dict[str, Any]]:
        """What is owed to an entity by days overdue, as of a day."""
        return list(self.matching.get("/aged-balance", entity_id=entity_id, as_of=day)["totals"])

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
