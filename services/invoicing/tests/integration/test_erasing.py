"""Erasing through the API, on a real database: one transaction, once, and only by somebody for a reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from invoicing_examples import MAIL, customers_csv
from invoicing_on_database import OnDatabase

from lettra_invoicing.main import SERVICE
from lettra_tools import erasing

ERASE = "/contacts/contact:C-1/erase"
ASKED = {"who": "j.lambert", "why": "request 26-114"}


async def written(api) -> dict:
    names = ("contacts", "erased_contacts", "compacted_changes", "streams")
    return {name: await api.table(name) for name in names}


async def test_the_person_goes_and_the_event_stays(api):
    """Guards: handlers.erase_contact is one decision; queries.list_contacts."""
    before = await api.table("customers")
    assert before[0]["contact_id"] == "contact:C-1"
    answer = await api.post(ERASE, ASKED, idempotency_key="k")
    assert (answer.status_code, answer.json()) == (
        200,
        {"contact_id": "contact:C-1", "customer_id": "C-1", "created": True},
    )
    assert await api.table("contacts") == []
    assert await api.table("erased_contacts") == [{"customer_id": "C-1", "contact_id": "contact:C-1"}]
    (event,) = [event for event in await api.events() if event["type"] == "invoicing.ContactErased"]
    assert event["data"] == {"customer_id": "C-1", "contact_id": "contact:C-1", **ASKED}
    assert await api.table("customers") == [before[0] | {"contact_id": None}, *before[1:]]
    pending = [{"topic": "ar.invoicing.contacts", "key": "contact:C-1", "revision": 2}]
    assert await api.table("compacted_changes") == pending
    shown = await api.get("/customers/C-1/contacts")
    erased = {"contact_id": "contact:C-1", "customer_id": "C-1", "purposes": [], "state": "pending"}
    assert shown["contacts"] == [erased]


async def test_twice_at_once_and_again_is_once(api):
    """Guard: what was erased is looked up under the lock of its customer (decider.erase_contact, domain/state/)."""
    answers = await asyncio.gather(*(api.post(ERASE, ASKED) for _ in range(8)))
    assert sorted(answer.json()["created"] for answer in answers) == [False] * 7 + [True]
    before = await written(api)
    assert (await api.post(ERASE, {**ASKED, "who": "other"})).json()["created"] is False
    assert await written(api) == before
    assert [e["type"] for e in await api.events()].count("invoicing.ContactErased") == 1


async def test_the_old_file_changes_nothing(api):
    """Guard: register_customer writes a contact beside its customer's event only (handlers/)."""
    file = customers_csv(f"C-8,Dupont,404833048,,,{MAIL},fr,")
    await api.taken("customers", file)
    assert (await api.post("/contacts/contact:C-8/erase", ASKED)).status_code == 200
    before = await written(api)
    assert (await api.taken("customers", file))["created"] == 0
    assert await written(api) == before
    again = await api.made(
        "/customers", {"customer_id": "C-8", "name": "Dupont", "siren": "404833048", "email": MAIL}
    )
    assert again == {"id": "C-8", "created": False, "contact_erased": True}


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("/contacts/contact:C-2/erase", ASKED, 404, "unknown-contact"),
        ("/contacts/nobody/erase", ASKED, 404, "unknown-contact"),
        ("/contacts/a%20b/erase", ASKED, 422, "invalid-request"),
        (ERASE, {"who": "j.lambert"}, 422, "invalid-request"),
        (ERASE, {**ASKED, "why": "  "}, 422, "invalid-request"),
        (ERASE, {**ASKED, "email": MAIL}, 422, "invalid-request"),
    ],
)
async def test_what_is_refused_changes_nothing(api, path, body, status, kind):
    before = await written(api)
    answer = await api.post(path, body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:lettra:problem:{kind}")
    assert MAIL not in answer.text
    assert (await written(api))["contacts"] == before["contacts"]
    assert (await written(api))["compacted_changes"] == before["compacted_changes"]


async def test_how_far_an_erasure_is(api):
    """Guard: queries._CONTACTS."""
    erased = {"contact_id": "contact:C-1", "customer_id": "C-1", "purposes": []}

    async def state() -> list:
        return (await api.get("/customers/C-1/contacts"))["contacts"]

    assert await state() == [{**erased, "purposes": ["billing"], "state": "kept"}]
    await api.post(ERASE, ASKED)
    assert await state() == [{**erased, "state": "pending"}]
    await api.pool.execute(
        "with sent as (delete from compacted_changes returning topic, key)"
        " insert into compacted_erasures (topic, key, partition, tombstone_offset, due_at)"
        " select topic, key, 0, 7, now() from sent"
    )
    assert await state() == [{**erased, "state": "compacting"}]
    await api.pool.execute("delete from compacted_erasures")
    assert await state() == [{**erased, "state": "erased"}]
    assert (await api.get("/customers/C-2/contacts"))["contacts"] == []
    assert (await api.get("/customers/nobody/contacts"))["contacts"] == []


class TestRewriting:
    """What `lettra erase` does to the database afterwards, on the test's own one. Guards: lettra_tools/erasing.py."""

    @pytest.fixture
    def service(self, servers, database, monkeypatch):
        monkeypatch.setenv("LETTRA_POSTGRES", servers.postgres)
        monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)
        monkeypatch.setenv("LETTRA_DSN", database)
        return replace(SERVICE, settings=OnDatabase)

    async def test_the_table_is_written_anew_with_those_who_stay(self, api, service, tmp_path, monkeypatch):
        """Whoever writes on these servers meanwhile is waited for, in whatever database."""
        monkeypatch.setattr(erasing, "OLD_READERS_SECONDS_MAX", 60)
        await api.made("/customers", {"customer_id": "C-5", "name": "Roux", "email": "roux@x.example"})
        before = await api.pool.fetchval("select pg_relation_filenode('contacts')")
        await api.post(ERASE, ASKED)
        done = await erasing.rewrite(service, tmp_path)
        assert (done.tables, done.problem, done.wal_switched) == (["contacts"], "", True)
        assert await api.pool.fetchval("select pg_relation_filenode('contacts')") != before
        assert [row["contact_id"] for row in await api.table("contacts")] == ["contact:C-5"]

    async def test_whoever_may_still_see_the_person_is_waited_for_and_named(
        self, api, service, database, tmp_path, monkeypatch
    ):
        """Guard: _old_readers. A rewrite would keep the row for them, and say that it is gone."""
        monkeypatch.setattr(erasing, "OLD_READERS_SECONDS_MAX", 0.3)
        reader = await asyncpg.connect(database, server_settings={"application_name": "a report"})
        async with reader.transaction(isolation="repeatable_read"):
            await reader.fetchval("select count(*) from contacts")
            await api.post(ERASE, ASKED)
            done = await erasing.rewrite(service, tmp_path)
            assert "may still see the deleted rows (a report (pid " in done.problem
            assert await reader.fetchval("select email from contacts") == MAIL
        await reader.close()
        monkeypatch.setattr(erasing, "OLD_READERS_SECONDS_MAX", 60)
        assert (await erasing.rewrite(service, tmp_path)).problem == ""
