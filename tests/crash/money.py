"""The script of matching's reactions: each is a step of its own, in which the service is killed.

Two decisions of one step never concern the same customer or amount: which of them came first would be left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from e2e.bank import IBAN, Entry, statement

from lettra_tools.demo.codes import french_iban

from .company import Company
from .quiet import quiet

ENTITY, OTHER_ENTITY = "FR01", "FR02"
DAY, LATER, BILLED, DUE = "2026-03-16", "2026-03-18", "2026-03-02", "2026-03-15"
NUMBERED, EXACT, EQUAL, PART, CONTESTED, STRANGER = "M1", "M2", "M3", "M4", "M5", "M6"
ACCOUNTS = {customer: french_iban(20 + n, 20 + n) for n, customer in enumerate(("M2", "M4", "M6"))}
BILLS = (
    (NUMBERED, "100.00"),
    (NUMBERED, "41.00"),
    (EXACT, "77.00"),
    (EQUAL, "55.00"),
    (EQUAL, "55.00"),
    (PART, "60.00"),
    (PART, "93.00"),
    (CONTESTED, "120.00"),
)
MONEY = (
    Entry("B1", "141.00", "FA-M1-000001, FA-M1-000002", end_to_end_id="E2E-1"),
    Entry("B2", "77.00", payer="CLIENT M2", payer_iban=ACCOUNTS[EXACT]),
    Entry("B3", "55.00", "REGLEMENT", payer="SOCIETE TROIS"),
    Entry("B4", "70.00", payer="SOCIETE QUATRE", payer_iban=ACCOUNTS[PART]),
    Entry("B5", "100.00", "ACOMPTE FA-M5-000001"),
    Entry("B6", "33.00", payer="QUELQU UN", payer_iban=ACCOUNTS[STRANGER]),
    Entry("B7", "12.34", "MERCI"),
    Entry("B8", "18.00", "FACTURE FA-M2-000002"),
)
STILL_OPEN = [
    (NUMBERED, "100.00", "100.00"),
    (NUMBERED, "41.00", "41.00"),
    (EXACT, "77.00", "77.00"),
    (EQUAL, "55.00", "55.00"),
    (PART, "60.00", "60.00"),
    (PART, "93.00", "93.00"),
]
"""Customer, amount and open: returned, undone, not paid, refused. All others are settled."""
_OPEN = "select customer_id, amount, open from open_items where open > 0 order by customer_id, item_id"
NAMES = {NUMBERED: "Client Un", EXACT: "Client Deux", EQUAL: "Societe Trois", PART: "Societe Quatre"}
NAMES |= {CONTESTED: "Client Cinq", STRANGER: "Quelqu Un"}


async def bill(company: Company) -> None:
    """Two legal entities, an account, five customers, eight invoices."""
    for entity in (ENTITY, OTHER_ENTITY):
        body = {"entity_id": entity, "name": f"Atelier {entity}"}
        await company.post("invoicing", "/legal-entities", body, key=f"entity-{entity}")
    account = {"account": IBAN, "currency": "EUR", "entity_id": ENTITY}
    await company.post("payment-ingest", "/accounts", account, key="account")
    for customer in (NUMBERED, EXACT, EQUAL, PART, CONTESTED):
        await _register(company, customer)
    await quiet(company, "the master data")
    for n, (customer, gross) in enumerate(BILLS):
        await _invoice(company, customer, gross, f"invoice-{n}")
    await quiet(company, "the invoices")


async def _register(company: Company, customer: str) -> None:
    ibans = [ACCOUNTS[customer]] if customer in ACCOUNTS else []
    body = {"customer_id": customer, "name": NAMES[customer], "ibans": ibans}
    await company.post("invoicing", "/customers", body, key=f"customer-{customer}")


async def _invoice(company: Company, customer: str, gross: str, key: str) -> None:
    amounts = {"currency": "EUR", "net": gross, "vat": "0.00", "gross": gross}
    terms = {"series": f"FA-{customer}", "issue_date": BILLED, "due_date": DUE}
    body = {"entity_id": ENTITY, "customer_id": customer, **terms, **amounts}
    await company.post("invoicing", "/invoices", body, key=key)


async def take(company: Company) -> None:
    """Payments that are applied by number and by amount, in part, proposed twice, held, and nobody's."""
    await _send(company, 1, DAY, ("1000.00", "1506.34"), MONEY)


async def _send(
    company: Company, number: int, day: str, balances: tuple[str, str], entries: Sequence[Entry]
) -> None:
    content = statement(number, day, *balances, entries)
    taken = await company.send_file(
        "payment-ingest", "/statements", content.encode(), key=f"statement-{number}"
    )
    assert [told["outcome"] for told in taken["statements"]] in (["booked"], ["known"]), taken
    await quiet(company, f"statement {number}")


async def confirm(company: Company) -> None:
    """A person confirms what was proposed for one of two equal invoices."""
    await _act(company, "/proposals/{}/confirm", "55.00")


async def refuse(company: Company) -> None:
    """What was proposed by the law's order is refused: the money is on account."""
    await _act(company, "/proposals/{}/refuse", "70.00")


async def undo(company: Company) -> None:
    """A match is undone: the invoice is open, and the money on account."""
    await _act(company, "/payments/{}/undo", "77.00")


async def give(company: Company) -> None:
    """Unapplied cash is paid back in part; money that is nobody's goes to the other entity, in part."""
    await _act(company, "/payments/{}/refund", "70.00", amount="20.00")
    await _act(company, "/payments/{}/transfer", "12.34", amount="5.00", to_entity_id=OTHER_ENTITY)


async def _act(company: Company, path: str, received: str, **more: Any) -> None:
    query = "select payment_id from payments where received = $1::text::numeric"
    (payment,) = await company.until("the payment", lambda: company.rows("matching", query, received))
    body = {"who": "Anne", "why": "she was told so", "business_date": LATER, **more}
    key = f"{path.rpartition('/')[2]}-{received}"
    await company.post("matching", path.format(payment[0]), body, key=key)
    await quiet(company, key)


async def send_back(company: Company) -> None:
    """The bank takes the first payment back: both invoices are open again."""
    back = Entry("B9", "141.00", "REJET", end_to_end_id="E2E-1", return_reason="AC04")
    await _send(company, 2, LATER, ("1506.34", "1365.34"), [back])


async def contest(company: Company) -> None:
    """A part of an invoice is contested."""
    body = {
        "entity_id": ENTITY,
        "document_number": "FA-M5-000001",
        "reason": "quantity",
        "amount": "20.00",
        "owner": "Paul",
        "due_date": "2026-04-15",
        "opened_on": DAY,
        "who": "Anne",
    }
    await company.post("invoicing", "/disputes", body, key="dispute")
    await quiet(company, "the dispute")


async def credit(company: Company) -> None:
    """The dispute is accepted: its credit note is set off, and the invoice settled."""
    query = "select dispute_id::text from disputes"
    (dispute,) = await company.until("the dispute", lambda: company.rows("invoicing", query))
    body = {"series": "AV", "resolved_on": LATER, "who": "Paul", "why": "two were broken"}
    await company.post("invoicing", f"/disputes/{dispute[0]}/accept", body, key="accept")
    await quiet(company, "the credit note")


async def state(company: Company) -> None:
    """Whose account paid is known now: what waited for the account is looked at again."""
    await _register(company, STRANGER)
    await quiet(company, "the customer after its payment")


async def look_again(company: Company) -> None:
    """Invoices come that payments waited for: one by its number, one by who paid and the amount."""
    await _invoice(company, EXACT, "18.00", "invoice-after-1")
    await quiet(company, "the invoice that was named before")
    await _invoice(company, STRANGER, "33.00", "invoice-after-2")
    await quiet(company, "the invoice of who paid before")


async def close(company: Company) -> None:
    """All came to what the steps meant; the day is processed."""
    rows = await company.until("the items", lambda: company.rows("matching", _OPEN))
    assert [(row[0], str(row[1]), str(row[2])) for row in rows] == STILL_OPEN
    for service in ("invoicing", "payment-ingest"):
        await company.post(service, f"/days/{LATER}/close", key=f"close-{service}")
        await quiet(company, f"{service} closes {LATER}")


MONEY_STEPS = (
    bill,
    take,
    confirm,
    refuse,
    undo,
    give,
    send_back,
    contest,
    credit,
    state,
    look_again,
    close,
)
