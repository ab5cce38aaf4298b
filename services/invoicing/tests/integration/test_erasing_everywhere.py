"""A person who was erased is nowhere any more: not in a table, a file, a record or a log line; and the books stand.

The service as operators run it, on servers of its own, whose folders are searched for what was written.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from invoicing_examples import CUSTOMER, ENTITY, INVOICE, customers_csv
from service_process import THE_REAL_ONE, Started, started

from lettra_events.contracts import decode
from lettra_events.contracts.contacts import TOPIC
from lettra_events.contracts.invoicing import ContactErased
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.store.rows import load
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.waiting import until
from lettra_invoicing.decider import evolve
from lettra_invoicing.main import SERVICE
from lettra_tools.stack import LocalServers

pytestmark = pytest.mark.slow

HISTORY = "ar.invoicing.events"
ACCOUNTS = ("customers", "documents", "series", "legal_entities", "calendar")


@dataclass
class Place:
    """The servers, the service on them, and what every address that is to be erased has in it."""

    local: LocalServers
    settings: dict[str, str]
    service: Started
    relay: Started
    database: asyncpg.Connection
    token: str
    kept: str

    @property
    def kafka(self) -> str:
        return self.settings["LETTRA_KAFKA"]

    def files_with(self, text: str, *parts: str) -> list[str]:
        """The files of a server's folder that have this text in them, written anywhere, deleted or not."""
        places = [str((self.local.folder / part).resolve()) for part in parts]
        found = subprocess.run(["grep", "-rlaF", text, *places], capture_output=True, text=True, check=False)
        assert found.returncode in (0, 1) or "No such file" in found.stderr, found.stderr
        return found.stdout.splitlines()

    async def tables(self) -> dict[str, list[str]]:
        return {
            name: [row[0] for row in await self.database.fetch(f"select t::text from {name} t order by 1")]
            for name in ACCOUNTS
        }

    async def everything(self) -> str:
        """All rows of all tables of the service's database, and what PostgreSQL knows of their columns."""
        names = await self.database.fetch(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname = 'public' or tablename = 'pg_statistic'"
        )
        rows = [
            row[0] for (name,) in names for row in await self.database.fetch(f"select t::text from {name} t")
        ]
        payloads = await self.database.fetch("select payload, attributes from events")
        return "\n".join([*rows, *(str(bytes(part)) for row in payloads for part in row)])

    def erase(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`lettra erase`, as an operator calls it."""
        command = [str(Path(sys.executable).with_name("lettra")), "erase", *arguments]
        url = str(self.service.client.base_url)
        return subprocess.run(
            [*command, "--why", "request 26-114", "--who", "j.lambert", "--url", url],
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
async def place(own_servers: Any, tmp_path: Path) -> AsyncIterator[Place]:
    """The service, migrated and running, on servers whose write-ahead log is not recycled."""
    local = own_servers(fsync=False)
    running = local.start()
    settings = {
        "LETTRA_POSTGRES": running.postgres,
        "LETTRA_KAFKA": running.kafka,
        "LETTRA_PARTITIONS": "2",
        "LETTRA_COMPACTED_SEGMENT_MS": "1000",
        "LETTRA_LOG_LEVEL": "DEBUG",
    }
    dsn = f"{running.postgres.rpartition('/')[0]}/lettra_invoicing"
    async with started([*THE_REAL_ONE, "migrate", "api"], tmp_path, **settings) as service:
        await service.answers()
        async with started([*THE_REAL_ONE, "relay"], tmp_path, **settings) as relay, connected(dsn) as own:
            await own.execute("alter system set wal_recycle = off")
            await own.execute("select pg_reload_conf()")
            yield Place(local, settings, service, relay, own, uuid4().hex, uuid4().hex)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def file_of(token: str) -> bytes:
    return customers_csv("C-4,Petit,,,,,fr,", f"C-2,Durand,,,,anne@{token}.example,fr,")


async def send(place: Place, data: bytes) -> Any:
    return await place.service.client.post("/imports/customers", files={"file": ("customers.csv", data)})


async def write(place: Place) -> None:
    """Addresses come in by HTTP and by file, taken and refused, well-formed and not."""
    client, token = place.service.client, place.token
    mail, as_json = f"compta@{token}.example", {"Content-Type": "application/json"}
    first = {**CUSTOMER, "email": mail}
    (await client.post("/legal-entities", json=ENTITY)).raise_for_status()
    (await client.post("/customers", json=first, headers={"Idempotency-Key": "k-1"})).raise_for_status()
    kept = {"customer_id": "C-3", "name": "Roux", "email": f"x@{place.kept}.example"}
    (await client.post("/customers", json=kept)).raise_for_status()
    (await client.post("/invoices", json=INVOICE)).raise_for_status()
    assert (await send(place, file_of(token))).json()["created"] == 2
    refused = [
        await client.post("/customers", json={**first, "name": "Other"}),
        await client.post("/customers", json={**first, "email": f"two words@{token}.example"}),
        await client.post("/customers", json={**first, "siren": mail}),
        await client.post("/customers", json={**first, mail: mail}),
        await client.post("/customers", content=f'{{"email": "{mail}", ', headers=as_json),
        await client.post(
            "/customers", content=json.dumps({**first, "email": "\ud800" + mail}), headers=as_json
        ),
        await client.post("/customers", json=[mail], headers={"Idempotency-Key": "k-1"}),
        await send(place, customers_csv(f"C-1,Other,,,,{mail},fr,")),
        await send(place, customers_csv(f"C-9,Other,{mail},,,two words@{token}.example,fr,")),
        await send(place, f"{mail}\n".encode()),
        await send(place, customers_csv(f"C-9,Other,,,,{mail},fr,") + b"\xff"),
        await client.get(f"/nowhere/{mail}"),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refused), refused


async def contacts_known(place: Place) -> dict[str, str]:
    """Who is on the topic: the last value of each key that has one."""
    records = [record for part in (await read_topic(place.kafka, TOPIC)).values() for record in part]
    last = {record.key: record.value for record in records}
    return {key.decode(): json.loads(value)["email"] for key, value in last.items() if key and value}


async def published(place: Place) -> None:
    async def done() -> bool:
        return not await place.database.fetchval(
            "select exists (select from outbox) or (select sequence > mark from relay)"
            " or exists (select from compacted_changes)"
        )

    await until(done, "everything is published", 60)


async def folded(entries: Sequence[Any]) -> dict[str, list[Any]]:
    """The state that the published history folds into, by table."""
    workspace = Workspace(evolve, everything_loaded=True)
    workspace.begin(Cause("fold", "fold", "fold"))
    for entry in entries:
        workspace.append(decode(entry.event))
    return {table.name: rows for table, rows, _ in workspace.changes()}


async def test_nothing_of_an_erased_person_is_left_and_the_books_stand(place: Place) -> None:
    """Guards: no event and no log line has an address; the column has no statistics (001_invoicing.sql); the tombstone
    and its markers (kafka/compacted.py); `lettra erase` rewrites the table, switches the log and takes a checkpoint
    (lettra_tools/erasing.py); the id stays erased (decider.register_customer).

    Without one of them the text is found where this test searches. `kept` is the address of somebody who stays: that
    it is found everywhere shows that the search finds.
    """
    await write(place)
    await published(place)
    token = place.token
    everyone = {
        "contact:C-1": f"compta@{token}.example",
        "contact:C-2": f"anne@{token}.example",
        "contact:C-3": f"x@{place.kept}.example",
    }
    assert await contacts_known(place) == everyone
    await place.database.execute("analyze")
    await place.database.execute("checkpoint")
    for text in (token, place.kept):
        assert place.files_with(text, f"kafka/data/{TOPIC}-0", f"kafka/data/{TOPIC}-1")
        assert place.files_with(text, "postgres/data/base")
        assert place.files_with(text, "postgres/data/pg_wal")
    accounts = await place.tables()

    asked = {"who": "j.lambert", "why": "request 26-114"}
    (await place.service.client.post("/contacts/contact:C-1/erase", json=asked)).raise_for_status()
    nobody = place.erase("contact:C-99")
    assert (nobody.returncode, nobody.stderr) == (1, "lettra: there is no contact contact:C-99\n")
    place.relay.process.send_signal(signal.SIGSTOP)
    early = place.erase("--customer", "C-2", "--wait-seconds", "0")
    assert early.returncode == 4, early.stdout + early.stderr
    assert "its tombstone is not sent yet: see whether a relay of invoicing runs" in early.stderr
    place.relay.process.send_signal(signal.SIGCONT)
    assert early.stdout.splitlines()[0] == "contact:C-2 of customer C-2: erased by j.lambert."
    again = place.erase("contact:C-1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.splitlines()[0] == "contact:C-1 of customer C-1: was erased before."
    for told in ("its old files deleted", "holds neither value nor key of contact:C-1"):
        assert told in again.stdout

    async def gone() -> bool:
        return not place.files_with(token, "kafka", "logs")

    await until(gone, "Kafka has compacted the topic and deleted the files", 60)
    assert place.files_with(token, "postgres/data") == []
    assert token not in await place.everything()
    assert token not in place.service.log.read_text() + place.relay.log.read_text()
    assert await contacts_known(place) == {"contact:C-3": everyone["contact:C-3"]}
    assert place.kept in await place.everything()
    assert place.files_with(place.kept, "kafka/data") != []
    assert place.files_with(place.kept, "postgres/data/base") != []

    served = [
        row.replace(",contact:C-1,", ",,").replace(",contact:C-2,", ",,") for row in accounts["customers"]
    ]
    assert served != accounts["customers"]
    assert await place.tables() == accounts | {"customers": served}, "but for the contact's id, all stands"
    entries = prove(await read_topic(place.kafka, HISTORY))
    erased = [event for entry in entries if isinstance(event := decode(entry.event), ContactErased)]
    assert [(e.contact_id, e.customer_id, e.who, e.why) for e in erased] == [
        (f"contact:C-{n}", f"C-{n}", "j.lambert", "request 26-114") for n in (1, 2)
    ]
    state = await folded(entries)
    for table in SERVICE.state:
        rows = state.get(table.name, [])
        stored = await load(place.database, table, [table.key_of(row) for row in rows])
        assert sorted(map(str, stored)) == sorted(map(str, rows))
        assert await place.database.fetchval(f"select count(*) from {table.name}") == len(rows)

    resent = await send(place, file_of(token))
    assert (resent.status_code, resent.json()["created"]) == (200, 0)
    assert token not in await place.everything()
    assert len(prove(await read_topic(place.kafka, HISTORY))) == len(entries)
    assert len(await place.database.fetch("select from erased_contacts")) == 2
