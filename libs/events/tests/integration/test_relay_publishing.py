"""What a relay publishes: everything, once, in order, within its limits of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store_of_toys import all_published, append_any, deposits, ids, published, relaying

if TYPE_CHECKING:
    import asyncpg
    from store_of_toys import Place


async def test_more_events_than_a_round_takes_are_all_published(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: Relay._unpublished goes on behind the mark, whatever a round took (kafka/relay.py)."""
    appended = [id for _ in range(5) for id in await append_any(connection, *deposits(100))]
    async with relaying(place.relay(batch_max=30)):
        await all_published(connection)
    assert ids(await published(place)) == appended
