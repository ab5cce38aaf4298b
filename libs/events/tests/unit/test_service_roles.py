"""The command line of every service: what it prints, and the code that it ends with."""

from __future__ import annotations

import pytest
from fastapi import APIRouter

from lettra_events.contracts.parking import PARKING
from lettra_events.decisions.workspace import no_state
from lettra_events.kafka.reading import Reading
from lettra_events.service.roles import EX_CONFIG, EX_USAGE, run
from lettra_events.service.service import Service

SERVICE = Service(
    name="payment-ingest",
    package="nothing",
    reading=Reading("payments", (), frozenset(), PARKING["payments"], no_state),
    state=(),
    projections=(),
    router=APIRouter(),
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://lettra:s3cr3t@127.0.0.1:1/postgres")


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        run(SERVICE, arguments)
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize("arguments", [["--help"], ["api", "--help"]])
def test_help(capsys, arguments):
    assert code_of(*arguments) == 0
    out = capsys.readouterr().out
    assert "lettra-payment-ingest" in out
    assert all(role in out for role in ("api", "worker", "relay", "migrate"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name at least one role: api, worker, relay, migrate"),
        (["api", "wroker"], "there is no role wroker; roles: api, worker, relay, migrate"),
        (["api", "--port"], "unrecognized arguments: --port"),
    ],
)
def test_a_wrong_command_line(capsys, arguments, words):
    """Guard: _Parser.error and _command_line (service/roles.py); argparse by itself ends with 2."""
    assert code_of(*arguments) == EX_USAGE == 64
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--settings"], ["api", "worker", "--settings"]])
def test_the_settings_in_force(capsys, arguments):
    """Guard: printable (service/settings.py); and nothing is started."""
    assert code_of(*arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "LETTRA_POSTGRES=postgresql://lettra:***@127.0.0.1:1/postgres" in lines
    assert "LETTRA_HTTP_PORT=8000" in lines
    assert "LETTRA_INSTANCE=" in lines


def test_what_is_missing_in_the_environment(capsys, monkeypatch):
    """Guard: run catches SettingsError (service/roles.py)."""
    monkeypatch.delenv("LETTRA_KAFKA")
    assert code_of("api") == EX_CONFIG == 78
    err = capsys.readouterr().err
    assert err.splitlines()[0] == "lettra-payment-ingest: the environment is not complete:"
    assert err.splitlines()[1].startswith("LETTRA_KAFKA: is missing")
    assert "s3cr3t" not in err
