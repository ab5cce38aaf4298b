"""Appending: a decision is in the history whole, at the versions that it was taken on, or not at all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
import toys
from store_of_toys import append_any, staged

from lettra_events.envelope import EVENT_BYTES_MAX
from lettra_events.errors import DuplicateEvent, EventTooLarge, StaleVersion
from lettra_events.store.append import ANY_VERSION, append
from lettra_events.testing.waiting import until_blocked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lettra_events.contracts import Event

EVENTS = "select stream_id, version, type from events order by stream_id, version"


def deposit(account: str, amount: int = 1, note: str = "") -> toys.Deposited:
    return toys.Deposited(account=account, amount=amount, note=note)


async def append_at(connection: asyncpg.Connection, versions: Mapping[str, int], *events: Event) -> None:
    await append(connection, [staged(event) for event in events], versions, service="toy")


async def rows(connection: asyncpg.Connection, query: str) -> list[tuple]:
    return [tuple(row) for row in await connection.fetch(query)]


async def everything(connection: asyncpg.Connection) -> list[list[tuple]]:
    """All that an append may write."""
    tables = ("streams order by 1", "events order by 1, 2", "outbox order by 1")
    return [await rows(connection, f"select * from {table}") for table in tables]


async def test_several_streams_in_one_go(connection: asyncpg.Connection) -> None:
    """Guard: append_events gives each event the next version of its own stream (schema/001_event_store.sql)."""
    await append_any(connection, deposit("a"), deposit("b"))
    versions = {"account:a": 1, "account:b": 1, "account:c": 0}
    await append_at(connection, versions, deposit("b"), deposit("a"), deposit("c"), deposit("b"))
    assert await rows(connection, "select stream_id, version from streams order by 1") == [
        ("account:a", 2),
        ("account:b", 3),
        ("account:c", 1),
    ]
    assert [row[:2] for row in await rows(connection, EVENTS)] == [
        ("account:a", 1),
        ("account:a", 2),
        ("account:b", 1),
        ("account:b", 2),
        ("account:b", 3),
        ("account:c", 1),
    ]


async def test_events_wait_for_the_relay_in_the_order_in_which_they_were_decided(
    connection: asyncpg.Connection,
) -> None:
    """Guard: positions are drawn in the order of the call (append_events, and _ONE_STREAM in store/append.py)."""
    first = await append_any(connection, *(deposit(account, n) for n, account in enumerate("cabbac")))
    second = await append_any(connection, *(deposit("a", n) for n in range(5)))
    waiting = await rows(connection, "select event_id from outbox order by position")
    assert [row[0] for row in waiting] == [*first, *second]


@pytest.mark.parametrize("streams", [["a"], ["a", "b", "c"]], ids=["one stream", "several"])
@pytest.mark.parametrize(
    ("told", "actual"), [(1, 2), (3, 2), (0, 2), (1, 0)], ids=["behind", "ahead", "new", "absent"]
)
async def test_a_stale_version_on_any_stream_is_a_conflict_and_nothing_is_written(
    connection: asyncpg.Connection, streams: list[str], told: int, actual: int
) -> None:
    """Guard: the version check of append_events (001_event_store.sql) and of _ONE_STREAM (store/append.py)."""
    *fine, stale = streams
    for account in fine:
        await append_any(connection, deposit(account))
    for _ in range(actual):
        await append_any(connection, deposit(stale))
    before = await everything(connection)
    versions = {f"account:{account}": 1 for account in fine} | {f"account:{stale}": told}
    with pytest.raises(StaleVersion) as caught:
        await append_at(connection, versions, *(deposit(account) for account in streams))
    assert (caught.value.stream_id, caught.value.expected, caught.value.actual) == (
        f"account:{stale}",
        told,
        actual,
    )
    assert await everything(connection) == before


async def test_a_stream_that_was_only_looked_at_is_checked_as_well(connection: asyncpg.Connection) -> None:
    """Guard: append checks every stream of expected_version, not only those with events (store/append.py)."""
    await append_any(connection, deposit("seen"))
    versions = {"account:a": 0, "account:seen": 1}
    await append_at(connection, versions, deposit("a"))
    await append_any(connection, deposit("seen"))
    with pytest.raises(StaleVersion, match="stream account:seen is at version 2"):
        await append_at(connection, versions | {"account:a": 1}, deposit("a"))


async def test_of_two_decisions_on_one_version_one_is_appended(database: str) -> None:
    """Guard: the row lock of the stream, held to the end of the transaction (streams, for update)."""
    first, second = await asyncpg.connect(database), await asyncpg.connect(database)
    await append_any(first, deposit("a"), deposit("b"))
    versions = {"account:a": 1, "account:b": 1}
    transaction = first.transaction()
    await transaction.start()
    await append_at(first, versions, deposit("a"), deposit("b"))
    waiting = asyncio.create_task(append_at(second, versions, deposit("b"), deposit("a")))
    await until_blocked(second, first)
    await transaction.commit()
    with pytest.raises(StaleVersion, match="stream account:a is at version 2"):
        await waiting
    assert await first.fetchval("select count(*) from events") == 4
    await first.close()
    await second.close()


@pytest.mark.parametrize("streams", [["a"], ["a", "b"]], ids=["one stream", "several"])
async def test_a_position_is_drawn_only_under_the_lock_of_the_streams(
    database: str, streams: list[str]
) -> None:
    """Guard: `for update of streams` in append_events, and _ONE_STREAM's order of parts (store/append.py).

    A position drawn before would stand before those of the transaction that holds the lock, in the same stream.
    """
    holder, waiting = await asyncpg.connect(database), await asyncpg.connect(database)
    await append_any(holder, deposit("a"), deposit("b"))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("select from streams where stream_id = 'account:a' for update")
    appending = asyncio.create_task(append_any(waiting, *(deposit(account) for account in streams)))
    await until_blocked(waiting, holder)
    assert await holder.fetchval("select last_value from outbox_position_seq") == 2
    await transaction.commit()
    await appending
    assert await holder.fetchval("select last_value from outbox_position_seq") == 2 + len(streams)
    await holder.close()
    await waiting.close()


async def test_any_version_is_spelled_out(connection: asyncpg.Connection) -> None:
    """Guard: ANY_VERSION is the only number that stands for no check (store/append.py)."""
    for expected in (0, 1, 2):
        await append_at(connection, {"account:a": ANY_VERSION}, deposit("a"))
        assert await connection.fetchval("select version from streams") == expected + 1
    await append_at(
        connection, {"account:a": ANY_VERSION, "account:b": ANY_VERSION}, deposit("b"), deposit("a")
    )
    assert await connection.fetchval("select version from streams where stream_id = 'account:a'") == 4
    with pytest.raises(StaleVersion):
        await append_at(connection, {"account:a": -2}, deposit("a"))


async def test_several_streams_take_no_other_negative_number_for_any(connection: asyncpg.Connection) -> None:
    """Guard: append_events skips the check for -1 alone (schema/001_event_store.sql)."""
    with pytest.raises(StaleVersion):
        await append_at(connection, {"account:a": -2, "account:b": ANY_VERSION}, deposit("a"), deposit("b"))


async def test_an_expected_version_is_required_for_every_stream(connection: asyncpg.Connection) -> None:
    """Guard: append refuses a stream of which nothing is said (store/append.py)."""
    with pytest.raises(
        ValueError, match="no expected version for account:b; if any will do, say ANY_VERSION"
    ):
        await append_at(connection, {"account:a": 0}, deposit("a"), deposit("b"))
    assert await connection.fetchval("select count(*) from streams") == 0


async def test_the_largest_event_is_taken_and_one_byte_more_is_refused(
    connection: asyncpg.Connection,
) -> None:
    """Guard: EVENT_BYTES_MAX over stream id, key, attributes and payload (store/append.py)."""
    await append_any(connection, deposit("a"))
    (written,) = await rows(connection, "select stream_id, key, attributes, payload from events")
    overhead = sum(len(part) for part in written)
    await append_any(connection, deposit("a", note="x" * (EVENT_BYTES_MAX - overhead)))
    with pytest.raises(
        EventTooLarge, match=r"toy\.Deposited on account:a has 200001 bytes, the limit is 200000"
    ):
        await append_any(connection, deposit("b"), deposit("a", note="x" * (EVENT_BYTES_MAX - overhead + 1)))
    assert await connection.fetchval("select count(*) from events") == 2


async def test_a_long_stream_id_counts(connection: asyncpg.Connection) -> None:
    """Guard: the stream id is on the record too, and is counted (store/append.py)."""
    with pytest.raises(EventTooLarge):
        await append_any(connection, deposit("x" * 70_000))
    assert await connection.fetchval("select count(*) from events") == 0


@pytest.mark.parametrize("beside", [[], ["b"]], ids=["one stream", "several"])
async def test_an_event_id_is_in_the_history_once(connection: asyncpg.Connection, beside: list[str]) -> None:
    """Guard: events.event_id is unique (schema/001_event_store.sql)."""
    event_id = uuid4()
    await append(connection, [staged(deposit("a"), event_id)], {"account:a": 0}, service="toy")
    before = await everything(connection)
    again = [*(staged(deposit(account)) for account in beside), staged(deposit("c"), event_id)]
    versions = {item.event.stream_id(): ANY_VERSION for item in again}
    with pytest.raises(DuplicateEvent, match=str(event_id)):
        await append(connection, again, versions, service="toy")
    assert await everything(connection) == before


async def test_nothing_to_append_writes_nothing(connection: asyncpg.Connection) -> None:
    """Guard: an empty decision is no statement (store/append.py)."""
    await append(connection, [], {"account:a": 7}, service="toy")
    assert await everything(connection) == [[], [], []]


async def test_what_is_stored_is_what_is_published(connection: asyncpg.Connection) -> None:
    """Guard: payload and attributes are kept as bytes; the view shows them to SQL as JSON (001_event_store.sql)."""
    event_id = UUID(int=7)
    before = datetime.now(UTC)
    await append(connection, [staged(deposit("é", 3, 'a "note"'), event_id)], {"account:é": 0}, service="toy")
    row = await connection.fetchrow("select * from events")
    assert row["payload"] == '{"account":"é","amount":3,"note":"a \\"note\\""}'.encode()
    attributes = orjson.loads(row["attributes"])
    assert before <= datetime.fromisoformat(attributes.pop("time")) <= datetime.now(UTC)
    assert attributes == {
        "causationid": "test",
        "correlationid": "test",
        "dataschema": "urn:lettra:toy.Deposited:1",
        "id": str(event_id),
        "source": "/lettra/toy",
    }
    assert (row["stream_id"], row["key"], row["type"], row["schema_version"]) == (
        "account:é",
        "é",
        "toy.Deposited",
        1,
    )
    shown = await connection.fetchval("select data ->> 'note' from events_json")
    assert shown == 'a "note"'
