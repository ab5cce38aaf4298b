"""Run one level of tests over the whole workspace: `make unit`, `make integration`, `make e2e`, `make crash`.

pytest alone would call "no test ran" a success of the folders beside it; here every folder must have run one.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from workspace import ROOT, packages

REPORTS = ROOT / "build/checks"
# A test that hangs fails by itself, with the stack of every thread.
SECONDS = {"unit": 60, "integration": 180, "e2e": 600, "crash": 600}
WORKERS = {"unit": 0, "integration": 2, "e2e": 0, "crash": 0}
OF_THE_WORKSPACE = ("e2e", "crash")
NO_TESTS = 5


@dataclass(frozen=True)
class Counts:
    passed: int
    failed: int
    skipped: int


def folders(level: str, root: Path = ROOT) -> list[Path]:
    """Where the tests of a level live."""
    if level in OF_THE_WORKSPACE:
        return [path for path in [root / "tests" / level] if path.is_dir()]
    return [path for each in packages(root) if (path := each.folder / "tests" / level).is_dir()]


def has_tests(folder: Path) -> bool:
    return any(folder.rglob("test_*.py"))


def read_report(path: Path) -> list[ET.Element]:
    return list(ET.parse(path).getroot().iter("testcase"))  # noqa: S314 - written by pytest, just now


def count(cases: list[ET.Element]) -> Counts:
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return Counts(len(cases) - failed - skipped, failed, skipped)


def silent(cases: list[ET.Element], looked_in: list[Path], root: Path) -> list[Path]:
    """The folders from which no test ran: all were skipped, or none was collected."""
    ran = {case.get("classname", "") for case in cases if case.find("skipped") is None}
    prefixes = {folder: ".".join(folder.relative_to(root).parts) for folder in looked_in}
    return [folder for folder, prefix in prefixes.items() if not any(name.startswith(prefix) for name in ran)]


def names_a_path(arguments: list[str]) -> bool:
    """Whether whoever runs one level by hand chose where to look: a folder, a file, or file::test."""
    return any((ROOT / argument.partition("::")[0]).exists() for argument in arguments if argument[:1] != "-")


def heed_interrupts() -> None:
    """A shell that starts this in the background has SIGINT ignored, also by every process that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(level: str) -> int:
    looked_in = [folder for folder in folders(level) if has_tests(folder)]
    if not looked_in:
        print(f"No {level} test was found: this is a failure, for nothing was checked.")
        return 1
    report = REPORTS / f"{level}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    workers = int(os.environ.get("WORKERS", WORKERS[level]))
    extra = shlex.split(os.environ.get("ARGS", ""))
    command = [sys.executable, "-m", "pytest", "-q", f"--timeout={SECONDS[level]}", f"--junit-xml={report}"]
    command += ["-n", str(workers)] if workers else []
    chosen = [] if names_a_path(extra) else [str(folder.relative_to(ROOT)) for folder in looked_in]
    done = subprocess.run(
        [*command, *extra, *chosen],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == NO_TESTS:
        print(
            f"No {level} test ran, though there are test files: this is a failure, for nothing was checked."
        )
    if done.returncode or extra:
        return done.returncode
    empty = silent(read_report(report), looked_in, ROOT)
    for folder in empty:
        print(f"No test of {folder.relative_to(ROOT)} ran: this is a failure, for nothing of it was checked.")
    return 1 if empty else 0


if __name__ == "__main__":
    heed_interrupts()
    sys.exit(run(sys.argv[1]))
