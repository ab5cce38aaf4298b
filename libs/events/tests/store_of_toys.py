"""Short words for the tests of the event store: append toy events, run a relay, wait until all is published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import toys

from lettra_events.contracts import Event
from lettra_events.decisions.workspace import Staged
from lettra_events.kafka.relay import Relay, RelaySettings
from lettra_events.store.append import ANY_VERSION, append
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_events.envelope import LogEntry
    from lettra_events.store.append import Connection

TOY_PROCESS = Path(__file__).with_name("toy_process.py")


@dataclass(frozen=True)
class Place:
    """Where a toy service's relay reads and publishes."""

    dsn: str
    kafka: str
    topic: str

    @property
    def environment(self) -> dict[str, str]:
        return {"TOY_DSN": self.dsn, "TOY_KAFKA": self.kafka, "TOY_TOPIC": self.topic}

    def relay(self, **settings: Any) -> Relay:
        return Relay(RelaySettings(self.kafka, self.topic, toys.SERVICE, **settings), self.dsn)


def staged(event: Event, event_id: UUID | None = None) -> Staged:
    return Staged(event, event_id or uuid4(), "test", "test")


async def append_any(connection: Connection, *events: Event) -> list[UUID]:
    """Append in one transaction at any version; the ids of the events."""
    items = [staged(event) for event in events]
    versions = {event.stream_id(): ANY_VERSION for event in events}
    await append(connection, items, versions, service=toys.SERVICE)
    return [item.event_id for item in items]


def deposits(count: int, accounts: int = 7, note: str = "") -> list[toys.Deposited]:
    """Deposits of 1, 2, 3... spread over accounts."""
    return [toys.Deposited(account=f"a{n % accounts}", amount=n + 1, note=note) for n in range(count)]


@asynccontextmanager
async def relaying(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    """The relay runs meanwhile; if it fails meanwhile, that is raised in the end."""
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        ended = task.done()
        task.cancel()
        await asyncio.wait([task])
    if ended and not task.cancelled():
        task.result()


async def all_published(connection: Connection, seconds: float = 20.0) -> None:
    """Wait until nothing waits for the relay."""

    async def done() -> bool:
        waiting: bool = await connection.fetchval(
            "select exists (select from outbox) or (select sequence > mark from relay)"
        )
        return not waiting

    await until(done, "everything is published", seconds)


async def published(place: Place) -> list[LogEntry]:
    """The history on the topic, proven sound."""
    return prove(await read_topic(place.kafka, place.topic))


def ids(entries: Iterable[LogEntry]) -> list[UUID]:
    return [entry.event.event_id for entry in entries]
