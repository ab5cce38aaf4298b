"""Several relays of one service: one leads, another takes over, and even two that both publish damage nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from store_of_toys import TOY_PROCESS, all_published, append_any, deposits, ids, published, relaying
from toy_process import FAILED

from lettra_events.kafka import relay as relay_module
from lettra_events.kafka.relay import Relay, RelayFailed
from lettra_events.testing.processes import program
from lettra_events.testing.published import read_topic, repeats
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from uuid import UUID

    from store_of_toys import Place

TAKEOVER_SECONDS_MAX = 5.0
LEASE_SECONDS = 2.0
SHORT_LEASE = {"TOY_LEASE_SECONDS": str(LEASE_SECONDS), "TOY_PUBLISH_SECONDS": "1"}
WAIT_WHILE_NUMBERING = """
create function wait() returns trigger language plpgsql as
$$ begin perform pg_advisory_xact_lock_shared(1); return new; end $$;
create trigger wait before insert on log for each row execute function wait()
"""


async def leads(relay: Relay) -> None:
    async def leading() -> bool:
        return relay.leading

    await until(leading, "the relay leads")


async def moved_beyond(connection: asyncpg.Connection, mark: int) -> None:
    async def moved() -> bool:
        return await connection.fetchval("select mark > $1 from relay", mark)

    await until(moved, f"the mark is beyond {mark}", seconds=40)


async def leader_pid(connection: asyncpg.Connection) -> int:
    """The database session that has the lead."""
    return await connection.fetchval(
        "select pid from pg_locks where locktype = 'advisory' and granted and database ="
        " (select oid from pg_database where datname = current_database())"
    )


async def test_one_leads_and_the_others_stand_by(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: the advisory lock (wait_to_lead in kafka/leading.py)."""
    relays = [place.relay() for _ in range(3)]
    appended = await append_any(connection, *deposits(100))
    async with relaying(relays[0]), relaying(relays[1]), relaying(relays[2]):
        await all_published(connection)
        assert [relay.leading for relay in relays].count(True) == 1
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) == 0


@pytest.mark.slow
async def test_a_standby_takes_over_from_a_killed_leader(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: the lock ends with the leader's connection, and the standby asks for it (kafka/relay.py)."""
    appended = await append_any(connection, *deposits(50))
    async with program(TOY_PROCESS, "relay", **place.environment, TOY_BATCH_MAX="5") as leader:
        await moved_beyond(connection, 0)
        standby = place.relay()
        async with relaying(standby):
            for _ in range(20):
                appended += await append_any(connection, *deposits(50))
            leader.kill()
            killed = time.monotonic()
            await leads(standby)
            assert time.monotonic() - killed < TAKEOVER_SECONDS_MAX
            appended += await append_any(connection, *deposits(50))
            await all_published(connection)
    assert ids(await published(place)) == appended


@pytest.mark.slow
async def test_a_standby_takes_over_from_a_frozen_leader(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: idle_session_timeout is the lease of the lead (connect_to_lead in kafka/leading.py); the old leader finds
    its connection closed when it wakes, and ends."""
    appended = await append_any(connection, *deposits(50))
    async with program(TOY_PROCESS, "relay", **place.environment, **SHORT_LEASE) as leader:
        await all_published(connection)
        os.kill(leader.pid, signal.SIGSTOP)
        appended += await append_any(connection, *deposits(50))
        await taken_over_until_it_wakes(connection, place, leader)
    appended += await append_later(connection, place)
    assert ids(await published(place)) == appended


@pytest.mark.slow
async def test_a_standby_takes_over_from_a_leader_frozen_in_a_transaction(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: idle_in_transaction_session_timeout (connect_to_lead in kafka/leading.py): the leader is frozen while it
    numbers, with the row lock that the standby needs."""
    await connection.execute(WAIT_WHILE_NUMBERING)
    holder = await asyncpg.connect(place.dsn)
    await holder.execute("select pg_advisory_lock(1)")
    appended = await append_any(connection, *deposits(50))
    async with program(TOY_PROCESS, "relay", **place.environment, **SHORT_LEASE) as leader:
        await until(lambda: numbering_waits(connection), "the leader numbers", seconds=20)
        os.kill(leader.pid, signal.SIGSTOP)
        await holder.close()
        await taken_over_until_it_wakes(connection, place, leader)
    appended += await append_later(connection, place)
    assert ids(await published(place)) == appended


async def numbering_waits(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval(
        "select exists (select from pg_stat_activity where datname = current_database()"
        " and wait_event = 'advisory' and query like '%insert into log%')"
    )


async def taken_over_until_it_wakes(connection: asyncpg.Connection, place: Place, leader: Process) -> None:
    async with relaying(place.relay(publish_timeout_seconds=1, lease_seconds=LEASE_SECONDS)):
        await all_published(connection, seconds=LEASE_SECONDS + TAKEOVER_SECONDS_MAX)
        os.kill(leader.pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            assert await leader.wait() == FAILED


async def append_later(connection: asyncpg.Connection, place: Place) -> list[UUID]:
    appended = await append_any(connection, *deposits(50))
    async with relaying(place.relay()):
        await all_published(connection)
    return appended


async def test_two_that_both_publish_repeat_the_same_bytes_and_one_of_them_ends(
    connection: asyncpg.Connection, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: records are made of entry and head alone, a round begins behind what is acknowledged, and the mark is
    moved by compare-and-set (kafka/rounds.py, move_mark in store/relay_store.py). The lead is given to both."""
    both_have_read_the_mark = asyncio.Barrier(2)
    monkeypatch.setattr(relay_module, "wait_to_lead", nothing)
    monkeypatch.setattr(
        relay_module, "check_fork", then(relay_module.check_fork, both_have_read_the_mark.wait)
    )
    appended = await append_any(connection, *deposits(200))
    tasks = [asyncio.create_task(place.relay(batch_max=50).run()) for _ in range(2)]
    (ended,), (goes_on,) = await asyncio.wait(tasks, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(RelayFailed, match=r"MarkMoved: the mark is no longer \d+: another relay runs"):
        ended.result()
    appended += await append_any(connection, *deposits(200))
    await all_published(connection)
    goes_on.cancel()
    await asyncio.wait([goes_on])
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) > 0


async def nothing(*_arguments: Any) -> None:
    """In place of asking for the lead."""


def then(
    first: Callable[..., Awaitable[Any]], second: Callable[[], Awaitable[Any]]
) -> Callable[..., Awaitable[None]]:
    async def both(*arguments: Any) -> None:
        await first(*arguments)
        await second()

    return both


async def test_a_leader_that_was_replaced_while_it_sent_damages_nothing(
    connection: asyncpg.Connection, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: a late batch begins behind what was acknowledged, so it only repeats (kafka/rounds.py), its sender
    cannot move the mark, and the next relay knows repeats from a lost end (kafka/fork.py)."""
    about_to_send, send_now = asyncio.Event(), asyncio.Event()
    appended = await append_any(connection, *deposits(30))
    replaced = place.relay(batch_max=20)
    send = replaced._send

    async def send_late(*arguments: Any) -> Any:
        about_to_send.set()
        await send_now.wait()
        return await send(*arguments)

    monkeypatch.setattr(replaced, "_send", send_late)
    task = asyncio.create_task(replaced.run())
    await about_to_send.wait()
    await numbered(connection, 30)
    await connection.execute("select pg_terminate_backend($1)", await leader_pid(connection))
    appended += await append_any(connection, *deposits(30))
    async with relaying(place.relay(batch_max=7)):
        await all_published(connection)
    send_now.set()
    with pytest.raises(RelayFailed):
        await task
    appended += await append_any(connection, *deposits(30))
    async with relaying(place.relay()):
        await all_published(connection)
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) == 20


async def numbered(connection: asyncpg.Connection, count: int) -> None:
    async def done() -> bool:
        return await connection.fetchval("select sequence = $1 from relay", count)

    await until(done, f"{count} events are numbered")
