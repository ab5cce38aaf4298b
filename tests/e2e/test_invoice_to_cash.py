"""Invoice to cash over HTTP and Kafka only, each role a process of its own, and some of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest

from .company import IBAN, Company, free_port, running_company, statement, wait_for

PARTITIONS = 6
MATCHING = "ar.matching.events"


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with running_company("--roles", "api,worker,relay") as running:
        running.post("invoicing", "/legal-entities", {"entity_id": "FR01", "name": "Atelier Lettra"})
        running.post("payment-ingest", "/accounts", {"account": IBAN, "currency": "EUR", "entity_id": "FR01"})
        yield running


def issue(company: Company, customer: str, gross: str, **headers: str) -> dict[str, str]:
    body = {
        "entity_id": "FR01",
        "customer_id": customer,
        "series": f"FA-{customer}",
        "issue_date": "2026-01-05",
        "due_date": "2026-02-04",
        "currency": "EUR",
        "net": gross,
        "vat": "0.00",
        "gross": gross,
    }
    issued: dict[str, str] = company.post("invoicing", "/invoices", body, **headers)
    return issued


def open_amounts(company: Company, customer: str) -> dict[str, Decimal]:
    ledger = company.get("matching", f"/customers/{customer}/ledger?settled=true&limit=500")
    return {item["document_number"]: Decimal(item["open"]) for item in ledger["items"]}


def test_an_invoice_is_paid_and_every_service_knows(company: Company) -> None:
    """From HTTP to HTTP through three services; the correlation id goes all the way."""
    company.post("invoicing", "/customers", {"customer_id": "C1", "name": "Boulangerie Martin"})
    invoice = issue(company, "C1", "120.00", **{"X-Correlation-Id": "walk-1"})
    number, reference = invoice["document_number"], invoice["payment_reference"]
    wait_for("the open item", lambda: open_amounts(company, "C1") == {number: Decimal("120.00")})

    taken = company.send_statement(
        statement(1, "2026-01-20", "1000.00", "1120.00", [("BR1", "120.00", f"Facture {reference}")])
    )
    assert [s["outcome"] for s in taken["statements"]] == ["booked"]

    wait_for("the item settled", lambda: open_amounts(company, "C1") == {number: Decimal(0)})
    document = wait_for(
        "invoicing to know",
        lambda: (
            (d := company.get("invoicing", f"/documents/FR01/{number}")) and Decimal(d["settled"] or 0) and d
        ),
    )
    assert (Decimal(document["settled"]), Decimal(document["open"])) == (Decimal("120.00"), Decimal("0.00"))
    opened = [r for r in company.records(MATCHING) if dict(r.headers)["ce_type"] == b"matching.ItemOpened"]
    assert [dict(r.headers)["ce_correlationid"] for r in opened if r.key == b"C1"] == [b"walk-1"]


def test_a_day_is_processed_in_every_partition(company: Company) -> None:
    """`DayProcessed` comes once, in each partition, with the feed's date, after both services closed the day."""
    company.post("invoicing", "/days/2026-01-20/close")
    assert company.get("matching", "/days/2026-01-20") is None
    company.post("payment-ingest", "/days/2026-01-20/close")
    day = wait_for("the day", lambda: company.get("matching", "/days/2026-01-20"))
    assert day["processed"] == ["FR01"]
    ticks = wait_for(
        "the tick on Kafka",
        lambda: (
            (found := [r for r in company.records(MATCHING) if r.key == b"*"])
            and len(found) >= PARTITIONS
            and found
        ),
    )
    assert sorted(r.partition for r in ticks) == list(range(PARTITIONS))
    assert len({dict(r.headers)["ce_id"] for r in ticks}) == 1
    assert b'"through_date":"2026-01-20"' in ticks[0].value


def test_workers_and_relays_are_killed_in_mid_flow(company: Company) -> None:
    """Guard: position and decisions in one transaction (applying.py), mark after acknowledgement (relay.py).

    200 invoices and their payments, while a second matching worker joins, the first is killed, and the relays of
    invoicing and payment-ingest are killed. In the end each invoice is settled once, to the cent.
    """
    company.post("invoicing", "/customers", {"customer_id": "C2", "name": "Garage Petit"})
    numbers = []
    second = subprocess.Popen(
        [sys.executable, "-m", "lettra_matching.main", "worker"],
        env=company.environment() | {"LETTRA_HTTP_PORT": str(free_port())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for n in range(200):
            numbers.append(issue(company, "C2", "10.00")["document_number"])
            if n == 60:
                os.kill(company.pid("invoicing", "relay"), signal.SIGKILL)
            if n == 120:
                os.kill(company.pid("matching", "worker"), signal.SIGKILL)
        entries = [(f"K{n}", "10.00", f"paiement {number}") for n, number in enumerate(numbers)]
        company.send_statement(statement(2, "2026-01-21", "1120.00", "3120.00", entries))
        os.kill(company.pid("payment-ingest", "relay"), signal.SIGKILL)
        settled = dict.fromkeys(numbers, Decimal(0))
        wait_for("all settled", lambda: open_amounts(company, "C2") == settled)
    finally:
        second.kill()
        second.wait()
    applied = [
        r.value
        for r in company.records(MATCHING)
        if r.key == b"C2" and dict(r.headers)["ce_type"] == b"matching.CashApplied"
    ]
    assert len(set(applied)) == len(numbers)


def test_the_history_on_kafka_is_whole(company: Company) -> None:
    """Guard: `Relay` (no hole, no reordering). Per partition each record names the one before it."""
    for topic in ("ar.invoicing.events", "ar.payments.events", MATCHING):
        last = dict.fromkeys(range(PARTITIONS), 0)
        seen: set[int] = set()
        for record in company.records(topic):
            headers = dict(record.headers)
            sequence = int(headers["ce_sequence"])
            if sequence <= last[record.partition]:
                continue
            assert int(headers["ce_previoussequence"]) == last[record.partition]
            last[record.partition] = sequence
            seen.add(sequence)
        assert seen == set(range(1, max(seen) + 1)), topic
