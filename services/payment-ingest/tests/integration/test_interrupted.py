"""Killed anywhere, or sent twice at once: every payment is taken once, and the statement is booked after the last."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import httpx
import pytest
from bank_files import ACCOUNT, Entry, Stmt, camt

from lettra_events.service.commands import Commands
from lettra_events.testing.processes import program
from lettra_events.testing.waiting import until
from lettra_payment_ingest.decider import evolve
from lettra_payment_ingest.finishing import finish_standing
from lettra_payment_ingest.importing import Importer
from lettra_payment_ingest.settings import PaymentIngestSettings

HERE = Path(__file__).parent
FIVE = Stmt(
    2, "100", [Entry("10", "a"), Entry("10", "a"), Entry("-5", "b"), Entry("10", "a"), Entry("7", "c")]
)
NEXT = Stmt(3, FIVE.closes, [Entry("10", "a")])
# With two transactions a part there are three parts. The last kill comes when all is done, and before it is answered.
KILLS = [
    ("append.before@1", 0),
    ("append.written@1", 0),
    ("append.committed@1", 2),
    ("append.written@2", 2),
    ("append.committed@2", 4),
    ("append.written@3", 4),
    ("append.committed@3", 5),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def send_and_be_killed(servers, database: str, failpoint: str, data: bytes) -> None:
    """The service in a process of its own, which ends at the failpoint while it takes the file."""
    port = free_port()
    environment = {
        "LETTRA_POSTGRES": servers.postgres,
        "LETTRA_KAFKA": servers.kafka,
        "LETTRA_DSN": database,
        "LETTRA_HTTP_PORT": str(port),
        "LETTRA_IMPORT_CHUNK_TRANSACTIONS": "2",
        "LETTRA_FAILPOINT": failpoint,
    }
    async with (
        program(HERE / "on_database.py", **environment) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):

        async def answers() -> bool:
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        await until(answers, "the service answers", 60)
        with pytest.raises(httpx.TransportError):
            await client.post("/statements", files={"file": ("bank.xml", data)})
        assert await process.wait() == -signal.SIGKILL


async def whole(api) -> dict:
    """All that a finished import has left, but for ids that chance gave."""
    tables = ("accounts", "statements", "payments")
    return {name: await api.table(name) for name in tables} | {
        "streams": [r for r in await api.table("streams") if r["stream_id"].startswith("payment:")],
        "told": sorted(p for part in await api.table("statement_parts") for p in part["payments"]),
    }


@pytest.mark.parametrize(("failpoint", "taken"), KILLS)
async def test_sent_again_after_a_kill_nothing_is_lost_or_doubled(api, servers, database, failpoint, taken):
    """Guard: the part's record moves `account.taken` in the transaction that appends the part's payments."""
    data = camt(FIVE)
    await send_and_be_killed(servers, database, failpoint, data)
    assert len(await api.table("payments")) == taken
    assert ("StatementBooked" in await api.events()) is (taken == 5)
    (answer,) = await api.take(data)
    assert (answer["outcome"], answer["transactions_new"]) == ("known" if taken == 5 else "booked", 5 - taken)
    assert sorted(p["amount"] for p in await api.table("payments")) == [5, 7, 10, 10, 10]
    assert {r["version"] for r in (await whole(api))["streams"]} == {1}
    assert [e for e in await api.events() if e.startswith("Statement")][-1] == "StatementBooked"


async def test_what_a_killed_import_leaves_in_the_end_is_what_an_undisturbed_one_does(
    api, start, servers, database
):
    """Also where the chunks are of another size the second time."""
    await send_and_be_killed(servers, database, "append.committed@2", camt(FIVE))
    await (await start(import_chunk_transactions=1)).take(camt(FIVE, NEXT))
    interrupted = await whole(api)
    for name in ("payments", "statement_parts", "statements"):
        await api.pool.execute(f"delete from {name}")
    await api.pool.execute("truncate events, outbox, streams, accounts")
    await api.register()
    await api.take(camt(FIVE, NEXT))
    assert await whole(api) == interrupted


async def test_another_file_of_the_account_finishes_a_half_taken_one_first(api, start, servers, database):
    """Guard: `account.unfinished`. Taken at once, its `a` would be counted as one that the other still brings."""
    await send_and_be_killed(servers, database, "append.committed@1", camt(FIVE))
    assert (await api.account())["unfinished"] is True
    impatient = await start(import_wait_seconds=0)
    (answer,) = await impatient.take(camt(NEXT))
    assert (answer["transactions_new"], answer["continuity"]) == (1, "ok")
    assert (await api.account())["unfinished"] is False
    assert sorted(p["amount"] for p in await api.table("payments")) == [5, 7, 10, 10, 10, 10]
    assert await api.table("bank_files") == []


async def test_where_the_half_taken_file_is_not_kept_the_other_waits_for_it(api, start, servers, database):
    """Guard: `_finish_other` refuses where there is nothing to go on with."""
    await send_and_be_killed(servers, database, "append.committed@1", camt(FIVE))
    await api.pool.execute("delete from bank_files")
    response = await (await start(import_wait_seconds=0)).send(camt(NEXT))
    assert (response.status_code, response.json()["type"]) == (409, "urn:lettra:problem:statement-unfinished")
    await api.take(camt(FIVE))
    assert (await api.account())["unfinished"] is False


@pytest.mark.parametrize("failpoint", ["append.before@1", "append.committed@1", "append.committed@3"])
async def test_what_was_stopped_is_finished_without_anybody_sending_it_again(
    api, start, servers, database, failpoint
):
    """Guard: the file is kept before the first decision on it, and looked for by every process."""
    await send_and_be_killed(servers, database, failpoint, camt(FIVE, NEXT))
    running = await start()
    importer = Importer(
        Commands(running.pool, evolve, "payments"),
        PaymentIngestSettings(postgres="postgresql://", kafka="h:1"),
    )
    assert await finish_standing(importer, seconds=0) == 1
    assert await finish_standing(importer, seconds=0) == 0
    assert sorted(p["amount"] for p in await api.table("payments")) == [5, 7, 10, 10, 10, 10]
    assert (await api.account())["through_date"] == "2026-03-03"
    assert await api.table("bank_files") == []


async def test_a_file_sent_many_times_at_once_is_taken_once(start):
    """Guard: everything is decided under the lock of the account's stream."""
    replicas = [await start(import_chunk_transactions=1) for _ in range(3)]
    await replicas[0].register()
    entries = [Entry("10", "a"), Entry("10", "a"), *(Entry(str(n), "b") for n in range(1, 9))]
    data = camt(Stmt(2, "100", entries), Stmt(3, "156", [Entry("10", "a")]))
    answers = await asyncio.gather(*(replica.take(data) for replica in replicas * 2))
    for position, transactions in ((0, 10), (1, 1)):
        of_statement = [answer[position] for answer in answers]
        assert sorted(s["outcome"] for s in of_statement) == ["booked"] + ["known"] * 5
        assert sum(s["transactions_new"] for s in of_statement) == transactions
    events = await replicas[0].events()
    assert (events.count("PaymentReceived"), events.count("StatementBooked")) == (11, 2)


async def test_files_that_overlap_sent_at_once_bring_each_payment_once(start):
    """Guard: a statement waits while another one of the account is being taken. Whichever comes first."""
    replicas = [await start(import_chunk_transactions=1) for _ in range(2)]
    await replicas[0].register()
    day = Stmt(2, "100", [Entry("10", "a")] * 4)
    month = Stmt(31, "100", [*(Entry("10", "a", 2) for _ in range(4)), Entry("3", "c", 31)], first=1)
    answers = await asyncio.gather(
        *(api.take(camt(s)) for api, s in zip(replicas, (day, month), strict=True))
    )
    assert [answer[0]["outcome"] for answer in answers] == ["booked", "booked"]
    assert sorted(p["amount"] for p in await replicas[0].table("payments")) == [3, 10, 10, 10, 10]


async def test_a_day_closes_between_the_parts_of_a_statement(api, servers, database):
    """What is half taken is not known through: the day says so to whoever waits for the account."""
    await send_and_be_killed(servers, database, "append.committed@1", camt(FIVE))
    (await api.client.post("/days/2026-03-02/close")).raise_for_status()
    payload = await api.pool.fetchval("select data from events_json where type = 'payments.DayClosed'")
    assert f'"account": "{ACCOUNT}"' in payload
    assert '"through_date": null' in payload
