"""The servers that the workers of a test run share live exactly as long as somebody uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from observe import processes_of, until

from lettra_tools.stack import StackError
from lettra_tools.stack.shared import SharedServers

JOIN_AND_LEAVE = """
import sys
from pathlib import Path
from lettra_tools.stack.shared import SharedServers
share = SharedServers(Path(sys.argv[1]))
print(share.join(), flush=True)
input()
share.leave()
"""


def user(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", JOIN_AND_LEAVE, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture(autouse=True)
def local_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTRA_TEST_SERVERS", "local")
    monkeypatch.delenv("LETTRA_KAFKA", raising=False)
    monkeypatch.delenv("LETTRA_POSTGRES", raising=False)


def test_all_users_get_the_same_and_the_last_one_ends_them(tmp_path: Path) -> None:
    first, second = user(tmp_path), user(tmp_path)
    assert "Servers(" in (told := answer(first))
    assert answer(second) == told
    first.communicate("\n")
    assert processes_of(tmp_path), "the second one still uses them"
    second.communicate("\n")
    assert processes_of(tmp_path) == [], "the last one leaves nothing behind"


def test_users_that_are_killed_are_not_waited_for(tmp_path: Path) -> None:
    users = [user(tmp_path), user(tmp_path)]
    assert all("Servers(" in answer(each) for each in users)
    for each in users:
        each.kill()
        each.communicate()
    until(lambda: not processes_of(tmp_path), "the keeper has seen that nobody is left")


def test_a_failure_to_start_reaches_whoever_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTRA_TEST_SERVERS", "clouds")
    share = SharedServers(tmp_path)
    with pytest.raises(StackError, match="LETTRA_TEST_SERVERS is 'clouds'"):
        share.join()
    share.leave()
