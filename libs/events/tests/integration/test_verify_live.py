"""A history that is being written is verified as it is: what comes meanwhile is no difference."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import toys
from store_of_toys import append_any, deposits, relaying
from verifying import topic_named, verify, written

from lettra_events.testing.published import Record
from lettra_events.testing.waiting import until
from lettra_events.verify import history, lanes
from lettra_events.verify.history import verify_topic
from lettra_events.verify.lanes import KafkaSilent

if TYPE_CHECKING:
    from store_of_toys import Place

    from lettra_tools.stack import LocalServers

WRITERS = 3


@asynccontextmanager
async def busy(place: Place) -> AsyncIterator[asyncpg.Connection]:
    """Writers append without a pause, and a relay publishes in small rounds. Gives a connection to look at it."""

    async def write(number: int) -> None:
        connection = await asyncpg.connect(place.dsn)
        for n in range(1_000_000):
            await append_any(connection, *deposits(5, note=f"{number}"))
            if n % 10 == number:
                await append_any(connection, toys.Broadcasted(text=f"{n}"))

    looking = await asyncpg.connect(place.dsn)
    async with relaying(place.relay(batch_max=20)):
        writers = [asyncio.create_task(write(number)) for number in range(WRITERS)]
        try:
            yield looking
        finally:
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
    await looking.close()


async def grown(connection: asyncpg.Connection, beyond: int) -> None:
    async def look() -> bool:
        return bool(await connection.fetchval("select mark > $1 from relay", beyond))

    await until(look, f"more than {beyond} entries are published")


async def test_a_history_that_is_being_written_is_sound(place: Place) -> None:
    """Guard: mark, then ends, then snapshot (verify_history in verify/history.py)."""
    async with busy(place) as connection:
        head = None
        for _ in range(4):
            await grown(connection, head.sequence if head else 200)
            sound = await verify(place, head)
            assert head is None or sound.head.sequence > head.sequence
            head = sound.head
            async with topic_named(place.topic):
                assert (
                    await verify_topic("toy", place.topic, place.kafka, head)
                ).head.sequence >= head.sequence


async def test_what_is_written_between_mark_ends_and_snapshot_is_no_difference(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: the order of the three (verify_history in verify/history.py), with much happening between them."""
    async with busy(place) as connection:
        await grown(connection, 100)
        for name in ("_published_lanes", "snapshot"):
            monkeypatch.setattr(history, name, after_more(getattr(history, name), connection))
        sound = await verify(place)
        assert sound.head.sequence > 300


def after_more(function: Callable[..., Any], connection: asyncpg.Connection) -> Callable[..., Any]:
    """The function, once a hundred entries more are published than when it was called."""

    @asynccontextmanager
    async def opening(*arguments: object) -> AsyncIterator[object]:
        await grown(connection, 100 + await connection.fetchval("select mark from relay"))
        async with function(*arguments) as opened:
            yield opened

    return opening


async def test_kafka_that_falls_silent_is_said_after_a_bounded_time(
    own_servers: Callable[..., LocalServers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: STALL_SECONDS_MAX (verify/lanes.py); aiokafka itself would wait for the broker without end."""
    monkeypatch.setattr(lanes, "STALL_SECONDS_MAX", 1.0)
    local = own_servers(postgres=False)
    kafka = local.start().kafka
    topic = await written(kafka, {0: [Record(0, b"k", b"v", ())]})
    async with lanes.open_lanes(kafka, topic) as opened:
        local.kill_kafka()
        opened.lanes[0].end += 1  # as if one more had been there
        assert await opened.next(opened.lanes[0]) is not None
        with pytest.raises(KafkaSilent, match="none comes"):
            await opened.next(opened.lanes[0])
        with pytest.raises(KafkaSilent, match="the ends of"):
            await opened.fix_ends()
