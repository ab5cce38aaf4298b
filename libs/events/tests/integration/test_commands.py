"""Commands: decided and answered in one transaction, once for each idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid5

import asyncpg
import pytest
import toys

from lettra_events.decisions.workspace import Workspace
from lettra_events.errors import IdempotencyKeyReused, StaleVersion
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import Rejected
from lettra_events.testing.waiting import until

ASKED, ASKED_OTHERWISE = b"asked", b"asked otherwise"
HOLD_A = "select from streams where stream_id = 'account:a' for update"


@pytest.fixture
async def commands(database: str) -> AsyncIterator[Commands]:
    async with asyncpg.create_pool(database, min_size=8, max_size=8) as pool:
        yield Commands(pool, toys.evolve, toys.SERVICE)


def request(key: str | None, fingerprint: bytes = ASKED) -> Request:
    return Request("correlation", key, fingerprint)


def deposit(account: str, amount: int = 1) -> Callable[[Workspace], Answer]:
    """Answers with the balance after it: a second decision would answer otherwise."""

    def decide(workspace: Workspace) -> Answer:
        workspace.append(toys.Deposited(account=account, amount=amount))
        row = workspace.get(toys.ACCOUNTS, account)
        assert row is not None
        return Answer(201, b'{"balance": %d}' % row.balance)

    return decide


def first_deposit(account: str) -> Callable[[Workspace], Answer]:
    """Refused where there is money already."""

    def decide(workspace: Workspace) -> Answer:
        row = workspace.get(toys.ACCOUNTS, account)
        if row is not None and row.balance > 0:
            raise Rejected("not-the-first", "there is money already")
        return deposit(account)(workspace)

    return decide


def open_unseen(account: str) -> Callable[[Workspace], Answer]:
    """Locks nothing beforehand: whether the account is new shows at commit."""

    def decide(workspace: Workspace) -> Answer:
        workspace.create(toys.Deposited(account=account, amount=1))
        return Answer(201, b"created")

    return decide


async def counted(commands: Commands) -> tuple[int, int]:
    """Events and remembered answers."""
    query = "select (select count(*) from events), (select count(*) from idempotency_keys)"
    return tuple(await commands.pool.fetchrow(query))


async def test_a_repeat_gets_the_first_answer_byte_for_byte(commands: Commands) -> None:
    """Guard: the answer is stored in the transaction of the decision (_store in service/commands.py)."""
    first = await commands.run(deposit("a"), request("k"))
    await commands.run(deposit("a"), request("another"))
    again = await commands.run(deposit("a"), request("k"))
    assert first == Answer(201, b'{"balance": 1}', repeated=False)
    assert again == Answer(201, b'{"balance": 1}', repeated=True)
    assert await counted(commands) == (2, 2)


async def test_a_repeat_is_not_decided_again(commands: Commands) -> None:
    """Guard: Commands.run looks for a stored answer before it decides (service/commands.py)."""
    await commands.run(deposit("a"), request("k"))

    decided = []

    def decide(workspace: Workspace) -> Answer:
        decided.append(workspace)
        return deposit("a")(workspace)

    assert (await commands.run(decide, request("k"))).body == b'{"balance": 1}'
    assert decided == []


async def test_a_key_with_another_request_is_refused(commands: Commands) -> None:
    """Guard: the fingerprint is compared (service/commands.py)."""
    await commands.run(deposit("a"), request("k"))
    with pytest.raises(
        IdempotencyKeyReused, match="the idempotency key 'k' came before with another request"
    ):
        await commands.run(deposit("a", 2), request("k", ASKED_OTHERWISE))
    assert await counted(commands) == (1, 1)


async def test_without_a_key_each_request_is_decided(commands: Commands) -> None:
    """Guard: only a key makes a repeat; a cause without one is random (service/commands.py)."""
    for balance in (1, 2):
        assert (await commands.run(deposit("a"), request(None))).body == b'{"balance": %d}' % balance
    assert await counted(commands) == (2, 0)


async def test_a_refusal_is_not_remembered(commands: Commands) -> None:
    """Guard: what is refused writes nothing, so the key is free for when the reason has gone (store/running.py)."""
    await commands.run(deposit("a", 5), request("k1"))
    with pytest.raises(Rejected):
        await commands.run(first_deposit("a"), request("k2"))
    await commands.run(deposit("a", -5), request("k3"))
    assert (await commands.run(first_deposit("a"), request("k2"))).repeated is False


@pytest.mark.parametrize(
    "decision", [deposit("a"), first_deposit("a")], ids=["duplicate", "refused by the first"]
)
async def test_two_requests_of_one_key_at_once_decide_once(
    commands: Commands, decision: Callable[[Workspace], Answer]
) -> None:
    """Guard: whatever the slower one fails on, the faster one's answer counts (Commands.run in service/commands.py)."""
    await commands.run(deposit("a", 0), request(None))
    async with held_back(commands, HOLD_A):
        both = [asyncio.create_task(commands.run(decision, request("k"))) for _ in range(2)]
        await waiting_are(commands, 2)
    answers = await asyncio.gather(*both)
    assert [answer.body for answer in answers] == [b'{"balance": 1}'] * 2
    assert sorted(answer.repeated for answer in answers) == [False, True]
    assert await counted(commands) == (2, 1)


async def test_two_requests_of_one_key_with_other_bodies_at_once(commands: Commands) -> None:
    """Guard: the answer found after a failure is compared by fingerprint as well (service/commands.py)."""
    await commands.run(deposit("a", 0), request(None))
    async with held_back(commands, HOLD_A):
        both = [
            asyncio.create_task(commands.run(first_deposit("a"), request("k", fingerprint)))
            for fingerprint in (ASKED, ASKED_OTHERWISE)
        ]
        await waiting_are(commands, 2)
    results = await asyncio.gather(*both, return_exceptions=True)
    assert {type(result) for result in results} == {Answer, IdempotencyKeyReused}
    assert await counted(commands) == (2, 1)


async def test_two_that_create_the_same_stream_under_one_key_answer_alike(commands: Commands) -> None:
    """Guard: a StaleVersion against the own key's first request is answered with its answer (service/commands.py)."""
    async with held_back(commands, "insert into streams (stream_id, version) values ('account:new', 0)"):
        both = [asyncio.create_task(commands.run(open_unseen("new"), request("k"))) for _ in range(2)]
        await waiting_are(commands, 2)
    answers = await asyncio.gather(*both)
    assert [answer.body for answer in answers] == [b"created"] * 2
    assert sorted(answer.repeated for answer in answers) == [False, True]
    assert await counted(commands) == (1, 1)


async def test_a_stream_that_exists_cannot_be_created(commands: Commands) -> None:
    """Guard: `create` expects version 0 at commit (decisions/workspace.py, store/append.py)."""
    await commands.run(open_unseen("new"), request("k1"))
    with pytest.raises(StaleVersion, match="stream account:new is at version 1, the decision was taken on 0"):
        await commands.run(open_unseen("new"), request("k2"))
    assert await counted(commands) == (1, 1)


async def test_ids_follow_from_the_key(commands: Commands) -> None:
    """Guard: derived_id of cause, reaction and index (envelope.py); a key that decided once decides no more."""

    def decide(workspace: Workspace) -> Answer:
        workspace.append(toys.Deposited(account="a", amount=1), toys.Deposited(account="b", amount=2))
        return Answer(201, b"{}")

    await commands.run(decide, request("k"))
    namespace = UUID("6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11")
    ids = [row[0] for row in await commands.pool.fetch("select event_id from events order by stream_id")]
    assert ids == [uuid5(namespace, "k/toy.command/0"), uuid5(namespace, "k/toy.command/1")]


async def test_a_deadlock_is_tried_again(commands: Commands) -> None:
    """Guard: run_decisions runs a transient error's attempt again (store/running.py)."""
    await commands.run(deposit("a"), request("before"))
    async with commands.pool.acquire() as outsider:
        await outsider.execute("set deadlock_timeout = '60s'")
        transaction = outsider.transaction()
        await transaction.start()
        await outsider.execute("insert into accounts (account, balance) values ('z', 0)")
        command = asyncio.create_task(commands.run(deposit("z"), request("k")))
        await waiting_are(commands, 1)
        await outsider.execute(
            "insert into streams (stream_id, version) values ('account:z', 0) on conflict do nothing"
        )
        await transaction.rollback()
    assert (await command).body == b'{"balance": 1}'


async def test_the_relay_is_woken(commands: Commands) -> None:
    """Guard: wake is set after each command (service/commands.py)."""
    wake = asyncio.Event()
    await Commands(commands.pool, toys.evolve, toys.SERVICE, wake).run(deposit("a"), request(None))
    assert wake.is_set()


@asynccontextmanager
async def held_back(commands: Commands, statement: str) -> AsyncIterator[None]:
    """Holds what the statement locks: commands gather there, and go on together afterwards."""
    async with commands.pool.acquire() as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(statement)
        yield
        await transaction.rollback()


async def waiting_are(commands: Commands, count: int) -> None:
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    async def all_wait() -> bool:
        return await commands.pool.fetchval(query) == count

    await until(all_wait, f"{count} commands wait for a lock")
