"""Killed at any step of a move and started again: the move is finished, nothing is lost, doubled or reordered."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest
from generations import World, open_world

from lettra_events.kafka.republishing import NotSwitched, repartition
from lettra_events.testing.published import read_topic, repeats
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from lettra_tools.stack import Servers

EVENTS = 125


async def is_killed(process: Process) -> None:
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL


async def check_published(world: World) -> None:
    """The new topic has all of the log, also what came after the move; the old one ends with the announcement."""
    async with world.relay():
        await until(lambda: is_current(world, 2), "the relay has switched", 60)
        await world.deposit(EVENTS)
        await until(world.published, "all is published", 60)
    assert await world.chains(2) == await world.log()
    assert await world.chains(1) == (await world.log())[: EVENTS + 1]
    assert await world.ends(1) == {EVENTS + 1}


async def prepared(world: World) -> int:
    """How far the new generation is published before the relay is there."""
    return await world.toy.fetchval("select mark from generations where generation = 2")


async def is_current(world: World, number: int) -> bool:
    return (await world.current()).number == number


@pytest.mark.parametrize(
    ("failpoint", "republished"),
    [("generation.created", 0), ("generation.republished_batch@2", 50), ("generation.announced", EVENTS)],
)
async def test_a_killed_command_is_gone_on_with(servers: Servers, failpoint: str, republished: int) -> None:
    """Guards: the new generation is recorded before anything is done, and its mark moves behind what is acknowledged
    (kafka/republishing.py); the announcement's version allows one (republishing._announce)."""
    async with open_world(servers) as world:
        await world.deposit(EVENTS)
        async with world.relay():
            await until(world.published, "all is published", 60)
        async with world.mover(5, failpoint) as mover:
            await is_killed(mover)
        assert await prepared(world) == republished
        with pytest.raises(NotSwitched):
            await world.move(5, seconds=0)
        assert await prepared(world) == EVENTS
        assert await world.toy.fetchval("select version from streams where stream_id = 'topic:toy'") == 1
        await check_published(world)


@pytest.mark.parametrize(("failpoint", "repeated"), [("publish.sent", 2), ("generation.switched", 0)])
async def test_a_relay_killed_while_it_switches_is_continued(
    servers: Servers, failpoint: str, repeated: int
) -> None:
    """Guard: the mark of the old generation and the switch are one transaction (relay_store.enter_next_generation).

    Killed before it, the announcement is published again, the same, in both old partitions; behind it, never.
    """
    async with open_world(servers) as world:
        await world.deposit(EVENTS)
        async with world.relay():
            await until(world.published, "all is published", 60)
        with pytest.raises(NotSwitched, match="no relay of toy switched to it within 0 s"):
            await world.move(5, seconds=0)
        async with world.relay_once(failpoint) as relay:
            await is_killed(relay)
        assert (await world.current()).number == (1 if repeated else 2)
        await check_published(world)
        assert repeats(await read_topic(world.place.kafka, world.place.topic)) == repeated


@pytest.mark.parametrize("failpoint", ["generation.consumer_moved", "consume.committed@{batches}"])
async def test_a_worker_killed_while_it_moves_the_service_has_moved_it_or_not(
    servers: Servers, failpoint: str
) -> None:
    """Guard: positions and generation move in the transaction of the last batch (applying._move_position)."""
    async with open_world(servers) as world:
        await world.deposit(EVENTS)
        async with world.relay():
            async with world.workers("one"):
                await until(world.applied, "the clerk has read what there was", 60)
            await world.move(5)
        # One batch a partition is left, with the announcement alone.
        async with world.worker("one", LETTRA_FAILPOINT=failpoint.format(batches=2)) as worker:
            await is_killed(worker)
        committed = failpoint.startswith("consume")
        generations = await world.read_generations()
        assert [number for number, *_ in generations] == ([1, 2] if committed else [1])
        async with world.relay(), world.workers("one"):
            await world.deposit(EVENTS)
            await world.until_applied()
        await world.check(2)
        assert await world.read_generations() == [(1, 2, EVENTS + 1, True), (2, 5, None, False)]


@pytest.mark.slow
async def test_a_move_waits_until_the_new_topic_has_what_the_old_one_had(servers: Servers) -> None:
    """Guard: republishing._until_published, in a move and where it was done before."""
    async with open_world(servers) as world:
        await world.deposit(60)
        async with world.relay_once("generation.switched") as relay:
            await until(world.published, "the relay leads", 60)
            with pytest.raises(NotSwitched, match=r"is published up to entry 50, and .* ended with entry 61"):
                await world.move(5, seconds=5)
            await relay.wait()
        with pytest.raises(NotSwitched, match="is published up to entry 50"):
            await repartition(world.publisher, 5, switch_seconds_max=0)
        async with world.relay():
            assert await repartition(world.publisher, 5) is None
            assert await world.toy.fetchval("select mark from relay") == 61
