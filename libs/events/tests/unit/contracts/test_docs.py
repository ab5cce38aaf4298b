"""Generating docs/events, and finding where it is behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lettra_events.contracts import Event, contracts, docs, golden, upcaster

if TYPE_CHECKING:
    from conftest import Toys

NAME = "payments.Noted"


class Noted(Event):
    """Somebody noted something | in few words.

    And more.
    """

    who: str

    def stream_id(self) -> str:
        return f"note:{self.who}"

    def key(self) -> str:
        return self.who


class NotedWhy(Noted):
    """Somebody noted something, and why."""

    why: str | None = None


@pytest.fixture
def run(toys: Toys, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run the command on the toy registry; answers its exit code."""
    toys.register(Noted, Noted(who="C-1"), name=NAME)
    toys.publish()
    where = ["--out", str(tmp_path / "out"), "--golden", str(toys.folder)]
    return lambda *arguments: docs.main([*arguments, *where])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_check_passes_on_what_was_written_and_writes_nothing(run, out: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("--check") == 1
    assert not out.exists()
    assert run() == 0
    assert run("--check") == 0
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        "README.md",
        "asyncapi.json",
        "schemas/payments.Noted.v1.json",
    }


@pytest.mark.parametrize("name", ["README.md", "asyncapi.json", "schemas/payments.Noted.v1.json"])
def test_a_changed_or_missing_file_is_named_with_the_remedy(run, out: Path, name: str, capsys) -> None:  # type: ignore[no-untyped-def]
    run()
    path = out / name
    path.write_text(path.read_text() + " ")
    capsys.readouterr()
    assert run("--check") == 1
    error = capsys.readouterr().err
    assert f"/{name}: it is not what the contracts say. Run: make docs" in error
    assert len(error.splitlines()) == 1
    path.unlink()
    assert run("--check") == 1
    assert f"/{name}: it is missing. Run: make docs" in capsys.readouterr().err
    assert run() == 0
    assert run("--check") == 0


def test_a_changed_contract_is_found(run, toys: Toys, capsys) -> None:  # type: ignore[no-untyped-def]
    run()
    toys.register(NotedWhy, NotedWhy(who="C-1", why="asked"), name=NAME)
    toys.publish()
    capsys.readouterr()
    assert run("--check") == 1
    assert "schemas/payments.Noted.v1.json: it is not what the contracts say" in capsys.readouterr().err


def test_a_schema_without_a_contract_is_found_and_removed(run, out: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    run()
    left_over = out / "schemas/payments.Renamed.v1.json"
    left_over.write_text("{}")
    own = out / "schemas/notes.json"
    own.write_text("{}")
    capsys.readouterr()
    assert run("--check") == 1
    assert "schemas/payments.Renamed.v1.json: no contract is behind it" in capsys.readouterr().err
    assert run() == 0
    assert not left_over.exists()
    assert own.exists()


def test_check_fails_on_what_breaks_published_events(run, toys: Toys, out: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    run()
    before = (out / "README.md").read_bytes()

    class Broken(Noted):
        """Somebody noted something in numbers."""

        who: int  # type: ignore[assignment]

    toys.register(Broken, name=NAME)
    for arguments in (["--check"], []):
        capsys.readouterr()
        assert run(*arguments) == 1
        assert f'{NAME} v1: who: its type "string" became "integer"' in capsys.readouterr().err
    assert (out / "README.md").read_bytes() == before


def test_check_fails_on_what_has_no_golden_file(run, toys: Toys, capsys) -> None:  # type: ignore[no-untyped-def]
    toys.register(NotedWhy, NotedWhy(who="C-1", why="asked"), name="payments.NotedWhy")
    assert run() == 0
    assert "payments.NotedWhy v1: it is not in" in capsys.readouterr().out
    assert run("--check") == 1
    assert (
        f"payments.NotedWhy v1: it is not in {toys.folder} yet. Run: {golden.ADD}" in capsys.readouterr().err
    )


def test_earlier_versions_stay_documented(run, toys: Toys, out: Path) -> None:  # type: ignore[no-untyped-def]
    run()
    first = (out / "schemas/payments.Noted.v1.json").read_bytes()
    toys.register(NotedWhy, NotedWhy(who="C-1", why="asked"), name=NAME, version=2)
    upcaster(NAME, 1)(lambda data: data)
    toys.publish()
    assert run() == 0
    assert (out / "schemas/payments.Noted.v1.json").read_bytes() == first
    assert json.loads((out / "schemas/payments.Noted.v2.json").read_text())["$id"] == f"urn:lettra:{NAME}:2"
    messages = json.loads((out / "asyncapi.json").read_text())["channels"]["payments"]["messages"]
    assert list(messages) == ["payments.Noted.v1", "payments.Noted.v2"]
    row = (out / "README.md").read_text().splitlines()[-1]
    assert "[2](schemas/payments.Noted.v2.json), [1](schemas/payments.Noted.v1.json)" in row


def test_the_table_says_topic_key_stream_and_meaning(run, out: Path) -> None:  # type: ignore[no-untyped-def]
    run()
    assert (out / "README.md").read_text().splitlines()[-1] == (
        "| `payments.Noted` | [1](schemas/payments.Noted.v1.json) | `ar.payments.events` | `<who>` |  "
        r"| `note:<who>` | Somebody noted something \| in few words. And more. |"
    )


def test_the_table_has_one_row_a_type() -> None:
    rows = docs.generate()["README.md"].splitlines()
    for name, cls in contracts().items():
        (row,) = [each for each in rows if each.startswith(f"| `{name}` |")]
        assert ("| yes |" in row) == cls.broadcast


def test_the_same_contracts_give_the_same_files_in_another_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "lettra_events.contracts.docs", "--out", str(tmp_path / seed)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed})
    files = {
        path.relative_to(tmp_path / "1"): path.read_bytes()
        for path in (tmp_path / "1").rglob("*.*")
        if path.is_file()
    }
    assert len(files) == len(contracts()) + 2
    for path, content in files.items():
        assert (tmp_path / "2" / path).read_bytes() == content


def test_the_committed_documents_are_those_of_the_contracts() -> None:
    assert list(docs.drift(docs.FOLDER, docs.generate())) == []


def test_help_gives_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (docs.main, golden.main):
        with pytest.raises(SystemExit) as ended:
            command(["--help"])
        assert ended.value.code == 0
        assert "example" in capsys.readouterr().out
