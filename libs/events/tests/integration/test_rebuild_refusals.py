"""Why a rebuild refuses or stops: always a sentence that names the place, and the live rows are as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg
import bookkeeper
import clerk
import pytest
from consuming import Office
from rebuilding import READS, open_office, request
from toys import Deposited, Renamed

from lettra_events.decisions.tables import Change
from lettra_events.kafka.reading import no_projection
from lettra_events.rebuild import following, schema
from lettra_events.rebuild.errors import NotNow, RebuildError, ServersAway
from lettra_events.rebuild.extent import Extent, Horizon
from lettra_events.rebuild.paths import Part
from lettra_events.rebuild.replaying import compare, replay_beside
from lettra_events.rebuild.rows import Rows
from lettra_events.rebuild.schema import alone
from lettra_events.rebuild.swapping import swap
from lettra_events.store.rows import TableDrift

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@asynccontextmanager
async def one_partition(servers: Servers, monkeypatch: pytest.MonkeyPatch):
    async with open_office(servers, monkeypatch, partitions=1) as office:
        yield office


async def stand_at(office: Office, sequence: int) -> None:
    await office.connection.execute(
        "insert into consumer_offsets values ($1, 0, $2, 0)", office.topic, sequence
    )


async def test_a_record_that_came_late_is_found_and_one_that_never_came_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: sort_out in Path.take, and that Follower goes back to the hole."""
    monkeypatch.setattr(following, "BATCH_MAX", 2)
    async with one_partition(servers, monkeypatch) as office:
        records = office.history.write(*(Deposited(account="a", amount=n) for n in range(12)))
        late = [*records[:2], *records[3:7], records[2], records[2], *records[7:]]
        await office.publish(*late)
        async with office.reader(**READS) as reader:
            await reader.read_all()
        assert (await compare(request(office))).count == 0
    async with one_partition(servers, monkeypatch) as office:
        records = office.history.write(*(Deposited(account="a", amount=n) for n in range(6)))
        await office.publish(*records[:2], *records[3:])
        await stand_at(office, 6)
        with pytest.raises(RebuildError, match="entry 3 is missing: the record of entry 4 at offset 2"):
            await replay_beside(request(office))
    async with one_partition(servers, monkeypatch) as office:
        await office.write(Deposited(account="a", amount=1))
        await stand_at(office, 4)
        with pytest.raises(RebuildError, match=r"entry 4 is missing: .* ends at entry 1"):
            await replay_beside(request(office))


async def test_an_entry_that_this_release_cannot_apply_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: cannot_apply in Follower and in Rows; a worker process says the same as one here."""
    async with one_partition(servers, monkeypatch) as office:
        await office.write(Deposited(account="a", amount=1), Renamed(account="nobody", holder="x"))
        async with office.reader(**{**READS, "project": no_projection}) as reader:
            await reader.read_all()
        with pytest.raises(RebuildError, match=r"entry 2 \(toy.Renamed\) cannot be applied by this release"):
            await swap(request(office))
        assert await office.connection.fetchval("select count(*) from seen") == 0

        def fails(_event: object, _context: object):
            raise ZeroDivisionError("of no use")

        with pytest.raises(RebuildError, match=r"entry 1 \(toy.Deposited\).*ZeroDivisionError: of no use"):
            await replay_beside(request(office, project=fails))
        with pytest.raises(RebuildError, match="the table holders, which the service does not name"):
            await replay_beside(request(office, project=lambda e, c: _only_holders()))


def _fails(_row: object):
    raise ValueError("not right")


@pytest.mark.parametrize(
    ("apply", "says"),
    [
        (_fails, r"entry 1 \(toy.Deposited\) cannot be applied by this release.*ValueError: not right"),
        (lambda _row: 5, "the table seen does not take a row that the events make"),
    ],
)
async def test_a_change_that_fails_in_whatever_way_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, apply: Callable[[Any], Any], says: str
) -> None:
    """Guards: `except Exception` in Rows.fold; _NO_ROW in rows.write_rows."""
    async with one_partition(servers, monkeypatch) as office:
        async with office.reader(**READS) as reader:
            await office.write(Deposited(account="a", amount=1))
            await reader.read_all()
        with pytest.raises(RebuildError, match=says):
            await replay_beside(request(office, project=lambda _event, _context: [_change(apply)]))


def _change(apply: Callable[[Any], Any]) -> Change[Any]:
    return Change(clerk.SEEN, ("a",), apply)


async def test_a_change_that_fails_in_a_table_that_workers_share_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `except Exception` in Rows._fold_shared."""
    async with one_partition(servers, monkeypatch) as office:
        rows = Rows((clerk.SEEN,), office.connection, office.connection, shared=(clerk.SEEN,))
        with pytest.raises(RebuildError, match="entry 7: not right"):
            await rows.fold(
                [("entry 7", [_change(_fails)])], lambda cause, error: RebuildError(f"{cause}: {error}")
            )


async def test_a_worker_process_that_fails_says_why(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `except Exception` in child._work."""
    async with open_office(servers, monkeypatch, partitions=2) as office:
        asked = replace(request(office, processes=2), reference="bookkeeper.at_work:NOBODY")
        with pytest.raises(RebuildError, match=r"a worker process failed: AttributeError.*NOBODY"):
            await replay_beside(asked)


def _only_holders():
    foreign = bookkeeper.Table("holders", bookkeeper.Holder, key=("account",))
    yield bookkeeper.put(foreign, bookkeeper.Holder("a", "b", (), None))


async def test_one_rebuild_at_a_time_on_the_tables_of_this_release_and_servers_that_answer(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: the advisory lock, and the comparison of migrations, in schema.alone."""
    async with one_partition(servers, monkeypatch) as office:
        asked = request(office)
        async with alone(asked.service, asked.settings):
            with pytest.raises(NotNow, match="another rebuild of bookkeeper runs"):
                await compare(asked)
        away = asked.settings.model_copy(update={"kafka": "127.0.0.1:1"})
        with pytest.raises(ServersAway, match=r"Kafka at 127.0.0.1:1 does not answer"):
            await compare(type(asked)(asked.service, away, asked.reference, asked.progress))
        await office.connection.execute(
            "update schema_migrations set digest = 'x' where name like 'bookkeeper%'"
        )
        with pytest.raises(TableDrift, match=r"bookkeeper/001_bookkeeper.sql.*run the role migrate"):
            await compare(asked)


async def test_whoever_stands_in_what_was_built_is_named_and_not_waited_for(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: lock_timeout in schema._drop; what is done stays done if the schema cannot be dropped at the end."""
    monkeypatch.setattr(schema, "LOCK_SECONDS_MAX", 0.2)
    async with one_partition(servers, monkeypatch) as office:
        asked = request(office)
        await replay_beside(asked)
        auditor = await asyncpg.connect(office.dsn, server_settings={"application_name": "auditor"})
        async with auditor.transaction():
            await auditor.fetch("select * from rebuild.seen")
            async with asyncio.timeout(30):
                with pytest.raises(NotNow, match=r'rebuild cannot be made anew .*application "auditor"'):
                    await replay_beside(asked)
            await schema.drop_schema(office.connection, schema.REBUILD)
            assert await auditor.fetchval("select count(*) from rebuild.seen") == 0
        await auditor.close()
        await replay_beside(asked)


class _NoDatabase(Rows):
    """Rows whose database breaks off."""

    async def fold(self, _changes: object, _blame: object) -> None:
        raise ConnectionResetError("the database")


async def test_a_database_that_breaks_off_is_not_told_as_kafka(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `except KafkaError` in Follower.follow takes nothing else."""
    async with one_partition(servers, monkeypatch) as office:
        await office.write(Deposited(account="a", amount=1))
        rows = _NoDatabase((), office.connection, office.connection)
        reading = bookkeeper.service(office.topic).reading
        follower = following.Follower(reading, [Part(office.topic, office.topic, 0, 1)], {office.topic: 1})
        await follower.start(office.kafka)
        with pytest.raises(ConnectionResetError, match="the database"):
            await follower.follow(Extent({office.topic: Horizon(1, {0: 1})}), rows, _nobody_told)
        await follower.stop()


def _nobody_told(_done: int, _total: int) -> None:
    """Nobody is told."""
