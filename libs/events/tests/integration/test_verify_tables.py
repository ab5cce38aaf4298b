"""What a service noted of its reading, its state and its projections: whatever was changed is found, with its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import bookkeeper
import clerk
import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from consuming import Office
from publishing import foreign
from rebuilding import READS, open_office
from toys import Broadcasted, Deposited, Opened
from verifying import topic_named, written

from lettra_events.kafka.topics import ensure_topic
from lettra_events.progress import silent
from lettra_events.rebuild.errors import NotNow
from lettra_events.rebuild.schema import alone
from lettra_events.testing.published import read_topic
from lettra_events.testing.servers import fresh_topic
from lettra_events.verify import history
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.history import Sound, verify_history, verify_tables
from lettra_events.verify.parked import check_parked
from lettra_events.verify.waiting import check_waiting

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


@asynccontextmanager
async def parked_office(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, *events: Deposited
) -> AsyncIterator[Office]:
    """The bookkeeper has read these deposits, and stopped at some of them."""
    async with (
        open_office(servers, monkeypatch) as office,
        topic_named(await fresh_topic(servers.kafka), of="clerk"),
    ):
        await office.write(*events)
        async with office.reader(**READS) as reader:
            await reader.read_all()
        yield office


async def moved(office: Office, through: int) -> None:
    """The bookkeeper reads the second generation, made here if it is missing, since this entry of the first."""
    await ensure_topic(office.kafka, f"{office.topic}.g2", 3)
    await office.connection.execute("delete from consumer_generations")
    await office.connection.execute(
        "insert into consumer_generations (topic, generation, partitions, through, left_at)"
        " values ($1, 1, 3, $2, now()), ($1, 2, 3, null, null)",
        office.topic,
        through,
    )


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
    events = (
        *(Deposited(account=account, amount=n) for n in (1, 2) for account in ("a1", "a2", "a3")),
        *(Deposited(account=account, amount=3, note=clerk.RAISES) for account in ("a1", "a2")),
        *(Deposited(account=account, amount=n) for n in (4, 5) for account in ("a1", "a2", "a3")),
    )
    async with parked_office(servers, monkeypatch, *events) as office:
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


async def test_what_waits_is_compared_with_the_topic(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: each check of verify/waiting.py: changes that contradict nothing in the database."""
    events = (
        *(Deposited(account=account, amount=3, note=clerk.RAISES) for account in ("a1", "a2")),
        *(Deposited(account=account, amount=n) for n in (4, 5, 6) for account in ("a1", "a2", "a3")),
    )
    async with parked_office(servers, monkeypatch, *events) as office:
        counts = (await verify(office)).counts
        assert (counts["parked_records"], counts["parked_unseen"]) == (8, 0)
        connection = office.connection
        partition = await connection.fetchval("select partition from parked_records where sequence = 6")
        kept = orjson.loads(await connection.fetchval("select record from parked_records where sequence = 6"))

        async def change(sequence: int, place: int, value: object) -> None:
            frozen = "select record from parked_records where sequence = $1"
            record = orjson.loads(await connection.fetchval(frozen, sequence))
            assert record[place] != value
            record[place] = value
            update = "update parked_records set record = $2 where sequence = $1"
            await connection.execute(update, sequence, orjson.dumps(record))

        async def add(sequence: int) -> None:
            insert = "insert into parked_records values ($1, $2, $3, 'a1', $4)"
            record = orjson.dumps([*kept[:4], sequence, *kept[5:]])
            await connection.execute(insert, office.topic, partition, sequence, record)

        async def remove(sequence: int) -> None:
            await connection.execute("delete from parked_records where sequence = $1", sequence)

        payload = Deposited(account="a1", amount=7).model_dump_json().encode().hex()
        for damage, arguments, place in (
            (remove, (6,), (6, "record", "nothing")),
            (remove, (9,), (9, "record", "nothing")),
            (change, (6, 12, payload), (6, "payload")),
            (change, (6, 9, "toy.Opened"), (6, "type", "'toy.Opened'")),
            (change, (9, 10, 2), (9, "schema_version", "2")),
            (change, (9, 3, 1), (9, "previous", "1")),
            (change, (9, 5, "00" * 32), (9, "chain")),
            (add, (5,), (5, "sequence", "record 5")),
            (add, (500,), (500, "sequence", "record 500")),
        ):
            undone = connection.transaction()
            await undone.start()
            await damage(*arguments)  # type: ignore[operator]
            await check_parked(connection, "bookkeeper")  # in itself it is sound
            with pytest.raises(Unsound) as raised:
                await check_waiting(connection, office.kafka, "bookkeeper", silent)
            found = raised.value.finding
            assert (found.kind, found.table, found.service) == (Kind.PARKED, "parked_records", "bookkeeper")
            assert (found.topic, found.partition, found.key) == (office.topic, partition, "a1")
            assert (found.sequence, found.field, found.found)[: len(place)] == place
            await undone.rollback()
        async with connection.transaction():
            assert await check_waiting(connection, office.kafka, "bookkeeper", silent) == 0
        await remove(9)
        assert (await finding(office)).sequence == 9


async def test_what_waits_and_is_not_on_the_topic_any_more_or_not_yet_is_counted(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: what was deleted, and what a generation that follows has not yet, is no difference (verify/waiting.py)."""
    async with open_office(servers, monkeypatch) as office:
        await office.write(
            *(Deposited(account="a1", amount=3, note=clerk.RAISES) for _ in range(4)),
            *(Deposited(account="a2", amount=1) for _ in range(4)),
        )
        async with office.reader(**READS) as reader:
            await reader.read_all()
        connection = office.connection
        partition = await connection.fetchval("select distinct partition from parked_records")

        async def unseen() -> int:
            async with connection.transaction():
                return await check_waiting(connection, office.kafka, "bookkeeper", silent)

        assert await unseen() == 0
        await delete_before(office.kafka, TopicPartition(office.topic, partition), 2)
        assert await unseen() == 2
        await moved(office, through=8)
        assert await unseen() == 4
        await connection.execute("update consumer_generations set through = 3 where generation = 1")
        with pytest.raises(Unsound, match="entry 4, table parked_records"):
            await unseen()


async def delete_before(kafka: str, tp: TopicPartition, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({tp: RecordsToDelete(before_offset=offset)})
    await admin.close()


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
        await moved(office, through=end)
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
        end, _ = await office.position(1)
        await moved(office, through=end)
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
