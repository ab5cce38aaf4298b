"""The operator's command `lettra`. Its subcommands live in `lettra_tools.commands`."""

from __future__ import annotations

import sys

import typer

from lettra_tools.commands import bank, imports, parked, stack
from lettra_tools.commands.bench import bench
from lettra_tools.commands.erase import EPILOG as ERASE
from lettra_tools.commands.erase import erase
from lettra_tools.commands.lag import EPILOG, lag
from lettra_tools.commands.repartition import EPILOG as REPARTITION
from lettra_tools.commands.repartition import repartition
from lettra_tools.commands.replay import EXIT_CODES, replay, restate
from lettra_tools.commands.resend import EPILOG as RESEND_EPILOG
from lettra_tools.commands.resend import resend
from lettra_tools.commands.verify import EXAMPLES, verify
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
app.command(epilog=RESEND_EPILOG)(resend)
app.command(
    epilog="Examples: lettra replay matching --compare · lettra replay matching --swap"
    f" · lettra replay matching --as-of 2026-03-31T23:59:59+02:00. {EXIT_CODES}"
)(replay)
app.command(epilog=f"Examples: lettra restate matching · lettra restate matching --compare. {EXIT_CODES}")(
    restate
)
app.command(epilog=EXAMPLES)(verify)
app.command(epilog=ERASE)(erase)
app.command(epilog=REPARTITION)(repartition)
app.add_typer(imports.app)
app.add_typer(bank.app)
app.add_typer(parked.app)


if __name__ == "__main__":
    app()
