"""The operator's command `lettra`. Its subcommands live in `lettra_tools.commands`."""

from __future__ import annotations

import sys

import typer

from lettra_tools.commands import imports, parked, stack
from lettra_tools.commands.bench import bench
from lettra_tools.commands.lag import EPILOG, lag
from lettra_tools.stack.model import StackError


class Lettra(typer.Typer):
    """Shows an expected failure as the sentence it is, without a traceback."""

    def __call__(self, *arguments: object, **options: object) -> object:
        try:
            return super().__call__(*arguments, **options)
        except StackError as error:
            print(f"lettra: {error}", file=sys.stderr)
            sys.exit(1)


app = Lettra(
    name="lettra",
    help="Lettra: accounts receivable on this machine.",
    no_args_is_help=True,
    add_completion=False,
)
app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)
app.command()(bench)
app.command(epilog=EPILOG)(lag)
app.add_typer(imports.app)
app.add_typer(parked.app)


if __name__ == "__main__":
    app()
