"""`lettra erase`: a person's data are erased everywhere that Lettra keeps them; what it cannot reach is named.

Exit codes: 0 erased, 1 refused or no such contact, 2 wrong usage, 3 a service or server is away, 4 erased, but not
seen gone everywhere yet: run it again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from lettra_tools.client import Refused, Service, ServiceAway, service_at, service_of
from lettra_tools.commands.deciding import decider, one_line
from lettra_tools.commands.imports import InvoicingUrl
from lettra_tools.commands.progress import reporting
from lettra_tools.commands.reaching import fail, reach
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN, Folder
from lettra_tools.erasing import Rewritten, rewrite, wait_until_gone
from lettra_tools.installed import load_service

EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_LEFT = 4
WAIT_SECONDS = 300.0
KEEPER = "invoicing"
EPILOG = (
    'Examples: lettra erase contact:C-17 --why "request 26-114" · lettra erase --customer C-17 --why "request 26-114" '
    "--who j.lambert. Exit codes: 0 erased, 1 refused or no such contact, 2 wrong usage, 3 a service or server is "
    "away, 4 erased, but not seen gone everywhere yet: run it again."
)
REMAINS = """\
What Lettra cannot reach, and you have to see to:
  - backups of PostgreSQL with their archived log, and copies of the Kafka topic, until they expire; whoever
    restores one from before the erasure erases again
  - copies that others made of the topic (BI, mirrors): a tombstone has told them, their deletion is theirs
  - the source: the ERP's files and mails that were sent or received
  - free disk space that held the bytes, until it is used again
What stays, as the law wants: the customer's and payers' names on accounting records, the event of this erasure."""


def erase(
    contact_id: Annotated[
        str | None,
        typer.Argument(metavar="[CONTACT_ID]", help="As events carry it, as in contact:C-17."),
    ] = None,
    why: Annotated[
        str,
        typer.Option("--why", metavar="TEXT", help="A reference to the request. Kept for ever: no names."),
    ] = "",
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Who decides. Default: the login.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="CUSTOMER_ID", help="All contacts of a customer.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until Kafka has compacted the topic.")
    ] = True,
    wait_seconds: Annotated[
        float, typer.Option("--wait-seconds", min=0, max=86_400, help="How long to wait at most.")
    ] = WAIT_SECONDS,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask on a terminal.")] = False,
    folder: Folder = DEFAULT_FOLDER,
    url: InvoicingUrl = None,
) -> None:
    """Erase a person: his row, his record on Kafka, and what databases keep of deleted rows. There is no way back.

    The history stays whole: it never held him. Erasing twice changes nothing, and looks again whether all is gone.
    """
    decided_by = decider(who)
    if bool(contact_id) == bool(customer):
        fail("Name one contact, or with --customer a customer whose contacts are meant.", EXIT_USAGE)
    why = one_line(why, "--why")
    if not why or not decided_by:
        fail("A person is erased by somebody, for a reason: give --why (and --who).", EXIT_USAGE)
    try:
        with service_at(KEEPER, url) if url else service_of(KEEPER, folder) as service:
            ids = (
                [_contact(contact_id)]
                if contact_id
                else _contacts(service, one_line(customer or "", "--customer"))
            )
            if sys.stdin.isatty() and not yes:
                typer.confirm(f"Erase {', '.join(ids)} for good?", abort=True, err=True)
            erased = [_erase(service, each, decided_by, why) for each in ids]
            code = _finish(service, erased, folder, wait_seconds if wait else None)
    except ServiceAway as away:
        fail(away, EXIT_DOWN)
    except Refused as refused:
        fail(refused, EXIT_REFUSED)
    typer.echo(REMAINS)
    raise typer.Exit(code)


def _contact(contact_id: str) -> str:
    """An id that invoicing can have given."""
    if "/" in contact_id or not contact_id.isprintable():
        fail(f"There is no contact {contact_id!r}.", EXIT_REFUSED)
    return contact_id


def _contacts(service: Service, customer: str) -> list[str]:
    found = [str(each["contact_id"]) for each in _views(service, customer)]
    if not found:
        fail(f"There is no contact of a customer {customer}.", EXIT_REFUSED)
    return found


def _views(service: Service, customer: str) -> list[dict[str, Any]]:
    return list(service.get(f"/customers/{quote(customer, safe='')}/contacts")["contacts"])


def _erase(service: Service, contact_id: str, who: str, why: str) -> dict[str, Any]:
    answer: dict[str, Any] = service.post(
        f"/contacts/{quote(contact_id, safe='')}/erase", {"who": who, "why": why}
    )
    place = f"{contact_id} of customer {answer['customer_id']}"
    typer.echo(f"{place}: erased by {who}." if answer["created"] else f"{place}: was erased before.")
    return answer


def _finish(service: Service, erased: list[dict[str, Any]], folder: Path, wait_seconds: float | None) -> int:
    """Rewrite the tables and wait for Kafka; the exit code."""
    keeper = load_service(KEEPER)
    rewritten = reach(rewrite(keeper, folder))
    _tell_rewritten(rewritten)
    topics = ", ".join(each.topic for each in keeper.compacted)
    if wait_seconds is None:
        typer.echo(f"Kafka: nobody looked whether {topics} is compacted. Look later: run this again.")
        return EXIT_LEFT if rewritten.problem else 0
    keys = [str(each["contact_id"]) for each in erased]
    customers = {str(each["customer_id"]) for each in erased}

    def sent() -> bool:
        return not _pending(service, customers)

    with reporting() as report:
        left = reach(wait_until_gone(keeper, folder, keys, sent, report, wait_seconds))
    if left:
        _tell_left(topics, sorted(left), sent())
    else:
        typer.echo(f"Kafka: {topics} holds neither value nor key of {', '.join(keys)}.")
    return EXIT_LEFT if left or rewritten.problem else 0


def _pending(service: Service, customers: set[str]) -> bool:
    return any(view["state"] == "pending" for each in customers for view in _views(service, each))


def _tell_rewritten(done: Rewritten) -> None:
    tables = ", ".join(done.tables)
    if done.problem:
        typer.echo(f"PostgreSQL: {tables} not rewritten: {done.problem}. Run this again.", err=True)
    else:
        typer.echo(f"PostgreSQL: {tables} rewritten without the deleted rows.")
    if not done.wal_switched:
        typer.echo(
            "PostgreSQL: the write-ahead log holds the old bytes until a checkpoint has passed and its files are used "
            "again; this role may not hasten it. A superuser may: select pg_switch_wal(); checkpoint;"
        )
    elif done.wal_recycled:
        typer.echo(
            "PostgreSQL: the write-ahead log was switched and a checkpoint taken; its old files are used again "
            "(wal_recycle is on), and hold the old bytes until then."
        )
    else:
        typer.echo("PostgreSQL: the write-ahead log was switched, a checkpoint taken, its old files deleted.")


def _tell_left(topics: str, left: list[str], sent: bool) -> None:
    why = (
        "Kafka has not compacted it yet: that takes about four times segment.ms of the topic."
        if sent
        else "its tombstone is not sent yet: see whether a relay of invoicing runs."
    )
    typer.echo(f"Kafka: {topics} may still hold {', '.join(left)}: {why} Run this again.", err=True)
