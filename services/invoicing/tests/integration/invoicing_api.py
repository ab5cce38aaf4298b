"""The running service as its callers see it, and its database as they do not."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pikepdf
from invoicing_examples import CUSTOMER, ENTITY, INVOICE

from lettra_events.service.commands import Commands
from lettra_events.service.process import Process


@dataclass
class Api:
    """A running service as its callers see it, and its database as they do not."""

    client: httpx.AsyncClient
    pool: asyncpg.Pool[Any]
    commands: Commands
    process: Process

    async def register(self) -> None:
        """A legal entity and two customers."""
        await self.made("/legal-entities", ENTITY)
        await self.made("/customers", CUSTOMER)
        await self.made("/customers", {"customer_id": "C-2", "name": "Durand"})

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, json=body, headers=named)

    async def made(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The answer to a command that is taken."""
        response = await self.post(path, body, **headers)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def made_with_lines(self, lines: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        """The first invoice of FR02, to C-9, with these lines: of a seller and a buyer that have what it shows."""
        address = {"street": "4 chemin du Moulin", "postal_code": "04500", "city": "Quinson"}
        entity = {"entity_id": "FR02", "name": "Ateliers", "siren": "552100554"}
        await self.made("/legal-entities", entity | {"vat_number": "FR96552100554", "address": address})
        buyer = {"customer_id": "C-9", "name": "Durand", "siren": "404833048"}
        await self.made("/customers", buyer | {"address": "1 rue X, 75001 Paris"})
        body = {name: INVOICE[name] for name in ("series", "issue_date", "currency")}
        body |= {"entity_id": "FR02", "customer_id": "C-9", "operation_category": "goods"}
        body |= {"delivery_date": "2026-01-04", "late_penalty_rate": "12.15"}
        return await self.made("/invoices", body | {"lines": lines} | more)

    async def factur_x(self, entity_id: str, number: str) -> bytes:
        """The data within the PDF of a document."""
        answer = await self.client.get(f"/invoices/{entity_id}/{number}/document")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        with pikepdf.open(io.BytesIO(answer.content)) as pdf:
            return bytes(pdf.attachments["factur-x.xml"].get_file().read_bytes())

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(self, kind: str, data: bytes) -> httpx.Response:
        """Send a file."""
        return await self.client.post(f"/imports/{kind}", files={"file": (f"{kind}.csv", data)})

    async def taken(self, kind: str, data: bytes) -> dict[str, Any]:
        """The answer to a file that is taken."""
        response = await self.send(kind, data)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def events(self) -> list[dict[str, Any]]:
        """The events so far in their order: type, key, data and attributes."""
        rows = await self.pool.fetch(
            "select e.type, e.key, e.data, e.attributes from outbox join events_json e using (event_id)"
            " order by position"
        )
        read = {"data": json.loads, "attributes": json.loads}
        return [{name: read.get(name, str)(value) for name, value in row.items()} for row in rows]

    async def table(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table, in an order of their own."""
        return [dict(row) for row in await self.pool.fetch(f"select * from {name} t order by t::text")]


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[Api]:
    """The process, without a port."""
    async with process.running() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
            yield Api(client, app.state.pool, app.state.commands, process)
