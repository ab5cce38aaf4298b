"""`lettra replay` and `lettra restate` on the toy bookkeeper: what an operator sees, does and is refused."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import asyncpg
import bookkeeper
import pytest
from consuming import Office
from rebuilding import READS, open_office
from toys import Deposited, Opened
from typer.testing import CliRunner, Result

from lettra_events.rebuild import schema
from lettra_events.store.relay_store import sequence_outbox
from lettra_tools.cli import app
from lettra_tools.commands import replay as command

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@dataclass
class Desk:
    """The bookkeeper's office, and whoever operates it."""

    office: Office
    runner: asyncio.Runner

    def sql(self, statement: str) -> Any:
        return self.runner.run(self.office.connection.fetchval(statement))

    def lettra(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def desk(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        opened = open_office(servers, monkeypatch)
        office = runner.run(opened.__aenter__())
        monkeypatch.setenv("LETTRA_POSTGRES", office.dsn)
        monkeypatch.setenv("LETTRA_KAFKA", office.kafka)
        point = EntryPoint("bookkeeper", "bookkeeper.at_work:SERVICE", "lettra.services")
        monkeypatch.setattr(command, "service_point", lambda _name: point)
        monkeypatch.setattr(command, "load_service", lambda _name: bookkeeper.service(office.topic))
        runner.run(_at_work(office))
        yield Desk(office, runner)
        runner.run(opened.__aexit__(None, None, None))


async def _at_work(office: Office) -> None:
    async with office.reader(**READS) as reader:
        await office.write(*(Deposited(account=f"a{n % 5}", amount=n) for n in range(30)))
        await office.write(Opened(account="a1", holder="H", names=("x",)))
        await reader.read_all()
    await sequence_outbox(office.connection, 20)


def test_compare_shows_what_differs_and_swap_mends_it(desk: Desk) -> None:
    """Guards: the exit codes; a difference is shown by table, key and column with both values."""
    same = desk.lettra("replay", "bookkeeper", "--compare", "--processes", "1")
    assert (same.exit_code, "Every row is as live" in same.stdout) == (0, True), same.output
    desk.sql("update holders set share = 1.0")
    found = desk.lettra("replay", "bookkeeper", "--compare")
    assert found.exit_code == 1, found.output
    assert re.search(r"holders +a1 +share +1\.0 +1\.00", found.stdout), found.stdout
    assert "Rows that differ: 1." in found.stdout
    mended = desk.lettra("replay", "bookkeeper", "--swap", "--processes", "1")
    assert mended.exit_code == 0, mended.output
    assert re.search(r"holders +1 *\n", mended.stdout), mended.stdout
    assert str(desk.sql("select share from holders")) == "1.00"
    built = desk.lettra("replay", "bookkeeper", "--processes", "1")
    assert (built.exit_code, "in the schema rebuild" in built.stdout) == (0, True), built.output
    assert desk.sql("select count(*) from rebuild.seen") == 5


def test_what_was_known_is_opened_by_the_command_that_is_printed(desk: Desk) -> None:
    """Guards: the search path and the read-only setting in the printed address."""
    shown = desk.lettra("replay", "bookkeeper", "--as-of", "7", "--processes", "1")
    assert shown.exit_code == 0, shown.output
    opens = next(line for line in shown.stdout.splitlines() if "search_path" in line)
    drops = next(line for line in shown.stdout.splitlines() if line.startswith("Drop it: "))
    asked = [*shlex.split(opens), "-tA", "-c", "select count(*), current_schema from books"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True)
    booked = desk.sql(
        "select count(distinct stream_id) from log join events using (event_id)"
        " where sequence <= 7 and type = 'clerk.Booked'"
    )
    assert found.stdout == f"{booked}|as_of_7\n"
    refused = subprocess.run([*asked[:-1], "delete from books"], capture_output=True, text=True, check=False)
    assert "read-only transaction" in refused.stderr
    subprocess.run(shlex.split(drops.removeprefix("Drop it: ")), capture_output=True, check=True)
    assert desk.sql("select count(*) from pg_namespace where nspname like 'as_of%'") == 0


def test_restate_compares_and_mends_state(desk: Desk) -> None:
    desk.sql("update books set balance = 1 where account = 'a1'")
    found = desk.lettra("restate", "bookkeeper", "--compare")
    assert found.exit_code == 1, found.output
    assert re.search(r"books +a1 +balance +1 +81", found.stdout), found.stdout
    mended = desk.lettra("restate", "bookkeeper")
    assert (mended.exit_code, bool(re.search(r"books +1 *\n", mended.stdout))) == (0, True), mended.output
    assert desk.lettra("restate", "bookkeeper", "--compare").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "kafka", "code", "sentence"),
    [
        (("--as-of", "2026-01-01"), None, 2, "is another instant in each time zone"),
        (("--as-of", "999"), None, 2, "has no entry 999: it has the entries 1 to 20"),
        (("--as-of", "2020-01-01T00:00:00Z"), None, 2, "knew nothing at 2020-01-01"),
        (("--swap", "--compare"), None, 2, "are asked for one at a time"),
        (("--compare",), "127.0.0.1:1", 3, "Kafka at 127.0.0.1:1 does not answer"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    kafka: str | None,
    code: int,
    sentence: str,
) -> None:
    if kafka is not None:
        monkeypatch.setenv("LETTRA_KAFKA", kafka)
    found = desk.lettra("replay", "bookkeeper", *arguments)
    assert (found.exit_code, sentence in found.stderr) == (code, True), found.output
    assert "Traceback" not in found.output


def test_what_can_be_done_later_is_not_refused(desk: Desk) -> None:
    """Guard: NotNow in _run (commands/replay.py): another rebuild is told as a server that is away is."""
    other = desk.runner.run(asyncpg.connect(desk.office.dsn))
    desk.runner.run(other.execute("select pg_advisory_lock($1)", schema._ONE_AT_A_TIME))
    for arguments in (("replay", "bookkeeper"), ("restate", "bookkeeper")):
        found = desk.lettra(*arguments)
        assert (found.exit_code, "another rebuild of bookkeeper runs" in found.stderr) == (3, True)
    desk.runner.run(other.close())


def test_a_standby_is_told_as_such(desk: Desk) -> None:
    """Guard: ReadOnlySQLTransactionError in reach (commands/reaching.py)."""
    desk.sql(
        "do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database());"
        " end $$"
    )
    found = desk.lettra("replay", "bookkeeper")
    assert (found.exit_code, "Is it a standby?" in found.stderr) == (2, True), found.output


def test_servers_that_are_away_and_a_service_that_is_not_there(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LETTRA_POSTGRES", "LETTRA_KAFKA"):
        monkeypatch.delenv(name, raising=False)
    nobody = CliRunner().invoke(app, ["replay", "billing"])
    assert (nobody.exit_code, "no service 'billing'" in nobody.stderr) == (2, True)
    down = CliRunner().invoke(app, ["replay", "matching", "--folder", str(tmp_path)])
    assert (down.exit_code, "No stack runs in" in down.stderr) == (3, True)
    monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://lettra@127.0.0.1:1/postgres")
    monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:1")
    for asked in (["restate", "matching"], ["replay", "matching"]):
        away = CliRunner().invoke(app, asked)
        assert away.exit_code == 3, away.output
        assert "PostgreSQL does not answer for the database of matching, postgresql://" in away.stderr
        assert "name another one in LETTRA_POSTGRES" in away.stderr


def test_a_role_that_is_not_let_in_is_refused_and_not_called_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: NotLetIn (commands/reaching.py)."""
    monkeypatch.setenv("LETTRA_POSTGRES", re.sub("//[^@]*@", "//stranger@", desk.office.dsn))
    found = desk.lettra("replay", "bookkeeper")
    assert found.exit_code == 2, found.output
    assert "PostgreSQL refuses entry to the database of bookkeeper" in found.stderr
    assert "Name a role that is let in" in found.stderr
