"""The summary of a whole run, as `docs/crash-matrix.md`."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .cells import PLACES, VICTIMS, Cell, Place, cells

ROOT = Path(__file__).parents[2]
SUMMARY = ROOT / "docs" / "crash-matrix.md"
GIB = 2**30
_INTRODUCTION = """# The crash matrix

Written by `make crash`; do not edit. A script of `tests/crash/scenario.py` runs once undisturbed, and once for each
cell. In a cell one process is killed (SIGKILL) at the very moment in which a service, or the operator's command, comes
to a place in the code for the given time: that process itself, Kafka, or PostgreSQL. What was killed is started again,
what was not answered is asked again. A cell has passed when the place was come to and the victim killed, the histories
are sound, and all events, state tables and projections are those of the undisturbed run.
"""


@dataclass(frozen=True)
class Result:
    """How a cell ended, and the seconds that it took."""

    outcome: str
    seconds: float


def write_summary(results: Mapping[str, Result], seconds: float, loads: Sequence[float]) -> None:
    """Replace the summary by that of this run; `results` by the names of the cells."""
    failed = sum(result.outcome != "passed" for result in results.values())
    not_run = len(list(cells(whole=True))) - len(results)
    lines = [
        _INTRODUCTION,
        f"- Run: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, on commit {_commit()}, in {seconds / 60:.0f} minutes",
        f"- Machine: {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}; load {loads[0]:.1f} at the beginning, {loads[1]:.1f} at the end",
        f"- Cells: passed {len(results) - failed}, failed {failed}, not run {not_run}",
        "",
        "| step | place | in | time | " + " | ".join(f"{victim} killed" for victim in VICTIMS) + " |",
        "| --- | --- | --- | ---: |" + " --- |" * len(VICTIMS),
        *(_row(place, results) for place in PLACES),
        "",
    ]
    SUMMARY.write_text("\n".join(lines), encoding="utf-8")


def _row(place: Place, results: Mapping[str, Result]) -> str:
    told = [
        _told(results.get(Cell(place, victim).name)) if victim in place.victims else "-" for victim in VICTIMS
    ]
    where = f"`{place.where}`" + (f", in `{place.at}`" if place.at else "")
    return f"| {place.step} | {place.failpoint} | {where} | {place.time} | {' | '.join(told)} |"


def _told(result: Result | None) -> str:
    return "not run" if result is None else f"{result.outcome}, {result.seconds:.0f} s"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
