"""A topic that lost its end, or all of it, while its relay refuses: what the log has is sent again, and all goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generations import World, open_world

from lettra_events.kafka.fork import ForkDetected, check_fork
from lettra_events.kafka.resending import resend
from lettra_events.kafka.topics import delete_topics, ensure_topic, topic_sizes
from lettra_events.store.relay_store import read_state
from lettra_events.testing.waiting import until
from lettra_events.verify.history import verify_topic

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def lose_the_topic(world: World) -> None:
    """It is there again, with nothing in it."""
    topic = world.place.topic
    await delete_topics(world.place.kafka, [topic])

    async def is_gone() -> bool:
        return topic not in await topic_sizes(world.place.kafka)

    await until(is_gone, "the topic is gone", 30)
    await ensure_topic(world.place.kafka, topic, 2)


@pytest.mark.slow
async def test_a_topic_that_lost_everything_is_sent_again_and_its_readers_go_on(servers: Servers) -> None:
    """Guard: resend sends in order what the relay had sent; so the relay leads again, and nothing is missing.

    The reader had read five records more of the lost topic than there are now, as where it held repeats. So it looks
    behind what it does not know yet, says that an entry is missing, and goes on when that is sent again.
    """
    async with open_world(servers) as world:
        await world.deposit(60)
        async with world.relay(), world.workers("one"):
            await world.until_applied()
        await lose_the_topic(world)
        state = await read_state(world.toy, 2)
        with pytest.raises(ForkDetected, match="is empty"):
            await check_fork(world.toy, world.place.kafka, world.place.topic, state)
        await send_again(world, {0: 0, 1: 0})
        await check_fork(world.toy, world.place.kafka, world.place.topic, state)
        await world.clerk.execute("update consumer_offsets set next_offset = next_offset + 5")
        async with world.relay():
            await world.deposit(20)
            await until(world.published, "the relay leads and goes on", 60)
            async with world.workers("two"):
                await send_again(world, await world.positions())
                await world.until_applied()
        await world.check(1)
        whole = await verify_topic("toy", world.place.topic, world.place.kafka)
        assert whole.counts["entries"] == 80


async def send_again(world: World, after: dict[int, int]) -> None:
    through = (await read_state(world.toy, 2)).mark
    for partition, known in after.items():
        await resend(world.toy, world.place.kafka, world.place.topic, partition, known, through)
