"""`lettra match`: the matching engine on files, without any server.

Engine and bank formats are the services' own code, found by their entry points (`lettra.matching`, `lettra.bank`).

Exit codes: 0 all matched, 2 a file that cannot be taken, 3 a statement in quarantine (the rest is matched).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from lettra_tools.client.bars import Advance, bar
from lettra_tools.matchfiles.statements import Credits, Row, is_return, read_credits
from lettra_tools.matchfiles.tables import BadTable, read_table, write_table
from lettra_tools.stack.model import StackError

EPILOG = (
    "Example: lettra match --customers customers.csv --items open_items.csv --statements january.xml"
    " --statements february.sta --out allocations.csv --fee-tolerance 15.00. "
    "Exit codes: 0 all matched, 1 the result cannot be written, 2 a file that cannot be taken (nothing is written),"
    " 3 a statement in quarantine (the others are matched)."
)
EXIT_UNREADABLE = 2
EXIT_QUARANTINED = 3
BAR_AFTER_SECONDS = 2.0
BAR_EVERY_ROWS = 50
CUSTOMERS = ("customer_id", "name", "siren", "vat_number", "ibans", "group_id")
ITEMS = (
    "entity_id",
    "customer_id",
    "item_id",
    "kind",
    "document_number",
    "issue_date",
    "due_date",
    "currency",
    "amount",
    "payment_reference",
    "discount_amount",
    "discount_until",
)
ALLOCATIONS = ("entry_ref", "outcome", "item_id", "amount", "write_off", "rule", "confidence", "solutions")

Customers = Annotated[Path, typer.Option("--customers", metavar="C.csv", help="Who may have paid.")]
Items = Annotated[Path, typer.Option("--items", metavar="OPEN.csv", help="What is open.")]
Statements = Annotated[
    list[Path],
    typer.Option("--statements", metavar="FILE...", help="Bank files in the order in which they came."),
]
More = Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="Further bank files.")]
Out = Annotated[Path, typer.Option("--out", metavar="ALLOC.csv", help="What settles what.")]
Truth = Annotated[
    Path | None, typer.Option("--truth", metavar="T.csv", help="Score the result against these labels.")
]
FeeTolerance = Annotated[
    str,
    typer.Option(
        "--fee-tolerance",
        metavar="AMOUNT",
        help="Bank fees written off where a reference designates the items.",
    ),
]


def match(
    customers: Customers,
    items: Items,
    statements: Statements,
    out: Out,
    more: More = None,
    truth: Truth = None,
    fee_tolerance: FeeTolerance = "0.00",
) -> None:
    """Match the booked credits of bank files to open items, each payment seeing what the ones before it settled.

    A debit that returns an earlier credit opens again what that had settled.

    Nothing is half taken: a row or a file that cannot be read is reported with its place, and nothing is written.
    """
    console = Console(stderr=True, highlight=False)
    tools = _Tools.installed()
    files = [*statements, *(more or [])]
    labels = _read_truth(truth) if truth is not None else None
    desk = _opened(tools, customers, items, fee_tolerance, console)
    credits = _credits(tools, files, console)
    rows = _matched(desk, credits.rows, console)
    try:
        write_table(out, ALLOCATIONS, rows)
    except OSError as error:
        raise StackError(f"{out} cannot be written: {error.strerror or error}") from None
    _tell(credits, rows, out)
    if labels is not None:
        _score(labels, out)
    raise typer.Exit(EXIT_QUARANTINED if credits.quarantined else 0)


@dataclass(frozen=True)
class _Tools:
    """The engine and the bank formats, as far as they are used here."""

    desk: Callable[[str], Any]
    bad_cell: type[Exception]
    parse: Callable[..., Iterator[Any]]
    unreadable: type[Exception]

    @classmethod
    def installed(cls) -> _Tools:
        return cls(
            desk=_load("lettra.matching", "desk"),
            bad_cell=_load("lettra.matching", "bad_cell"),
            parse=_load("lettra.bank", "parse"),
            unreadable=_load("lettra.bank", "unreadable"),
        )


def _load(group: str, name: str) -> Any:
    found = sorted(entry_points(group=group, name=name), key=lambda point: point.value)
    if not found:
        raise StackError(
            f"No service that has {name!r} of {group!r} is installed here: install matching and ingest."
        )
    return found[0].load()


def _opened(tools: _Tools, customers: Path, items: Path, fee_tolerance: str, console: Console) -> Any:
    """The engine with all customers and items; ends the command where a row cannot be taken, showing all of them."""
    try:
        desk = tools.desk(fee_tolerance)
    except tools.bad_cell as error:
        _refuse([f"--fee-tolerance: {getattr(error, 'reason', error)}"])
    wrong: list[str] = []
    with bar(console, "rows", None, after_seconds=BAR_AFTER_SECONDS) as advance:
        for path, columns, take in ((customers, CUSTOMERS, desk.add_customer), (items, ITEMS, desk.add_item)):
            try:
                read_table(path, columns, take, tools.bad_cell, partial(_advance, advance, path.name))
            except BadTable as error:
                wrong += error.sentences
    if wrong:
        _refuse(wrong)
    return desk


def _advance(advance: Advance, name: str, done: int) -> None:
    advance(done, name)


def _credits(tools: _Tools, files: Sequence[Path], console: Console) -> Credits:
    try:
        total = sum(file.stat().st_size for file in files)
        with bar(console, "bytes", total, after_seconds=BAR_AFTER_SECONDS) as advance:
            return read_credits(files, tools.parse, advance)
    except OSError as error:
        _refuse([f"{error.filename}: cannot be read: {error.strerror or error}"])
    except tools.unreadable as error:
        _refuse([str(error)])


def _matched(desk: Any, credits: Sequence[Row], console: Console) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    with bar(console, "payments", len(credits), after_seconds=BAR_AFTER_SECONDS) as advance:
        for number, row in enumerate(credits):
            if is_return(row):
                desk.give_back(row)
            else:
                rows += desk.match(row)
            if number % BAR_EVERY_ROWS == 0:
                advance(number, "")
    return rows


def _tell(credits: Credits, rows: Sequence[dict[str, str]], out: Path) -> None:
    """How many payments by rule and outcome."""
    for note in credits.notes:
        typer.echo(note, err=True)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for rule, outcome in {row["entry_ref"]: (row["rule"], row["outcome"]) for row in rows}.values():
        outcomes[rule][outcome] += 1
    table = Table(box=None, header_style="bold")
    table.add_column("rule")
    names = ("applied", "proposed", "held")
    for name in names:
        table.add_column(name, justify="right")
    for rule, count in sorted(outcomes.items(), key=lambda pair: (-pair[1].total(), pair[0])):
        table.add_row(rule, *(str(count[name]) for name in names))
    table.add_section()
    table.add_row("all", *(str(sum(count[name] for count in outcomes.values())) for name in names))
    Console(highlight=False).print(table)
    repeated = f"; {credits.repeated} told twice by overlapping statements" if credits.repeated else ""
    payments = sum(not is_return(row) for row in credits.rows)
    returns = f", {len(credits.rows) - payments} returns" if payments < len(credits.rows) else ""
    typer.echo(f"{out}: {payments} payments in {len(rows)} rows{returns}{repeated}", err=True)


def _read_truth(truth: Path) -> Any:
    from lettra_tools.matchbench.scoring import UnreadableTable, read_truth

    try:
        return read_truth(truth)
    except UnreadableTable as error:
        _refuse([str(error)])


def _score(labels: Any, out: Path) -> None:
    """By case, what was applied right and wrong."""
    from lettra_tools.commands.matchbench import show
    from lettra_tools.matchbench.scoring import read_allocations, score

    show(score(labels, read_allocations(out)), Console(highlight=False))


def _refuse(sentences: Sequence[str]) -> NoReturn:
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(EXIT_UNREADABLE)
