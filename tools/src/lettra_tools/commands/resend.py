"""`lettra resend`: records that Kafka lost, sent again from the log of the service that published them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lettra_events.kafka.resending import ResendRefused
from lettra_events.kafka.resending import resend as send_again
from lettra_events.service.service import Service
from lettra_tools.commands.reaching import database, fail, reach, reachable_settings
from lettra_tools.commands.stack import DEFAULT_FOLDER, Folder
from lettra_tools.installed import load_service
from lettra_tools.stack.model import StackError

EXIT_REFUSED = 1
EXIT_USAGE = 2
EPILOG = (
    "Example: lettra resend invoicing --partition 0 --after 47 --through 54. "
    "Exit codes: 0 sent, 1 refused, 2 wrong usage, 3 a server is away."
)


def resend(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Who published the records.")],
    partition: Annotated[int, typer.Option(min=0, help="The partition that waits, as `lettra lag` says it.")],
    after: Annotated[
        int,
        typer.Option(min=0, help="What its readers are applied to, as `lettra lag` says it."),
    ],
    through: Annotated[int, typer.Option(min=1, help="The entry that is missing, as `lettra lag` says it.")],
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Send the records of a partition again that Kafka lost and readers wait for; see the runbook missing-record.md."""
    if through <= after:
        fail(f"Nothing is between entry {after} and {through}: --through comes after --after.", EXIT_USAGE)
    try:
        publisher = load_service(service)
    except StackError as error:
        fail(error, EXIT_USAGE)
    try:
        sent = reach(_send(publisher, folder, partition, after, through))
    except ResendRefused as error:
        fail(error, EXIT_REFUSED)
    typer.echo(f"Sent {sent} records to partition {partition} of {publisher.topic}.")


async def _send(service: Service, folder: Path, partition: int, after: int, through: int) -> int:
    settings = reachable_settings(service, folder)
    async with database(service, settings, "resend") as connection:
        return await send_again(connection, settings.kafka, service.topic, partition, after, through)
