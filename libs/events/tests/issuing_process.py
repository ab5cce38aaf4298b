"""Issues invoices by invoicing's own commands: `PREFIX COUNT`, each with an idempotency key, one after the other."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from lettra_events.decisions.workspace import Workspace
from lettra_events.service.commands import Answer, Commands, Request
from lettra_invoicing import handlers
from lettra_invoicing.domain import IssueInvoice, RegisterCustomer, RegisterLegalEntity
from lettra_invoicing.main import READING

ISSUED_ON = date(2026, 3, 2)


def commands(pool: asyncpg.Pool) -> Commands:
    return Commands(pool, READING.evolve, READING.service)


async def prepare(dsn: str) -> None:
    """A legal entity and a customer."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        entity = RegisterLegalEntity(entity_id="E1", name="Une société")
        customer = RegisterCustomer(customer_id="C1", name="Un client")
        await run(pool, "entity", lambda w: handlers.register_legal_entity(w, entity))
        await run(pool, "customer", lambda w: handlers.register_customer(w, customer))


async def run(pool: asyncpg.Pool, key: str, handle: Any) -> dict[str, Any]:
    def decide(workspace: Workspace) -> Answer:
        return Answer(201, handle(workspace).model_dump_json().encode())

    answer = await commands(pool).run(decide, Request("test", key, b"1"))
    return orjson.loads(answer.body)


async def issue(pool: asyncpg.Pool, prefix: str, count: int, issue_date: date = ISSUED_ON) -> list[str]:
    """Issue invoices one by one; their document numbers."""
    command = IssueInvoice(
        entity_id="E1",
        customer_id="C1",
        series="FA",
        issue_date=issue_date,
        due_date=date(2026, 4, 30),
        currency="EUR",
        net=Decimal(100),
        vat=Decimal(20),
        gross=Decimal(120),
    )
    found = []
    for number in range(count):
        answer = await run(pool, f"{prefix} {number}", lambda w: handlers.issue_invoice(w, command))
        found.append(answer["document_number"])
    return found


async def main() -> None:
    async with asyncpg.create_pool(os.environ["ISSUING_DSN"], min_size=1, max_size=1) as pool:
        await issue(pool, sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())
