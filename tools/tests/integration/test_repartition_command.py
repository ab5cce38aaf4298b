"""`lettra repartition` on the toy service's topic: what an operator sees and is refused, and the exit codes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import clerk
import pytest
import toys
from fastapi import APIRouter
from generations import World, open_world
from typer import Exit
from typer.testing import CliRunner, Result

from lettra_events.contracts import TOPICS
from lettra_events.errors import StaleVersion
from lettra_events.kafka.reading import Reading
from lettra_events.kafka.topics import topic_sizes
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.testing.waiting import until
from lettra_tools.cli import app
from lettra_tools.commands import repartition as command

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

SERVICE = "toy"


class Terminal:
    """An operator's terminal, beside the toy service and the clerk who reads its topic."""

    def __init__(self, world: World, runner: asyncio.Runner) -> None:
        self.world = world
        self.runner = runner

    def lettra(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["repartition", SERVICE, *arguments])

    def topics(self) -> set[str]:
        """The generations that are on Kafka."""
        sizes = self.runner.run(topic_sizes(self.world.place.kafka))
        return {name for name in sizes if name.startswith(self.world.place.topic)}


@pytest.fixture
def terminal(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    with asyncio.Runner() as runner:
        opened = open_world(servers)
        world = runner.run(opened.__aenter__())

        class OnDatabases(ServiceSettings):
            def database(self, name: str) -> str:
                return {SERVICE: world.place.dsn, clerk.SERVICE: world.office.dsn}[name]

        publishes = Reading(SERVICE, (), frozenset(), toys.PARKING, toys.evolve)
        installed = {
            reading.service: Service(
                reading.service, reading.service, reading, (), (), APIRouter(), OnDatabases
            )
            for reading in (publishes, clerk.reading(world.place.topic))
        }
        monkeypatch.setenv("LETTRA_POSTGRES", world.place.dsn)
        monkeypatch.setenv("LETTRA_KAFKA", world.place.kafka)
        monkeypatch.setitem(TOPICS, SERVICE, world.place.topic)
        monkeypatch.setattr(command, "load_service", lambda name: installed[name])
        monkeypatch.setattr(command, "load_services", lambda: list(installed.values()))
        try:
            yield Terminal(world, runner)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def lines(result: Result) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines() if line.strip()]


@pytest.mark.slow
def test_an_operator_moves_a_topic_and_deletes_the_old_one(terminal: Terminal) -> None:
    """Guards: State.behind keeps the old topic while somebody reads it; --wait (tools/generations.py)."""
    world, topic = terminal.world, terminal.world.place.topic
    never = terminal.lettra("--partitions", "5")
    assert (never.exit_code, "nothing was ever published" in never.stderr) == (1, True)

    async def begin() -> None:
        await world.deposit(60)
        async with world.relay(), world.workers("one"):
            await world.until_applied()

    terminal.runner.run(begin())
    few = terminal.lettra("--partitions", "1")
    assert (few.exit_code, few.stderr) == (
        1,
        f"lettra: {topic} has 2 partitions; a move gives it more, never fewer\n",
    )
    same = terminal.lettra("--partitions", "2")
    assert (same.exit_code, "there is nothing to move" in same.stdout) == (0, True)
    relay = world.relay()
    terminal.runner.run(relay.__aenter__())
    try:
        moved = terminal.lettra("--partitions", "5", "--wait", "0.1")
        assert (moved.exit_code, "clerk did not move within 0.1 s" in moved.stderr) == (1, True)
        assert f"{topic} (2 partitions) ended with entry 61, the announcement" in moved.stdout
        assert [topic, "2", "61", "ended"] in lines(moved)
        assert ["clerk", topic, "2", "0"] in lines(moved)
        early = terminal.lettra("--delete-old")
        assert early.exit_code == 1
        assert "clerk did not move yet: nothing was deleted. See whether" in early.stderr
        assert terminal.topics() == {topic, f"{topic}.g2"}
        terminal.runner.run(_let_the_clerk_work(world))
    finally:
        terminal.runner.run(relay.__aexit__(None, None, None))
    shown = terminal.lettra("--wait", "1", "--delete-old")
    assert (shown.exit_code, ["Deleted:", f"{topic}."] in lines(shown)) == (0, True)
    assert ["clerk", f"{topic}.g2", "5"] in lines(shown)

    async def is_gone() -> bool:
        return topic not in await topic_sizes(world.place.kafka)

    terminal.runner.run(until(is_gone, "the old topic is gone"))
    assert "nothing, no topic that has ended is there" in terminal.lettra("--delete-old").stdout


async def _let_the_clerk_work(world: World) -> None:
    async with world.workers("one"):
        await world.until_applied()


def test_an_announcement_that_came_second_is_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Guard: commands.repartition._run takes what appending raises."""
    error = StaleVersion("topic:toy", 0, 1)

    async def announce() -> None:
        raise error

    with pytest.raises(Exit) as ended:
        command._run(announce())
    assert ended.value.exit_code == 1
    assert f"The announcement was not appended ({error}). Run this again" in capsys.readouterr().err


def test_a_server_that_is_away_is_a_sentence_and_exit_code_3(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: commands.repartition runs all its work by reach."""
    del terminal  # it sets the environment
    monkeypatch.setattr(command, "load_service", _elsewhere)
    away = CliRunner().invoke(app, ["repartition", SERVICE, "--partitions", "5"])
    assert (away.exit_code, "PostgreSQL does not answer for the database of toy" in away.stderr) == (3, True)


def _elsewhere(name: str) -> Service:
    class Nowhere(ServiceSettings):
        def database(self, name: str) -> str:
            return f"postgresql://nobody@127.0.0.1:1/{name}"

    reading = Reading(name, (), frozenset(), toys.PARKING, toys.evolve)
    return Service(name, name, reading, (), (), APIRouter(), Nowhere)


def test_a_service_that_is_not_installed_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["repartition", "nobody"]).exit_code == 2
