"""A topic gets more partitions while writers write and two workers consume: nothing lost, doubled or reordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generations import open_world
from toys import MOVED

from lettra_events.contracts import decode
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def test_under_load_consumers_move_with_nothing_lost_doubled_or_reordered(servers: Servers) -> None:
    """Guards: the relay ends a generation with its announcement (rounds.to_the_end, Relay._move_on); a consumer moves
    when all its partitions are there (kafka/moving.py); its workers read the new topic (Process._follow_generations).

    Twice: the second move starts from a generation that has a number in its name.
    """
    async with open_world(servers, partitions=2) as world:
        await world.deposit(200)
        async with world.relay() as relays, world.workers("one") as ones, world.workers("two") as twos:
            await until(world.applied, "the clerk has read what there was", 60)
            async with world.writers(3):
                moved = await world.move(5)
                await until(
                    lambda: has_passed(world, moved.end + 100), "the clerk goes on after the move", 60
                )
                again = await world.move(7)
                await until(
                    lambda: has_passed(world, again.end + 100), "the clerk goes on after the second", 60
                )
            await world.until_applied()
            assert (relays, ones, twos) == ([], [], [])
        entries = await world.check(3)
        assert (moved.old.partitions, moved.new.partitions, again.new.partitions) == (2, 5, 7)
        assert [decode(entries[end - 1].event) for end in (moved.end, again.end)] == [
            MOVED(generation=2, partitions=5, new_topic=f"{world.place.topic}.g2"),
            MOVED(generation=3, partitions=7, new_topic=f"{world.place.topic}.g3"),
        ]
        # Every partition of an old generation ends with the announcement, and holds the log up to it.
        assert await world.ends(1) == {moved.end}
        assert await world.ends(2) == {again.end}
        assert [e.chain for e in await world.topic(2)] == [e.chain for e in entries[: again.end]]
        assert await world.read_generations() == [
            (1, 2, moved.end, True),
            (2, 5, again.end, True),
            (3, 7, None, False),
        ]


async def has_passed(world, sequence: int) -> bool:
    return max((await world.positions()).values(), default=0) > sequence
