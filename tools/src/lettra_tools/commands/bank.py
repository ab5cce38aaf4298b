"""`lettra bank parse`: what payment-ingest would take from bank files, without any server.

The formats are payment-ingest's own code, found by its entry points (group `lettra.bank`).

Exit codes: 0 all would be taken, 2 a file that cannot be taken, 3 a statement whose balances do not add up.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Annotated, Any, Protocol

import typer
from rich.console import Console

from lettra_tools.client.bars import Advance, bar
from lettra_tools.stack.model import StackError

if TYPE_CHECKING:
    from typing_extensions import Buffer

GROUP = "lettra.bank"
EXIT_UNREADABLE = 2
EXIT_QUARANTINED = 3
BAR_AFTER_SECONDS = 2.0
KEPT_IN_MEMORY_BYTES = 8 * 2**20
"""Of a file's lines: none is shown before the last was read, for it may be the one that refuses the file."""
COPIED_BYTES = 64 * 1024

app = typer.Typer(name="bank", help="Bank files, without any server.", no_args_is_help=True)

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="CAMT, MT940, MT942, CFONB 120, CSV, or a zip of these."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a transaction.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="MAP.toml", help="How the columns of a CSV file are to be read."),
]


class Parsed(Protocol):
    """What the tool uses of a statement that payment-ingest has read."""

    statement_id: str
    account: str
    currency: str | None
    message: str
    place: str
    transactions: int
    opening: str | None
    closing: str | None
    quarantined: str | None
    unverified: str | None

    def rows(self) -> Iterator[dict[str, Any]]: ...
    def kinds(self) -> Iterator[str]: ...


@app.callback()
def bank() -> None:
    """Bank files, without any server."""


@app.command(
    epilog="Examples: lettra bank parse january.xml --json · lettra bank parse export.csv --mapping bank.toml. "
    "Exit codes: 0 all would be taken, 2 a file that cannot be taken, 3 a statement whose balances do not add up."
)
def parse(files: Files, as_json: AsJson = False, mapping: MappingFile = None) -> None:
    """Show what payment-ingest would take from bank files: every transaction, and which statements it would not take.

    The format is told from the content, whatever the name. A file is taken whole or not at all; of a statement whose
    balances do not add up nothing is taken (it is "quarantined", with the reason). A statement without balances is
    taken "unverified". Reports of the day (CAMT.052, MT942) and notifications (CAMT.054) only announce.
    """
    reader = _Reader.installed(as_json, mapping)
    console = Console(stderr=True, highlight=False)
    sizes = [_size(file) for file in files]
    codes = set()
    with bar(console, "bytes", sum(sizes), after_seconds=BAR_AFTER_SECONDS) as advance:
        for number, file in enumerate(files):
            codes.add(reader.take(file, partial(_advance, advance, file.name, sum(sizes[:number]))))
    raise typer.Exit(next((code for code in (EXIT_UNREADABLE, EXIT_QUARANTINED) if code in codes), 0))


def _advance(advance: Advance, name: str, before: int, at: int) -> None:
    advance(before + at, name)


@dataclass(frozen=True)
class _Reader:
    """Payment-ingest's reader, and how what it says is shown."""

    parse: Callable[..., Iterator[Parsed]]
    unreadable: type[Exception]
    as_json: bool
    mapping: tuple[str, str] | None

    @classmethod
    def installed(cls, as_json: bool, mapping: Path | None) -> _Reader:
        parse, unreadable = (_load(name) for name in ("parse", "unreadable"))
        return cls(parse, unreadable, as_json, _mapping(mapping) if mapping is not None else None)

    def take(self, file: Path, advance: Callable[[int], None]) -> int:
        """Read a file, and show it once all of it was read; the exit code."""
        with SpooledTemporaryFile(max_size=KEPT_IN_MEMORY_BYTES) as spool:
            said = _Said(str(file), self.as_json, spool)
            try:
                with io.BufferedReader(_Watched(file, advance)) as source:
                    for statement in self.parse(source, str(file), self.mapping):
                        said.statement(statement)
            except OSError as error:
                _complain(f"{file}: cannot be read: {error.strerror or error}")
                return EXIT_UNREADABLE
            except self.unreadable as error:
                _complain(str(error))
                return EXIT_UNREADABLE
            said.show()
        return EXIT_QUARANTINED if said.quarantined else 0


@dataclass
class _Said:
    """What there is to say of one file, kept until all of it was read."""

    file: str
    as_json: bool
    spool: IO[bytes]
    notes: list[str] = field(default_factory=list)
    quarantined: bool = False

    def statement(self, found: Parsed) -> None:
        reason = found.quarantined
        if reason is not None:
            self.quarantined = True
            self.notes.append(f"{self.file}: {found.place}: quarantined: {reason}")
        elif found.unverified is not None:
            word = "unverified" if found.message == "statement" else "announced"
            self.notes.append(f"{self.file}: {found.place}: {word}: {found.unverified}")
        (self._as_json if self.as_json else self._in_words)(found)

    def _as_json(self, found: Parsed) -> None:
        if found.quarantined is not None:
            which = {"statement_id": found.statement_id, "account": found.account}
            self._line(
                json.dumps({"file": self.file, **which, "quarantined": found.quarantined}, ensure_ascii=False)
            )
            return
        for row in found.rows():
            self._line(json.dumps({"file": self.file, **row}, ensure_ascii=False))

    def _in_words(self, found: Parsed) -> None:
        balances = f"from {found.opening or 'unknown'} to {found.closing or 'unknown'} {found.currency or ''}".rstrip()
        words = "quarantined, nothing is taken" if found.quarantined else f"{found.transactions} transactions"
        self._line(
            f"{self.file}: {found.message} {found.statement_id} of {found.account}, {balances}: {words}"
        )
        if found.quarantined is not None:
            return
        for row, kind in zip(found.rows(), found.kinds(), strict=True):
            self._line(_in_words(row, kind))

    def _line(self, text: str) -> None:
        self.spool.write(text.encode() + b"\n")

    def show(self) -> None:
        """All lines, as UTF-8 whatever the terminal is set to."""
        self.spool.seek(0)
        sys.stdout.flush()
        for piece in iter(partial(self.spool.read, COPIED_BYTES), b""):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        for note in self.notes:
            _complain(note)


class _Watched(io.FileIO):
    """A file that says how far it was read."""

    def __init__(self, file: Path, advance: Callable[[int], None]) -> None:
        super().__init__(file)
        self._advance = advance

    def readinto(self, buffer: Buffer, /) -> int | None:
        count = super().readinto(buffer)
        if self.seekable():
            self._advance(self.tell())
        return count


def _in_words(row: dict[str, Any], kind: str) -> str:
    sign = "+" if row["direction"] == "credit" else "-"
    day = row["booking_date"] or row["value_date"] or "no day"
    texts = (row["counterparty_name"], row["structured_reference"], row["remittance"])
    announced = "" if kind == "booked" else f" ({kind})"
    return f"  {day} {sign}{row['amount']} {row['currency']}{announced}  " + " | ".join(t for t in texts if t)


def _load(name: str) -> Any:
    found = sorted(entry_points(group=GROUP, name=name), key=lambda point: point.value)
    if not found:
        raise StackError(
            "There is no service installed here that reads bank files: install lettra-payment-ingest."
        )
    return found[0].load()


def _mapping(file: Path) -> tuple[str, str]:
    try:
        return file.read_text("utf-8"), str(file)
    except OSError as error:
        _complain(f"{file}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        _complain(f"{file}: is not UTF-8")
    raise typer.Exit(EXIT_UNREADABLE)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _complain(sentence: str) -> None:
    typer.echo(sentence, err=True)
