"""One bad event stops one key; a bad release or a failing broadcast stops the partition; a bad moment stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import clerk
import pytest
from aiokafka import TopicPartition
from clerk import RAISES
from consuming import (
    Lines,
    Office,
    Reader,
    actual,
    check_whole,
    expected,
    gauge,
    open_office,
    parked,
    waits_for_a_lock,
)
from publishing import History, Record
from toys import Broadcasted, Deposited, Opened

from lettra_events.contracts import _registry
from lettra_events.kafka import applying, watch
from lettra_events.kafka.applying import PositionMoved
from lettra_events.store.running import ROUNDS_MAX
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_events.decisions.workspace import Workspace
    from lettra_events.kafka.reading import Context
    from lettra_tools.stack import Servers

BAD = Deposited(account="bad", amount=7)
Spoil = Callable[[History], list[Record]]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "malformed JSON": (lambda h: h.write_as(BAD, payload=b'{"account": '), "ContractError"),
    "a field of another type": (lambda h: h.write_as(BAD, payload=b'{"account": 1}'), "ContractError"),
    "an unknown event type": (lambda h: h.write_as(BAD, type="toy.Vanished"), "UnknownEventType"),
    "an unknown version": (lambda h: h.write_as(BAD, schema_version=9), "UnknownEventVersion"),
    "an upcaster that fails": (lambda h: h.write_as(BAD, schema_version=0), "ZeroDivisionError"),
    "a reaction that raises": (lambda h: h.write(_bad(note=RAISES)), "ValueError"),
    "text that PostgreSQL refuses": (lambda h: h.write(_bad(note="a\0b")), "Unstorable"),
    "a check that PostgreSQL makes": (
        lambda h: h.write(_bad(amount=clerk.BALANCE_MAX + 1)),
        "CheckViolationError",
    ),
    "a number that is no bigint": (lambda h: h.write(_bad(amount=-(10**20))), "Unstorable"),
}


def _bad(**fields: Any) -> Deposited:
    return BAD.model_copy(update=fields)


@pytest.fixture
def _upcaster_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry._upcasters, ("toy.Deposited", 0), lambda _data: 1 / 0)


def deposits(count: int, accounts: tuple[str, ...] = ("a", "b", "c")) -> list[Deposited]:
    return [Deposited(account=accounts[n % len(accounts)], amount=n) for n in range(1, count + 1)]


@pytest.mark.usefixtures("_upcaster_that_fails")
@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("kind", SPOILT)
async def test_a_record_that_fails_parks_its_key_and_nothing_else(
    servers: Servers, kind: str, size: int
) -> None:
    """Guards: `except Exception` in deciding._Batch.decide, read_incoming, and applying._apply_one_by_one."""
    spoil, error = SPOILT[kind]
    async with open_office(servers) as office:
        before, after = deposits(8, ("a", "b", "bad")), deposits(12, ("a", "bad", "b"))
        records = office.history.write(*before)
        (spoilt,) = spoil(office.history)
        await office.publish(*records, spoilt, *office.history.write(*after))
        async with office.reader(batch=size) as reader:
            await reader.consume(await reader.all_records())
            assert reader.inbox.stopped == {}
        assert await office.all_read()
        numbered = [*enumerate(before, 1), *enumerate(after, 10)]
        waiting = [n for n, one in numbered if n > 9 and one.account == "bad"]
        assert await parked(office.connection) == {"bad": [9, *waiting]}
        assert await actual(office.connection) == expected(x for x in numbered if x[0] not in waiting)
        await _says_so(office, error)


async def _says_so(office: Office, error: str) -> None:
    """The table, and the one event that is on its way out."""
    row = await office.connection.fetchrow("select * from parked_keys")
    assert row is not None
    data = await office.connection.fetchval(
        "select data from events_json join outbox using (event_id)"
        " where type = 'clerk.KeyParked' and stream_id = $1 and key = 'bad'",
        f"parked:{office.topic}:bad",
    )
    told = clerk.PARKING.parked.model_validate_json(data)
    assert told.error.startswith(f"{error}: ")
    assert (told.topic, told.parked_key, told.partition, told.sequence) == (office.topic, "bad", 0, 9)
    assert told.event_id == "00000000-0000-0000-0000-000000000009"
    assert (row["topic"], row["key"], row["sequence"], row["error"]) == (office.topic, "bad", 9, told.error)
    assert (row["type"], str(row["event_id"])) == (told.failed_type, told.event_id)


@pytest.mark.parametrize(
    ("spoil", "entity"),
    [
        (lambda h: h.write(_bad(note=RAISES)), "entity of bad"),
        (lambda h: h.write_as(BAD, type="toy.Vanished", payload=b'{"entity_id": "fr01"}'), "fr01"),
        (lambda h: h.write_as(BAD, type="toy.Vanished", payload=b'{"entity_id": 7}'), None),
        (lambda h: h.write_as(BAD, type="toy.Vanished", payload=b'{"entity_id": "a\\u0000b"}'), None),
        (lambda h: h.write_as(BAD, payload=b'["entity_id"]'), None),
        (lambda h: h.write_as(BAD, payload=b"\xff\xfe"), None),
        (lambda h: h.write(Deposited(account="bad", amount=1, note="no entity")), None),
    ],
)
async def test_whom_a_parked_key_concerns_is_told_where_it_can_be_read(
    servers: Servers, spoil: Spoil, entity: str | None
) -> None:
    """Guards: parking._entity_of reads what it can, is as fault-tolerant as it must be, and says None otherwise."""

    def entity_of(event: Any) -> str | None:
        return {"no entity": None}.get(event.note, f"entity of {event.account}")

    def react(*_arguments: object) -> None:
        raise ValueError(RAISES)

    async with open_office(servers) as office:
        await office.publish(*spoil(office.history))
        async with office.reader(entity_of=entity_of, react=react) as reader:
            await reader.read_all()
        row = await office.connection.fetchrow(
            "select k.entity_id as row, e.data ->> 'entity_id' as event from parked_keys k, events_json e"
        )
        assert dict(row or {}) == {"row": entity, "event": entity}


async def test_an_error_that_quotes_what_postgresql_refuses_is_told_all_the_same(servers: Servers) -> None:
    """Guard: parking._storable. Else the parking fails as the record did, and the partition stops."""

    def react(*_arguments: object) -> None:
        raise ValueError("it says a\0b and \ud800")

    async with open_office(servers) as office:
        await office.write(BAD)
        async with office.reader(react=react) as reader:
            await reader.read_all()
        error = await office.connection.fetchval("select error from parked_keys")
        assert error == "ValueError: it says a\\0b and \\ud800"


@pytest.mark.parametrize("bad", [_bad(note=RAISES), _bad(amount=clerk.BALANCE_MAX + 1)])
async def test_that_a_key_is_parked_is_told_in_the_same_transaction(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, bad: Deposited
) -> None:
    """Guard: park appends in the workspace that is written before the position moves, in applying.py."""

    async def moved(*_arguments: object) -> None:
        raise PositionMoved("somebody was faster")

    async with open_office(servers) as office:
        await office.write(bad, *deposits(3))
        async with office.reader() as reader:
            with monkeypatch.context() as patch:
                patch.setattr(applying, "_move_position", moved)
                await reader.consume(await reader.all_records())
            for table in ("events", "outbox", "parked_keys", "parked_records", "seen", "books"):
                assert await office.connection.fetchval(f"select count(*) from {table}") == 0
            await reader.read_all()
        assert await parked(office.connection) == {"bad": [1]}


@pytest.mark.parametrize("raising", [4, 0, 2])
async def test_more_failing_keys_than_a_few_stop_the_partition(servers: Servers, raising: int) -> None:
    """Guard: deciding.check_failed, in both ways of applying; what fails for one reason or another counts together."""
    async with open_office(servers, partitions=2) as office:
        stopped, other = TopicPartition(office.topic, 0), TopicPartition(office.topic, 1)
        failing = [
            Deposited(account=key, amount=1, note=RAISES)
            if n < raising
            else Deposited(account=key, amount=clerk.BALANCE_MAX + 1)
            for n, key in enumerate(_keys(office, 0))
        ]
        await office.write(*failing)
        good = Deposited(account=_keys(office, 1)[0], amount=1)
        await office.write(good)
        async with office.reader() as reader:
            await reader.read(lambda: _is_read(office, 1), "the other partition is read")
            await reader.read(lambda: _has(reader.inbox.stopped), "the partition is stopped")
            assert set(reader.inbox.stopped) == {stopped}
            assert "4 keys fail in one batch" in reader.inbox.stopped[stopped]
            assert gauge("lettra_stopped_partitions", office.topic, stopped.partition) == 1
            assert gauge("lettra_stopped_partitions", office.topic, other.partition) in (None, 0)
            assert gauge("lettra_consumer_lag_records", office.topic, stopped.partition) == 4
        assert (await office.position(0))[0] == 0
        assert await parked(office.connection) == {}
        assert set(await actual(office.connection)) == {good.account}
        # Where they come in different batches they are single bad events.
        async with office.reader(batch=1) as patient:
            await patient.read_all()
        assert set(await parked(office.connection)) == {one.account for one in failing}


def _keys(office: Office, partition: int) -> list[str]:
    """Four keys of the partition."""
    found = [
        key
        for key in (f"k{n}" for n in range(40))
        if History(office.partitions).write(Deposited(account=key, amount=1))[0].partition == partition
    ]
    return found[:4]


async def _is_read(office: Office, partition: int) -> bool:
    return (await office.position(partition))[0] == office.heads[partition]


async def _has(found: object) -> bool:
    return bool(found)


async def test_a_few_failing_keys_are_parked_each(servers: Servers) -> None:
    """Guard: the bound itself, keys_parked_max; a parked key that comes again does not count again."""
    async with open_office(servers) as office:
        failing = [Deposited(account=key, amount=1, note=RAISES) for key in "wxy"]
        await office.write(*failing, *failing, *failing, *deposits(5))
        async with office.reader() as reader:
            await reader.read_all()
        assert await parked(office.connection) == {"w": [1, 4, 7], "x": [2, 5, 8], "y": [3, 6, 9]}


async def test_keys_that_the_database_refuses_count_with_those_that_fail_behind_them(
    servers: Servers,
) -> None:
    """Guard: `failed_before`, in applying._apply_one_by_one; one by one, too many are as many as together."""
    async with open_office(servers) as office:
        refused = Deposited(account="r", amount=clerk.BALANCE_MAX + 1)
        failing = [Deposited(account=key, amount=1, note=RAISES) for key in "wxy"]
        await office.write(*deposits(3), refused, *failing)
        async with office.reader() as reader:
            await reader.read(lambda: _has(reader.inbox.stopped), "the partition is stopped")
            (reason,) = reader.inbox.stopped.values()
            assert "4 keys fail in one batch" in reason
        assert (await office.position(), await parked(office.connection)) == ((0, 0), {})


@pytest.mark.parametrize("text", [RAISES, clerk.REFUSED])
async def test_a_failing_broadcast_stops_the_partition_and_is_never_parked(
    servers: Servers, text: str
) -> None:
    """Guard: parking.park refuses a broadcast."""
    async with open_office(servers) as office:
        written = deposits(3)
        await office.write(*written)
        async with office.reader() as reader:
            await reader.read_all()
            await office.write(Broadcasted(text=text), *deposits(2))
            await reader.read(lambda: _has(reader.inbox.stopped), "the partition is stopped")
            (reason,) = reader.inbox.stopped.values()
            assert "a broadcast failed" in reason
            assert "toy.Broadcasted" in reason
        assert (await office.position())[0] == 3
        await check_whole(office, list(enumerate(written, 1)))


# ---- What fails of the moment ----


@asynccontextmanager
async def held(office: Office, stream: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The stream is locked by this connection until it ends its transaction."""
    locker = await asyncpg.connect(office.dsn, server_settings={"deadlock_timeout": "60s"})
    await locker.execute("insert into streams values ($1, 0) on conflict do nothing", stream)
    await locker.execute("begin")
    await locker.execute("select from streams where stream_id = $1 for update", stream)
    try:
        yield locker
    finally:
        await locker.close()


@asynccontextmanager
async def _reading(reader: Reader) -> AsyncIterator[None]:
    """The reader consumes meanwhile what the topic holds."""
    task = asyncio.ensure_future(reader.inbox.consume(reader.consumer, await reader.all_records()))
    try:
        yield
    finally:
        await task


@pytest.mark.parametrize("slowly", [False, True])
async def test_a_connection_that_is_lost_parks_nothing(servers: Servers, slowly: bool) -> None:
    """Guard: applying.will_pass, in both ways of applying: only the slow one asks for the parking stream."""
    async with open_office(servers) as office:
        last = Deposited(account="p", amount=clerk.BALANCE_MAX + 1 if slowly else 1)
        written = [*deposits(5), last]
        await office.write(*written)
        stream = f"parked:{office.topic}:p" if slowly else "book:c"
        async with office.reader() as reader, held(office, stream) as locker:
            async with _reading(reader):
                await waits_for_a_lock(office.connection)
                await office.connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and wait_event_type = 'Lock'"
                )
            assert reader.inbox.stopped
            assert await parked(office.connection) == {}
            await locker.execute("rollback")
            await reader.read_all()
            assert reader.inbox.stopped == {}
        if slowly:
            assert await parked(office.connection) == {"p": [6]}
        else:
            await check_whole(office, list(enumerate(written, 1)))


@pytest.mark.parametrize("setting", ["lock_timeout", "statement_timeout"])
async def test_a_lock_that_does_not_come_in_time_parks_nothing(servers: Servers, setting: str) -> None:
    """Guard: applying.will_pass."""
    async with open_office(servers) as office:
        written = deposits(9)
        await office.write(*written)
        async with office.reader(settings={setting: "50ms"}) as reader, held(office, "book:c") as locker:
            await reader.read(lambda: _has(reader.inbox.stopped), "the partition is stopped")
            assert await parked(office.connection) == {}
            await locker.execute("rollback")
            await reader.read_all()
            assert reader.inbox.stopped == {}
        await check_whole(office, list(enumerate(written, 1)))


async def test_a_deadlock_is_tried_again_and_stops_nothing(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: TRANSIENT in applying.apply_batch. The clerk holds book:a and waits for book:b, the other reverse."""
    lines = Lines()
    monkeypatch.setattr(watch, "log", lines)
    async with open_office(servers) as office:
        written = deposits(9)
        await office.write(*written)
        async with (
            office.reader(settings={"deadlock_timeout": "200ms"}) as reader,
            held(office, "book:b") as other,
        ):
            async with _reading(reader):
                await waits_for_a_lock(office.connection)
                await other.execute("insert into streams values ('book:a', 0) on conflict do nothing")
                await other.execute("rollback")
            await reader.read_all()
        await check_whole(office, list(enumerate(written, 1)))
        assert lines.of("consume.stopped") == []

        async def counted() -> bool:
            await office.connection.execute("select pg_stat_clear_snapshot()")
            return bool(
                await office.connection.fetchval(
                    "select deadlocks from pg_stat_database where datname = current_database()"
                )
            )

        await until(counted, "PostgreSQL counts a deadlock")


async def test_what_the_clerk_does_not_read_is_passed_over_undecoded(servers: Servers) -> None:
    """Guard: `reads`, in deciding.read_incoming: a known type that is not wanted is no reason to stop."""
    async with open_office(servers) as office:
        unwanted = office.history.write_as(Opened(account="a", holder="x"), payload=b"not even JSON")
        await office.publish(*unwanted, *office.history.write(*deposits(3)))
        async with office.reader() as reader:
            await reader.read_all()
        await check_whole(office, list(enumerate(deposits(3), 2)))


@pytest.mark.parametrize("asks_for", ["rows", "streams"])
async def test_a_reaction_that_always_asks_for_more_parks_its_key(servers: Servers, asks_for: str) -> None:
    """Guard: ROUNDS_MAX in store/running.py and applying.py; the rounds end, and only that key stops."""
    asked: list[str] = []

    def react(workspace: Workspace, event: Any, context: Context) -> None:
        if event.account == "bad":
            asked.append(f"x{len(asked)}")
            if asks_for == "rows":
                workspace.get(clerk.SEEN, asked[-1])
            else:
                workspace.version(asked[-1])
        clerk.react(workspace, event, context)

    async with open_office(servers) as office:
        written = deposits(6, ("a", "bad", "b"))
        await office.write(*written)
        async with office.reader(react=react) as reader:
            await reader.consume(await reader.all_records())
            assert reader.inbox.stopped == {}
        assert await parked(office.connection) == {"bad": [1, 4]}
        assert "TooManyRounds" in await office.connection.fetchval("select error from parked_keys")
        good = [(n, one) for n, one in enumerate(written, 1) if one.account != "bad"]
        assert await actual(office.connection) == expected(good)


async def test_a_batch_that_needs_a_round_for_each_record_is_applied_one_by_one(servers: Servers) -> None:
    """Guard: TooManyRounds of a batch is no reason to park: applying.apply_batch goes the slow way."""

    def react(workspace: Workspace, event: Any, context: Context) -> None:
        book = workspace.get(clerk.BOOKS, event.account)
        workspace.get(clerk.SEEN, f"what the last one named: {book.number if book else 0}")
        clerk.react(workspace, event, context)

    async with open_office(servers) as office:
        written = deposits(ROUNDS_MAX + 5, ("a",))
        await office.write(*written)
        async with office.reader(react=react) as reader:
            await reader.consume(await reader.all_records())
        await check_whole(office, list(enumerate(written, 1)))
