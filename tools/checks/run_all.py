"""Everything that must hold before a change lands: `make test`, which .ci/run calls too.

Two phases. First what needs no server, in two lanes; then, only if that is clean, the tests on real servers,
with the machine to themselves, for they wait with deadlines. The last lines count only what did run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from levels import REPORTS, Counts, count, read_report
from workspace import ROOT

LANES = [["lint", "types", "imports", "docs-check", "install-alone"], ["unit"]]
SERIAL = ["integration", "e2e", "crash-quick"]
LEVELS = ["unit", "integration", "e2e", "crash"]


@dataclass(frozen=True)
class Outcome:
    target: str
    code: int
    seconds: float


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def make(target: str, log: Path | None) -> Outcome:
    """Run one target; with a log its output goes there, without it is shown as it comes."""
    began = time.monotonic()
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    with open(log or os.devnull, "w") as file:
        output = file if log else None
        command = ["make", "--no-print-directory", target]
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            check=False,
        )
    return Outcome(target, done.returncode, time.monotonic() - began)


def tell(outcome: Outcome, log: Path) -> None:
    """One line for what passed, all of the output for what did not."""
    content = log.read_text()
    last = content.strip().splitlines()[-1] if content.strip() else ""
    if outcome.code:
        print(f"--- {outcome.target} failed after {duration(outcome.seconds)} ---\n{content}---", flush=True)
    else:
        print(f"  {outcome.target:14} {duration(outcome.seconds):>12}   {last}", flush=True)


def side_by_side() -> list[Outcome]:
    """The lanes at the same time; in each, every target, for each says something else."""
    outcomes: list[Outcome] = []
    speaking = threading.Lock()

    def lane(targets: list[str]) -> None:
        for target in targets:
            log = REPORTS / f"{target}.log"
            outcome = make(target, log)
            with speaking:
                outcomes.append(outcome)
                tell(outcome, log)

    threads = [threading.Thread(target=lane, args=(targets,)) for targets in LANES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def tests() -> Counts:
    """What the reports of this run say; a level without a test leaves none."""
    parts = [count(read_report(path)) for level in LEVELS if (path := REPORTS / f"{level}.xml").exists()]
    return Counts(sum(p.passed for p in parts), sum(p.failed for p in parts), sum(p.skipped for p in parts))


def main() -> int:
    began = time.monotonic()
    REPORTS.mkdir(parents=True, exist_ok=True)
    for level in LEVELS:
        (REPORTS / f"{level}.xml").unlink(missing_ok=True)
    print("Checks that need no server, two at a time", flush=True)
    outcomes = side_by_side()
    for target in SERIAL:
        if any(outcome.code for outcome in outcomes):
            break
        print(f"{target.capitalize()} tests, on real Kafka and PostgreSQL", flush=True)
        outcomes.append(make(target, None))
    failed = [outcome.target for outcome in outcomes if outcome.code]
    planned = [target for lane in LANES for target in lane] + SERIAL
    not_run = [target for target in planned if target not in {outcome.target for outcome in outcomes}]
    clean = [outcome.target for outcome in outcomes if not outcome.code]
    counts = tests()
    print()
    verdict = "FAILED" if failed else "PASSED"
    parts = [f"{verdict} in {duration(time.monotonic() - began)}. Clean: {', '.join(clean) or 'none'}."]
    parts += [f"Failed: {', '.join(failed)}."] if failed else []
    parts += [f"Not run: {', '.join(not_run)}."] if not_run else []
    print(" ".join(parts))
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
