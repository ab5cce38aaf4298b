"""Failpoints: each name is a place in the code, and each fires once, at its time, and leaves a trace."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lettra_events.failpoints import NAMES

ROOT = Path(__file__).parents[4]
REACHED = re.compile(r"""\breach\(\s*["']([^"']+)["']""")
THRICE = (
    "from lettra_events.failpoints import reach\nfor n in range(3):\n    reach('append.before')\n    print(n)"
)


def run(failpoint: str, trace: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A process that comes to a place three times and says each time that it has passed."""
    named = {"LETTRA_FAILPOINT": failpoint} | ({"LETTRA_FAILPOINT_TRACE": str(trace)} if trace else {})
    return subprocess.run(
        [sys.executable, "-uc", THRICE],
        env={**os.environ, **named},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_every_name_is_reached_in_the_code_and_every_place_has_its_name() -> None:
    """Guard: NAMES. A failpoint that no code reaches would let a test of it pass for nothing."""
    sources = [
        path for part in ("libs", "services", "tools") for path in (ROOT / part).glob("**/src/**/*.py")
    ]
    reached = {name for path in sources for name in REACHED.findall(path.read_text(encoding="utf-8"))}
    assert reached == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(
    ("failpoint", "passed"), [("append.before", []), ("append.before@1", []), ("append.before@3", ["0", "1"])]
)
def test_the_process_is_killed_when_it_comes_there_for_that_time(failpoint: str, passed: list[str]) -> None:
    done = run(failpoint)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, passed)


@pytest.mark.parametrize("failpoint", ["", "append.before@4", "append.written"])
def test_a_failpoint_that_is_not_come_to_does_nothing(failpoint: str, tmp_path: Path) -> None:
    done = run(failpoint, tmp_path / "trace")
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2"])
    assert not (tmp_path / "trace").exists()


def test_it_fires_once_however_often_the_process_is_started_again(tmp_path: Path) -> None:
    """Guard: the trace. A supervisor starts the process again with the same environment."""
    trace = tmp_path / "trace"
    assert run("append.before@2", trace).returncode == -signal.SIGKILL
    assert trace.read_text(encoding="utf-8").startswith("append.before in process ")
    assert run("append.before@2", trace).returncode == 0


def test_another_process_is_killed_and_this_one_goes_on(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        try:
            done = run(f"append.before@2:kill={victim.pid}", tmp_path / "trace")
            assert victim.wait(10) == -signal.SIGKILL
        finally:
            victim.kill()
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2"])
    assert (tmp_path / "trace").exists()
