"""A mistake in a projection is mended by a swap while events keep coming, and nobody sees half of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import bookkeeper
import clerk
import pytest
from consuming import Office, actual, expected
from parking_history import FIRST, live_through, mended, release
from rebuilding import READS, open_office, request
from toys import Deposited

from lettra_events.rebuild import swapping
from lettra_events.rebuild.comparing import compare_tables, copy_live
from lettra_events.rebuild.errors import NotNow
from lettra_events.rebuild.planning import make_plan
from lettra_events.rebuild.reached import extent_now
from lettra_events.rebuild.replaying import building, compare
from lettra_events.rebuild.schema import REBUILD, open_connection
from lettra_events.rebuild.swapping import swap
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

ACCOUNTS = 5
BEFORE = 300
MISTAKEN = {**READS, "project": bookkeeper.doubling}


class Desk:
    """What was written, and what rows an onlooker may see of it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.written: list[Deposited] = []
        self.seen: list[str] = []
        self.closing = False

    async def write(self, count: int) -> None:
        deposits = [
            Deposited(account=f"a{(len(self.written) + n) % ACCOUNTS}", amount=(len(self.written) + n) % 99)
            for n in range(count)
        ]
        self.written += deposits
        await self.office.write(*deposits)

    def total(self, account: str, deposits: int, mistaken: bool) -> int:
        """Of the account's first deposits; a mistaken clerk read the first ones of all."""
        total = 0
        of_account = [(n, one) for n, one in enumerate(self.written) if one.account == account]
        for n, one in of_account[:deposits]:
            doubles = mistaken and n < BEFORE and one.amount > 50
            total += 2 * one.amount if doubles else one.amount
        return total

    async def look(self) -> None:
        """The rows are all of before, or all of after."""
        rows = await self.office.connection.fetch("select account, deposits, total from seen")
        for kind, mistaken in (("before", True), ("after", False)):
            if all(r["total"] == self.total(r["account"], r["deposits"], mistaken) for r in rows):
                self.seen.append(kind)
                return
        raise AssertionError(f"neither before nor after: {rows}")

    async def keep(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self.closing:
            await work()
            await asyncio.sleep(0.005)


async def test_a_mistake_is_mended_under_load_and_readers_see_before_or_after(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever consumes catches up with what came meanwhile, under the same load.

    Guards: the lock on all positions and the tail behind it, the one transaction of the difference, in swapping.
    """
    async with open_office(servers, monkeypatch) as office:
        desk = Desk(office)
        await desk.write(BEFORE)
        async with office.reader(**MISTAKEN) as mistaken:
            await mistaken.read_all()
        async with office.reader(batch=50, **READS) as clerk_now:
            onlooker = await asyncpg.connect(office.dsn)
            busy = [
                asyncio.create_task(desk.keep(work))
                for work in (lambda: desk.write(7), clerk_now.step, desk.look)
            ]
            await until(lambda: _returns("before" in desk.seen), "somebody looked")
            before = await onlooker.fetchval("select sum(sequence) from consumer_offsets")
            done = await swap(request(office, 2))
            during = await onlooker.fetchval("select sum(sequence) from consumer_offsets") - before
            owed = len(desk.written)
            await until(lambda: _has_applied(onlooker, owed), "live applied what came during the swap")
            await until(lambda: _returns(desk.seen[-1] == "after"), "somebody looked again")
            desk.closing = True
            await asyncio.gather(*busy)
            await onlooker.close()
            await clerk_now.read_all()
        assert during > 0
        assert done.changed["seen"] == ACCOUNTS
        assert desk.seen == sorted(desk.seen, reverse=True), "before, and then after"
        totals = dict(await office.connection.fetch("select account, total from seen"))
        assert totals == {f"a{n}": desk.total(f"a{n}", BEFORE**2, False) for n in range(ACCOUNTS)}
        assert (await compare(request(office))).count == 0


async def _has_applied(onlooker: asyncpg.Connection[Any], deposits: int) -> bool:
    return bool(await onlooker.fetchval("select sum(deposits) >= $1 from seen", deposits))


async def _returns(value: bool) -> bool:
    return value


async def test_parked_and_skipped_records_are_honoured(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Exclusions in Extent.counts. Without them what waits, or was skipped, would be in the rebuild."""
    async with open_office(servers, monkeypatch, partitions=1) as office:
        lived = await live_through(office)
        found = await compare(request(office))
        assert found.count == 0, found.differences
        wanted = expected(lived.applied())
        assert {name: one.total for name, one in (await actual(office.connection)).items()} == {
            name: one.total for name, one in wanted.items()
        }
        await office.connection.execute("update seen set total = total + 1 where account = 'skips'")
        assert (await swap(request(office))).changed == {"seen": 1, "notices": 0, "holders": 0, "firsts": 0}
        assert (await compare(request(office))).count == 0


async def test_what_is_released_meanwhile_is_followed_from_where_it_waited(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: Path.set_out goes back to the first record of a key that runs again, and takes nothing twice."""
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader() as reader:
            await office.write(*FIRST)
            await reader.read_all()
        asked = request(office)
        plan = await make_plan(office.connection, asked.service, asked.settings)

        async def extent_here():
            return await extent_now(office.connection, asked.service.reading, plan.partitions)

        async with building(office.connection, asked, plan, REBUILD) as work:
            await work.build(await extent_here())
            await release(office, mended, key="again")
            await release(office, mended, key="twice", step=1)
            async with office.reader() as reader:
                await office.write(Deposited(account="again", amount=9))
                await reader.read_all()
            await work.build(await extent_here())
        await copy_live(office.connection, REBUILD, asked.service.projections)
        found = await compare_tables(
            office.connection, REBUILD, asked.service.name, [clerk.SEEN], asked.progress
        )
        assert found.count == 0, found.differences
        assert found.rows == {"seen": 4}


async def test_a_swap_that_cannot_catch_up_ends_before_it_keeps_consumers_out(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: LONG_SECONDS in swapping._catch_up."""
    monkeypatch.setattr(swapping, "ROUNDS_MAX", 2)
    monkeypatch.setattr(swapping, "SHORT_SECONDS", -1.0)
    async with open_office(servers, monkeypatch, partitions=1) as office:
        async with office.reader(**MISTAKEN) as reader:
            await office.write(Deposited(account="a", amount=60))
            await reader.read_all()
        assert (await swap(request(office, project=bookkeeper.doubling))).changed["seen"] == 0
        monkeypatch.setattr(swapping, "LONG_SECONDS", -1.0)
        with pytest.raises(NotNow, match="of 2 rounds the last one took 0 s still; nothing was changed"):
            await swap(request(office))
        assert await office.connection.fetchval("select total from seen") == 120


async def test_a_connection_of_a_rebuild_may_be_idle(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: both timeouts in schema.open_connection."""
    async with open_office(servers, monkeypatch, partitions=1) as office:
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            await office.connection.execute(
                f"do $$ begin execute format('alter database %I set {name} = 9000', current_database()); end $$"
            )
        opened = await open_connection(office.dsn)
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            assert await opened.fetchval(f"show {name}") == "0"
        await opened.close()
