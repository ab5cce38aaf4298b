"""The operator's commands on databases that nobody has migrated yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from lettra_tools.cli import app
from lettra_tools.installed import service_names

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

COMMANDS = (
    "replay matching --compare",
    "restate matching",
    "verify matching",
    "repartition matching --partitions 12",
    "resend matching --partition 0 --after 1 --through 2",
    "parked list",
    "lag",
)


@pytest.fixture
def nothing(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of no tables for each service."""
    name = f"empty_{uuid4().hex}"
    asyncio.run(_create(servers.postgres, name))
    monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)
    monkeypatch.setenv("LETTRA_POSTGRES", servers.postgres)
    monkeypatch.setattr(
        "lettra_events.service.settings.ServiceSettings.database",
        lambda _settings, _service: servers.postgres.rpartition("/")[0] + f"/{name}",
    )


async def _create(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name}")
    await connection.close()


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_without_tables_is_told_with_what_makes_them(command: str) -> None:
    """Guard: the look for schema_migrations in database (commands/reaching.py)."""
    found = CliRunner().invoke(app, command.split())
    service = "matching" if "matching" in command else service_names()[0]
    assert found.exit_code == 3, found.output
    assert f"lettra: There is nothing in the database of {service}, postgresql://" in found.stderr
    assert f"Make it: lettra-{service} migrate." in found.stderr
