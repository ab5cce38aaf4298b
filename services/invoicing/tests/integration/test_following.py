"""Disputes, requests, write-offs and statuses by HTTP; what is decided once, and seen in lists."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from invoicing_examples import INVOICE, item_events

from lettra_events.contracts import decode_data
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.store.rows import load
from lettra_events.testing.publisher import publisher
from lettra_events.testing.servers import fresh_topic
from lettra_events.testing.waiting import until
from lettra_invoicing.decider import evolve
from lettra_invoicing.main import READING, SERVICE

ON = {"entity_id": "FR01", "document_number": "FA-000001"}
DISPUTE = ON | {"reason": "price", "owner": "m.roche", "due_date": "2026-01-30", "opened_on": "2026-01-15"}
RESOLVED = {"resolved_on": "2026-01-20", "who": "m.roche", "why": "as agreed"}
DECIDED = {"decided_on": "2026-01-20", "who": "c.moreau", "why": "as agreed"}


async def test_a_dispute_from_its_opening_to_its_credit_note(api):
    await api.made("/invoices", INVOICE)
    taken = await api.made("/disputes", DISPUTE | {"amount": "30.00", "who": "j.lambert"})
    path = f"/disputes/{taken['dispute_id']}"
    (shown,) = (await api.get("/disputes", owner="m.roche"))["disputes"]
    assert (shown["amount"], shown["outcome"]) == ("30.00", "open")
    assert (await api.get("/documents/FR01/FA-000001"))["disputed"] == "30.00"
    body = {"owner": "a.petit", "due_date": "2026-02-02", "who": "m.roche", "why": "leave"}
    assert (await api.post(f"{path}/reassign", body)).status_code == 200
    assert (await api.get("/disputes", owner="m.roche"))["disputes"] == []
    accepted = await api.post(f"{path}/accept", RESOLVED | {"series": "AV"})
    assert accepted.json() == {
        "dispute_id": taken["dispute_id"],
        "outcome": "accepted",
        "credit_note": "AV-000001",
    }
    shown = await api.get("/documents/FR01/FA-000001")
    assert (shown["disputed"], shown["credited"]) == ("0.00", "30.00")
    (shown,) = (await api.get("/disputes", outcome="accepted", customer_id="C-1"))["disputes"]
    assert shown["credit_note"] == "AV-000001"
    types = [event["type"].partition(".")[2] for event in await api.events()][-4:]
    assert types == ["DisputeReassigned", "NumberDrawn", "CreditNoteIssued", "DisputeResolved"]
    assert {event["key"] for event in await api.events() if "Dispute" in event["type"]} == {"C-1"}
    await state_is_what_the_events_say(api)


async def test_what_is_credited_of_an_invoice_with_lines_has_its_factur_x(api):
    """Guard: handlers/following.py hands the invoice's lines on; by a dispute, and by a request that names a line."""
    lines = [
        {"name": f"Article {rate}", "quantity": "2", "price": "50.00", "vat_rate": rate}
        for rate in ("20", "10")
    ]
    await api.made_with_lines(lines)
    on = {"entity_id": "FR02", "document_number": "FA-000001"}
    taken = await api.made("/disputes", DISPUTE | on | {"amount": "23.00", "who": "j.lambert"})
    accepted = await api.post(f"/disputes/{taken['dispute_id']}/accept", RESOLVED | {"series": "AV"})
    assert accepted.json()["credit_note"] == "AV-000001"
    asked = on | {"requested_on": "2026-01-15", "who": "j.lambert", "why": "agreed", "reason": "price"}
    request = await api.made("/credit-note-requests", asked | {"lines": [{"line": 2, "quantity": "1"}]})
    (pending,) = (await api.get("/requests"))["requests"]
    assert (pending["amount"], pending["lines"]) == ("55.00", ["2 1"])
    await api.post(f"/credit-note-requests/{request['request_id']}/approve", DECIDED | {"series": "AV"})
    for number, gross in (("AV-000001", b"23.00"), ("AV-000002", b"55.00")):
        xml = await api.factur_x("FR02", number)
        assert b"<ram:TypeCode>381</ram:TypeCode>" in xml
        assert b"<ram:GrandTotalAmount>%s</ram:GrandTotalAmount>" % gross in xml
        assert b"<ram:IssuerAssignedID>FA-000001</ram:IssuerAssignedID>" in xml
    assert (await api.get("/documents/FR02/FA-000001"))["credited"] == "78.00"
    await state_is_what_the_events_say(api)


async def test_a_dispute_is_accepted_once_however_many_do(api):
    """Guards: need_open_dispute under the dispute's lock; without the lock its stream would not move twice."""
    await api.made("/invoices", INVOICE)
    taken = await api.made("/disputes", DISPUTE | {"who": "j.lambert"})
    path = f"/disputes/{taken['dispute_id']}"
    bodies = [(f"{path}/accept", RESOLVED | {"series": "AV"}), (f"{path}/reject", RESOLVED)] * 4
    responses = await asyncio.gather(*(api.post(*each) for each in bodies))
    assert sorted(response.status_code for response in responses) == [200] + [409] * 7
    notes = [row for row in await api.table("documents") if row["kind"] == "credit_note"]
    resolved = [event["data"] for event in await api.events() if event["type"] == "invoicing.DisputeResolved"]
    assert [each["credit_note"] is not None for each in resolved] == [len(notes) == 1]


async def test_requests_and_write_offs(start, servers):
    """Guard: what is open is what matching's events say (handlers/following._owed), and the refusal says it."""
    topic = await fresh_topic(servers.kafka)
    api = await start(replace(SERVICE, reading=replace(READING, topics=(topic,))), ("api", "worker"))
    await api.register()
    await api.made("/invoices", INVOICE)
    asked = ON | {"amount": "12.00", "requested_on": "2026-01-15", "who": "j.lambert", "why": "agreed"}
    note = await api.made("/credit-note-requests", asked | {"reason": "price"})
    unknown = await api.post("/bad-debts", asked | {"amount": "50.00"})
    assert (unknown.status_code, unknown.json()["type"]) == (409, "urn:lettra:problem:open-not-known")
    async with publisher(servers.postgres, servers.kafka, topic, "matching") as publish:
        await publish(*item_events())

        async def settled() -> bool:
            return (await api.get("/documents/FR01/FA-000001"))["open"] == "70.00"

        await until(settled, "matching's events are projected")
    refused = await api.post("/bad-debts", asked | {"amount": "70.01"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:lettra:problem:amount-exceeds-open")
    assert "70.00 EUR is open" in refused.json()["detail"]
    debt = await api.made("/bad-debts", asked | {"amount": "50.00"})
    pending = (await api.get("/requests"))["requests"]
    assert sorted((each["kind"], each["amount"]) for each in pending) == [
        ("bad_debt", "50.00"),
        ("credit_note", "12.00"),
    ]
    path = f"/credit-note-requests/{note['request_id']}/approve"
    own = await api.post(path, DECIDED | {"series": "AV", "who": "j.lambert"})
    assert (own.status_code, own.json()["type"]) == (409, "urn:lettra:problem:own-request")
    approved = await api.post(path, DECIDED | {"series": "AV"})
    assert approved.json()["credit_note"] == "AV-000001"
    written = await api.post(f"/bad-debts/{debt['request_id']}/approve", DECIDED)
    assert written.json()["state"] == "approved"
    shown = await api.get("/documents/FR01/FA-000001")
    assert (shown["credited"], shown["written_off"]) == ("12.00", "50.00")
    assert (await api.get("/requests"))["requests"] == []
    assert len((await api.get("/requests", state="approved", kind="bad_debt"))["requests"]) == 1
    await state_is_what_the_events_say(api)


async def test_statuses(api):
    await api.made("/invoices", INVOICE)
    for status, source, day in [(200, "platform", 6), (210, "buyer", 7)]:
        body = ON | {"status": status, "source": source, "occurred_at": f"2026-01-0{day}T08:00:00Z"}
        for created in (True, False):
            taken = await api.made("/statuses", body | {"reference": f"m-{status}"})
            assert taken == {"status": status, "created": created}
    shown = (await api.get("/statuses/FR01/FA-000001"))["statuses"]
    assert [each["status"] for each in shown] == [200, 210]
    assert (await api.get("/documents/FR01/FA-000001"))["status"] == 210
    await state_is_what_the_events_say(api)


async def state_is_what_the_events_say(api) -> None:
    """Every state table equals the fold of the events; guard: all rows change by evolve alone (handlers/)."""
    rows = await api.pool.fetch(
        "select type, schema_version, payload from outbox join events using (event_id) order by position"
    )
    folded = Workspace(evolve, everything_loaded=True)
    folded.begin(Cause("fold", "fold", "fold"))
    folded.append(*(decode_data(*row) for row in rows))
    changed = {table.name: written for table, written, _gone in folded.changes()}
    async with api.pool.acquire() as connection:
        for table in SERVICE.state:
            expected = changed.get(table.name, [])
            stored = await load(connection, table, [table.key_of(row) for row in expected])
            by_key = [{table.key_of(row): row for row in rows} for rows in (stored, expected)]
            assert by_key[0] == by_key[1], table.name
            assert await connection.fetchval(f"select count(*) from {table.name}") == len(expected)
