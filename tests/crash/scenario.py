"""The scripts of the cells: a small company's days, with fixed keys and dates, so that two runs decide the same.

`days`: what is done every day, with a bad release on one of them. `anew`: tables and topics are made anew. `money`:
what matching makes of money, a reaction a step.

Each step ends when all of it is published and applied. Between services and topics nothing is left to chance: what
the end state would depend on is done in steps of their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal

from lettra_tools.demo.account import DayStatement, Line
from lettra_tools.demo.camt import write_camt
from lettra_tools.demo.codes import french_iban
from lettra_tools.demo.remittance import Remittance

from .cells import Script
from .company import Company
from .money import MONEY_STEPS
from .quiet import quiet

ENTITY = "FR01"
ACCOUNT = french_iban(7, 7)
FIRST, SECOND = date(2026, 3, 16), date(2026, 3, 17)
CUSTOMERS = ("C1", "C2", "C3", "C4", "C5", "C6")
MAILS = {"C3": "anne@example.org", "C4": "paul@example.org"}
ERASED = "C3"
REFUSED = ("C5", "C6")
"""Customers whose items matching's database refuses for a while: what is published of them is parked."""
MORE_PARTITIONS = 5
_REFUSE = f"""
create function refuse() returns trigger language plpgsql as
    'begin raise exception ''a fault of this release''; end';
create trigger refuse before insert on open_items for each row
    when (new.customer_id in {REFUSED}) execute function refuse()"""
_REFUSE_NO_MORE = "drop trigger if exists refuse on open_items; drop function if exists refuse()"

Step = Callable[[Company], Awaitable[None]]


async def register(company: Company) -> None:
    """Our legal entity, its bank account, its customers."""
    await company.post("invoicing", "/legal-entities", {"entity_id": ENTITY, "name": "Atelier"}, key="entity")
    account = {"account": ACCOUNT, "currency": "EUR", "entity_id": ENTITY}
    await company.post("payment-ingest", "/accounts", account, key="account")
    for customer in CUSTOMERS:
        mail = {"email": MAILS[customer]} if customer in MAILS else {}
        body = {"customer_id": customer, "name": f"Client {customer}", **mail}
        await company.post("invoicing", "/customers", body, key=f"customer-{customer}")
    await quiet(company, "the master data")


async def invoice(company: Company, customer: str, gross: str, day: date = FIRST) -> None:
    """The next invoice of the customer's own series, `FA-<customer>-00000n`."""
    amounts = {"currency": "EUR", "net": gross, "vat": "0.00", "gross": gross}
    terms = {"series": f"FA-{customer}", "issue_date": str(day), "due_date": "2026-04-30"}
    body = {"entity_id": ENTITY, "customer_id": customer, **terms, **amounts}
    await company.post("invoicing", "/invoices", body, key=f"invoice-{customer}-{gross}")


async def issue(company: Company) -> None:
    """Six invoices, and a credit note for part of one."""
    for customer, gross in (
        ("C1", "100.00"),
        ("C1", "40.00"),
        ("C2", "70.00"),
        ("C2", "30.00"),
        ("C3", "55.50"),
    ):
        await invoice(company, customer, gross)
    amounts = {"currency": "EUR", "net": "20.00", "vat": "0.00", "gross": "20.00"}
    note = {
        "entity_id": ENTITY,
        "series": "AV",
        "issue_date": str(FIRST),
        "corrects": "FA-C2-000001",
        **amounts,
    }
    await company.post("invoicing", "/credit-notes", note, key="credit-note")
    await quiet(company, "the invoices")


async def send_statement(
    company: Company, number: int, day: date, opening: str, entries: Sequence[tuple[str, str]]
) -> None:
    """A bank statement; entries are amount and text, all of them credits."""
    lines = [
        Line(f"BR{number}{n}", day, Decimal(amount), True, "UN PAYEUR", None, Remittance(None, text))
        for n, (amount, text) in enumerate(entries)
    ]
    closing = Decimal(opening) + sum(line.amount for line in lines)
    statement = DayStatement(
        number, ACCOUNT, "EUR", day, Decimal(opening), closing, tuple((line,) for line in lines)
    )
    content = write_camt(f"M{number}", [statement])
    await company.send_file("payment-ingest", "/statements", content, key=f"statement-{number}")
    await quiet(company, f"statement {number}")


async def take_payments(company: Company) -> None:
    """For two invoices, too much, in part, for one that is not issued yet, and for nothing that is known.

    No two payments of a statement are one customer's: which of them came first would be left to chance.
    """
    entries = [
        ("100.00", "FACTURE FA-C1-000001"),
        ("80.00", "FA-C2-000001 ET FA-C2-000002"),
        ("60.00", "FACTURE FA-C3-000001"),
        ("33.00", "FACTURE FA-C4-000001"),
        ("12.34", "MERCI"),
    ]
    await send_statement(company, 1, FIRST, "1000.00", entries)
    more = [("10.00", "ACOMPTE FA-C1-000002"), ("15.00", "FACTURE FA-C5-000001"), ("0.01", "RIEN")]
    await send_statement(company, 2, SECOND, "1285.34", more)


async def issue_after_payment(company: Company) -> None:
    """The invoice that a payment named before it was issued."""
    await invoice(company, "C4", "33.00")
    await quiet(company, "the invoice after its payment")


async def park(company: Company) -> None:
    """Matching's database refuses two customers' items: their keys are stopped, and what follows waits behind."""
    await _matching_schema(company, _REFUSE, "select from pg_trigger where tgname = 'refuse'")
    for customer, gross in (
        ("C5", "15.00"),
        ("C6", "16.00"),
        ("C5", "25.00"),
        ("C6", "26.00"),
        ("C1", "5.00"),
    ):
        await invoice(company, customer, gross)
    await quiet(company, "the parked invoices")


async def _matching_schema(company: Company, change: str, changed: str) -> None:
    """What a release or a migration does to the database, once."""

    async def made() -> bool:
        if not await company.rows("matching", changed):
            await company.execute("matching", change)
        return bool(await company.rows("matching", changed))

    await company.until("matching's schema changes", made)


async def close_first_day(company: Company) -> None:
    """Matching holds the day of the entity back while keys are parked."""
    await _close(company, FIRST)


async def _close(company: Company, day: date) -> None:
    for service in ("invoicing", "payment-ingest"):
        await company.post(service, f"/days/{day}/close", key=f"close-{service}-{day}")
        await quiet(company, f"{service} closes {day}")


async def close_second_day(company: Company) -> None:
    """The day after."""
    await _close(company, SECOND)


async def erase(company: Company) -> None:
    """A person is erased; the publisher sees to it that the topic forgets."""
    body = {"who": "Anne", "why": "request 17"}
    await company.post("invoicing", f"/contacts/contact:{ERASED}/erase", body, key="erase")
    await quiet(company, "the erasure")


async def release(company: Company) -> None:
    """The fault is mended: what waits of one key is applied."""
    await _matching_schema(
        company, _REFUSE_NO_MORE, "select 1 where not exists (select from pg_proc where proname = 'refuse')"
    )

    async def runs() -> bool:
        return not await _parked(company, "C5")

    await company.lettra("parked", "release", "C5", done=runs)
    await quiet(company, "the released key")


async def skip(company: Company) -> None:
    """An event of the other key is never applied; what is behind it is."""
    (event_id,) = await company.until("C6 is parked", lambda: _parked(company, "C6"))

    async def runs() -> bool:
        return not await _parked(company, "C6")

    await company.lettra("parked", "skip", event_id, "--who", "Anne", "--why", "sent twice", done=runs)
    await quiet(company, "the skipped event")


async def _parked(company: Company, key: str) -> list[str]:
    """The event at which the key stands, if it is parked."""
    rows = await company.rows("matching", "select event_id::text from parked_keys where key = $1", key)
    return [row[0] for row in rows]


async def forget(company: Company) -> None:
    """Wait until the publisher has seen that nothing is left of whom was erased."""

    async def gone() -> bool:
        return not await company.rows("invoicing", "select from compacted_erasures")

    await company.until("the erased contact is compacted away", gone)


async def replay(company: Company) -> None:
    """A projection is wrong, as after a release with a bug; the replay's swap brings it right."""
    await company.execute("invoicing", "update settlements set settled = settled + 1")
    await company.execute("invoicing", "delete from settlements where customer_id = 'C1'")
    await company.lettra("replay", "invoicing", "--swap", "--processes", "2")
    await quiet(company, "the replay")


async def restate(company: Company) -> None:
    """State is wrong; the fold of the service's own events brings it right."""
    await company.execute("matching", "update open_items set open = 0 where customer_id = 'C2'")
    await company.lettra("restate", "matching")
    await quiet(company, "the restatement")


async def repartition(company: Company) -> None:
    """Invoicing's topic gets more partitions, and matching moves there."""

    async def moved() -> bool:
        published = await company.rows("invoicing", "select from relay where generation = 2")
        query = "select from consumer_generations where generation = 2 and left_at is null"
        return bool(published and await company.rows("matching", query))

    wanted = ("--partitions", str(MORE_PARTITIONS), "--wait", "60")
    await company.lettra("repartition", "invoicing", *wanted, done=moved)
    await quiet(company, "the move to more partitions")


async def go_on(company: Company) -> None:
    """What was made anew serves what comes after: an invoice, and a payment of it."""
    await invoice(company, "C2", "12.00", SECOND)
    await quiet(company, "another invoice")
    await send_statement(company, 3, SECOND, "1310.35", [("12.00", "FACTURE FA-C2-000003")])


SCRIPTS: dict[Script, tuple[Step, ...]] = {
    "days": (
        register,
        issue,
        take_payments,
        issue_after_payment,
        erase,
        park,
        close_first_day,
        release,
        skip,
        close_second_day,
        forget,
    ),
    "anew": (register, issue, take_payments, replay, restate, repartition, go_on),
    "money": MONEY_STEPS,
}
