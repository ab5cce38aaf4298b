"""`lettra bench`: figures as ratios against bare loops of the same run."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.commands.progress import reporting


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    bank_file_mb: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=190,
            help="Only import one bank file of so many megabytes; 100 takes two to four minutes.",
        ),
    ] = None,
) -> None:
    """Measure on servers of its own, against bare loops in the same run. Takes about a minute; best when idle.

    Examples: lettra bench · lettra bench --json · lettra bench --bank-file-mb 100
    """
    from lettra_tools.bench.run import BARS, run_all, run_bank_file  # heavy, and only this command wants it

    with reporting() as report:
        figures = run_all(report) if bank_file_mb is None else run_bank_file(report, bank_file_mb)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    table = Table("figure", "measured", "bar")
    for name, value in figures.items():
        table.add_row(name, str(value), BARS.get(name, ""))
    Console().print(table)
