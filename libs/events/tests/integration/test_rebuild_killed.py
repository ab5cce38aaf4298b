"""Killed anywhere, a rebuild leaves the live tables as before or as after, and the next one begins cleanly."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rebuild_process
from consuming import Office
from rebuilding import READS, image_of, open_office, request
from toys import Broadcasted, Deposited, Opened

from lettra_events import failpoints
from lettra_events.progress import silent
from lettra_events.rebuild import compare_state
from lettra_events.rebuild.replaying import compare
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.processes import program
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

SCRIPT = Path(rebuild_process.__file__)
PLACES = {
    "replay.begun": "swap",
    "replay.batch_written": "swap",
    "replay.built": "swap",
    "swap.locked": "swap",
    "swap.written": "swap",
    "swap.committed": "swap",
    "restate.locked": "restate",
    "restate.written": "restate",
    "restate.committed": "restate",
}


def test_every_place_is_tried() -> None:
    assert set(PLACES) == {
        name for name in failpoints.NAMES if name.startswith(("replay", "swap", "restate"))
    }


async def run(office: Office, what: str, processes: int = 1, **environment: str) -> int:
    servers = {"LETTRA_KAFKA": office.kafka, "LETTRA_POSTGRES": office.dsn}
    async with program(SCRIPT, what, str(processes), **servers, **environment) as process:
        return await process.wait()


async def live(office: Office) -> dict[str, list[tuple[object, ...]]]:
    return await image_of(office.connection, "seen", "holders", "firsts", "notices", "books")


async def spoil(office: Office) -> dict[str, list[tuple[object, ...]]]:
    """Rows that a swap and a restatement would change."""
    await office.connection.execute("update seen set total = -1")
    await office.connection.execute("update books set balance = -1")
    return await live(office)


async def test_killed_at_every_step_the_rows_are_as_before_or_as_after(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: one transaction of the difference; the schema is made anew; locks go with the connection."""
    async with open_office(servers, monkeypatch) as office:
        async with office.reader(**READS) as reader:
            await office.write(*(Deposited(account=f"a{n % 5}", amount=n) for n in range(50)))
            await office.write(Opened(account="a1", holder="H"), Broadcasted(text="day"))
            await reader.read_all()
        await sequence_outbox(office.connection, 20)
        right = await live(office)
        for place, what in PLACES.items():
            before = await spoil(office)
            assert await run(office, what, LETTRA_FAILPOINT=place) == -signal.SIGKILL, place
            left = ("seen",) if what == "swap" else ("books",)
            after = before | {table: right[table] for table in left} if "committed" in place else before
            assert await live(office) == after, place
        assert await run(office, "swap") == 0
        assert await run(office, "restate") == 0
        assert await live(office) == right
        assert (await compare(request(office))).count == 0
        asked = request(office)
        assert (await compare_state(asked.service, asked.settings, silent)).count == 0


async def test_a_killed_worker_fails_the_rebuild_and_none_outlives_a_killed_parent(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: WorkerBeside._answer sees that its process has ended; the child ends with its standard input."""
    async with open_office(servers, monkeypatch) as office:
        async with office.reader(**READS) as reader:
            await office.write(*(Deposited(account=f"a{n}", amount=n) for n in range(20)))
            await reader.read_all()
        before = await spoil(office)
        assert await run(office, "swap", 2, LETTRA_FAILPOINT="replay.batch_written") == 2
        assert await live(office) == before
        assert await run(office, "swap", 2, LETTRA_FAILPOINT="swap.locked") == -signal.SIGKILL

        async def none_connected() -> bool:
            found = await office.connection.fetchval(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and application_name = 'lettra-rebuild'"
            )
            return bool(found == 0)

        await until(none_connected, "the children have ended")
        assert await live(office) == before
        assert await run(office, "swap") == 0
        assert (await compare(request(office))).count == 0
