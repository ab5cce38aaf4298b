"""The command `lettra` itself: loaded by parts, and interrupted at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import typer

from lettra_tools.cli import KNOWN
from lettra_tools.entry import main

_HEAVY = ("aiokafka", "asyncpg", "pydantic", "fastapi", "httpx")
_LISTING = f"""
import sys
sys.argv = ["lettra", "--help"]
from lettra_tools.entry import main
try:
    main()
finally:
    print("loaded:", [name for name in {_HEAVY!r} if name in sys.modules])
"""
_INTERRUPTED_LOADING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts this in the background has it ignored
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from lettra_tools.entry import main
try:
    main()
finally:
    os.kill(os.getpid(), signal.SIGINT)
"""


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("name", KNOWN)
def test_the_list_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    said = (KNOWN[name].load(name).help or "").split("\n\n")[0]
    assert " ".join(said.split()) == KNOWN[name].says


def test_the_list_of_commands_loads_none_of_them() -> None:
    """Guards: Subcommands (cli.py), which loads a command only to run it."""
    shown = _python(_LISTING)
    assert shown.returncode == 0, shown.stderr
    assert all(f" {name} " in shown.stdout for name in KNOWN)
    assert "loaded: []" in shown.stdout


def test_a_misspelt_command_is_told_the_one_that_was_meant() -> None:
    asked = [sys.executable, "-m", "lettra_tools.cli", "resendd"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert (found.returncode, "Did you mean 'resend'?" in found.stderr) == (2, True), found.stderr


def test_an_interrupt_while_it_loads_is_a_sentence() -> None:
    """Guards: main (entry.py), which looks after Ctrl-C before anything is imported, and once is enough."""
    ended = _python(_INTERRUPTED_LOADING)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.splitlines() == [
        "lettra: interrupted before it was done. The same command can be run again."
    ]


def test_an_interrupt_at_work_is_the_same_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards: the exit code of what typer has caught is told as well (entry.py)."""

    def work() -> None:
        signal.raise_signal(signal.SIGINT)

    program = typer.Typer(add_completion=False)
    program.command()(work)
    monkeypatch.setattr("lettra_tools.cli.app", program)
    monkeypatch.setattr(sys, "argv", ["lettra"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("lettra: interrupted before it was done.")
