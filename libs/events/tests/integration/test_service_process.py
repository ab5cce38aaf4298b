"""What a process of a service runs in which role, and how it ends; on real servers, in the test's own process."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import toys
from fastapi import APIRouter
from pydantic import BaseModel

from lettra_events.contracts import TOPICS
from lettra_events.decisions.workspace import Cause
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Reading
from lettra_events.service.http import Command
from lettra_events.service.process import Process
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.rows import TableDrift
from lettra_events.store.running import run_decisions
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.waiting import until

router = APIRouter()


class Deposit(BaseModel):
    account: str
    amount: int


@router.post("/deposits", status_code=201)
async def deposit(body: Deposit, command: Command) -> Any:
    def decide(workspace: Any) -> dict[str, int]:
        workspace.append(toys.Deposited(account=body.account, amount=body.amount))
        return {"amount": body.amount}

    return await command.run(decide, status=201)


class OnDatabase(ServiceSettings):
    """Settings that name the database itself."""

    def database(self, name: str) -> str:
        del name
        return self.postgres


SERVICE = Service(
    name=toys.SERVICE,
    package="toys",
    reading=Reading(toys.SERVICE, (), frozenset(), toys.PARKING, toys.evolve),
    state=(toys.ACCOUNTS,),
    projections=(),
    router=router,
    settings=OnDatabase,
)
Start = Callable[..., Any]


@pytest.fixture
def start(database, servers, topic, monkeypatch) -> Start:
    """Starts the toy service in some roles; settings as keywords."""
    monkeypatch.setitem(TOPICS, toys.SERVICE, topic)

    @asynccontextmanager
    async def run(*roles: str, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Process]]:
        chosen = OnDatabase(**({"postgres": database, "kafka": servers.kafka} | settings))
        process = Process(SERVICE, chosen, roles)
        async with process.running() as app:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                yield client, process

    return run


DEPOSIT = {"account": "a", "amount": 1}


async def test_api_and_relay_in_one_process_publish_what_is_answered(start, servers, topic):
    """Guard: a command wakes the relay of its process (service/process.py, service/commands.py).

    The poll would come after ten seconds, and this test does not wait so long.
    """
    async with start("api", "relay", relay_poll_ms=10_000) as (client, process):
        await until(lambda: leads(process), "the relay leads")
        assert (await client.post("/deposits", json=DEPOSIT)).status_code == 201

        async def published() -> bool:
            return len(prove(await read_topic(servers.kafka, topic))) == 1

        await until(published, "the event is published", 8)


async def leads(process: Process) -> bool:
    return process.relay is not None and process.relay.leading


async def test_a_process_without_the_role_api_serves_its_operators_only(start):
    """Guard: the router is included for the role api alone (service/process.py)."""
    async with start("relay") as (client, _process):
        assert (await client.post("/deposits", json=DEPOSIT)).status_code == 404
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200
        page = (await client.get("/openapi.json")).json()
        assert sorted(page["paths"]) == ["/health/live", "/health/ready", "/metrics"]


async def test_a_process_of_the_role_api_needs_no_broker(start):
    """Guard: _broker_check looks at the roles (service/process.py): events wait in the outbox."""
    async with start("api", kafka="127.0.0.1:1") as (client, _process):
        assert (await client.post("/deposits", json=DEPOSIT)).status_code == 201
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (
            200,
            {"ready": True, "checks": {"database": "ok", "broker": "ok", "worker": "ok"}},
        )


async def test_one_bootstrap_server_of_several_is_enough(start, servers):
    """Guard: _broker_check asks all of them (service/process.py)."""
    async with start("relay", kafka=f"127.0.0.1:1,{servers.kafka}") as (client, process):
        await until(lambda: leads(process), "the relay leads")
        assert (await client.get("/health/ready")).json()["checks"]["broker"] == "ok"


async def test_a_table_that_differs_is_refused_at_start(start, connection):
    """Guard: check_tables before anything is served (service/process.py)."""
    await connection.execute("alter table accounts rename column balance to saldo")
    with pytest.raises(TableDrift, match=r"table accounts: .*'balance'.*; run the role migrate"):
        async with start("api"):
            pass


async def test_a_command_that_hangs_does_not_hold_the_end(start):
    """Guard: _close_pool gives up after shutdown_seconds (service/process.py)."""
    async with start("api", shutdown_seconds=1) as (_client, process):
        held = await process.pool.acquire()
        started = time.monotonic()
    assert 0.9 < time.monotonic() - started < 5
    with pytest.raises(asyncpg.InterfaceError):
        await held.execute("select 1")


async def test_a_command_whose_connection_breaks_says_that_the_database_is_away(start, connection):
    """Guard: _interface (service/problems.py); the end of the transaction raises an error of its own."""
    async with start("api") as (client, _process):
        assert (await client.post("/deposits", json=DEPOSIT)).status_code == 201
        async with connection.transaction():
            await connection.execute("select 1 from streams for update")
            waiting = asyncio.create_task(client.post("/deposits", json=DEPOSIT))

            async def ended() -> bool:
                return bool(
                    await connection.fetchval(
                        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"
                        " and datname = current_database()"
                    )
                )

            await until(ended, "the command's connection waits for the lock, and is ended")
            answer = await waiting
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:lettra:problem:database-away")


async def test_what_waits_in_the_outbox_is_measured(start):
    """Guard: _gauges (service/process.py)."""
    async with start("api") as (client, _process):
        await asyncio.gather(*(client.post("/deposits", json=DEPOSIT) for _ in range(3)))

        async def measured() -> bool:
            text = (await client.get("/metrics")).text
            return 'lettra_outbox_waiting_events{service="toy"} 3.0' in text

        await until(measured, "the gauge says three")


async def test_what_is_parked_is_measured(start, connection):
    """Guard: _show_parked (service/process.py)."""
    parked = toys.PARKING.parked(
        topic="t",
        parked_key="k",
        partition=0,
        sequence=1,
        event_id=str(UUID(int=1)),
        failed_type="toy.Deposited",
        error="ValueError: no",
    )

    def parks(workspace: Any) -> None:
        workspace.begin(Cause("test", "test", "test"))
        workspace.append(parked)

    await run_decisions(connection, with_parking(toys.evolve), parks, service=toys.SERVICE)
    await connection.execute(
        "insert into parked_records select 't', 0, n, 'k', '' from generate_series(1, 3) n"
    )
    async with start("api") as (client, _process):

        async def measured() -> bool:
            text = (await client.get("/metrics")).text
            wanted = (
                'lettra_parked_keys{service="toy"} 1.0',
                'lettra_parked_records{service="toy"} 3.0',
                'lettra_parking_events{event="KeyParked",service="toy"} 1.0',
                'lettra_parking_events{event="EventSkipped",service="toy"} 0.0',
            )
            age = re.search(r'^lettra_parked_oldest_seconds{service="toy"} (.+)$', text, re.MULTILINE)
            return all(line in text for line in wanted) and age is not None and 0 < float(age[1]) < 60

        await until(measured, "the gauges say what is parked")
