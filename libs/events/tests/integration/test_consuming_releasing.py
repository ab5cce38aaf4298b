"""A parked key runs again: its records in order, by the same code, in one transaction that excludes the consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import asyncpg
import clerk
import pytest
from clerk import RAISES
from consuming import Office, actual, expected, image, open_office, parked, waits_for_a_lock
from parking_history import deposit, mended, release

from lettra_events.kafka.parking import PARKED_KEYS
from lettra_events.kafka.reading import Context
from lettra_events.kafka.releasing import NotParked, NotWhole, Release, Skip

if TYPE_CHECKING:
    from toys import Deposited

    from lettra_events.decisions.workspace import Workspace
    from lettra_tools.stack import Servers

NAMESPACE = UUID("6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11")


WRITTEN = [
    deposit("good"),
    deposit("bad", 5),
    deposit("bad", 150, RAISES),  # 3: here it stops
    deposit("good", 2),
    deposit("bad", 7),
    deposit("bad", 200),
    deposit("good", 3),
]


@asynccontextmanager
async def parked_office(servers: Servers, *written: Deposited) -> AsyncIterator[Office]:
    """An office in which the key "bad" is parked."""
    async with open_office(servers) as office:
        await office.write(*(written or WRITTEN))
        async with office.reader() as reader:
            await reader.read_all()
        yield office


async def parking_events(office: Office) -> list[tuple[str, dict[str, Any]]]:
    """What was told of the key after it was parked, in the order in which it goes out."""
    rows = await office.connection.fetch(
        "select type, data from events_json join outbox using (event_id)"
        " where stream_id like 'parked:%' order by position offset 1"
    )
    models = {
        "clerk.KeyParked": clerk.PARKING.parked,
        "clerk.KeyReleased": clerk.PARKING.released,
        "clerk.EventSkipped": clerk.PARKING.skipped,
    }
    return [(row["type"], models[row["type"]].model_validate_json(row["data"]).model_dump()) for row in rows]


async def test_mended_it_applies_what_waited_in_order_and_the_key_runs(servers: Servers) -> None:
    """Guards: releasing._apply_waiting goes through the inbox's code, in order; let_run; the rows are dropped."""
    async with parked_office(servers) as office:
        assert await parked(office.connection) == {"bad": [3, 5, 6]}
        assert await release(office, mended) == Release(applied=3, skipped=0)
        assert await parked(office.connection) == {}
        assert await actual(office.connection) == expected(enumerate(WRITTEN, 1))
        assert await parking_events(office) == [
            (
                "clerk.KeyReleased",
                {"topic": office.topic, "parked_key": "bad", "through_sequence": 6},
            )
        ]
        # What was decided late has the ids that it would have had in its time.
        rows = await office.connection.fetch("select event_id from events where stream_id = 'book:bad'")
        causes = [UUID(int=sequence) for sequence in (2, 3, 5, 6)]
        assert {row[0] for row in rows} == {uuid5(NAMESPACE, f"{cause}/clerk/0") for cause in causes}
        # And the key runs.
        await office.write(deposit("bad", 9))
        async with office.reader() as reader:
            await reader.read_all()
        assert await actual(office.connection) == expected(enumerate([*WRITTEN, deposit("bad", 9)], 1))


async def test_if_it_fails_again_nothing_changes_but_the_error(servers: Servers) -> None:
    """Guards: the savepoint around each record; stop_again appends a KeyParked with an id of its own."""

    def worse(*_arguments: object) -> None:
        raise LookupError("still not")

    async with parked_office(servers) as office:
        before = await image(office.connection)
        for attempt in (1, 2):
            again = await release(office, worse)
            assert again == Release(0, 0, stopped_at=3, error="LookupError: still not")
            assert not again.runs
            told = await parking_events(office)
            assert [(kind, data["sequence"], data["error"]) for kind, data in told] == [
                ("clerk.KeyParked", 3, "LookupError: still not")
            ] * attempt
        after = await image(office.connection)
        for unchanged in ("positions", "parked records", "seen", "books", "notices"):
            assert after[unchanged] == before[unchanged]
        assert len(after["events"]) == len(before["events"]) + 2
        error = await office.connection.fetchval("select error from parked_keys")
        assert error == "LookupError: still not"
        assert (await release(office, mended)).runs


@pytest.mark.parametrize("bad", [deposit("bad", 7, RAISES), deposit("bad", clerk.BALANCE_MAX + 1)])
async def test_if_a_later_record_fails_the_key_stands_there(servers: Servers, bad: Deposited) -> None:
    """Guards: what was applied before stays; stop_again names the record at which the key stands now."""
    written = [deposit("bad", 5, RAISES), deposit("bad", 6), bad, deposit("bad", 8)]

    def half(workspace: Workspace, event: Any, context: Context) -> None:
        (clerk.react if event.amount == 7 else mended)(workspace, event, context)

    async with parked_office(servers, *written) as office:
        outcome = await release(office, half)
        assert (outcome.applied, outcome.stopped_at) == (2, 3)
        assert await parked(office.connection) == {"bad": [3, 4]}
        row = await office.connection.fetchrow("select sequence, event_id, error from parked_keys")
        assert row is not None
        assert (row["sequence"], row["event_id"], row["error"]) == (3, UUID(int=3), outcome.error)
        assert await actual(office.connection) == expected(enumerate(written[:2], 1))
        # Several bad records are skipped one after the other.
        assert (await release(office, half, skip=Skip(3, "anna", "a duplicate"))).runs
        numbered = [(n, one) for n, one in enumerate(written, 1) if n != 3]
        assert await actual(office.connection) == expected(numbered)


async def test_a_skip_is_told_with_who_and_why_and_drops_that_record_alone(servers: Servers) -> None:
    """Guards: skip_record appends EventSkipped, and the record is not applied."""
    async with parked_office(servers) as office:
        outcome = await release(office, skip=Skip(3, "anna", "the bank withdrew it"))
        assert outcome == Release(applied=2, skipped=1)
        assert await parked(office.connection) == {}
        numbered = [(n, one) for n, one in enumerate(WRITTEN, 1) if n != 3]
        assert await actual(office.connection) == expected(numbered)
        of_the_key = {"topic": office.topic, "parked_key": "bad"}
        assert await parking_events(office) == [
            (
                "clerk.EventSkipped",
                {
                    **of_the_key,
                    "sequence": 3,
                    "event_id": str(UUID(int=3)),
                    "who": "anna",
                    "why": "the bank withdrew it",
                },
            ),
            ("clerk.KeyReleased", {**of_the_key, "through_sequence": 6}),
        ]


async def test_a_skip_is_not_lost_when_the_next_record_fails(servers: Servers) -> None:
    """Guard: skip_record has a savepoint of its own, before the records that are applied."""
    written = [deposit("bad", 5, RAISES), deposit("bad", 6, RAISES), deposit("bad", 7)]
    async with parked_office(servers, *written) as office:
        outcome = await release(office, skip=Skip(1, "anna", "nobody's money"))
        assert outcome == Release(0, 1, stopped_at=2, error=f"ValueError: {RAISES}")
        assert [kind for kind, _ in await parking_events(office)] == ["clerk.EventSkipped", "clerk.KeyParked"]
        assert await parked(office.connection) == {"bad": [2, 3]}


async def test_a_skip_names_the_record_at_which_the_key_stands(servers: Servers) -> None:
    """Guards: _hold refuses another record, and a key that is not parked; nothing is written."""
    async with parked_office(servers) as office:
        before = await image(office.connection)
        with pytest.raises(NotParked, match="stands at record 3, not at 5"):
            await release(office, mended, skip=Skip(5, "anna", "a slip"))
        assert await image(office.connection) == before
        assert (await release(office, mended)).runs
        before = await image(office.connection)
        with pytest.raises(NotParked, match="the key bad is not parked"):
            await release(office, mended)
        assert await image(office.connection) == before


GARBLED = "set record = convert_to(replace(convert_from(record, 'UTF8'), '\"bad\"', '\"sad\"'), 'UTF8')"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ("delete from parked_records where sequence = 3", "stands at record 3 .* the first that waits is 5"),
        ("delete from parked_records", "stands at record 3 .* nothing waits"),
        (
            "update parked_records set sequence = 4 where sequence = 5",
            "record 4 .* is not what was put there",
        ),
        (f"update parked_records {GARBLED} where sequence = 6", "record 6 .* is not what was put there"),
        (
            "update parked_records set record = '{' where sequence = 6",
            "record 6 .* is not what was put there",
        ),
        ("update parked_keys set event_id = gen_random_uuid()", "but the first that waits is 3"),
    ],
)
async def test_nothing_is_released_where_what_waits_was_changed(
    servers: Servers, changed: str, says: str
) -> None:
    """Guards: releasing._what_waits begins where the key stands; _thaw_of compares the place. Else an event is lost."""
    async with parked_office(servers) as office:
        await office.connection.execute(changed)
        before = await image(office.connection)
        with pytest.raises(NotWhole, match=says):
            await release(office, mended)
        assert await image(office.connection) == before


async def test_only_the_key_of_that_topic_is_released(servers: Servers) -> None:
    """Guard: topic and key in releasing._HOLD and _WAITING."""
    written = [*WRITTEN, deposit("worse", 1, RAISES), deposit("worse", 2)]
    async with parked_office(servers, *written) as office:
        await office.connection.execute(
            "insert into parked_keys select 'elsewhere', key, partition, sequence, event_id, type, entity_id, error"
            " from parked_keys where key = 'bad'"
        )
        await office.connection.execute(
            "insert into parked_records select 'elsewhere', partition, sequence, key, record"
            " from parked_records where key = 'bad'"
        )
        assert await release(office, mended) == Release(applied=3, skipped=0)
        left = await office.connection.fetch("select topic, key, count(*) from parked_records group by 1, 2")
        assert {tuple(row) for row in left} == {("elsewhere", "bad", 3), (office.topic, "worse", 2)}
        assert await office.connection.fetchval("select count(*) from parked_keys") == 2


async def test_what_the_service_decides_on_a_release_is_in_its_transaction(servers: Servers) -> None:
    """Guard: let_run calls on_release where KeyReleased is appended, with a cause of its own."""
    told: list[dict[str, int]] = []

    def on_release(workspace: Workspace, partitions: Any) -> None:
        told.append(dict(partitions))
        assert workspace.find(PARKED_KEYS, "topic", office.topic) == []
        workspace.append(clerk.Flagged(branch="released", account="bad"))

    def refuses(_workspace: Workspace, _partitions: Any) -> None:
        raise ZeroDivisionError("the service cannot")

    async with parked_office(servers) as office:
        before = await image(office.connection)
        with pytest.raises(ZeroDivisionError):
            await release(office, mended, on_release=refuses)
        assert await image(office.connection) == before
        assert not (await release(office, on_release=on_release)).runs
        assert told == []
        assert (await release(office, mended, on_release=on_release)).runs
        assert told[-1] == {office.topic: 1}
        row = await office.connection.fetchrow(
            "select f.event_id, f.attributes ->> 'causationid' as cause, r.event_id as released"
            " from events_json f, events r where f.stream_id = 'branch:released' and r.type = 'clerk.KeyReleased'"
        )
        assert row is not None
        assert row["cause"] == str(row["released"])
        assert row["event_id"] == uuid5(NAMESPACE, f"{row['released']}/clerk/0")


@asynccontextmanager
async def held(office: Office, stream: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """Whoever decides on this stream waits until this connection rolls back."""
    locker = await asyncpg.connect(office.dsn)
    await locker.execute("insert into streams values ($1, 0) on conflict do nothing", stream)
    await locker.execute("begin")
    await locker.execute("select from streams where stream_id = $1 for update", stream)
    try:
        yield locker
    finally:
        await locker.close()


async def test_the_consumer_waits_for_a_release_in_progress(servers: Servers) -> None:
    """Guard: releasing._hold locks the partition's position first. Else what comes now is applied before what waits."""
    async with (
        parked_office(servers) as office,
        held(office, "book:bad") as locker,
        office.reader() as reader,
    ):
        releasing = asyncio.create_task(release(office, mended))
        await waits_for_a_lock(office.connection, 1, "release")
        await office.write(deposit("bad", 9), deposit("good", 4))
        consuming = asyncio.create_task(reader.read_all())
        await waits_for_a_lock(office.connection, 1)
        assert await office.position() == (7, 7)
        await locker.execute("rollback")
        assert (await releasing).runs
        await consuming
        everything = [*WRITTEN, deposit("bad", 9), deposit("good", 4)]
        assert await actual(office.connection) == expected(enumerate(everything, 1))


async def test_a_release_waits_for_a_batch_in_progress_and_applies_what_it_put_behind(
    servers: Servers,
) -> None:
    """Guard: _hold reads what waits after it has the lock, in a statement of its own."""
    async with (
        parked_office(servers) as office,
        held(office, "book:good") as locker,
        office.reader() as reader,
    ):
        await office.write(deposit("bad", 9), deposit("good", 4))
        consuming = asyncio.create_task(reader.read_all())
        await waits_for_a_lock(office.connection, 1)
        releasing = asyncio.create_task(release(office, mended))
        await waits_for_a_lock(office.connection, 1, "release")
        await locker.execute("rollback")
        await consuming
        assert await releasing == Release(applied=4, skipped=0)
        everything = [*WRITTEN, deposit("bad", 9), deposit("good", 4)]
        assert await actual(office.connection) == expected(enumerate(everything, 1))


async def test_of_two_releases_at_once_one_applies(servers: Servers) -> None:
    """Guard: the lock of _hold."""
    async with parked_office(servers) as office, held(office, "book:bad") as locker:
        both = asyncio.gather(release(office, mended), release(office, mended), return_exceptions=True)
        await waits_for_a_lock(office.connection, 2, "release")
        await locker.execute("rollback")
        outcomes = await both
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotParked", "Release"]
        assert await actual(office.connection) == expected(enumerate(WRITTEN, 1))
        assert len(await parking_events(office)) == 1


async def test_a_release_that_is_cut_off_changes_nothing(servers: Servers) -> None:
    """Guards: one transaction; will_pass keeps an error of the moment from being told as the record's."""
    async with parked_office(servers) as office, held(office, "book:bad") as locker:
        before = await image(office.connection)
        releasing = asyncio.create_task(release(office, mended))
        await waits_for_a_lock(office.connection, 1, "release")
        await office.connection.execute(
            "select pg_cancel_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'release'"
        )
        with pytest.raises(asyncpg.QueryCanceledError):
            await releasing
        assert await image(office.connection) == before
        await locker.execute("rollback")
        assert (await release(office, mended)).runs


@pytest.mark.parametrize(("who", "why"), [("", "a reason"), ("anna", " ")])
async def test_nobody_skips_an_event_without_a_name_and_a_reason(who: str, why: str) -> None:
    """Guard: Skip.__post_init__."""
    with pytest.raises(ValueError, match="say who and why"):
        Skip(3, who, why)
