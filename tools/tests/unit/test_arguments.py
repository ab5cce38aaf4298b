"""Arguments that no command can do anything with: a sentence or a usage box, and the exit code of wrong usage."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lettra_tools.cli import app

RESEND = ("resend", "matching", "--partition", "0")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*RESEND, "--after", "9", "--through", "2"), "Nothing is between entry 9 and 2"),
        ((*RESEND, "--after", "9" * 21, "--through", "2"), "Nothing is between entry"),
        (("repartition", "matching", "--wait", "inf"), "--wait"),
        (("repartition", "matching", "--wait", "nan"), "--wait"),
        (("replay", "matching", "--processes", "6.5"), "--processes"),
        (("verify", "nobody"), "There is no service 'nobody' installed here. Installed: "),
        (("parked", "list", "--service", ""), "There is no service '' installed here."),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], says: str) -> None:
    """Guards: through comes after after (commands/resend.py); the longest wait (repartition.py);
    a service that is not there is told by every command alike (verify.py, parked.py)."""
    refused = CliRunner().invoke(app, list(arguments))
    assert (refused.exit_code, says in refused.stderr) == (2, True), refused.output


def test_a_customer_that_is_no_text_is_wrong_usage() -> None:
    """Guard: one_line for --customer (commands/erase.py)."""
    asked = ["erase", "--customer", "\udce9", "--why", "x", "--url", "http://127.0.0.1:1"]
    refused = CliRunner().invoke(app, asked)
    assert (refused.exit_code, "--customer: one line of readable text" in refused.stderr) == (2, True)
