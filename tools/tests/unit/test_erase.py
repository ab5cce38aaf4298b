"""`lettra erase` before it reaches anything: what it asks for, and what is said when nothing runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lettra_tools.cli import app

USAGE, AWAY = 2, 3
WHY = ("--why", "request 26-114")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*WHY], "Name one contact"),
        (["contact:C-1", "--customer", "C-1", *WHY], "Name one contact"),
        (["contact:C-1"], "for a reason: give --why"),
        (["contact:C-1", "--why", "  "], "for a reason: give --why"),
        (["contact:C-1", *WHY, "--who", " "], "for a reason: give --why"),
        (["contact:C-1", *WHY, "--wait-seconds", "-1"], "--wait-seconds"),
        (["contact:C-1", "--why", "\udcff\udcfe"], "--why: one line of readable text"),
        (["contact:C-1", "--why", "\x01\x1b[31mred"], "--why: one line of readable text"),
        (["contact:C-1", *WHY, "--who", "\udced"], "--who: one line of readable text"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], said: str) -> None:
    """Guard: the checks of `erase` (commands/erase.py)."""
    done = CliRunner().invoke(app, ["erase", *arguments])
    assert done.exit_code == USAGE
    assert said in done.output


@pytest.mark.parametrize(
    "arguments", [["erase", "contact:C-1", *WHY], ["parked", "skip", "3f2a91c0", "--why", "sent twice"]]
)
def test_an_account_without_a_login_name_is_asked_for_one(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: commands.deciding.decider; Python 3.12 raises KeyError there, later ones OSError."""

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, "say who decides, with --who NAME" in done.output) == (USAGE, True)


def test_a_service_that_is_away_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Guard: ServiceAway is a sentence and exit code 3 (commands/erase.py)."""
    done = CliRunner().invoke(app, ["erase", "contact:C-1", *WHY, "--folder", str(tmp_path)])
    assert done.exit_code == AWAY
    assert f"lettra up --folder {tmp_path}" in done.output
    done = CliRunner().invoke(app, ["erase", "contact:C-1", *WHY, "--url", "http://127.0.0.1:9"])
    assert done.exit_code == AWAY
    assert "The service invoicing at http://127.0.0.1:9 does not answer" in done.output
