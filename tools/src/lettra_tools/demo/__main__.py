"""`python -m lettra_tools.demo`: start everything, let a company live, show what happened, stop everything.

Exit codes: 0 all that must hold holds, 1 something does not, 2 it could not run, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from lettra_tools.client import Refused, ServiceAway
from lettra_tools.demo.director import Plan, direct, find_data
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed
from lettra_tools.demo.sources import DataError
from lettra_tools.demo.stage import Interrupted, heed_signals
from lettra_tools.stack.model import StackError

EXIT_BROKEN = 1
EXIT_CANNOT = 2
EXIT_INTERRUPTED = 130

Size = Annotated[
    Literal["full", "small"],
    typer.Option(envvar="LETTRA_DEMO_SIZE", help="small: a few customers, a few weeks."),
]
Seed = Annotated[int, typer.Option(help="Chance of the demo: the same seed gives the same figures.")]
Folder = Annotated[
    Path | None, typer.Option(help="Where everything is kept; new or empty. Without it, a temporary one.")
]
Data = Annotated[
    str | None,
    typer.Option(
        envvar="LETTRA_DATA", help="The folder of public data. Empty: a company that the demo invents."
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave everything up at the end; so does KEEP=1.")]


def demo(
    size: Size = "full", seed: Seed = 1, folder: Folder = None, data: Data = None, keep: Keep = False
) -> None:
    """Run a company through receivables on real servers, and show what happened."""
    screen = Screen()
    heed_signals()
    try:
        # Set but empty means none, which the option's own reading of the variable takes for not set.
        named = data if data is not None else os.environ.get("LETTRA_DATA")
        plan = Plan(size=size, seed=seed, folder=folder, data=find_data(named), keep=keep or _keep_is_set())
        raise typer.Exit(0 if direct(plan, screen) else EXIT_BROKEN)
    except Interrupted:
        screen.say("Interrupted.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except (DemoFailed, DataError, StackError, Refused, ServiceAway) as error:
        sys.stdout.flush()
        typer.echo(f"demo: {error}", err=True)
        raise typer.Exit(EXIT_CANNOT) from None


def _keep_is_set() -> bool:
    return os.environ.get("KEEP", "") not in ("", "0")


def main() -> None:
    """Entry point."""
    app = typer.Typer(add_completion=False)
    app.command()(demo)
    app()


if __name__ == "__main__":
    main()
