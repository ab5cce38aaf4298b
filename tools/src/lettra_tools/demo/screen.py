"""What the demo prints: headings, lines, tables and progress; plain text where nobody watches."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal

from rich.console import Console
from rich.table import Table

from lettra_tools.client import Advance, bar

PLAIN_WIDTH = 200


class Screen:
    """The demo's way to its reader, on standard output."""

    def __init__(self, console: Console | None = None) -> None:
        found = console or Console(highlight=False)
        self.console = found if found.is_terminal or console else Console(highlight=False, width=PLAIN_WIDTH)

    def heading(self, title: str) -> None:
        """A part of the demo begins."""
        self.console.print(f"\n[bold]{title}[/]" if self.console.is_terminal else f"\n== {title}")

    def say(self, text: str = "") -> None:
        """One line, never broken."""
        self.console.print(text, markup=False, soft_wrap=True)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Headers that begin with "#" are of numbers, aligned to the right; only the last column may be broken."""
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
        for header in headers:
            justify: Literal["left", "right"] = "right" if header.startswith("#") else "left"
            is_last = header is headers[-1]
            table.add_column(header.removeprefix("#"), justify=justify, overflow="fold", no_wrap=not is_last)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self.console.print(table, markup=False)

    def bar(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Progress while a block runs."""
        return bar(self.console, title, total)
