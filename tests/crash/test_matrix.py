"""Killed anywhere, the company ends as if nothing had happened: every place of the table, every victim."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from lettra_events.kafka.generations import generation_name
from lettra_events.testing.published import prove, read_topic
from lettra_tools.stack import LocalServers

from .cells import Cell, Script, cells, is_whole
from .company import SERVICES, Armed, Company
from .endstate import EndState, differences, read_end_state
from .fresh import empty
from .quiet import TOPICS, published_generation
from .scenario import SCRIPTS

SHOWN_MAX = 20

undisturbed: dict[Script, EndState] = {}


async def run(company: Company, script: Script) -> EndState:
    """The whole script; the end state, behind a sound history.

    That tables are what a rebuild makes of the history is verified of the undisturbed run, in the whole matrix; a cell
    has the same history, event by event, and the same rows.
    """
    company.start()
    try:
        for step in SCRIPTS[script]:
            begun = time.monotonic()
            company.begin(step.__name__)
            await step(company)
            sys.stdout.write(f"{step.__name__}: {time.monotonic() - begun:.1f} s\n")
        await company.lettra("verify", *([] if is_whole() and company.armed is None else ["--skip-rebuild"]))
        await prove_history(company)
        return await read_end_state(company)
    finally:
        company.stop()


async def prove_history(company: Company) -> None:
    """What each service published is a sound history, of as many entries as its log has: told by the records alone."""
    for service in SERVICES:
        topic = generation_name(TOPICS[service], await published_generation(company, service))
        entries = prove(await read_topic(company.servers.kafka, topic))
        assert len(entries) == (await company.rows(service, "select count(*) from log"))[0][0]


async def undisturbed_run(local: LocalServers, script: Script, folder: Path) -> EndState:
    """The end state of the script without any kill; made once."""
    if script not in undisturbed:
        await empty(local.start())
        calm = folder / "undisturbed"
        calm.mkdir()
        undisturbed[script] = await run(Company(local, calm), script)
    return undisturbed[script]


@pytest.mark.parametrize("cell", list(cells(whole=is_whole())), ids=lambda cell: cell.name)
async def test_a_kill_changes_nothing(cell: Cell, local: LocalServers, tmp_path: Path) -> None:
    """Guards: all that make a kill harmless, each at its place in the table."""
    wanted = await undisturbed_run(local, cell.place.script, tmp_path)
    await empty(local.start())
    fired = tmp_path / "fired"
    company = Company(local, tmp_path, armed(cell, local, fired), cell.place.at, cell.place.outage_seconds)
    found = await run(company, cell.place.script)
    assert company.armed is not None
    assert company.armed.trace.exists(), f"{cell.place.failpoint} was not reached {cell.place.time} times"
    check_victim(cell, company)
    problems = differences(wanted, found)
    assert not problems, "\n".join(problems[:SHOWN_MAX])


def armed(cell: Cell, local: LocalServers, trace: Path) -> Armed:
    """The cell's failpoint; a server is named by the process that it is now."""
    assert local.postgres is not None
    assert local.kafka is not None
    victims = {"kafka": local.kafka.child.pid, "postgres": local.postgres.child.pid}
    victim = f":kill={victims[cell.victim]}" if cell.victim in victims else ""
    return Armed(cell.place.where, f"{cell.place.failpoint}@{cell.place.time}{victim}", trace)


def check_victim(cell: Cell, company: Company) -> None:
    """What was to be killed was killed, once, and no other server."""
    if cell.victim == "process":
        assert company.servers_killed == []
        if cell.place.where == "lettra":
            assert company.killed_commands, (
                "the command did not end, although it or a process of its own was killed"
            )
        else:
            assert -9 in company.ended[cell.place.where]
    else:
        assert company.servers_killed == [cell.victim]
