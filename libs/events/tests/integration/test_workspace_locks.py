"""Decisions on PostgreSQL never pass each other: what one looked at, even in vain, nobody changes meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any

import asyncpg
import pytest
import toys
from store_of_toys import append_any
from toys import ACCOUNTS, HOLDINGS, Deposited, Opened, Renamed

from lettra_events.decisions.needs import Missing, Needs
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.errors import TooManyRounds
from lettra_events.store.running import decide_under_locks, preview_decisions, run_decisions
from lettra_events.testing.waiting import until, until_blocked

Decide = Callable[[Workspace], Any]


def deposit(account: str, amount: int) -> Decide:
    def decide(workspace: Workspace) -> Any:
        workspace.append(Deposited(account=account, amount=amount))
        return workspace.get(ACCOUNTS, account)

    return decide


@pytest.fixture
async def two(database: str) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Connection]]:
    opened = await asyncpg.connect(database), await asyncpg.connect(database)
    yield opened
    for connection in opened:
        await connection.close()


@asynccontextmanager
async def held_before_commit(
    connection: asyncpg.Connection, decide: Decide
) -> AsyncIterator[asyncio.Task[Any]]:
    """The decision is taken and written meanwhile, and committed afterwards."""
    written, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_connection: object, _workspace: Workspace) -> None:
        written.set()
        await go_on.wait()

    task = asyncio.create_task(
        run_decisions(connection, toys.evolve, in_one(decide, "first"), service="toy", also_write=hold)
    )
    await written.wait()
    try:
        yield task
    finally:
        go_on.set()
        await task


def in_one(decide: Decide, cause: str) -> Decide:
    def run(workspace: Workspace) -> Any:
        workspace.begin(Cause(cause, "c", "test"))
        return decide(workspace)

    return run


async def decide_past(
    two: tuple[asyncpg.Connection, asyncpg.Connection], first: Decide, second: Decide
) -> tuple[Any, Any]:
    """The second decision begins when the first is written and not committed; what each returned."""
    async with held_before_commit(two[0], first) as holding:
        waiting = asyncio.create_task(
            run_decisions(two[1], toys.evolve, in_one(second, "second"), service="toy")
        )
        await until_blocked(two[1], two[0])
    return await holding, await waiting


def come_with_money(workspace: Workspace) -> Any:
    """Money looks for the account of its holder; without one it waits under a name of its own."""
    found = workspace.find(HOLDINGS, "holder", "h")
    workspace.append(Opened(account="money", holder="waiting for h"))
    return [row.account for row in found]


def open_account(workspace: Workspace) -> Any:
    """A new account looks for money that waits for its holder."""
    found = workspace.find(HOLDINGS, "holder", "waiting for h")
    workspace.append(Opened(account="new", holder="h"))
    return [row.account for row in found]


def take_over_account(workspace: Workspace) -> Any:
    """As open_account, by changing a row that somebody else had."""
    found = workspace.find(HOLDINGS, "holder", "waiting for h")
    workspace.append(Renamed(account="old", holder="h"))
    return [row.account for row in found]


@pytest.mark.parametrize("opening", [open_account, take_over_account])
@pytest.mark.parametrize("money_first", [True, False])
async def test_two_that_look_for_each_other_never_both_miss(
    two: tuple[asyncpg.Connection, asyncpg.Connection], opening: Decide, money_first: bool
) -> None:
    """Guard: a looked-up value is locked although nothing was found, as is a value that a change brings
    (Workspace._need_index and _need_indexes, _lock in store/running.py)."""
    setup = in_one(lambda workspace: workspace.append(Opened(account="old", holder="other")), "setup")
    await run_decisions(two[0], toys.evolve, setup, service="toy")
    order = (come_with_money, opening) if money_first else (opening, come_with_money)
    first, second = await decide_past(two, *order)
    assert first == []
    assert second == (["money"] if money_first else ["new" if opening is open_account else "old"])


async def test_two_changes_of_one_row_are_both_in_it(
    two: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    """Guard: appending locks the stream, and its rows are read under the lock (store/running.py)."""
    await append_any(two[0], Deposited(account="a", amount=0))
    await decide_past(two, deposit("a", 1), deposit("a", 2))
    assert await two[0].fetchval("select balance from accounts") == 3


async def test_a_row_that_a_decision_only_reads_is_locked(
    two: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    """Guard: reading a state row locks the stream that guards it (Workspace._need_guard)."""
    await append_any(two[0], Deposited(account="a", amount=0))

    def mirror(workspace: Workspace) -> None:
        row = workspace.get(ACCOUNTS, "a")
        workspace.append(Deposited(account="mirror", amount=row.balance if row else 0))

    await decide_past(two, deposit("a", 7), mirror)
    assert await two[0].fetchval("select balance from accounts where account = 'mirror'") == 7


async def test_rows_that_a_lookup_finds_are_read_under_their_own_lock(
    two: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    """Guard: `find` needs the lock of each row found, and starts over with it (decisions/workspace.py)."""
    setup = in_one(lambda workspace: workspace.append(Opened(account="a", holder="h", names=("n",))), "setup")
    await run_decisions(two[0], toys.evolve, setup, service="toy")

    def rename(workspace: Workspace) -> Any:
        return workspace.append(Renamed(account="a", holder="h", names=("m",)))

    _, found = await decide_past(two, rename, lambda workspace: workspace.find(HOLDINGS, "holder", "h"))
    assert [row.names for row in found] == [("m",)]


@pytest.mark.parametrize(
    ("changed", "found"),
    [(Renamed(account="a", holder="h", names=("m",)), [("m",)]), (Renamed(account="a", holder="other"), [])],
    ids=["another name", "found no longer"],
)
async def test_what_was_found_before_its_lock_was_had_is_read_again(
    connection: asyncpg.Connection, database: str, changed: Renamed, found: list[tuple[str, ...]]
) -> None:
    """Guard: _lock_more reads again what the new locks guard, and `reloaded` forgets by what it was found."""
    setup = in_one(lambda workspace: workspace.append(Opened(account="a", holder="h", names=("n",))), "setup")
    await run_decisions(connection, toys.evolve, setup, service="toy")
    missed = []

    def decide(workspace: Workspace) -> Any:
        try:
            return [row.names for row in workspace.find(HOLDINGS, "holder", "h")]
        except Missing as missing:
            missed.append(missing)
            if missing.needs.streams == {"account:a"}:
                in_a_thread(append_by_another(database, changed))
            raise

    assert await run_decisions(connection, toys.evolve, in_one(decide, "second"), service="toy") == found
    assert [missing.needs.streams for missing in missed] == [set(), {"account:a"}]


async def append_by_another(database: str, event: Renamed) -> None:
    other = await asyncpg.connect(database)
    await run_decisions(other, toys.evolve, in_one(lambda w: w.append(event), "other"), service="toy")
    await other.close()


async def test_whoever_waits_for_a_lock_that_was_not_foreseen_holds_no_later_one(
    two: tuple[asyncpg.Connection, asyncpg.Connection], database: str
) -> None:
    """Guard: _lock_more does not wait, and starts over in order (WAIT_OUT_OF_ORDER in store/running.py)."""
    setup = in_one(lambda workspace: [deposit(account, 1)(workspace) for account in "ab"], "setup")
    await run_decisions(two[0], toys.evolve, setup, service="toy")

    def b_then_a(workspace: Workspace) -> int:
        first = workspace.get(ACCOUNTS, "b")
        second = workspace.get(ACCOUNTS, "a")
        return first.balance + second.balance if first and second else 0

    async with held_before_commit(two[0], deposit("a", 2)):
        waiting = asyncio.create_task(
            run_decisions(two[1], toys.evolve, in_one(b_then_a, "second"), service="toy")
        )
        await until_blocked_in_order(two[1], two[0], database)
    assert await waiting == 4


async def until_blocked_in_order(
    waiting: asyncpg.Connection, holder: asyncpg.Connection, database: str
) -> None:
    """The one waits for the other, and account b is free meanwhile."""
    third = await asyncpg.connect(database)

    async def waits_with_b_free() -> bool:
        blockers = await holder.fetchval("select pg_blocking_pids($1)", waiting.get_server_pid())
        try:
            await third.execute("select from streams where stream_id = 'account:b' for update nowait")
        except asyncpg.LockNotAvailableError:
            return False
        return holder.get_server_pid() in blockers

    try:
        await until(waits_with_b_free, "who waits for account a holds account b no longer")
    finally:
        await third.close()


@pytest.mark.parametrize(
    ("blocked", "wanted", "free"),
    [
        ("streams:account:a", {"streams": ["account:b", "account:a"]}, "streams:account:b"),
        ("streams:z", {"streams": ["series:a", "z"]}, "streams:series:a"),
        ("guards:g1", {"guards": ["g2", "g1"]}, "guards:g2"),
        ("guards:g", {"streams": ["account:a"], "guards": ["g"]}, "streams:account:a"),
    ],
    ids=["streams", "series last", "guards", "guards before streams"],
)
async def test_locks_are_taken_in_one_sorted_sweep(
    two: tuple[asyncpg.Connection, asyncpg.Connection], database: str, blocked: str, wanted: Any, free: str
) -> None:
    """Guard: _lock sorts guards, then streams, series last, whatever order they were asked for in
    (store/running.py): whoever waits holds nothing that comes later, so nobody waits in a circle."""
    holder, waiting = two
    for name in (blocked, free):
        await holder.execute(f"insert into {table_of(name)} values ({values_of(name)})")
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(f"select from {table_of(blocked)} where {is_row(blocked)} for update")

    async def decide() -> None:
        async with waiting.transaction():
            await decide_under_locks(waiting, toys.evolve, lambda _workspace: None, Needs(**wanted))

    deciding = asyncio.create_task(decide())
    await until_blocked(waiting, holder)
    third = await asyncpg.connect(database)
    await third.execute(f"select from {table_of(free)} where {is_row(free)} for update nowait")
    await third.close()
    await transaction.rollback()
    await deciding


def table_of(name: str) -> str:
    return name.partition(":")[0]


def values_of(name: str) -> str:
    table, _, key = name.partition(":")
    return f"'{key}', 0" if table == "streams" else f"'{key}'"


def is_row(name: str) -> str:
    table, _, key = name.partition(":")
    return f"{'stream_id' if table == 'streams' else 'name'} = '{key}'"


async def test_a_preview_says_what_would_be_and_writes_and_locks_nothing(
    two: tuple[asyncpg.Connection, asyncpg.Connection],
) -> None:
    """Guard: preview_decisions looks instead of locking (store/running.py); a lock would wait here for ever."""
    await run_decisions(two[0], toys.evolve, in_one(deposit("a", 5), "setup"), service="toy")
    async with held_before_commit(two[0], deposit("a", 1)), asyncio.timeout(5):
        previewed = await preview_decisions(two[1], toys.evolve, in_one(deposit("a", 10), "preview"))
    assert previewed.balance == 15
    assert await two[0].fetchval("select balance from accounts") == 6
    assert await two[0].fetchval("select count(*) from events") == 2


async def test_a_preview_sees_one_moment(connection: asyncpg.Connection, database: str) -> None:
    """Guard: all rounds of a preview read one snapshot (preview_decisions in store/running.py)."""
    setup = in_one(lambda workspace: [deposit(account, 5)(workspace) for account in "ab"], "setup")
    await run_decisions(connection, toys.evolve, setup, service="toy")
    seen = []

    def decide(workspace: Workspace) -> int:
        first = workspace.get(ACCOUNTS, "a")
        if not seen:
            seen.append(first)
            in_a_thread(move_three_from_b_to_a(database))
        second = workspace.get(ACCOUNTS, "b")
        return first.balance + second.balance

    assert await preview_decisions(connection, toys.evolve, in_one(decide, "preview")) == 10
    assert await connection.fetchval("select balance from accounts where account = 'b'") == 2


async def move_three_from_b_to_a(database: str) -> None:
    other = await asyncpg.connect(database)
    move = in_one(lambda workspace: [deposit("a", 3)(workspace), deposit("b", -3)(workspace)], "move")
    await run_decisions(other, toys.evolve, move, service="toy")
    await other.close()


def in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end from synchronous code inside an event loop."""
    thread = Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()


async def test_a_decision_that_never_has_enough_is_ended(connection: asyncpg.Connection) -> None:
    """Guard: ROUNDS_MAX (store/running.py)."""
    asked = iter(range(1_000))

    def decide(workspace: Workspace) -> None:
        workspace.get(ACCOUNTS, f"account {next(asked)}")

    with pytest.raises(TooManyRounds):
        await run_decisions(connection, toys.evolve, in_one(decide, "endless"), service="toy")
    assert next(asked) < 100
    assert await connection.fetchval("select count(*) from streams") == 0
