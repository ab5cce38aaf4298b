"""The measurement of hand-over runs and says its figures; how large they are is not asked of a busy machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).parents[2] / "bench/email_hand_over.py"


def test_the_measurement_says_the_ratio_and_both_rates() -> None:
    options = ["--mails", "24", "--connections", "2", "--rounds", "2", "--kilobytes", "5"]
    command = [sys.executable, str(_SCRIPT), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    figures = json.loads(done.stdout)
    assert figures["email_vs_bare"] > 0
    assert done.returncode == int(figures["email_vs_bare"] < 0.5)
    assert {figures["mails"], figures["connections"]} == {24, 2}
    assert min(figures["bare_mails_per_s"], figures["service_mails_per_s"]) > 0
