"""The inbox on real servers: repeats, missing and foreign records, lost partitions, and what operators see of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from aiokafka import TopicPartition
from consuming import Lines, Office, check_whole, gauge, open_office, waits_for_a_lock
from publishing import foreign
from toys import Deposited

from lettra_events.kafka import inbox, watch
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """What the inbox logs."""
    found = Lines()
    monkeypatch.setattr(watch, "log", found)
    monkeypatch.setattr(inbox, "log", found)
    return found


def deposits(count: int, accounts: str = "abcdefg", first: int = 1) -> list[Deposited]:
    return [
        Deposited(account=accounts[n % len(accounts)], amount=n * 10) for n in range(first, first + count)
    ]


async def test_repeats_are_dropped_and_counted(servers: Servers) -> None:
    """Guard: the comparison with the known sequence, in contiguity.sort_out."""
    async with open_office(servers, partitions=3) as office:
        written = deposits(40)
        records = office.history.write(*written)
        await office.publish(*records, *records[10:30], *records)
        async with office.reader(batch=7) as reader:
            await reader.read_to_the_end()
        await check_whole(office, list(enumerate(written, 1)))
        assert gauge("lettra_repeated_records_total", office.topic) == 20 + 40
        assert gauge("lettra_consumed_records_total", office.topic) == 40


async def test_a_missing_record_is_waited_for_with_an_alarm_and_other_partitions_go_on(
    servers: Servers, lines: Lines
) -> None:
    """Guards: the hole in contiguity.sort_out; Watch.missing, and its limit of one line in ten seconds."""
    async with open_office(servers, partitions=2) as office:
        written = deposits(60)
        records = office.history.write(*written)
        stopped = [record for record in records if record.partition == 0]
        others = [record for record in records if record.partition == 1]
        await office.publish(*stopped[:4], *stopped[5:], *others[:-5])
        async with office.reader(batch=7) as reader:
            await reader.read_to_the_end()
            assert await office.position(0) == (stopped[3].sequence, 4)
            assert gauge("lettra_missing_records", office.topic, 0) == 1
            assert gauge("lettra_consumer_lag_records", office.topic, 0) == len(stopped) - 5
            # The others go on, also with what comes now; one alarm is enough for all that waits.
            await office.publish(*others[-5:])
            await reader.read_to_the_end()
            assert (await office.position(1))[0] == others[-1].sequence
            assert gauge("lettra_missing_records", office.topic, 1) == 0
            (alarm,) = lines.of("consume.missing_record")
            assert (alarm["missing"], alarm["before"], alarm["known"]) == (
                stopped[4].sequence,
                stopped[5].sequence,
                stopped[3].sequence,
            )
            assert reader.inbox.stopped == {}
            await office.publish(stopped[4])
            await reader.read_all()
            assert gauge("lettra_missing_records", office.topic, 0) == 0
            assert gauge("lettra_consumer_lag_records", office.topic, 0) == 0
        await check_whole(office, list(enumerate(written, 1)))


async def test_a_restart_while_a_record_is_missing_loses_nothing(servers: Servers) -> None:
    """Guard: next_offset stays at the hole, in contiguity.position_after."""
    async with open_office(servers) as office:
        written = deposits(30)
        records = office.history.write(*written)
        # Two are missing; what comes of them first is applied behind the hole and must not move it.
        await office.publish(*records[:10], *records[12:])
        async with office.reader(batch=7) as reader:
            await reader.read_to_the_end()
            assert await office.position() == (10, 10)
            await office.publish(records[10])
            await reader.read(lambda: _is_at(office, 11), "the first of the missing records is applied")
            await reader.read_to_the_end()
        assert await office.position() == (11, 10)
        async with office.reader(batch=7) as second:
            await second.read_to_the_end()
            assert await office.position() == (11, 10)
            await office.publish(records[11])
            await second.read_all()
        await check_whole(office, list(enumerate(written, 1)))


async def _is_at(office: Office, sequence: int, partition: int = 0) -> bool:
    return (await office.position(partition))[0] == sequence


async def test_foreign_records_are_passed_over_and_counted_and_drop_nothing(
    servers: Servers, lines: Lines
) -> None:
    """Guard: MalformedRecord is caught for each record, in Inbox._deliveries; one line a batch."""
    async with open_office(servers) as office:
        written = deposits(9)
        records = office.history.write(*written)
        null_type = foreign(
            headers=[(name, None if name == "ce_type" else value) for name, value in records[6].headers]
        )
        records[4].headers.append(("somebody-else", None))
        await office.publish(
            *records[:3], foreign(), foreign(value=None), *records[3:6], null_type, *records[6:]
        )
        async with office.reader() as reader:
            await reader.read_all()
            await reader.read_to_the_end()
        await check_whole(office, list(enumerate(written, 1)))
        assert gauge("lettra_foreign_records_total", office.topic) == 3
        assert sum(line["records"] for line in lines.of("consume.foreign_records")) == 3


async def test_a_batch_that_got_lost_on_its_way_is_read_again_without_an_alarm(
    servers: Servers, lines: Lines
) -> None:
    """Guard: Inbox._looks_again. A driver that drops a batch, or starts too far, must not make a hole."""
    async with open_office(servers) as office:
        written = deposits(20)
        records = office.history.write(*written)
        await office.publish(*records[:12])
        async with office.reader(batch=5) as reader:
            await reader.read(lambda: _is_past(office, 0), "the first batch is applied")
            lost = await reader.take_some()
            assert lost
            await office.publish(*records[12:])
            await reader.read_all()
        await check_whole(office, list(enumerate(written, 1)))
        assert len(lines.of("consume.looks_again")) == 1
        assert lines.of("consume.missing_record") == []


async def test_kafka_is_told_what_is_applied_and_never_more(servers: Servers) -> None:
    """Guard: the stored next_offset is what Inbox._commit commits; it does so after the last batch too."""
    async with open_office(servers) as office:
        records = office.history.write(*deposits(10))
        await office.publish(*records[:4], *records[5:])
        async with office.reader() as reader:
            await reader.read_to_the_end()
            tp = TopicPartition(office.topic, 0)
            committed = await until(lambda: reader.consumer.committed(tp), "an offset is committed")
        assert committed == 4
        assert await office.position() == (4, 4)


async def test_a_partition_that_was_taken_away_is_left_alone(servers: Servers) -> None:
    """Guard: the look at the assignment before each partition, in Inbox.consume."""
    async with open_office(servers, partitions=2) as office:
        written = deposits(40)
        await office.write(*written)
        async with office.reader() as reader:
            records = await reader.all_records()
            assert {record.partition for record in records} == {0, 1}
            reader.consumer.assign([TopicPartition(office.topic, 0)])
            await reader.inbox.consume(reader.consumer, records)
            assert (await office.position(0))[0] == office.heads[0]
            assert await office.position(1) == (0, 0)
            assert reader.inbox.stopped == {}


@pytest.mark.parametrize("fails", [False, True])
async def test_a_partition_that_is_taken_away_meanwhile_is_not_called_stopped(
    servers: Servers, fails: bool
) -> None:
    """Guards: the looks at the assignment in Inbox._stop, and in Inbox._went_well, without which it would fail."""
    async with open_office(servers, partitions=2) as office:
        await office.write(*deposits(10, accounts="a"))
        (partition,) = office.heads
        locker = await asyncpg.connect(office.dsn)
        await locker.execute("insert into streams values ('book:a', 0)")
        async with office.reader(partitions=[partition], keys_parked_max=0) as reader:
            batch = await reader.all_records()
            transaction = locker.transaction()
            await transaction.start()
            await locker.execute("select from streams where stream_id = 'book:a' for update")
            async with _meanwhile(reader.inbox.consume(reader.consumer, batch)):
                await waits_for_a_lock(office.connection)
                reader.consumer.assign([TopicPartition(office.topic, 1 - partition)])
                reader.inbox.revoked([TopicPartition(office.topic, partition)])
                if fails:
                    await office.connection.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where datname = current_database() and application_name = 'clerk'"
                    )
                await transaction.rollback()
            assert reader.inbox.stopped == {}
            assert (await office.position(partition))[0] == (0 if fails else office.heads[partition])
            assert gauge("lettra_stopped_partitions", office.topic, partition) is None
            assert gauge("lettra_consumer_lag_records", office.topic, partition) is None
        await locker.close()


async def test_a_rebalance_while_the_position_is_read_is_no_failure(servers: Servers) -> None:
    """Guard: Inbox._position gives what it read, not what a rebalance has forgotten since."""
    async with open_office(servers, partitions=1) as office:
        await office.write(*deposits(3, accounts="a"))
        async with office.reader() as reader:
            batch = await reader.all_records()
            tp = TopicPartition(office.topic, 0)
            read_position = inbox.read_position

            async def read_and_lose(*arguments: Any) -> Any:
                found = await read_position(*arguments)
                asyncio.get_running_loop().call_soon(reader.inbox.revoked, [tp])
                return found

            reader.inbox.revoked([tp])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(inbox, "read_position", read_and_lose)
                await reader.inbox.consume(reader.consumer, batch)
            assert reader.inbox.stopped == {}
            assert (await office.position(0))[0] == office.heads[0]


async def test_a_partition_that_waits_for_a_lock_keeps_no_other_waiting(servers: Servers) -> None:
    """Guard: Inbox.consume applies the partitions of a batch side by side."""
    async with open_office(servers, partitions=2) as office:
        await office.write(*deposits(40))
        locker = await asyncpg.connect(office.dsn)
        await locker.execute("begin")
        await locker.execute("insert into streams values ('book:a', 0)")
        async with office.reader() as reader:
            batch = await reader.all_records()
            (waits,) = {record.partition for record in batch if record.key == b"a"}
            async with _meanwhile(reader.inbox.consume(reader.consumer, batch)):
                other = 1 - waits
                await until(lambda: _is_at(office, office.heads[other], other), "the other one is applied")
                assert await office.position(waits) == (0, 0)
                await locker.execute("rollback")
            assert await office.all_read()
        await locker.close()


@asynccontextmanager
async def _meanwhile(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        yield
    finally:
        await task


async def test_what_is_said_of_a_partition_ends_when_it_is_taken_away(servers: Servers) -> None:
    """Guard: Watch.forget. Else a replica that lost a stopped partition stays unready, and its gauges stand."""
    async with open_office(servers) as office:
        written = deposits(12, accounts="abcd")
        await office.write(*written)
        async with office.reader(keys_parked_max=0) as reader:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(inbox, "apply_batch", _raises)
                await reader.read(lambda: _says(bool(reader.inbox.stopped)), "the partition is stopped")
            tp = TopicPartition(office.topic, 0)
            assert "ZeroDivisionError" in reader.inbox.stopped[tp]
            assert gauge("lettra_stopped_partitions", office.topic, 0) == 1
            reader.inbox.revoked([tp])
            assert reader.inbox.stopped == {}
            assert gauge("lettra_stopped_partitions", office.topic, 0) is None
            await reader.inbox.assigned(reader.consumer, [tp])
            await reader.read_all()
        await check_whole(office, list(enumerate(written, 1)))


async def _raises(*_arguments: object) -> None:
    raise ZeroDivisionError("whatever is wrong with the code")


async def _says(value: bool) -> bool:
    return value


async def test_a_batch_that_failed_while_the_database_was_away_is_read_again(servers: Servers) -> None:
    """Guards: Inbox._start_over puts the partition back to the batch without asking the database; the pause ends."""
    async with open_office(servers) as office:
        written = deposits(10)
        async with office.reader() as reader:
            await office.write(*written[:4])
            await reader.read_all()
            # These are the last records: no later one would show that they were passed over.
            await office.write(*written[4:])
            async with _closed_to_everybody(office.dsn):
                await reader.read(lambda: _says(bool(reader.inbox.stopped)), "the partition is stopped")
            office.connection = await asyncpg.connect(office.dsn)
            await reader.read_all()
            assert reader.inbox.stopped == {}
            assert gauge("lettra_stopped_partitions", office.topic, 0) == 0
        await check_whole(office, list(enumerate(written, 1)))


async def test_partitions_that_are_assigned_while_the_database_is_away_start_where_they_should(
    servers: Servers, lines: Lines
) -> None:
    """Guards: Inbox.assigned raises nothing; Inbox._looks_again finds that Kafka's own offset was too far."""
    async with open_office(servers) as office:
        written = deposits(10)
        await office.write(*written)
        tp = TopicPartition(office.topic, 0)
        async with office.reader(batch=3) as reader:
            async with _closed_to_everybody(office.dsn):
                await reader.inbox.assigned(reader.consumer, [tp])
                reader.consumer.seek(tp, 6)
            assert len(lines.of("consume.position_unknown")) == 1
            office.connection = await asyncpg.connect(office.dsn)
            await reader.read_all()
        await check_whole(office, list(enumerate(written, 1)))


async def _is_past(office: Office, sequence: int) -> bool:
    return (await office.position())[0] > sequence


@asynccontextmanager
async def _closed_to_everybody(dsn: str) -> AsyncIterator[None]:
    """Nobody can connect to the database, and whoever was connected no longer is."""
    parts = urlsplit(dsn)
    name = parts.path.lstrip("/")
    admin = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    await admin.execute(f"alter database {name} allow_connections false")
    await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
    try:
        yield
    finally:
        await admin.execute(f"alter database {name} allow_connections true")
        await admin.close()
