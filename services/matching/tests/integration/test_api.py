"""What people read over HTTP: ledgers with balances, pages, payments, days; and how it is said that there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from desk import Desk
from receivables import DAY, credit_note, invoice, invoicing_closed, payment, payments_closed

from lettra_events.contracts.invoicing import CustomerRegistered


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def read_some(desk: Desk) -> None:
    """A customer with two currencies, a settled invoice, an open credit note and money on account; and others."""
    bills = desk.invoicing.publish(
        CustomerRegistered(customer_id="C1", name="ATELIERS DURANCE SAS"),
        CustomerRegistered(customer_id="C2", name="VERRERIE DU LARZAC"),
        invoice("FA-1001", "100.10"),
        invoice("FA-1002", "50.00"),
        invoice("FA-1003", "70.00", currency="USD"),
        invoice("FA-2001", "999.00", "C3"),
    )
    await desk.apply(bills)
    money = desk.payments.publish(
        payment("P1", "100.10", "FA-1001"),
        payment("P2", "7.25", "encore FA-1001"),
        payment("P3", "20.00", "FA-1002"),
        payment("P4", "3.00", "LOYER"),
        payment("P5", "4.00"),
    )
    await desk.apply(money)
    await desk.apply(desk.invoicing.publish(credit_note("AV-0001", "FA-1001", "5.00")))


async def test_a_ledger_shows_what_is_open_and_the_balance(desk: Desk, client: httpx.AsyncClient) -> None:
    """Guards: settled items are left out (api._ITEMS); what the balance is made of, by currency (api._BALANCES)."""
    await read_some(desk)
    ledger = await get(client, "/customers/C1/ledger")
    assert (ledger["name"], ledger["next"]) == ("ATELIERS DURANCE SAS", None)
    assert [(item["document_number"], item["kind"], item["open"]) for item in ledger["items"]] == [
        ("AV-0001", "credit_note", "5.00"),
        ("FA-1002", "invoice", "30.00"),
        ("FA-1003", "invoice", "70.00"),
    ]
    assert [(one["payment_id"], one["on_account"]) for one in ledger["on_account"]] == [("P2", "7.25")]
    assert [
        (b["currency"], b["invoices"], b["credit_notes"], b["on_account"], b["balance"])
        for b in ledger["balances"]
    ] == [("EUR", "30.00", "5.00", "7.25", "17.75"), ("USD", "70.00", "0", "0", "70.00")]


async def test_a_ledger_is_read_in_pages_with_the_settled_items_where_asked(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    """Guard: the cursor is the last item of the page (api.read_ledger)."""
    await read_some(desk)
    pages, after = [], ""
    while after is not None:
        page = await get(client, "/customers/C1/ledger", limit=2, settled=True, after=after)
        pages.append([item["document_number"] for item in page["items"]])
        after = page["next"]
    assert pages == [["AV-0001", "FA-1001"], ["FA-1002", "FA-1003"]]


async def test_a_customer_without_items_has_an_empty_ledger(desk: Desk, client: httpx.AsyncClient) -> None:
    await read_some(desk)
    ledger = await get(client, "/customers/C2/ledger")
    assert (ledger["name"], ledger["items"], ledger["balances"]) == ("VERRERIE DU LARZAC", [], [])


async def test_a_customer_known_by_items_alone_has_a_ledger(desk: Desk, client: httpx.AsyncClient) -> None:
    await read_some(desk)
    ledger = await get(client, "/customers/C3/ledger")
    assert (ledger["name"], len(ledger["items"])) == (None, 1)


async def test_unapplied_payments_come_in_pages_with_their_reason(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    """Guard: `unapplied > 0` and the cursor (api.list_payments)."""
    await read_some(desk)
    first = await get(client, "/payments", status="unapplied", limit=1)
    second = await get(client, "/payments", status="unapplied", limit=1, after=first["next"])
    found = [*first["payments"], *second["payments"]]
    assert [(one["payment_id"], one["unapplied"], one["reason"]) for one in found] == [
        ("P4", "3.00", "no document that is known stands in the text; nothing says who pays"),
        ("P5", "4.00", "no document that is known stands in the text; nothing says who pays"),
    ]
    assert second["next"] is None
    everything = await get(client, "/payments")
    assert [one["payment_id"] for one in everything["payments"]] == ["P1", "P2", "P3", "P4", "P5"]


async def test_a_payment_shows_where_its_money_is(desk: Desk, client: httpx.AsyncClient) -> None:
    await read_some(desk)
    found = await get(client, "/payments/P2")
    assert {
        name: found[name]
        for name in ("received", "applied", "on_account", "unapplied", "account_customer_id")
    } == {
        "received": "7.25",
        "applied": "0",
        "on_account": "7.25",
        "unapplied": "0.00",
        "account_customer_id": "C1",
    }


async def test_a_day_shows_for_whom_it_is_processed(desk: Desk, client: httpx.AsyncClient) -> None:
    """Guard: an entity that is held back is not among them (days.day_processed)."""
    await desk.apply(desk.payments.publish_bytes(payment("P1", 1), b'{"entity_id": "FR02"}'))
    await desk.apply(desk.invoicing.publish(invoicing_closed(DAY, "FR01", "FR02")))
    await desk.apply(desk.payments.publish(payments_closed(DAY, "FR01", "FR02")))
    assert await get(client, f"/days/{DAY}") == {
        "business_date": "2026-03-16",
        "processed": ["FR01"],
        "held": True,
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/customers/C9/ledger", "unknown-customer"),
        ("/payments/P9", "unknown-payment"),
        (f"/days/{DAY + timedelta(1)}", "day-not-processed"),
    ],
)
async def test_what_is_not_there_is_a_problem_with_a_type(
    client: httpx.AsyncClient, path: str, kind: str
) -> None:
    """Guard: `Rejected` with 404 (api)."""
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"].endswith(kind)


@pytest.mark.parametrize(
    "path", ["/payments?limit=501", "/payments?limit=0", "/payments?status=lost", "/days/today"]
)
async def test_a_wrong_question_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    """Guard: the limits of the parameters (api.Limit)."""
    response = await client.get(path)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/payments/%00", "/customers/%00/ledger", "/payments?after=%00"])
async def test_a_name_that_postgresql_cannot_hold_is_refused(client: httpx.AsyncClient, path: str) -> None:
    """Guard: the pattern of a name (api.Name)."""
    response = await client.get(path)
    assert response.status_code == 422, response.text
