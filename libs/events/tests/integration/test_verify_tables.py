"""What a service noted of its reading, its state and its projections: whatever was changed is found, with its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import bookkeeper
import clerk
import pytest
from consuming import Office
from publishing import foreign
from rebuilding import READS, open_office
from toys import Broadcasted, Deposited, Opened
from verifying import topic_named, written

from lettra_events.kafka.topics import ensure_topic
from lettra_events.rebuild.errors import NotNow
from lettra_events.rebuild.schema import alone
from lettra_events.testing.published import read_topic
from lettra_events.testing.servers import fresh_topic
from lettra_events.verify import history
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.history import Sound, verify_history, verify_tables

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@asynccontextmanager
async def read_office(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """The bookkeeper has read 40 deposits in several batches; what he decided of them is not numbered yet."""
    async with open_office(servers, monkeypatch) as office:
        events = [
            (Deposited(account=f"a{n % 7}", amount=n + 1), Opened(account=f"h{n}", holder="H"))
            for n in range(40)
        ]
        await office.write(*(event for pair in events for event in pair))
        await office.publish(foreign(1), *office.history.write(Broadcasted(text="end")))
        async with office.reader(**READS, batch=10) as reader:
            await reader.read_all()
        async with topic_named(await fresh_topic(servers.kafka), of="clerk"):
            yield office


async def verify(office: Office) -> Sound:
    settings = bookkeeper.Settings(kafka=office.kafka, postgres=office.dsn)
    return await verify_history(bookkeeper.service(office.topic), settings)


async def finding(office: Office) -> Finding:
    with pytest.raises(Unsound) as raised:
        await verify(office)
    return raised.value.finding


async def test_positions_that_were_moved_are_found(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: each check of verify/positions.py; every change is undone again."""
    async with read_office(servers, monkeypatch) as office:
        sound = await verify(office)
        assert (sound.counts["positions"], sound.counts["batches"] > 6) == (3, True)
        sequence, offset = await office.position(1)
        lower = await office.connection.fetchval(
            "select first from consumer_batches where partition = 1 order by first limit 1"
        )
        for change, undo, expected in (
            (
                "update consumer_offsets set sequence = sequence - 1 where partition = 1",
                "update consumer_offsets set sequence = sequence + 1 where partition = 1",
                (Kind.POSITION, 1, "sequence", f"{sequence}, the last batch", f"{sequence - 1}"),
            ),
            (
                "update consumer_offsets set next_offset = next_offset + 1 where partition = 1",
                "update consumer_offsets set next_offset = next_offset - 1 where partition = 1",
                (Kind.POSITION, 1, "next_offset", f"at most {offset}, the end", f"{offset + 1}"),
            ),
            (
                "with b as (update consumer_batches set last = last + 5 where partition = 1 and last ="
                " (select max(last) from consumer_batches where partition = 1))"
                " update consumer_offsets set sequence = sequence + 5 where partition = 1",
                "with b as (update consumer_batches set last = last - 5 where partition = 1 and last ="
                " (select max(last) from consumer_batches where partition = 1))"
                " update consumer_offsets set sequence = sequence - 5 where partition = 1",
                (Kind.POSITION, 1, "sequence", f"at most {sequence}, the last entry", f"{sequence + 5}"),
            ),
            (
                f"update consumer_batches set last = last + 100 where partition = 1 and first = {lower}",
                f"update consumer_batches set last = last - 100 where partition = 1 and first = {lower}",
                (Kind.JOURNAL, 1, "first"),
            ),
            (
                f"update consumer_batches set last = 0 where partition = 1 and first = {lower}",
                "select 1",
                (Kind.JOURNAL, 1, "last", f"at least {lower}", "0"),
            ),
        ):
            await office.connection.execute(change)
            found = await finding(office)
            place = (found.kind, found.partition, found.field, found.expected, found.found)
            assert place[: len(expected)] == expected
            assert (found.topic, found.service) == (office.topic, "bookkeeper")
            await office.connection.execute(undo)


async def test_records_that_wait_and_were_changed_are_found(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: each check of verify/parked.py; every change is undone again."""
    async with (
        open_office(servers, monkeypatch) as office,
        topic_named(await fresh_topic(servers.kafka), of="clerk"),
    ):
        await office.write(
            *(Deposited(account=account, amount=n) for n in (1, 2) for account in ("a1", "a2", "a3")),
            *(Deposited(account=account, amount=3, note=clerk.RAISES) for account in ("a1", "a2")),
            *(Deposited(account=account, amount=n) for n in (4, 5) for account in ("a1", "a2", "a3")),
        )
        async with office.reader(**READS) as reader:
            await reader.read_all()
        assert (await verify(office)).counts["parked_records"] == 6
        await office.connection.execute("create table kept as select * from parked_records")
        for change, place in (
            ("delete from parked_records where sequence = 7", ("a1", 7, "sequence", "record 9 first")),
            ("delete from parked_records where key = 'a2'", ("a2", 8, "sequence", "no record of the key")),
            ("update parked_records set key = 'a3' where sequence = 10", ("a3", 10, "key", "record 10")),
            (
                "update parked_records r set record = o.record from parked_records o"
                " where r.sequence = 9 and o.sequence = 12",
                ("a1", 9, "record"),
            ),
            ("update parked_records set record = 'x' where sequence = 10", ("a2", 10, "record")),
            (
                "update parked_records set record = convert_to(replace(convert_from(record, 'UTF8'),"
                " (select event_id::text from parked_keys where key = 'a1'), gen_random_uuid()::text), 'UTF8')"
                " where sequence = 7",
                ("a1", 7, "event_id"),
            ),
        ):
            await office.connection.execute(change)
            found = await finding(office)
            assert (found.kind, found.table) == (Kind.PARKED, "parked_records")
            assert (found.key, found.sequence, found.field, found.found)[: len(place)] == place
            await office.connection.execute(
                "truncate parked_records; insert into parked_records select * from kept"
            )


async def test_a_position_behind_which_not_all_was_applied_is_found(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: what lies before next_offset is not above the position (_is_on_kafka in verify/positions.py)."""
    async with read_office(servers, monkeypatch) as office:
        last = await office.connection.fetchrow(
            "delete from consumer_batches b using (select max(first) as first from consumer_batches"
            " where partition = 1) l where partition = 1 and b.first = l.first returning b.first, b.last"
        )
        assert last is not None
        await office.connection.execute(
            "update consumer_offsets set sequence = (select max(last) from consumer_batches where partition = 1)"
            " where partition = 1"
        )
        found = await finding(office)
        assert (found.kind, found.partition, found.field) == (Kind.POSITION, 1, "sequence")
        assert found.expected == f"{last['last']}, before next_offset"


async def test_a_service_that_moved_to_another_generation_stands_behind_the_one_it_left(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: _BEHIND knows the generation that was left (verify/positions.py)."""
    async with read_office(servers, monkeypatch) as office:
        await ensure_topic(office.kafka, f"{office.topic}.g2", 3)
        await written(office.kafka, await read_topic(office.kafka, office.topic), f"{office.topic}.g2")
        end, _ = await office.position(1)
        await office.connection.execute("delete from consumer_generations")
        await office.connection.execute(
            "insert into consumer_generations (topic, generation, partitions, through, left_at)"
            " values ($1, 1, 3, $2, now()), ($1, 2, 3, null, null)",
            office.topic,
            end,
        )
        await office.connection.execute("update consumer_offsets set sequence = $1, next_offset = 0", end)
        assert (await verify(office)).counts["positions"] == 3
        await office.connection.execute(
            "update consumer_offsets set sequence = $1 where partition = 0", end - 1
        )
        found = await finding(office)
        assert (found.kind, found.partition, found.expected) == (Kind.POSITION, 0, f"{end}, the last batch")
        await office.connection.execute("update consumer_offsets set sequence = $1 where partition = 0", end)


async def test_a_position_ahead_of_a_new_generation_that_is_not_published_so_far_is_no_difference(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: what was left is no difference in the generation that follows (_is_on_kafka in verify/positions.py)."""
    async with read_office(servers, monkeypatch) as office:
        await ensure_topic(office.kafka, f"{office.topic}.g2", 3)
        end, _ = await office.position(1)
        await office.connection.execute("delete from consumer_generations")
        await office.connection.execute(
            "insert into consumer_generations (topic, generation, partitions, through, left_at)"
            " values ($1, 1, 3, $2, now()), ($1, 2, 3, null, null)",
            office.topic,
            end,
        )
        await office.connection.execute("update consumer_offsets set sequence = $1, next_offset = 0", end)
        sound = await verify(office)
        assert (sound.counts["positions"], sound.counts["positions_ahead"]) == (3, 3)
        with_more = (
            "with b as (insert into consumer_batches (topic, partition, first, last, applied_at)"
            " select topic, 0, sequence + 1, sequence + 1, now() from consumer_offsets where partition = 0)"
            " update consumer_offsets set sequence = sequence + 1 where partition = 0"
        )
        await office.connection.execute(with_more)
        found = await finding(office)
        assert (found.kind, found.partition, found.expected) == (
            Kind.POSITION,
            0,
            "at most 0, the last entry",
        )


async def test_what_cannot_be_compared_now_is_waited_for_and_is_no_difference(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: NotNow is tried again, and passes as it is (_once_it_can and _compared in verify/history.py)."""
    async with read_office(servers, monkeypatch) as office:
        settings = bookkeeper.Settings(kafka=office.kafka, postgres=office.dsn)
        service = bookkeeper.service(office.topic)
        reference = "bookkeeper.at_work:SERVICE"
        waits = asyncio.Event()

        def told(what: str, _done: int, _total: int) -> None:
            if "waited" in what:
                waits.set()

        async with alone(service, settings):
            with monkeypatch.context() as patch:
                patch.setattr(history, "WAIT_SECONDS_MAX", 0.0)
                with pytest.raises(NotNow, match="another rebuild of bookkeeper runs"):
                    await verify_tables(service, settings, reference)
            waiting = asyncio.create_task(verify_tables(service, settings, reference, told))
            await asyncio.wait_for(waits.wait(), 30)
        assert (await waiting)["projection_rows"] >= 7 + 3


async def test_rows_that_were_changed_are_found(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: _check (verify/history.py) raises what compare_state and compare_projections say."""
    async with read_office(servers, monkeypatch) as office:
        settings = bookkeeper.Settings(kafka=office.kafka, postgres=office.dsn)
        service = bookkeeper.service(office.topic)
        rows = await verify_tables(service, settings, "bookkeeper.at_work:SERVICE")
        assert rows["projection_rows"] >= 7 + 3
        assert rows["state_rows"] >= 7
        for change, kind, table, key in (
            ("update seen set note = 'changed' where account = 'a3'", Kind.PROJECTION, "seen", "a3"),
            ("update books set balance = balance + 1 where account = 'a4'", Kind.STATE, "books", "a4"),
        ):
            await office.connection.execute(change)
            with pytest.raises(Unsound) as raised:
                await verify_tables(service, settings, "bookkeeper.at_work:SERVICE")
            found = raised.value.finding
            assert (found.kind, found.table, found.key) == (kind, table, key)
            assert found.expected != found.found
