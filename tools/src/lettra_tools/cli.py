"""The operator's command `lettra`. Its subcommands live in `lettra_tools.commands`; what is not run is not loaded."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as command_of
from typer.main import get_group as group_of

from lettra_tools.stack.model import StackError


@dataclass(frozen=True, slots=True)
class Known:
    """A subcommand that is not loaded yet: where it is, and what the list of commands says of it.

    `epilog`: the name of what its module says below its help. A group is its module's `app`.
    """

    module: str
    says: str
    epilog: str = ""
    is_group: bool = False

    def load(self, name: str) -> Any:
        module = import_module(f"lettra_tools.commands.{self.module}")
        if self.is_group:
            return group_of(module.app)
        alone = typer.Typer(add_completion=False)
        epilog = getattr(module, self.epilog) if self.epilog else None
        alone.command(name, epilog=epilog)(getattr(module, name))
        return command_of(alone)


KNOWN = {
    "up": Known("stack", "Start PostgreSQL, Kafka and the services on this machine. Harmless when they run."),
    "down": Known("stack", "Stop services and servers; what they keep stays."),
    "status": Known(
        "stack", "Show servers and services. Exit code 0 when the stack is up, 3 when it is not."
    ),
    "bench": Known(
        "bench",
        "Measure on servers of its own, against bare loops in the same run. Takes about a minute; best when idle.",
    ),
    "lag": Known(
        "lag",
        "Show how far each service publishes and reads, from its database and Kafka: what waits, is missing or parked.",
        "EPILOG",
    ),
    "resend": Known(
        "resend",
        "Send the records of a partition again that Kafka lost and readers wait for; see the runbook"
        " missing-record.md.",
        "EPILOG",
    ),
    "replay": Known(
        "replay",
        "Build a service's projections again from Kafka, beside the live ones. Nothing is sent, appended or called.",
        "REPLAY_EPILOG",
    ),
    "restate": Known(
        "replay",
        "Fold a service's state tables anew from its own events, and bring the live rows to them.",
        "RESTATE_EPILOG",
    ),
    "verify": Known(
        "verify",
        "Check each service's store, log and topic against each other, positions, state and projections.",
        "EPILOG",
    ),
    "erase": Known(
        "erase",
        "Erase a person: his row, his record on Kafka, and what databases keep of deleted rows. There is no way back.",
        "EPILOG",
    ),
    "repartition": Known(
        "repartition",
        "Give a service's topic more partitions: publish its history again to a new topic, and let everybody move"
        " there.",
        "EPILOG",
    ),
    "import": Known(
        "imports",
        "Send files to the running services: customers, invoices, balances, bank statements, payments.",
        is_group=True,
    ),
    "bank": Known("bank", "Bank files, without any server.", is_group=True),
    "match": Known(
        "match",
        "Match the booked credits of bank files to open items, each payment seeing what the ones before it settled.",
        "EPILOG",
    ),
    "review": Known(
        "review",
        "Show what matching proposes: the payment, what it would settle, and why; or confirm, refuse or undo one.",
        "EPILOG",
    ),
    "matchbench": Known(
        "matchbench", "A labelled benchmark for matching: make one, score one.", is_group=True
    ),
    "parked": Known(
        "parked",
        "Keys that are stopped by an event that could not be applied: look, release, skip.",
        is_group=True,
    ),
}


class Subcommands(TyperGroup):
    """Knows its commands by name, and loads one only to run it: all of them take seconds."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=known.says) for name, known in KNOWN.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        found = super().resolve_command(ctx, args)
        name = cast("str", found[0])
        return name, KNOWN[name].load(name), found[2]


class Lettra(typer.Typer):
    """Shows an expected failure as the sentence it is, without a traceback."""

    def __call__(self, *arguments: object, **options: object) -> object:
        try:
            return super().__call__(*arguments, **options)
        except StackError as error:
            print(f"lettra: {error}", file=sys.stderr)
            sys.exit(1)


app = Lettra(name="lettra", cls=Subcommands, no_args_is_help=True, add_completion=False)


@app.callback()
def lettra() -> None:
    """Lettra: accounts receivable on this machine."""


if __name__ == "__main__":
    from lettra_tools.entry import main

    main()
