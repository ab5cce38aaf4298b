"""Killed anywhere between a command and Kafka, and started again: nothing lost, doubled or reordered.

The toy service runs in processes of its own (toy_process.py): a writer with idempotency keys, and a relay. The
environment names the place at which the process kills itself; a supervisor starts it again without that.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import toys
from store_of_toys import TOY_PROCESS, all_published, append_any, deposits, ids, published

from lettra_events.testing.processes import program, supervised
from lettra_events.testing.published import read_topic, repeats
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg
    from store_of_toys import Place

COMMANDS = 12
EVENTS = 150


async def killed_at(place: Place, failpoint: str, *arguments: str, **environment: str) -> None:
    """The program runs until the failpoint kills it; that it does is part of the proof."""
    armed = {**place.environment, **environment, "LETTRA_FAILPOINT": failpoint}
    async with program(TOY_PROCESS, *arguments, **armed) as process, asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


async def written(place: Place) -> None:
    """The writer runs to its end."""
    async with program(TOY_PROCESS, "write", "w", str(COMMANDS), **place.environment) as process:
        async with asyncio.timeout(30):
            assert await process.wait() == 0


@pytest.mark.parametrize("failpoint", ["append.before@5", "append.written@5", "append.committed@5"])
async def test_a_writer_killed_while_it_appends_decides_each_command_once(
    connection: asyncpg.Connection, place: Place, failpoint: str
) -> None:
    """Guard: decision, answer and state are one transaction (run_decisions in store/running.py), and a key decides
    once (service/commands.py)."""
    await killed_at(place, failpoint, "write", "w", str(COMMANDS))
    done = 5 if failpoint.startswith("append.committed") else 4
    assert await connection.fetchval("select count(*) from events") == done
    assert await connection.fetchval("select count(*) from idempotency_keys") == done
    assert await connection.fetchval("select sum(balance) from accounts") == done
    await written(place)
    async with supervised(TOY_PROCESS, "relay", **place.environment):
        await all_published(connection)
    deposited = Counter(entry.event.stream_id for entry in await published(place))
    assert deposited == {f"account:w{n}": COMMANDS // 3 for n in range(3)}
    assert await connection.fetchval("select sum(balance) from accounts") == COMMANDS


@pytest.mark.parametrize(
    ("failpoint", "numbered", "marked", "repeated"),
    [
        # The third batch is numbered while the second is sent, which may then be there already or not.
        ("sequence.before@3", 40, 20, range(21)),
        ("sequence.written@3", 40, 20, range(21)),
        ("sequence.committed@3", 60, 20, range(21)),
        ("publish.before@3", 60, 40, [0]),
        ("publish.sent@3", 80, 40, [20]),
        ("publish.marked@3", 80, 60, [0]),
    ],
)
async def test_a_relay_killed_anywhere_is_continued_where_it_was(
    connection: asyncpg.Connection,
    place: Place,
    failpoint: str,
    numbered: int,
    marked: int,
    repeated: Sequence[int],
) -> None:
    """Guard: numbering is one transaction, and the mark moves behind the acknowledgement (store/relay_store.py,
    Relay._publish); a record is made of entry and head alone (kafka/rounds.py), so that a repeat is the same."""
    appended = await append_any(connection, *deposits(EVENTS))
    await killed_at(place, failpoint, "relay", TOY_BATCH_MAX="20")
    state = await connection.fetchrow("select sequence, mark from relay")
    assert (state["sequence"], state["mark"]) == (numbered, marked)
    async with supervised(TOY_PROCESS, "relay", **place.environment) as codes:
        await all_published(connection)
    assert codes == []
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) in repeated


@pytest.mark.slow
async def test_a_relay_killed_again_and_again_at_any_moment_loses_nothing(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: as above, at places that have no name: the relay is killed as soon as it has moved on at all."""
    appended = []
    for _ in range(6):
        appended += await append_any(connection, *deposits(300, accounts=20), toys.Broadcasted(text="t"))
        mark = await connection.fetchval("select mark from relay")
        async with program(TOY_PROCESS, "relay", **place.environment, TOY_BATCH_MAX="10") as relay:
            await until(lambda mark=mark: moved_beyond(connection, mark), "the relay publishes", seconds=30)
            relay.kill()
            await relay.wait()
    async with supervised(TOY_PROCESS, "relay", **place.environment):
        await all_published(connection)
    assert ids(await published(place)) == appended


async def moved_beyond(connection: asyncpg.Connection, mark: int) -> bool:
    return await connection.fetchval("select mark > $1 from relay", mark)
