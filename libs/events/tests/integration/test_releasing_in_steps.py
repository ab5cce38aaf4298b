"""A release of much that waits goes in steps: order and history are those of one, wherever it is cut off."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import release_process
from clerk import PARKING, RAISES
from consuming import Office, actual, expected, open_office, parked
from parking_history import deposit, live_through, mended, release

from lettra_events.kafka.parked import measure_parked, read_parked, read_waiting
from lettra_events.kafka.releasing import Release, Skip
from lettra_events.testing.processes import program

if TYPE_CHECKING:
    from lettra_events.decisions.workspace import Workspace
    from lettra_events.kafka.reading import Context
    from lettra_tools.stack import Servers

WRITTEN = [deposit("bad", 1, RAISES), *(deposit("bad", n) for n in range(2, 8)), deposit("good")]


async def stopped_at(office: Office) -> list[tuple[int, str]]:
    """Where the key stood, each time that it was told."""
    rows = await office.connection.fetch(
        "select data from events_json where type = 'clerk.KeyParked' order by version"
    )
    told = [PARKING.parked.model_validate_json(row["data"]) for row in rows]
    return [(one.sequence, one.error.partition(":")[0]) for one in told]


async def park_all(office: Office, *more: Any) -> None:
    await office.write(*WRITTEN, *more)
    async with office.reader() as reader:
        await reader.read_all()


@pytest.mark.parametrize(
    ("step", "told"), [(1, [2, 3, 4, 5, 6, 7]), (3, [4, 7]), (6, [7]), (7, []), (500, [])]
)
async def test_in_steps_of_any_size_the_same_is_applied_in_the_same_order(
    servers: Servers, step: int, told: list[int]
) -> None:
    """Guards: releasing._apply_waiting leaves the last record at hand to the next step, and says where it goes on."""
    async with open_office(servers) as office:
        await park_all(office)
        assert await release(office, mended, step=step) == Release(applied=7, skipped=0)
        assert await parked(office.connection) == {}
        assert await actual(office.connection) == expected(enumerate(WRITTEN, 1))
        assert await stopped_at(office) == [(1, "ValueError"), *((n, "NotTriedYet") for n in told)]


@pytest.mark.parametrize(("records", "told"), [(0, [2, 3, 4, 5, 6]), (2, [3, 5]), (9, [])])
async def test_a_step_is_bounded_in_bytes_as_well(
    servers: Servers, records: int, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: releasing._WAITING ends where the records before reach STEP_BYTES_MAX; one record is always applied."""
    async with open_office(servers) as office:
        await park_all(office)
        largest = await office.connection.fetchval("select max(octet_length(record)) from parked_records")
        monkeypatch.setattr("lettra_events.kafka.releasing.STEP_BYTES_MAX", records * largest + 1)
        assert await release(office, mended) == Release(applied=7, skipped=0)
        assert await actual(office.connection) == expected(enumerate(WRITTEN, 1))
        assert [sequence for sequence, _ in await stopped_at(office)] == [1, *told]


@pytest.mark.parametrize("step", [1, 2, 500])
async def test_a_record_that_fails_stops_a_later_step_there(servers: Servers, step: int) -> None:
    """Guards: _apply_in_order goes one by one after a failure; _step's counts add up; the skip is of the first step."""

    def at_five(workspace: Workspace, event: Any, context: Context) -> None:
        if context.sequence == 5:
            raise LookupError("not this one")
        mended(workspace, event, context)

    async with open_office(servers) as office:
        await park_all(office)
        outcome = await release(office, at_five, step=step, skip=Skip(1, "anna", "nobody's money"))
        assert outcome == Release(3, 1, stopped_at=5, error="LookupError: not this one")
        assert await parked(office.connection) == {"bad": [5, 6, 7]}
        assert (await stopped_at(office))[-1] == (5, "LookupError")


async def test_what_comes_between_two_steps_is_put_behind(servers: Servers) -> None:
    """Guard: the key is parked between two steps, so that the consumer applies nothing ahead of what waits."""
    async with open_office(servers) as office, office.reader() as reader:
        await park_all(office)
        await reader.read_all()
        late = deposit("bad", 9)

        seen: list[dict[str, list[int]]] = []

        def between(workspace: Workspace, event: Any, context: Context) -> None:
            if context.sequence == 4 and len(seen) < 1:
                raise ConnectionError("the first step is done, the second one breaks off")
            mended(workspace, event, context)

        with pytest.raises(ConnectionError):
            await release(office, between, step=3)
        await office.write(late)
        await reader.read_all()
        seen.append(await parked(office.connection))
        assert seen == [{"bad": [4, 5, 6, 7, 9]}]
        assert await actual(office.connection) == expected([*enumerate(WRITTEN[:3], 1), (8, WRITTEN[7])])
        assert (await release(office, between, step=3)).applied == 5
        assert await actual(office.connection) == expected(enumerate([*WRITTEN, late], 1))


def releasing(office: Office, failpoint: str, skip: str) -> Any:
    script = Path(release_process.__file__)
    skipping = {"CLERK_SKIP": skip} if skip else {}
    return program(
        script,
        CLERK_TOPIC=office.topic,
        LETTRA_POSTGRES=office.dsn,
        LETTRA_FAILPOINT=failpoint,
        **skipping,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failpoint", "left"),
    [
        ("release.skipped", 7),
        ("release.applied@2", 5),
        ("release.written@2", 5),
        ("release.committed@2", 3),
        ("release.written@4", 1),
    ],
)
async def test_killed_anywhere_the_key_waits_where_the_release_was(
    servers: Servers, failpoint: str, left: int
) -> None:
    """Guards: a step is one transaction, and ends with the key parked at what follows. The next release ends it."""
    async with open_office(servers) as office:
        await park_all(office)
        skip = "1" if failpoint == "release.skipped" else ""
        async with releasing(office, failpoint, skip) as killed:
            assert await asyncio.wait_for(killed.wait(), 40) == -signal.SIGKILL
        waiting = (await parked(office.connection))["bad"]
        assert waiting == list(range(8 - left, 8))
        (key,) = await read_parked(office.connection, "clerk")
        assert (key.sequence, key.waiting) == (waiting[0], left)
        async with releasing(office, "", skip) as again:
            assert await asyncio.wait_for(again.wait(), 40) == 0
        assert await parked(office.connection) == {}
        applied = [(n, one) for n, one in enumerate(WRITTEN, 1) if str(n) != skip]
        assert await actual(office.connection) == expected(applied)


async def test_a_history_of_parking_is_measured_and_shown(servers: Servers) -> None:
    """Guards: parked.read_parked counts from the last release; measure_parked; read_waiting is in order."""
    async with open_office(servers) as office:
        lived = await live_through(office)
        assert await actual(office.connection) == expected(lived.applied())
        assert await parked(office.connection) == lived.waiting
        (key,) = await read_parked(office.connection, "clerk")
        first_of_now = await office.connection.fetchval(
            "select max(recorded_at) from events where type = 'clerk.KeyParked'"
        )
        assert (key.key, key.sequence, key.waiting, key.since) == ("again", 11, 2, first_of_now)
        waiting = [each async for each in read_waiting(office.connection, office.topic, "again", 10)]
        assert [one.entry.sequence for one in waiting] == [11, 13]
        measured = await measure_parked(office.connection, "clerk")
        assert (measured.keys, measured.records) == (1, 2)
        assert 0 < measured.oldest_seconds < 60
        # Parked: three, "twice" a second time, "again" between its three steps and after them.
        assert measured.decisions == {"KeyParked": 7, "KeyReleased": 3, "EventSkipped": 1}


async def test_no_more_records_are_counted_than_a_graph_needs(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: RECORDS_COUNTED_MAX in parked.measure_parked, which each process calls every two seconds."""
    async with open_office(servers) as office:
        await live_through(office)
        monkeypatch.setattr("lettra_events.kafka.parked.RECORDS_COUNTED_MAX", 1)
        measured = await measure_parked(office.connection, "clerk")
        assert (measured.keys, measured.records) == (1, 1)


async def test_counting_the_decisions_reads_no_other_events(connection: asyncpg.Connection[Any]) -> None:
    """Guard: the index events_parking. Else each process reads the whole history every two seconds."""
    await connection.execute("set enable_seqscan = off")
    rows = await connection.fetch(
        "explain select type, count(*) from events where stream_id like 'parked:%' group by type"
    )
    assert any("events_parking" in row[0] for row in rows)
