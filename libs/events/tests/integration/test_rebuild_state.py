"""State tables are folded anew from the service's own events, numbered or not, while it goes on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import clerk
import pytest
from consuming import Office, check_whole, waits_for_a_lock
from parking_history import FIRST
from rebuilding import READS, open_office, request
from toys import Deposited

from lettra_events.decisions.tables import Change
from lettra_events.decisions.workspace import Staged
from lettra_events.kafka.parking import with_parking
from lettra_events.progress import silent
from lettra_events.rebuild import compare_state, restating, schema
from lettra_events.rebuild.comparing import Difference
from lettra_events.rebuild.errors import NotNow
from lettra_events.rebuild.restating import restate
from lettra_events.rebuild.schema import APPLICATION
from lettra_events.store.append import append
from lettra_events.store.relay_store import read_pending, sequence_outbox
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def compare(office: Office):
    asked = request(office)
    return await compare_state(asked.service, asked.settings, silent)


async def mend(office: Office):
    asked = request(office)
    return await restate(asked.service, asked.settings, silent)


async def test_state_is_compared_and_mended_from_numbered_and_unnumbered_events(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: the log first and then the outbox, in restating; parked keys are state too; pages are small here.

    What waits is read by an index (_KEEP_PENDING).
    """
    monkeypatch.setattr(restating, "PAGE", 3)
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader() as reader:
            await office.write(*FIRST)
            await office.write(*(Deposited(account="many", amount=1) for _ in range(9)))
            await reader.read_all()
        await sequence_outbox(office.connection, 8)
        assert (await office.connection.fetchval("select count(*) from outbox")) > 3
        found = await compare(office)
        assert found.differences == ()
        assert found.rows == {"books": 3, "parked_keys": 3}
        await office.connection.execute("update books set balance = 5 where account = 'many'")
        await office.connection.execute("update parked_keys set error = 'x' where key = 'again'")
        await office.connection.execute("insert into books values ('nobody', 1, 1)")
        found = await compare(office)
        assert found.count == 3
        plan = "explain select 1 from restated.pending where position > 1 order by position limit 3"
        async with office.connection.transaction():
            await office.connection.execute("set local enable_seqscan = off")
            assert "Index" in str(await office.connection.fetch(plan))
        assert Difference("books", ("many",), "balance", "5", "9") in found.differences
        assert Difference("books", ("nobody",), None, "account=nobody, number=1, balance=1", None) in (
            found.differences
        )
        assert await mend(office) == {"books": 2, "parked_keys": 1}
        assert (await compare(office)).count == 0
        assert await mend(office) == {"books": 0, "parked_keys": 0}


async def test_state_is_mended_while_the_service_decides(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_office(servers, monkeypatch) as office:
        deposits = [Deposited(account=f"a{n % 5}", amount=n % 7) for n in range(400)]
        records = [record for deposit in deposits for record in office.history.write(deposit)]
        async with office.reader(batch=20, **READS) as reader:
            await office.publish(*records[:200])
            await reader.read_all()
            await office.connection.execute("update books set number = number + 0, balance = balance")
            await office.publish(*records[200:])
            reading = asyncio.create_task(reader.read_all(seconds=60))
            mended = 0
            while not reading.done():
                mended += 1
                assert await mend(office) == {"books": 0, "parked_keys": 0}
            await reading
        assert mended > 0
        await check_whole(office, list(enumerate(deposits, 1)))
        assert (await compare(office)).count == 0


async def test_whoever_has_read_a_row_decides_on_it_before_it_is_mended(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `streams` in the lock that keeps appends out. Without it a decision is on a row that is mended."""
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader() as reader:
            await office.write(Deposited(account="a", amount=3))
            await reader.read_all()
        await office.connection.execute("update books set balance = 99")
        deciding = await asyncpg.connect(office.dsn)
        async with deciding.transaction():
            await deciding.fetchval("select version from streams where stream_id = 'book:a' for update")
            mending = asyncio.create_task(mend(office))
            await waits_for_a_lock(office.connection, 1, APPLICATION)
            booked = Staged(clerk.Booked(account="a", number=2, balance=10), uuid4(), "c", "c")
            await append(deciding, [booked], {"book:a": 1}, service="clerk")
            await deciding.execute("update books set number = 2, balance = 10")
        await deciding.close()
        assert await mending == {"books": 0, "parked_keys": 0}
        assert (await compare(office)).count == 0


async def test_what_waits_is_read_in_pages_of_bytes(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: bytes_max in relay_store.read_pending, and that restating goes on behind each page."""
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader() as reader:
            await office.write(*(Deposited(account="a", amount=n) for n in range(5)))
            await reader.read_all()
        size = await office.connection.fetchval(
            "select sum(octet_length(payload) + octet_length(attributes) + octet_length(key)) from events"
        )
        page = await read_pending(office.connection, "outbox", -1, 100, size // 2)
        assert len(page) == 2
        monkeypatch.setattr(restating, "PAGE_BYTES_MAX", size // 2)
        assert (await compare(office)).rows["books"] == 1
        assert (await compare(office)).count == 0


def counting(event: object):
    """A fold to which an event matters twice, if it comes twice."""
    if isinstance(event, clerk.Booked):
        yield Change(clerk.BOOKS, (event.account,), lambda row: _one_more(event.account, row))


def _one_more(account: str, row: clerk.Book | None) -> clerk.Book:
    before = row or clerk.Book(account, 0, 0)
    return clerk.Book(account, before.number + 1, before.balance + 10)


@asynccontextmanager
async def counted(servers: Servers, monkeypatch: pytest.MonkeyPatch):
    """Three unnumbered events, counted; then the row is spoilt. Locks are not waited for long."""
    monkeypatch.setattr(restating, "LOCK_SECONDS_MAX", 0.3)
    monkeypatch.setattr(schema, "LOCK_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(schema, "LOCK_TRIES_MAX", 100)
    asked = {"evolve": with_parking(counting)}
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader(**asked) as reader:
            await office.write(*(Deposited(account="a", amount=1) for _ in range(3)))
            await reader.read_all()
        await office.connection.execute("update books set balance = 1")
        yield office, request(office, **asked)


async def test_pending_events_count_once_however_late_a_lock_comes(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: the state tables in _KEEP_APPENDS_OUT. Who holds a row is waited for before anything is folded."""
    async with counted(servers, monkeypatch) as (office, asked):
        looking = (
            "select xact_start from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'"
        )
        begun: set[object] = set()

        async def tried_again() -> bool:
            begun.update(row[0] for row in await office.connection.fetch(looking, APPLICATION))
            return len(begun) > 1

        holding = await asyncpg.connect(office.dsn)
        async with holding.transaction():
            await holding.execute("select * from books for update")
            mending = asyncio.create_task(restate(asked.service, asked.settings, silent))
            await until(tried_again, "the lock is tried again")
        await holding.close()
        assert await mending == {"books": 1, "parked_keys": 0}
        assert await office.connection.fetchrow("select number, balance from books") == (3, 30)


async def test_a_lock_that_fails_after_pending_events_were_folded_ends_it(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: `complete` in restating._switch: it is not tried again on what was folded."""
    async with counted(servers, monkeypatch) as (office, asked):
        await office.connection.execute(
            "create sequence tried;"
            "create function busy() returns trigger language plpgsql as $$ begin if nextval('tried') = 1 then"
            " raise 'busy' using errcode = 'lock_not_available'; end if; return new; end $$;"
            "create trigger busy before insert on books for each row execute function busy()"
        )
        with pytest.raises(NotNow, match="nothing was changed; run this again"):
            await restate(asked.service, asked.settings, silent)
        assert await office.connection.fetchrow("select number, balance from books") == (3, 1)
        assert await restate(asked.service, asked.settings, silent) == {"books": 1, "parked_keys": 0}
        assert await office.connection.fetchrow("select number, balance from books") == (3, 30)
