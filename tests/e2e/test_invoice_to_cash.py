"""Invoice to cash over HTTP and Kafka only, each role a process of its own, and some of them killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from lettra_tools.demo.codes import french_iban

from .bank import IBAN, Entry, statement
from .company import Company, free_port, lettra, running_company, wait_for

PARTITIONS = 6
MATCHING = "ar.matching.events"
COLUMNS = (
    "entity_id,customer_id,document_number,kind,issue_date,due_date,currency,net,vat,gross,payment_reference,"
    "corrects"
)
PAYER = french_iban(13, 13)
# No sum of several of these amounts is another one of them.
BY_AMOUNT = [(f"FB-2026-{n:06}", f"{1000 + 13 * n}.{n:02}") for n in range(1, 61)]
IN_PART = [f"FC-2026-{n:06}" for n in range(1, 31)]
NOBODYS = [f"3.{n:02}" for n in range(1, 21)]
STREAM = 310


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
        statement(1, "2026-01-20", "1000.00", "1120.00", [Entry("BR1", "120.00", f"Facture {reference}")])
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


def test_workers_and_relays_are_killed_in_mid_flow(company: Company, tmp_path: Path) -> None:
    """Guard: position and decisions in one transaction (applying.py), mark after acknowledgement (relay.py).

    310 payments stream in while a second matching worker joins and the first is killed, and the relays of invoicing
    and payment-ingest are. In the end each payment is decided once, and the balances are those of the input.
    """
    numbers = _bill(company, tmp_path)
    second = subprocess.Popen(
        [sys.executable, "-m", "lettra_matching.main", "worker"],
        env=company.environment() | {"LETTRA_HTTP_PORT": str(free_port())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with ThreadPoolExecutor(1) as bank:
            sent = bank.submit(_send_all, company, numbers)
            wait_for("some payments", lambda: _decided(company) > STREAM // 5)
            os.kill(company.pid("matching", "worker"), signal.SIGKILL)
            assert _decided(company) < STREAM, "all was decided before the kill"
            sent.result(timeout=120)
        wait_for("all payments", lambda: _decided(company) == 1 + STREAM)
        wait_for("their relay", lambda: len(_of_type(company, "PaymentTaken")) == 1 + STREAM)
        assert second.poll() is None, "the second worker ended"
    finally:
        second.kill()
        second.wait()
    assert open_amounts(company, "C2") == dict.fromkeys(numbers, Decimal(0))
    assert open_amounts(company, "C3") == dict.fromkeys((number for number, _ in BY_AMOUNT), Decimal(0))
    assert open_amounts(company, "C4") == dict.fromkeys(IN_PART, Decimal("30.00"))
    unapplied = company.get("matching", "/payments?status=unapplied&limit=500")["payments"]
    assert sorted(Decimal(one["unapplied"]) for one in unapplied) == sorted(map(Decimal, NOBODYS))


def test_each_payment_was_decided_once(company: Company) -> None:
    """Guard: the same. One event each, however often the relay sent it; nothing was taken back in between."""
    applied = [json.loads(record.value) for record in _of_type(company, "CashApplied")]
    payments = [event["payment_id"] for event in applied]
    assert len(set(payments)) == len(payments) == 1 + 200 + 60 + 30
    assert len(_of_type(company, "PaymentUnmatched")) == len(NOBODYS)
    for never in ("CashUnapplied", "CashPutOnAccount", "MatchProposed", "HoldPlaced"):
        assert _of_type(company, never) == []


def _bill(company: Company, folder: Path) -> list[str]:
    """200 invoices by HTTP, whose numbers are returned, while the relay is killed; 90 more from a file."""
    for customer, name in (("C2", "Garage Petit"), ("C3", "Papeterie Blanc"), ("C4", "Menuiserie Roux")):
        ibans = [PAYER] if customer == "C3" else []
        company.post("invoicing", "/customers", {"customer_id": customer, "name": name, "ibans": ibans})
    rows = [("C3", number, amount) for number, amount in BY_AMOUNT]
    rows += [("C4", number, "50.00") for number in IN_PART]
    lines = [
        f"FR01,{customer},{number},invoice,2026-01-05,2026-02-04,EUR,{amount},0.00,{amount},,"
        for customer, number, amount in rows
    ]
    file = folder / "invoices.csv"
    file.write_text("\n".join([COLUMNS, *lines, ""]))
    done = lettra("import", "invoices", file, "--folder", company.folder)
    assert done.returncode == 0, done.stderr
    numbers = []
    for n in range(200):
        numbers.append(issue(company, "C2", "10.00")["document_number"])
        if n == 60:
            os.kill(company.pid("invoicing", "relay"), signal.SIGKILL)
    for customer, count in (("C2", 200), ("C3", 60), ("C4", 30)):
        wait_for("the items", lambda who=customer, n=count: len(open_amounts(company, who)) == n)
    return numbers


def _send_all(company: Company, numbers: list[str]) -> None:
    """Ten statements, each of a day of its own; payment-ingest's relay is killed behind the fifth."""
    entries = [Entry(f"K{n}", "10.00", f"paiement {number}") for n, number in enumerate(numbers)]
    entries += [
        Entry(f"L{n}", amount, "", "PAPETERIE BLANC", PAYER) for n, (_, amount) in enumerate(BY_AMOUNT)
    ]
    entries += [Entry(f"M{n}", "20.00", f"ACOMPTE {number}") for n, number in enumerate(IN_PART)]
    entries += [Entry(f"N{n}", amount, "MERCI", "INCONNU") for n, amount in enumerate(NOBODYS)]
    opening = Decimal("1120.00")
    for n in range(10):
        of_the_day = entries[n::10]
        closing = opening + sum(entry.signed for entry in of_the_day)
        content = statement(2 + n, f"2026-01-{21 + n}", str(opening), str(closing), of_the_day)
        (taken,) = company.send_statement(content)["statements"]
        assert (taken["outcome"], taken["transactions_new"]) == ("booked", len(of_the_day))
        opening = closing
        if n == 4:
            os.kill(company.pid("payment-ingest", "relay"), signal.SIGKILL)


def _decided(company: Company) -> int:
    return len(company.get("matching", "/payments?limit=500")["payments"])


def _of_type(company: Company, name: str) -> list[ConsumerRecord[Any, Any]]:
    """Matching's events of a type, each once."""
    found = {}
    for record in company.records(MATCHING):
        headers = dict(record.headers)
        if headers["ce_type"] == f"matching.{name}".encode():
            found[headers["ce_id"]] = record
    return list(found.values())


def test_what_the_killed_leave_is_sound(company: Company) -> None:
    """Guard: the same. Log, Kafka, state and projections of all three services agree."""
    done = lettra("verify", "--folder", company.folder)
    assert done.returncode == 0, done.stdout + done.stderr


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
