"""State tables are folded anew from the service's own events, numbered or not, while it goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import clerk
import pytest
from consuming import Office, check_whole, waits_for_a_lock
from parking_history import FIRST
from rebuilding import READS, open_office, request
from toys import Deposited

from lettra_events.decisions.workspace import Staged
from lettra_events.progress import silent
from lettra_events.rebuild import compare_state, restating
from lettra_events.rebuild.comparing import Difference
from lettra_events.rebuild.restating import restate
from lettra_events.rebuild.schema import APPLICATION
from lettra_events.store.append import append
from lettra_events.store.relay_store import sequence_outbox

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
    """Guards: the log first and then the outbox, in restating; parked keys are state too; pages are small here."""
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
