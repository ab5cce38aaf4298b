"""A service that publishes whatever a test gives it, on a topic of the test's: for tests of whoever reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from lettra_events.contracts import Event
from lettra_events.decisions.workspace import Workspace, no_state
from lettra_events.kafka.relay import Relay, RelaySettings
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.testing.servers import fresh_database

Publish = Callable[..., Awaitable[None]]


@asynccontextmanager
async def publisher(postgres: str, kafka: str, topic: str, service: str) -> AsyncIterator[Publish]:
    """`await publish(*events)` appends them, and a relay publishes them as it does for the service."""
    async with fresh_database(postgres) as dsn, asyncpg.create_pool(dsn, min_size=1) as pool:
        relay = asyncio.create_task(Relay(RelaySettings(kafka, topic, service), dsn).run())
        commands = Commands(pool, no_state, service)

        async def publish(*events: Event) -> None:
            def decide(workspace: Workspace) -> Answer:
                workspace.append(*events)
                return Answer(200, b"")

            await commands.run(decide, Request("test"))

        try:
            yield publish
        finally:
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)
