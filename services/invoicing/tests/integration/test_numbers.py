"""Numbers without a hole, and documents never beyond what they correct, while many write at once and one is killed."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from decimal import Decimal
from itertools import count

import httpx
from invoicing_examples import CREDIT_NOTE, INVOICE
from service_process import serving

WRITERS, KILLED_AT = 8, "append.written@9"
DEPOSIT = INVOICE | {"series": "AC", "deposit": True}
QUARTER = {"net": "25.00", "vat": "5.00", "gross": "30.00"}


async def test_two_processes_write_at_once_and_one_is_killed(api, servers, database, tmp_path):
    """Guards: the series is locked last and in the append transaction (store/running.py, decider/numbering.py).

    Whoever gets no answer asks again under the same key of the process that lives: nothing is issued twice.
    """
    asked = count()
    answers: dict[str, str] = {}

    async with serving(servers, database, tmp_path, "api", LETTRA_FAILPOINT=KILLED_AT) as dying:

        async def issue(client: httpx.AsyncClient, path: str, body: dict) -> None:
            key = f"key-{next(asked)}"
            for each in (client, api.client):
                try:
                    response = await each.post(path, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    continue
                if response.status_code == 201:
                    answers[key] = response.json()["document_number"]
                else:
                    assert response.json()["type"].endswith("credit-exceeds-invoice"), response.text
                return

        for body in (INVOICE, DEPOSIT):
            await issue(api.client, "/invoices", body)
        bodies = [
            ("/invoices", INVOICE),
            ("/invoices", DEPOSIT),
            ("/credit-notes", CREDIT_NOTE | QUARTER),
            ("/credit-notes", CREDIT_NOTE | QUARTER | {"corrects": "AC-000001"}),
        ]

        async def writer(number: int) -> None:
            client = dying.client if number % 2 else api.client
            for path, body in bodies * 2:
                await issue(client, path, body)

        await asyncio.gather(*(writer(number) for number in range(WRITERS)))
        assert await dying.ended() == -signal.SIGKILL

    documents = await api.table("documents")
    by_series: dict[str, list[int]] = {}
    for row in documents:
        series, _, number = row["document_number"].rpartition("-")
        by_series.setdefault(series, []).append(int(number))
    assert {series: sorted(numbers) for series, numbers in by_series.items()} == {
        "FA": list(range(1, 2 * WRITERS + 2)),
        "AC": list(range(1, 2 * WRITERS + 2)),
        "AV": list(range(1, 9)),
    }
    assert sorted(answers.values()) == sorted(row["document_number"] for row in documents)
    drawn = Counter(event["type"] for event in await api.events())["invoicing.NumberDrawn"]
    assert drawn == len(documents)
    credited = {row["document_number"]: row["credited"] for row in documents if row["credited"]}
    assert credited == {"FA-000001": Decimal(120), "AC-000001": Decimal(120)}


async def test_credit_notes_of_disputes_and_requests_draw_from_the_same_series(api):
    """Guard: handlers/following.py issues as /credit-notes does, under the lock of the series."""
    await api.made("/invoices", INVOICE)
    on = {"entity_id": "FR01", "document_number": "FA-000001", "reason": "price", "amount": "5.00"}
    contested = on | {
        "owner": "m.roche",
        "due_date": "2026-01-30",
        "opened_on": "2026-01-10",
        "who": "j.lambert",
    }
    asked = on | {"requested_on": "2026-01-10", "who": "j.lambert", "why": "agreed"}
    resolved = {"series": "AV", "resolved_on": "2026-01-12", "who": "m.roche", "why": "agreed"}
    decided = {"series": "AV", "decided_on": "2026-01-12", "who": "c.moreau", "why": "agreed"}
    note = CREDIT_NOTE | {"issue_date": "2026-01-12", "net": "5.00", "vat": "0.00", "gross": "5.00"}
    calls = [("/credit-notes", note)] * 5
    for _ in range(5):
        dispute = (await api.made("/disputes", contested))["dispute_id"]
        request = (await api.made("/credit-note-requests", asked))["request_id"]
        calls += [(f"/disputes/{dispute}/accept", resolved)]
        calls += [(f"/credit-note-requests/{request}/approve", decided)]
    responses = await asyncio.gather(*(api.post(*call) for call in calls))
    assert {response.status_code for response in responses} == {200, 201}
    numbers = [row["document_number"] for row in await api.table("documents") if row["kind"] == "credit_note"]
    assert sorted(numbers) == [f"AV-{number:06d}" for number in range(1, 16)]
    (invoice,) = [row for row in await api.table("documents") if row["kind"] == "invoice"]
    assert (invoice["credited"], invoice["disputed"]) == (75, 0)


async def test_a_deposit_is_deducted_once_however_many_ask_at_once(api):
    """Guard: the deposit invoice is locked with the final one (handlers/documents.py)."""
    await api.made("/invoices", DEPOSIT | QUARTER)
    body = INVOICE | {"deposits": [{"document_number": "AC-000001"}]}
    note = CREDIT_NOTE | QUARTER | {"corrects": "AC-000001"}
    responses = await asyncio.gather(
        *(api.post(path, each) for path, each in [("/invoices", body), ("/credit-notes", note)] * 4)
    )
    assert sorted(response.status_code for response in responses) == [201] + [422] * 7
    rows = {row["document_number"]: row for row in await api.table("documents")}
    first = rows["AC-000001"]
    assert first["deducted"] + first["credited"] == 30
    assert len(rows) == 2


async def test_an_invoice_with_lines_is_kept_whole(api):
    """Guard: the content is written in the transaction of its event (handlers/documents.py)."""
    lines = [{"name": f"Article {n}", "quantity": "2", "price": "10.00", "vat_rate": "20"} for n in range(50)]
    parts = [{"due_date": f"2026-0{n}-15", "percent": "50"} for n in (1, 2)]
    await api.made_with_lines(lines, instalments=parts)
    shown = await api.get("/documents/FR02/FA-000001")
    assert (shown["gross"], shown["due_date"]) == ("1200.00", "2026-02-15")
    assert shown["instalments"] == [{"due_date": f"2026-0{n}-15", "amount": "600.00"} for n in (1, 2)]
    (kept,) = await api.table("document_contents")
    digest = await api.pool.fetchval("select encode(sha256(content), 'hex') from document_contents")
    event = (await api.events())[-1]
    assert (event["data"]["document_digest"], kept["document_number"]) == (digest, "FA-000001")

    xml = await api.factur_x("FR02", "FA-000001")
    assert b"<ram:GrandTotalAmount>1200.00</ram:GrandTotalAmount>" in xml
    missing = await api.client.get("/invoices/FR02/FA-000002/document")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:lettra:problem:no-document")
