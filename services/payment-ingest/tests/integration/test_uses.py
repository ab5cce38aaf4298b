"""What became of a payment: matching's events, published on a real topic, read by the running service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import asyncpg
from bank_files import ACCOUNT, Entry, Stmt, camt

from lettra_events.contracts.matching import CashApplied, CashPutOnAccount, CashTakenFromAccount
from lettra_events.decisions.workspace import no_state
from lettra_events.kafka.relay import Relay, RelaySettings
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until
from lettra_payment_ingest.main import READING, SERVICE


@asynccontextmanager
async def matching(servers, topic: str):
    """A service that publishes whatever it is given, as matching would."""
    async with fresh_database(servers.postgres) as dsn, asyncpg.create_pool(dsn, min_size=1) as pool:
        relay = asyncio.create_task(Relay(RelaySettings(servers.kafka, topic, "matching"), dsn).run())
        commands = Commands(pool, no_state, "matching")

        async def publish(*events) -> None:
            def decide(workspace):
                workspace.append(*events)
                return Answer(200, b"")

            await commands.run(decide, Request("test"))

        yield publish
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)


async def test_a_payment_says_what_became_of_it(start, servers):
    topic = await fresh_topic(servers.kafka)
    service = replace(SERVICE, reading=replace(READING, topics=(topic,)))
    api = await start(service, ("api", "worker"))
    await api.register()
    await api.take(camt(Stmt(2, "100", [Entry("100", "FA-1")])))
    (payment,) = (await api.get("/payments", account=ACCOUNT))["payments"]
    assert (payment["uses"], payment["unassigned"]) == ([], "100")
    on = {"payment_id": payment["payment_id"], "entity_id": "FR01", "currency": "EUR", "date": "2026-03-16"}
    why = {"rule": "document_number", "evidence": "FA-1", "open_after": Decimal(0)}
    why |= {"confidence": Decimal("0.99"), "solutions": 1, "rules_version": 0}
    async with matching(servers, topic) as publish:
        await publish(
            CashPutOnAccount(customer_id="C-1", amount=Decimal(70), evidence="IBAN", **on),
            CashTakenFromAccount(customer_id="C-1", amount=Decimal(50), **on),
            CashApplied(customer_id="C-1", item_id="FR01:FA-1", line=1, amount=Decimal(50), **why, **on),
            CashApplied(customer_id="C-2", item_id="FR01:FA-2", line=2, amount=Decimal("12.5"), **why, **on),
        )

        async def told():
            found = await api.get(f"/payments/{payment['payment_id']}")
            return found if sum(Decimal(u["applied"]) for u in found["uses"]) == Decimal("62.5") else None

        found = await until(told, "the payment's uses", 60)
    assert found["uses"] == [
        {"customer_id": "C-1", "applied": "50", "on_account": "20", "refunded": "0"},
        {"customer_id": "C-2", "applied": "12.5", "on_account": "0", "refunded": "0"},
    ]
    assert found["unassigned"] == "17.5"
