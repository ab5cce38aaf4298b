"""Under load: what 24 writers commit in any order, the relay publishes whole, and Kafka alone can prove it."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import asyncpg
import pytest
import toys
from store_of_toys import TOY_PROCESS, all_published, append_any, ids, published

from lettra_events.testing.processes import supervised
from lettra_events.testing.published import read_topic, repeats

if TYPE_CHECKING:
    from uuid import UUID

    from store_of_toys import Place

    from lettra_events.contracts import Event

WRITERS = 24
WRITING_SECONDS = 4.0
ACCOUNTS = 40


async def write_until(deadline: float, place: Place, seed: int) -> list[UUID]:
    """One decision after the other, on some streams each; some are rolled back, some are committed late."""
    chance, committed = random.Random(seed), []
    connection = await asyncpg.connect(place.dsn)
    while time.monotonic() < deadline:
        transaction = connection.transaction()
        await transaction.start()
        appended = await append_any(connection, *decision(chance))
        if chance.random() < 0.3:
            await connection.execute("select pg_sleep($1)", chance.random() * 0.03)
        if chance.random() < 0.1:
            await transaction.rollback()
        else:
            await transaction.commit()
            committed += appended
    await connection.close()
    return committed


def decision(chance: random.Random) -> list[Event]:
    """In the sorted order of their streams, so that writers do not deadlock; a broadcast now and then."""
    accounts = sorted(chance.choices(range(ACCOUNTS), k=chance.randint(1, 4)))
    events: list[Event] = [toys.Deposited(account=f"{n:02}", amount=chance.randint(1, 9)) for n in accounts]
    return [*events, toys.Broadcasted(text="t")] if chance.random() < 0.05 else events


@pytest.mark.slow
async def test_a_relay_among_24_writers_misses_nothing_and_keeps_the_order_of_every_stream(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: numbers are given to committed rows by one relay, in the order of the positions that were drawn under
    the locks of the streams (sequence_outbox in store/relay_store.py, append_events); `prove` reads Kafka alone."""
    async with supervised(TOY_PROCESS, "relay", **place.environment) as codes:
        deadline = time.monotonic() + WRITING_SECONDS
        committed = await asyncio.gather(*(write_until(deadline, place, seed) for seed in range(WRITERS)))
        await all_published(connection, seconds=60)
    assert codes == []
    appended = [event_id for each in committed for event_id in each]
    entries = await published(place)
    assert len(appended) > 500
    assert sorted(ids(entries)) == sorted(appended)
    assert repeats(await read_topic(place.kafka, place.topic)) == 0
    drawn = await connection.fetch(
        "select recorded_at from log join events using (event_id) order by sequence"
    )
    assert [row[0] for row in drawn] != sorted(row[0] for row in drawn), "nothing was committed out of order"
