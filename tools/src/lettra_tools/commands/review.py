"""`lettra review`: what matching proposes to a person, and what the person says to it.

Exit codes: 0 done, 1 refused by matching (it has moved on meanwhile), 2 wrong usage or no such ID, 3 matching is away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, NoReturn

import typer

from lettra_tools.client import Refused, Service, ServiceAway, service_at, service_of
from lettra_tools.commands.deciding import decider, one_line
from lettra_tools.commands.reaching import fail
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN, Folder
from lettra_tools.reviewing import Ledgers, proposal_lines

EXIT_REFUSED = 1
EXIT_USAGE = 2
ID_CHARS_MIN = 4
SHOWN = 10
SHOWN_MAX = 500
PAGE = 500

EPILOG = (
    "Examples: lettra review · lettra review --entity FR01 --limit 50 · "
    'lettra review --confirm 0d35a759 --why "Mme Roux says so by telephone" · '
    'lettra review --refuse 0d35a759 --who c.moreau --why "it pays the other site" · '
    'lettra review --undo 0d35a759-c4c1-5463-a471-676282a161c4 --why "booked for the wrong customer". '
    "Exit codes: 0 done, 1 refused by matching, 2 wrong usage or no such ID, 3 matching is away."
)

MatchingUrl = Annotated[
    str | None,
    typer.Option("--url", envvar="LETTRA_MATCHING_URL", help="Where matching is, if not of that folder."),
]


def review(
    confirm: Annotated[
        str | None, typer.Option(metavar="ID", help="Settle what is proposed for this payment.")
    ] = None,
    refuse: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="This payment does not belong to these items; they are never proposed again."
        ),
    ] = None,
    undo: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Undo all that this payment settles (délettrage); its whole id."),
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Who decides. Default: the login.")
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", metavar="TEXT", help="The reason; it is kept for ever.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--date", metavar="DATE", help="Business date of what follows from it. Default: today."),
    ] = None,
    entity: Annotated[
        str | None, typer.Option(metavar="ID", help="Only proposals of this legal entity.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=SHOWN_MAX, help="How many are shown.")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="All of them, for programs.")] = False,
    folder: Folder = DEFAULT_FOLDER,
    url: MatchingUrl = None,
) -> None:
    """Show what matching proposes: the payment, what it would settle, and why; or confirm, refuse or undo one.

    ID is the payment's id, or how it begins where nothing else that is proposed begins so.
    """
    acts = {"confirm": confirm, "refuse": refuse, "undo": undo}
    wanted = {name: value.strip() for name, value in acts.items() if value is not None}
    if len(wanted) > 1:
        fail(f"One act at a time: say one of {', '.join('--' + name for name in wanted)}.", EXIT_USAGE)
    if not wanted and any(given is not None for given in (who, why, on)):
        fail("--who, --why and --date belong to --confirm ID, --refuse ID or --undo ID.", EXIT_USAGE)
    body = _body(who, why, on) if wanted else {}
    try:
        with service_at("matching", url) if url else service_of("matching", folder) as matching:
            for act, payment in wanted.items():
                return _act(matching, act, payment, body)
            _show(matching, entity, limit, as_json)
    except ServiceAway as error:
        fail(error, EXIT_DOWN)
    except Refused as refused:
        _refused(refused)


def _body(who: str | None, why: str | None, on: str | None) -> dict[str, str]:
    decided_by, reason = decider(who), one_line(why or "", "--why")
    if not decided_by or not reason:
        fail("A payment is decided on by somebody, for a reason: give --who and --why.", EXIT_USAGE)
    day = on or str(datetime.now(UTC).astimezone().date())
    try:
        date.fromisoformat(day)
    except ValueError:
        fail(f"--date: {day!r} is no day; write it as 2026-01-31.", EXIT_USAGE)
    return {"who": decided_by, "why": reason, "business_date": day}


def _show(matching: Service, entity: str | None, limit: int, as_json: bool) -> None:
    of_entity = {} if entity is None else {"entity_id": entity}
    found = list(matching.pages("/proposals", "proposals", limit=PAGE, **of_entity))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    if not found:
        typer.echo("Nothing waits for a person" + (f" in {entity}." if entity else "."))
        return
    ledgers = Ledgers(matching)
    for proposal in found[:limit]:
        typer.echo("\n".join(proposal_lines(proposal, ledgers)) + "\n")
    more = (
        f", {limit} of them above (--limit {min(len(found), SHOWN_MAX)} shows more)"
        if len(found) > limit
        else ""
    )
    typer.echo(
        f"{len(found)} wait for a person{more}. Say: lettra review --confirm ID --why TEXT, or --refuse ID."
    )


def _act(matching: Service, act: str, payment: str, body: Mapping[str, str]) -> None:
    if act == "undo":
        done = matching.post(f"/payments/{payment}/undo", body)
    else:
        done = matching.post(f"/proposals/{_proposed(matching, payment, act)}/{act}", body)
    words = {"confirm": "Confirmed", "refuse": "Refused", "undo": "Undone"}[act]
    typer.echo(
        f"{words} by {body['who']}. Of the payment {done['payment_id']} {done['applied']} is applied,"
        f" {done['on_account']} on account, {done['unapplied']} nobody's."
    )


def _proposed(matching: Service, wanted: str, act: str) -> str:
    """The only proposed payment whose id is this, or begins so."""
    ids = [each["payment_id"] for each in matching.pages("/proposals", "proposals", limit=PAGE)]
    if wanted in ids:
        return wanted
    if len(wanted) < ID_CHARS_MIN:
        fail(f"{wanted!r} is too short for an ID: give at least {ID_CHARS_MIN} characters of it.", EXIT_USAGE)
    these = [each for each in ids if each.startswith(wanted)]
    if not these:
        fail(f"Nothing is proposed for a payment {wanted}. See: lettra review", EXIT_USAGE)
    if len(these) > 1:
        ways = "\n".join(f"  lettra review --{act} {each}" for each in these[:SHOWN])
        fail(f"Several payments begin with {wanted}. Say which:\n{ways}", EXIT_USAGE)
    return str(these[0])


def _refused(refused: Refused) -> NoReturn:
    remedies: dict[str, Any] = {
        "proposal-outdated": "Look at what is proposed now: lettra review",
        "no-proposal": "It has been decided on meanwhile: lettra review",
        "unknown-payment": "Give the whole id, as the ledger and GET /payments have it.",
    }
    reasons = "; ".join(f"{error.get('place', '')}: {error.get('reason', '')}" for error in refused.errors)
    said = f"{refused.detail}{': ' + reasons if reasons else ''}. {remedies.get(refused.kind, '')}".rstrip()
    fail(said, EXIT_USAGE if refused.kind == "unknown-payment" else EXIT_REFUSED)
