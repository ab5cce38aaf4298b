"""`lettra matchbench`: make a labelled benchmark for matching, and score allocations against it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.client.bars import bar
from lettra_tools.commands.stack import wide_console
from lettra_tools.matchbench.generating import CUSTOMERS, ITEMS, PAYMENTS, Size, make, write
from lettra_tools.matchbench.scoring import Count, Score, UnreadableTable, read_allocations, read_truth, score
from lettra_tools.stack.model import StackError

BAR_AFTER_SECONDS = 2.0
SIZE_MAX = 1_000_000

app = typer.Typer(
    name="matchbench", help="A labelled benchmark for matching: make one, score one.", no_args_is_help=True
)


class MixName(StrEnum):
    """Which habits come, and how often: one mix to tune on, two for the published figures."""

    OPEN = "open"
    SEALED = "sealed"
    CROWD = "crowd"


@app.callback()
def matchbench() -> None:
    """A labelled benchmark for matching: make one, score one.

    Its figures compare rules with rules. They do not say what share of a company's own bank lines will be matched.
    """


@app.command(
    epilog="Examples: lettra matchbench generate --seed 1 --out bench · lettra matchbench generate --seed 1 --out small"
    " --customers 60 --items 400 --payments 150. Exit codes: 0 made, 1 the folder is in use or cannot be written."
)
def generate(
    seed: Annotated[int, typer.Option("--seed", help="Same seed, mix and size: same bytes.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Made if it is not there.")],
    mix: Annotated[
        MixName, typer.Option("--mix", help="`sealed` has habits of its own, `crowd` near names as well.")
    ] = MixName.OPEN,
    customers: Annotated[int, typer.Option(min=10, max=SIZE_MAX)] = CUSTOMERS,
    items: Annotated[int, typer.Option(min=10, max=SIZE_MAX, help="Open items.")] = ITEMS,
    payments: Annotated[int, typer.Option(min=1, max=SIZE_MAX)] = PAYMENTS,
) -> None:
    """Make customers.csv, open_items.csv, statements/ and truth.csv from a seed.

    The statements are CAMT.053, MT940 and CFONB 120; the order of their names is the order of the payments.
    """
    statements = out / "statements"
    if statements.is_dir() and any(statements.iterdir()):
        raise StackError(f"{statements} holds files already: name another folder, or remove it.")
    console = Console(stderr=True, highlight=False)
    with bar(console, "payments", payments, after_seconds=BAR_AFTER_SECONDS) as advance:
        made = make(seed, mix.value, Size(customers, items, payments), lambda done: advance(done, ""))
    try:
        write(made, out)
    except OSError as error:
        raise StackError(f"{out} cannot be written: {error.strerror or error}") from None
    typer.echo(
        f"{out}: {len(made.labels)} payments of {len(made.by_case)} cases in {len(made.files)} files",
        err=True,
    )


@app.command(
    name="score",
    epilog="Example: lettra matchbench score --truth bench/truth.csv --allocations alloc.csv. "
    "Exit codes: 0 scored, whatever the figures, 1 a file cannot be read.",
)
def score_command(
    truth: Annotated[Path, typer.Option("--truth", metavar="TRUTH.csv")],
    allocations: Annotated[Path, typer.Option("--allocations", metavar="ALLOC.csv")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """Count by case what was applied entirely right, applied wrong, proposed and held.

    Right share: applied and entirely right, of the payments that settle items. Wrong share: wrong, of the applied.
    """
    try:
        found = score(read_truth(truth), read_allocations(allocations))
    except UnreadableTable as error:
        raise StackError(str(error)) from None
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
    else:
        show(found, wide_console())


def show(found: Score, console: Console) -> None:
    """A row a case, those with something wrong first, and the totals."""
    table = Table(box=None, header_style="bold")
    table.add_column("case", no_wrap=True)
    for name in ("payments", "matchable", "right", "wrong", "proposed right", "proposed otherwise", "held"):
        table.add_column(name, justify="right")
    for case, count in sorted(found.cases.items(), key=lambda pair: (-pair[1].wrong, pair[0])):
        table.add_row(case, *_cells(count), style="red" if count.wrong else None)
    table.add_section()
    table.add_row("all", *_cells(found.total), style="bold")
    console.print(table)
    total = found.total
    console.print(f"applied and entirely right: {total.right_share:.2%} of {total.matchable} matchable")
    console.print(f"wrong: {total.wrong_share:.3%} of {total.applied} applied")


def _cells(count: Count) -> Iterable[str]:
    columns = (
        count.payments,
        count.matchable,
        count.right,
        count.wrong,
        count.proposed_right,
        count.proposed_otherwise,
        count.held,
    )
    return (str(value) if value else "·" for value in columns)
