"""`lettra import`: send files to the running services, and say what became of each.

Exit codes: 0 taken, 1 refused (rows, statements or balances that cannot be taken), 2 a file that cannot be read,
3 a service that does not answer.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer
from rich.console import Console

from lettra_tools.client import Advance, Refused, Service, ServiceAway, bar, service_at, service_of
from lettra_tools.commands.stack import DEFAULT_FOLDER, EXIT_DOWN

EXIT_REFUSED = 1
EXIT_UNREADABLE = 2
BAR_AFTER_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.25
SEND_AGAIN_SECONDS = 1.0
WAIT_SECONDS = 900
"""Of a file that the service is still at work on: more than an import of as many rows as it takes was seen to last."""
UNREADABLE = frozenset(
    {"not-utf-8", "malformed-csv", "wrong-header", "unreadable-file", "unreadable-mapping"}
)
"""Problems of a file that is not of the kind at all, as against one with something wrong in it."""

app = typer.Typer(
    name="import",
    help="Send files to the running services: customers, invoices, balances, bank statements, payments.",
    no_args_is_help=True,
    epilog="Example: lettra import invoices january.csv. "
    "Exit codes: 0 taken, 1 refused, 2 a file that cannot be read, 3 a service that does not answer.",
)

Folder = Annotated[
    Path,
    typer.Option(
        envvar="LETTRA_FOLDER", help="The folder of the stack that runs the services.", show_default=True
    ),
]
InvoicingUrl = Annotated[
    str | None,
    typer.Option("--url", envvar="LETTRA_INVOICING_URL", help="Where invoicing is, if not of that folder."),
]
PaymentIngestUrl = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="LETTRA_PAYMENT_INGEST_URL", help="Where payment-ingest is, if not of that folder."
    ),
]
Wait = Annotated[
    int,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=86_400,
        help="How long to wait while the service is at work on the same file for somebody else.",
    ),
]
File = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="UTF-8, comma, header row, ISO dates, decimal point.")
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="CAMT, MT940, MT942, CFONB 120, CSV, or a zip of these."),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="MAP.toml", help="How the columns of a CSV file are to be read."),
]
Account = Annotated[
    str | None, typer.Option(help="Whose CSV file it is, so that its registered mapping is used.")
]
Digest = Annotated[
    str, typer.Argument(help="The statement's content digest, which the import and `GET /review` print.")
]
Who = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="And why.")]


@dataclass(frozen=True)
class Content:
    """A file that was read from the disk."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """By which invoicing knows an import."""
        return hashlib.sha256(self.data).hexdigest()


@app.command(
    epilog="Examples: lettra import customers customers.csv · lettra import customers changed.csv --update"
)
def customers(
    file: File,
    folder: Folder = DEFAULT_FOLDER,
    url: InvoicingUrl = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Change known customers to what the file says, instead of refusing."),
    ] = False,
    wait: Wait = WAIT_SECONDS,
) -> None:
    """Import customers: all rows of the file, or none. Twice changes nothing.

    Columns: customer_id, name, siren, vat_number, ibans (separated by blanks), email, language (fr or en), group_id.
    Where present also: address (street, comma, postal code and city), country (two letters), siret, terms (30D,
    45D-EOM or EOM-45D; with a discount as in 30D 2%/8D), debtor_class (company, public or private), channel (email,
    letter, sms, call or webhook). With --update a column that the file lacks leaves a known customer as it is.
    """
    raise typer.Exit(_import_table("customers", file, folder, url, wait, "?update=true" if update else ""))


@app.command(epilog="Example: lettra import invoices january.csv --folder /var/lib/lettra")
def invoices(
    file: File, folder: Folder = DEFAULT_FOLDER, url: InvoicingUrl = None, wait: Wait = WAIT_SECONDS
) -> None:
    """Import invoices and credit notes, which keep their numbers: all rows, or none. Twice changes nothing.

    Columns: entity_id, customer_id, document_number, kind (invoice or credit_note), issue_date, due_date, currency,
    net, vat, gross, payment_reference, corrects. Legal entity and customers must be there before.
    """
    raise typer.Exit(_import_table("invoices", file, folder, url, wait))


@app.command(
    name="open-items",
    epilog="Example: lettra import open-items balances-2026-01-01.csv --folder /var/lib/lettra",
)
def open_items(
    file: File, folder: Folder = DEFAULT_FOLDER, url: InvoicingUrl = None, wait: Wait = WAIT_SECONDS
) -> None:
    """Import opening balances: what is open when a legal entity begins here. All rows, or none; twice changes nothing.

    Columns: entity_id, customer_id, item_id, kind (invoice or credit_note), document_number, issue_date, due_date,
    currency, amount (what is open, positive), payment_reference, discount_amount, discount_until. Where present also:
    original_amount (what it was for) and reminder_step (how many reminders it had). Rows of one document are its
    instalments. No number is drawn. Legal entity and customers must be there before.
    """
    raise typer.Exit(_import_table("open-items", file, folder, url, wait))


@app.command(
    epilog="Examples: lettra import statement monday.xml · lettra import statement statements/*.xml · "
    "lettra import statement bank.csv --mapping bank.toml"
)
def statement(
    files: Files,
    mapping: MappingFile = None,
    account: Account = None,
    currency: Annotated[str | None, typer.Option(help="And in which currency, if it has several.")] = None,
    folder: Folder = DEFAULT_FOLDER,
    url: PaymentIngestUrl = None,
) -> None:
    """Import bank statements, in whatever format: each statement whole, or not at all. Twice changes nothing.

    A CSV file needs a mapping: --mapping, or the one registered with `lettra import mapping`. A statement whose
    balances do not add up goes to quarantine, and the reason is printed: see `lettra import release`, `dismiss`.
    Reports of the day and notifications announce money. The account must be there before.
    """
    out, err = _consoles()
    given = {"account": account, "currency": currency}
    fields = {name: value for name, value in given.items() if value is not None}
    if mapping is not None:
        text = _read(mapping, err)
        if text is None:
            raise typer.Exit(EXIT_UNREADABLE)
        fields["mapping"] = text.data.decode("utf-8", "replace")
    codes = []
    with (
        _service("payment-ingest", folder, url) as service,
        bar(err, "statements", len(files), after_seconds=BAR_AFTER_SECONDS) as advance,
    ):
        for done, file in enumerate(files):
            show = partial(advance, done, file.name)
            codes.append(_take_statements(service, file, fields, show, out, err))
    raise typer.Exit(max(codes))


@app.command(epilog="Example: lettra import remittances advices.csv")
def remittances(file: File, folder: Folder = DEFAULT_FOLDER, url: PaymentIngestUrl = None) -> None:
    """Import remittance advices: all rows, or none. Twice changes nothing.

    Columns: customer_id, payment_date, currency, total, document_number, amount; optional entity_id, reference. Rows of
    one customer, day, currency and total are one advice. It is linked to its payment, whichever comes second.
    """
    raise typer.Exit(_import_money("remittances", "advices", "Linked to a payment", file, folder, url))


@app.command(epilog="Example: lettra import payments cheques.csv --folder /var/lib/lettra")
def payments(file: File, folder: Folder = DEFAULT_FOLDER, url: PaymentIngestUrl = None) -> None:
    """Import cheques and cash, which count at once: all rows, or none. Twice changes nothing.

    Columns: entity_id, currency, method (cheque, cash, card or other), amount, received_on, reference (the cheque's
    number). Optional: value_date, counterparty_name, counterparty_iban, structured_reference, end_to_end_id,
    remittance. What the bank will book as a deposit belongs into `lettra import payouts`, or it would count twice.
    """
    raise typer.Exit(_import_money("payments", "payments", "Linked to an advice", file, folder, url))


@app.command(
    epilog="Examples: lettra import payouts cards-2026-03.csv · lettra import payouts deposit-of-cheques.csv"
)
def payouts(file: File, folder: Folder = DEFAULT_FOLDER, url: PaymentIngestUrl = None) -> None:
    """Import payouts: payments that come as one credit, of cards or of a deposit. All rows, or none; twice is harmless.

    A row a payment. Columns: account, currency, provider, payout_reference (what stands on the credit), expected_date,
    reference (of the payment), amount (before fees). Optional: fee (kept of that payment), method (card, cheque, cash
    or other), counterparty_name, counterparty_iban, structured_reference, end_to_end_id, remittance. Rows of the same
    account, currency, provider, payout_reference and expected_date are one payout: its credit is their sum less fees,
    and may come before the file or after it. The account must be there before.
    """
    raise typer.Exit(_import_money("payouts", "payouts", "Linked to an advice", file, folder, url))


@app.command(
    epilog="Example: lettra import mapping bank-a.toml --account FR7630006000011234567890189 --currency EUR"
)
def mapping(
    file: Annotated[Path, typer.Argument(metavar="MAP.toml", help="How the columns are to be read.")],
    account: Annotated[str, typer.Option(help="Whose CSV files it is for.")],
    currency: Annotated[str, typer.Option(help="And in which currency.")] = "EUR",
    folder: Folder = DEFAULT_FOLDER,
    url: PaymentIngestUrl = None,
) -> None:
    """Register how an account's CSV files are read, so that `lettra import statement` needs no --mapping for them.

    The keys of the file are in payment-ingest's README, "A mapping for CSV". The account must be there before.
    """
    out, err = _consoles()
    content = _read(file, err)
    if content is None:
        raise typer.Exit(EXIT_UNREADABLE)
    with _service("payment-ingest", folder, url) as service:
        try:
            told = {"mapping": content.data.decode("utf-8", "replace")}
            service.post(f"/accounts/{quote(account, safe='')}/{quote(currency, safe='')}/mapping", told)
        except Refused as refused:
            raise typer.Exit(_say_refused(content.name, refused, err)) from None
        except ServiceAway as away:
            _fail(away)
    _say(out, f"{content.name}: CSV files of account {account} in {currency} are read by it from now on.")


@app.command(epilog='Example: lettra import release 41d0... --who "A. Martin" --why "the bank confirms it"')
def release(
    digest: Digest, who: Who, why: Why, folder: Folder = DEFAULT_FOLDER, url: PaymentIngestUrl = None
) -> None:
    """Take a statement out of quarantine, as it is and unverified: the account is not known through it."""
    out, err = _consoles()
    taken = _resolve("release", digest, who, why, folder, url)
    codes = [_say_statement(taken["file"], each, out, err) for each in taken["statements"]]
    raise typer.Exit(max(codes, default=0))


@app.command(epilog='Example: lettra import dismiss 41d0... --who "A. Martin" --why "sent by mistake"')
def dismiss(
    digest: Digest, who: Who, why: Why, folder: Folder = DEFAULT_FOLDER, url: PaymentIngestUrl = None
) -> None:
    """Say that a statement in quarantine tells nothing: it is never taken, and the account goes on without it."""
    out, _ = _consoles()
    done = _resolve("dismiss", digest, who, why, folder, url)
    _say(out, f"Statement {done['statement_id']} of {done['account']} in {done['currency']} is dismissed.")


def _resolve(how: str, digest: str, who: str, why: str, folder: Path, url: str | None) -> dict[str, Any]:
    _, err = _consoles()
    with _service("payment-ingest", folder, url) as service:
        try:
            answer = service.post(f"/statements/{digest}/{how}", {"who": who, "why": why})
        except Refused as refused:
            raise typer.Exit(_say_refused(f"statement {digest}", refused, err)) from None
        except ServiceAway as away:
            _fail(away)
    assert isinstance(answer, dict)
    return answer


def _import_money(kind: str, many: str, linked: str, file: Path, folder: Path, url: str | None) -> int:
    """Import a CSV file into payment-ingest; the exit code."""
    out, err = _consoles()
    content = _read(file, err)
    if content is None:
        return EXIT_UNREADABLE
    with (
        _service("payment-ingest", folder, url) as service,
        bar(err, content.name, 1, after_seconds=BAR_AFTER_SECONDS) as advance,
    ):
        try:
            taken = _beside(
                lambda: service.upload(f"/imports/{kind}", content.name, content.data),
                partial(advance, 0, content.name),
            )
        except Refused as refused:
            return _say_refused(content.name, refused, err)
        except ServiceAway as away:
            _fail(away)
    words = _rows_in_words(taken["rows"], taken["created"]).replace("rows", many)
    _say(out, f"{content.name}: {words} {linked} now: {taken['linked']}.")
    return 0


def _import_table(kind: str, file: Path, folder: Path, url: str | None, wait: int, query: str = "") -> int:
    """Import a CSV file into invoicing; the exit code."""
    out, err = _consoles()
    content = _read(file, err)
    if content is None:
        return EXIT_UNREADABLE
    rows = max(0, len(content.data.splitlines()) - 1)
    with (
        _service("invoicing", folder, url) as service,
        _service("invoicing", folder, url) as beside,
        bar(err, content.name, rows, after_seconds=BAR_AFTER_SECONDS) as advance,
    ):
        try:
            taken = _beside(
                lambda: _upload(service, f"/imports/{kind}{query}", content, wait),
                lambda: _show_progress(beside, content.digest, advance),
            )
        except Refused as refused:
            return _say_refused(content.name, refused, err)
        except ServiceAway as away:
            _fail(away)
    _say(out, f"{content.name}: {_rows_in_words(taken['rows'], taken['created'])}")
    return 0


def _upload(service: Service, path: str, content: Content, wait: float) -> dict[str, Any]:
    """Send the file; where the service is still at work on it for a client that went away, wait, and send it again.

    `Refused` after so many seconds of waiting, with what can be done then.
    """
    deadline = None
    while True:
        try:
            return dict(service.upload(path, content.name, content.data))
        except Refused as refused:
            if refused.kind != "import-running":
                raise
            deadline = deadline or time.monotonic() + wait
            if time.monotonic() + SEND_AGAIN_SECONDS > deadline:
                raise _still_running(service, content, wait, refused) from None
        time.sleep(SEND_AGAIN_SECONDS)


def _still_running(service: Service, content: Content, wait: float, refused: Refused) -> Refused:
    remedy = (
        f"the service is still at work on this file after {wait:g} s; nothing is taken twice. See how far it is at"
        f" {service.url}/imports/{content.digest}. If that goes on, send the file again later, or wait longer with"
        " --wait; if it stands still, restart invoicing and send the file again: it goes on where it was"
    )
    return Refused(refused.status, refused.kind, remedy, [])


def _rows_in_words(rows: int, created: int) -> str:
    if created == 0:
        return f"rows: {rows}, new: none; nothing changed."
    return f"rows: {rows}, new: {created}; taken."


def _beside(work: Callable[[], Any], look: Callable[[], None]) -> dict[str, Any]:
    """Do the work, and meanwhile look now and then; what the work gives or raises."""
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as error:  # whatever it is, it is raised where it is waited for
            answers.put((None, error))

    # As a daemon, so that Ctrl-C does not wait for it; the service finishes what it has begun.
    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            answer, error = answers.get(timeout=LOOK_EVERY_SECONDS)
        except queue.Empty:
            look()
            continue
        if error is not None:
            raise error
        assert isinstance(answer, dict)
        return answer


def _show_progress(service: Service, digest: str, advance: Advance) -> None:
    """An import is known once all of it was read; one of before has come to its end."""
    try:
        found = service.get(f"/imports/{digest}")
    except (Refused, ServiceAway):
        found = None
    if found is None or found["finished_at"]:
        advance(0, "reading")
    else:
        advance(found["done"], found["phase"])


def _take_statements(
    service: Service,
    file: Path,
    fields: Mapping[str, str],
    show: Callable[[], None],
    out: Console,
    err: Console,
) -> int:
    content = _read(file, err)
    if content is None:
        return EXIT_UNREADABLE
    try:
        taken = _beside(lambda: service.upload("/statements", content.name, content.data, **fields), show)
    except Refused as refused:
        return _say_refused(content.name, refused, err)
    except ServiceAway as away:
        _fail(away)
    return max((_say_statement(content.name, each, out, err) for each in taken["statements"]), default=0)


def _say_statement(name: str, taken: dict[str, Any], out: Console, err: Console) -> int:
    which = f"{name}: statement {taken['statement_id']} of {taken['account']} in {taken['currency']}"
    reason = taken["reason"]
    through = f"; known through {taken['through_date']}" if taken["through_date"] else ""
    if taken["outcome"] == "quarantined":
        _say(err, f"{which}: in quarantine, {reason} (digest {taken['content_digest']})")
        return EXIT_REFUSED
    if taken["outcome"] == "known":
        untaken = {"quarantined": f" (in quarantine, {reason})", "dismissed": " (dismissed)"}
        _say(out, f"{which}: came before; nothing changed{untaken.get(taken['known_as'], through)}.")
        return EXIT_REFUSED if taken["known_as"] == "quarantined" else 0
    if taken["outcome"] == "announced":
        told = f"{taken['transactions_announced']} announced, {taken['transactions_known']} known before"
        details = f", {taken['transactions_detailed']} tell of a booked one"
        message = f"{name}: message {taken['statement_id']} of {taken['account']} in {taken['currency']}"
        _say(out, f"{message}: {told}{details if taken['transactions_detailed'] else ''}.")
        return 0
    counts = f"{taken['transactions_new']} transactions new, {taken['transactions_known']} known before"
    warning = f". Note: {reason}" if reason else ""
    _say(out, f"{which}: booked, {counts}{through}{warning}.")
    return 0


def _say_refused(name: str, refused: Refused, err: Console) -> int:
    """Every bad row or statement with its place, then the sentence; the exit code."""
    for error in refused.errors:
        _say(err, f"{name}: {_place(error)}: {error.get('reason', '')}")
    unreadable = refused.kind in UNREADABLE
    if not refused.errors:
        _say(err, f"{name}: {refused.detail}")
    elif not unreadable:
        _say(err, f"{name}: {len(refused.errors)} errors; nothing was taken.")
    return EXIT_UNREADABLE if unreadable else EXIT_REFUSED


def _place(error: dict[str, Any]) -> str:
    if "line" not in error:
        return str(error.get("place") or error.get("field") or "the file")
    column = f", column {error['column']}" if error.get("column") else ""
    return f"line {error['line']}{column}"


def _read(file: Path, err: Console) -> Content | None:
    try:
        return Content(file.name, file.read_bytes())
    except OSError as error:
        _say(err, f"{file}: cannot be read: {error.strerror}.")
        return None


def _service(name: str, folder: Path, url: str | None) -> Service:
    try:
        return service_at(name, url) if url else service_of(name, folder)
    except ServiceAway as away:
        _fail(away)


def _fail(away: ServiceAway) -> NoReturn:
    typer.echo(f"lettra: {away}", err=True)
    raise typer.Exit(EXIT_DOWN) from None


def _consoles() -> Sequence[Console]:
    return Console(highlight=False), Console(stderr=True, highlight=False)


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, soft_wrap=True)
