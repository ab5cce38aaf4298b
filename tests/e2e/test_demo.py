"""`make demo` in a small size: it shows what it promises, tells the truth by its exit code, leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lettra_tools.client import service_of
from lettra_tools.stack.local import LocalServers

SECONDS_MAX = 300
REPOSITORY = Path(__file__).parents[2]
LATE_PAYMENTS = "receivables/ibm-late-payments.csv"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a demo keeps everything; afterwards nothing runs in it, whatever happened."""
    made = Path(tempfile.mkdtemp(prefix="lettra-test-demo-"))
    made.chmod(0o711)
    yield made / "stack"
    lettra("down", "--folder", str(made / "stack"))
    LocalServers(made / "stack").remove()
    made.rmdir()


def environment(**more: str) -> dict[str, str]:
    """This one, without what would choose other servers or data."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("LETTRA_", "KEEP"))
    } | more


def lettra(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lettra_tools.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, env=environment()
    )


def start_demo(folder: Path, **variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lettra_tools.demo", "--size", "small", "--folder", str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(**variables)
    )


def run_demo(folder: Path, **variables: str) -> str:
    """The whole demo's output; its exit code must be 0."""
    process = start_demo(folder, **variables)
    try:
        output, _ = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.terminate()  # it stops its servers
        output, _ = process.communicate()
    assert process.returncode == 0, output
    return output


def processes_of(folder: Path) -> list[str]:
    """The living processes that work in a folder or were started with its name."""
    places = {str(folder), str((folder / "postgres").resolve())}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = os.readlink(entry / "cwd")
            if int(entry.name) != os.getpid() and any(it in command or where.startswith(it) for it in places):
                found.append(f"{entry.name} {command}")
    return found


def public_data() -> str:
    """The folder of public data; the test is skipped without it, but fails where CI is set."""
    named = os.environ.get("LETTRA_DATA") or str(REPOSITORY.parent / "shared" / "data")
    if not (Path(named) / LATE_PAYMENTS).is_file():
        assert "CI" not in os.environ, f"there is no {LATE_PAYMENTS} in {named}"
        pytest.skip(
            f"no public data: there is no {LATE_PAYMENTS} in {named}; name its folder with LETTRA_DATA"
        )
    return named


def check_promises(output: str) -> None:
    assert "FAIL" not in output
    assert re.search(r"ok +every payment that named its invoice is applied to it.*: (\d+) of \1\n", output), (
        output
    )
    assert re.search(
        r"ok +no payment that named nothing was applied to what it did not pay: (\d+) of \1\n", output
    )
    assert re.search(
        r"ok +money in EUR is conserved: received .+ = applied .+ \+ on account .+ \+ unapplied", output
    )
    for service in ("invoicing", "payment-ingest", "matching"):
        assert re.search(rf"ok   verify {service}: .* entries alike .*; head \d+:[0-9a-f]{{64}}", output)
    for promise in (
        r"none applied wrong: .*: (\d+) of \1",
        r"what fits something else as well was left to a person: (\d+) of \1",
        "rules 1 to 9 occur, and all three outcomes: applied, proposed, held",
        "announced money holds its payer, and is booked once: [1-9].*",
        "what a person confirmed is settled as it was meant",
        "what a person refused settles none of what was proposed, nor is it proposed again",
        "what a person undid is open again, fees and all, and its money is on account",
        "the aged balance of each day is the sum of all movements up to it",
    ):
        assert re.search(rf"^ok +{promise}$", output, re.MULTILINE), promise
    for rule in (
        "structured reference",
        "remittance advice",
        "document number",
        "exact amount",
        "natural group",
    ):
        assert re.search(rf"^\d +{rule} +[1-9]", output, re.MULTILINE), rule
    assert re.search(
        r"^[1-9] payments wait for a person; .*lettra review --entity ORVELLE", output, re.MULTILINE
    )
    for service in ("invoicing", "payments", "matching"):
        assert re.search(rf"^{service} +DayClosed|^{service} +DayProcessed", output, re.MULTILINE)
    assert "Where to look further" in output


def check_review(folder: Path) -> None:
    """What the demo left to a person, decided on by the command, as the demo's person did by the API."""
    here = ("--folder", str(folder))
    waiting = json.loads(lettra("review", "--json", *here).stdout)
    assert len(waiting) >= 2
    first = next(each for each in waiting if each["rule"] == "unique_sum")
    shown = lettra("review", *here)
    assert f"{first['payment_id']}\n  paid " in shown.stdout
    act = ("--who", "c.moreau", "--why", "said by telephone", "--date", "2024-05-02", *here)
    confirmed = lettra("review", "--confirm", first["payment_id"][:13], *act)
    assert confirmed.returncode == 0, confirmed.stderr
    assert lettra("review", "--confirm", first["payment_id"], *act).returncode == 2
    undone = lettra("review", "--undo", first["payment_id"], *act)
    assert undone.returncode == 0, undone.stderr
    with service_of("matching", folder) as matching:
        settled = matching.get(f"/payments/{first['payment_id']}")["allocations"]
    assert {each["item_id"] for each in settled}.isdisjoint(each["item_id"] for each in first["lines"])
    other = next(each for each in waiting if each["payment_id"] != first["payment_id"])
    nothing = lettra("review", "--undo", other["payment_id"], *act)
    assert (nothing.returncode, "settles nothing" in nothing.stderr) == (1, True)


def test_without_public_data_it_invents_a_company_and_kept_it_stays_up(folder: Path) -> None:
    output = run_demo(folder, LETTRA_DATA="", KEEP="1")
    check_promises(output)
    assert "invents itself, from seed 1" in output
    assert "lettra down --folder" in output
    with service_of("matching", folder) as matching:
        assert matching.get("/payments", limit=1)["payments"]
    assert lettra("status", "--folder", str(folder)).returncode == 0

    check_review(folder)
    sent = sorted((folder / "demo" / "bank").glob("statements-*.xml"))
    again = lettra("import", "statement", *map(str, sent), "--folder", str(folder))
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("came before; nothing changed") == 5 * len(sent)

    second = start_demo(folder, LETTRA_DATA="")
    assert "is not empty" in second.communicate(timeout=SECONDS_MAX)[0]
    assert second.returncode == 2
    assert lettra("status", "--folder", str(folder)).returncode == 0

    assert lettra("down", "--folder", str(folder)).returncode == 0
    assert processes_of(folder) == []


def test_with_public_data_it_also_reads_the_bank_files_of_others(folder: Path) -> None:
    output = run_demo(folder, LETTRA_DATA=public_data())
    check_promises(output)
    assert "ibm-late-payments.csv" in output
    assert re.search(r"camt053\.v2\.five\.decimals\.xml +quarantined +does not add up", output)
    assert re.search(r"camt053_duplicate_same_day\.xml +booked, unverified", output)
    assert re.search(r"camt052\.v8\.xml +refused", output)
    assert "Servers and services are stopped." in output
    assert processes_of(folder) == []


@pytest.mark.parametrize("moment", ["waiting for Kafka", "weeks: 0 of"])
def test_interrupted_it_stops_everything(folder: Path, moment: str) -> None:
    process = start_demo(folder, LETTRA_DATA="")
    deadline = time.monotonic() + SECONDS_MAX
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if moment in line:
            break
        assert time.monotonic() < deadline
    assert processes_of(folder)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 130, "".join(seen) + rest
    assert "Interrupted." in rest
    assert "Traceback" not in rest
    assert processes_of(folder) == []


def test_data_that_are_not_there_are_named(folder: Path) -> None:
    process = start_demo(folder, LETTRA_DATA=str(folder / "nowhere"))
    output, _ = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 2
    assert "LETTRA_DATA names" in output
    assert not folder.exists()
