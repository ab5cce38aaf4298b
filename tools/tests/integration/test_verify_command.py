"""`lettra verify` on toy services: what an auditor sees, and the exit codes that his scripts rely on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import bookkeeper
import pytest
import toys
from rebuilding import READS, open_office
from typer.testing import CliRunner, Result
from verifying import History, copied, made_history, service, topic_named

from lettra_events.rebuild.schema import alone
from lettra_events.testing.servers import fresh_topic
from lettra_events.verify import history as history_module
from lettra_tools.cli import app
from lettra_tools.commands import verify as command

if TYPE_CHECKING:
    from consuming import Office

    from lettra_tools.stack import Servers


@pytest.fixture(scope="module")
def history(servers: Servers) -> Iterator[History]:
    stack = AsyncExitStack()
    with toys.registered(), asyncio.Runner() as runner:
        made = runner.run(stack.enter_async_context(made_history(servers)))
        runner.run(stack.enter_async_context(topic_named(made.place.topic)))
        yield made
        runner.run(stack.aclose())


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with toys.registered(), asyncio.Runner() as made:
        yield made


@pytest.fixture(autouse=True)
def _installed(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy is the only service that is installed, and the environment names its servers."""
    monkeypatch.setattr(command, "service_names", lambda: ["toy"])
    monkeypatch.setattr(command, "load_service", lambda _name: service())
    monkeypatch.setenv("LETTRA_POSTGRES", history.place.dsn)
    monkeypatch.setenv("LETTRA_KAFKA", history.place.kafka)


def lettra(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments])


def test_a_sound_history_is_exit_code_0_and_gives_its_head_to_keep(
    history: History, runner: asyncio.Runner
) -> None:
    found = lettra("--skip-rebuild")
    assert found.exit_code == 0, found.output
    assert found.stdout.endswith("Sound.\n")
    (head,) = (line.strip() for line in found.stdout.splitlines() if line.startswith("  toy=70:"))
    assert "4 entries are not published yet" in found.stdout
    assert "3 events wait for their number" in found.stdout
    assert lettra("toy", "--skip-rebuild", "--expect-head", head).exit_code == 0
    assert lettra("--skip-rebuild", "--expect-head", head.removeprefix("toy=")).exit_code == 0
    said = json.loads(lettra("--skip-rebuild", "--json").stdout)
    assert (said["sound"], said["services"][0]["service"]) == (True, "toy")
    assert head == f"toy={said['services'][0]['head']}"
    assert said["services"][0]["counts"]["entries"] == history.sequenced


def test_a_difference_is_exit_code_1_with_its_place(
    history: History, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: the finding and the exit code (commands/verify.py)."""

    async def damaged() -> tuple[Result, Result]:
        async with copied(history.place) as place:
            monkeypatch.setenv("LETTRA_POSTGRES", place.dsn)
            await execute(place.dsn, "delete from log where sequence = 30")
            return await asyncio.to_thread(
                lambda: (lettra("--skip-rebuild"), lettra("--skip-rebuild", "--json"))
            )

    shown, as_json = runner.run(damaged())
    assert (shown.exit_code, as_json.exit_code) == (1, 1)
    assert "Not sound. toy: entry 30, field log.sequence: expected 30, found 31." in shown.stderr
    assert "Sound." not in shown.stdout
    said = json.loads(as_json.stdout)
    assert (said["sound"], said["services"], said["difference"]["kind"]) == (False, [], "numbers")


async def execute(dsn: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


def test_a_kept_head_that_the_history_does_not_have_is_exit_code_1(runner: asyncio.Runner) -> None:
    """Guard: --expect-head is looked at in both ways of verifying (commands/verify.py)."""
    for arguments in (["--skip-rebuild"], ["--kafka-only"]):
        higher = lettra(*arguments, "--expect-head", f"999:{'ab' * 32}")
        other = lettra(*arguments, "--expect-head", f"toy=5:{'ab' * 32}")
        assert (higher.exit_code, other.exit_code) == (1, 1)
        assert "[cut]" in higher.stderr
        assert "[history]" in other.stderr


def test_kafka_alone_needs_no_database(
    history: History, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: --kafka-only asks no database and wants no LETTRA_POSTGRES (commands/verify.py)."""
    monkeypatch.delenv("LETTRA_POSTGRES")
    monkeypatch.delenv("LETTRA_KAFKA")
    found = lettra("--kafka-only", "--kafka", history.place.kafka)
    assert found.exit_code == 0, found.output
    assert f"  toy={history.published}:" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--expect-head", "70:abc"], "is no head"),
        (["--expect-head", f"other=1:{'ab' * 32}"], "other is not among what is verified: toy."),
        (["--kafka-only", "--kafka", "a" * 64 + ":1"], "--kafka: must look like host:port"),
        (["--kafka", "127.0.0.1:9092"], "goes with --kafka-only"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], reason: str) -> None:
    found = lettra(*arguments)
    assert found.exit_code == 2
    assert reason in " ".join(found.stderr.replace("│", " ").split())


def test_a_head_without_its_service_is_refused_where_there_are_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Guard: _heads (commands/verify.py)."""
    monkeypatch.setattr(command, "service_names", lambda: ["a", "b"])
    monkeypatch.setattr(command, "load_service", lambda name: SimpleNamespace(name=name))
    assert lettra("--expect-head", f"1:{'ab' * 32}").exit_code == 2


def test_servers_that_are_away_are_exit_code_3(
    history: History, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: what cannot be reached is a sentence (commands/verify.py, commands/reaching.py)."""
    assert lettra("--kafka-only", "--kafka", "127.0.0.1:1").exit_code == 3
    monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:1")
    found = lettra("--skip-rebuild")
    assert (found.exit_code, found.stderr.splitlines()[-1][:30]) == (3, "lettra: Kafka does not answer ")
    monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://nobody@127.0.0.1:1/nothing")
    found = lettra("--skip-rebuild")
    assert found.exit_code == 3
    assert "PostgreSQL does not answer for the database of toy" in found.stderr


def test_state_and_projections_are_compared_too(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: verify_tables is called unless --skip-rebuild says not to (commands/verify.py)."""

    async def changed() -> tuple[Result, Result]:
        async with (
            open_office(servers, monkeypatch) as office,
            topic_named(await fresh_topic(servers.kafka), of="clerk"),
        ):
            await office.write(*(toys.Deposited(account=f"a{n}", amount=n) for n in range(9)))
            async with office.reader(**READS) as reader:
                await reader.read_all()
            install(office, monkeypatch)
            await office.connection.execute("update seen set total = 77 where account = 'a3'")
            return await asyncio.to_thread(lettra), await asyncio.to_thread(lettra, "--skip-rebuild")

    differs, skipped = asyncio.run(changed())
    assert (differs.exit_code, skipped.exit_code) == (1, 0)
    assert "bookkeeper: table seen, key a3, field total: expected '3', found '77'." in differs.stderr
    assert "[projection]" in differs.stderr


@asynccontextmanager
async def auditor(office: Office) -> AsyncIterator[str]:
    """A role that may read all tables and nothing else; the office's database as it sees it."""
    name = f"auditor_{uuid4().hex[:12]}"
    await office.connection.execute(
        f"create role {name} login password 'reads'; grant pg_read_all_data to {name}"
    )
    parts = urlsplit(office.dsn)
    host = parts.netloc.rpartition("@")[2]
    try:
        yield urlunsplit(parts._replace(netloc=f"{name}:reads@{host}"))
    finally:
        await office.connection.execute(f"drop owned by {name}; drop role {name}")


def test_what_stops_the_comparison_of_tables_is_a_sentence_and_no_difference(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: NotNow, _Refused and TableDrift (commands/verify.py): another rebuild, a role without CREATE, a server
    that takes no writes, a database of another release.
    """
    monkeypatch.setattr(history_module, "WAIT_SECONDS_MAX", 0.0)

    async def stopped() -> dict[str, Result]:
        async with (
            open_office(servers, monkeypatch) as office,
            topic_named(await fresh_topic(servers.kafka), of="clerk"),
            auditor(office) as dsn,
        ):
            install(office, monkeypatch)
            service = bookkeeper.service(office.topic)
            found = {}
            async with alone(service, bookkeeper.Settings(kafka=office.kafka, postgres=office.dsn)):
                found["busy"] = await asyncio.to_thread(lettra)
            monkeypatch.setenv("LETTRA_POSTGRES", dsn)
            found["reads"] = await asyncio.to_thread(lettra)
            found["skips"] = await asyncio.to_thread(lettra, "--skip-rebuild")
            role = urlsplit(dsn).username
            await office.connection.execute(
                f"grant create on database {urlsplit(dsn).path[1:]} to {role};"
                f" alter role {role} set default_transaction_read_only = on"
            )
            found["standby"] = await asyncio.to_thread(lettra)
            await office.connection.execute("update schema_migrations set digest = 'other'")
            found["release"] = await asyncio.to_thread(lettra)
            return found

    found = asyncio.run(stopped())
    assert {name: one.exit_code for name, one in found.items()} == {
        "busy": 3,
        "reads": 2,
        "skips": 0,
        "standby": 2,
        "release": 2,
    }
    assert "no difference found so far: another rebuild of bookkeeper runs" in found["busy"].stderr
    assert "permission denied for database" in found["reads"].stderr
    assert (
        "CREATE on the database, and the primary. Or leave it out with --skip-rebuild."
        in found["reads"].stderr
    )
    assert "in a read-only transaction" in found["standby"].stderr
    assert "not migrated to this release" in found["release"].stderr


def install(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "load_service", lambda _name: bookkeeper.service(office.topic))
    point = SimpleNamespace(value="bookkeeper.at_work:SERVICE")
    monkeypatch.setattr(command, "service_point", lambda _name: point)
    monkeypatch.setenv("LETTRA_POSTGRES", office.dsn)
    monkeypatch.setenv("LETTRA_KAFKA", office.kafka)
