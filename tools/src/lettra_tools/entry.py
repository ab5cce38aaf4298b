"""Where `lettra` begins. It imports nothing that takes its time before Ctrl-C is looked after."""

from __future__ import annotations

import signal
import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run `lettra`. Ctrl-C at any moment is one sentence and exit code 130."""
    try:
        from lettra_tools.cli import app

        app()
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(EXIT_INTERRUPTED)
    except SystemExit as ended:
        if ended.code == EXIT_INTERRUPTED:
            _say_interrupted()
        raise


def _say_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends already; who presses twice gets the same exit code
    print("lettra: interrupted before it was done. The same command can be run again.", file=sys.stderr)
