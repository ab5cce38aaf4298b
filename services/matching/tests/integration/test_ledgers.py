"""Ledgers and the aged balance as of any business date, and people's acts, over HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from desk import Desk
from receivables import DAY, credit_note, customer, invoice, payment

ACT = {"who": "Anne", "why": "the customer called"}


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    key = {"Idempotency-Key": f"{path} {sorted(body.items())}"}
    return await client.post(path, json=ACT | {"business_date": str(DAY)} | body, headers=key)


async def a_few_weeks(desk: Desk) -> None:
    """Two customers: paid late, overpaid, credited, undone, with a discount, in two currencies."""
    due = [DAY + timedelta(days) for days in (-130, -95, -70, -40, -10, 20)]
    bills = [
        invoice(f"FA-10{n:02}", 2**n, f"C{n % 2}", issued=DAY - timedelta(140 - n), due=each)
        for n, each in enumerate(due)
    ]
    bills.append(invoice("FA-1050", 512, "C1", currency="USD", issued=DAY - timedelta(100)))
    await desk.apply(desk.invoicing.publish(customer("C0"), customer("C1", "Garage Petit"), *bills))
    money = [
        payment("P0", 1, "FA-1000", booked=DAY - timedelta(120)),
        payment("P1", 3, "FA-1001", booked=DAY - timedelta(90)),
        payment("P2", 3, "FA-1002", booked=DAY - timedelta(60)),
        payment("P3", 512, "FA-1050", currency="USD", booked=DAY - timedelta(30)),
    ]
    await desk.apply(desk.payments.publish(*money))
    note = credit_note("AV-0001", "FA-1003", 3, "C1")
    await desk.apply(desk.invoicing.publish(note))


def days() -> list[date]:
    return [DAY + timedelta(offset) for offset in range(-150, 20, 7)]


async def balances(client: httpx.AsyncClient, day: date, *customers: str) -> dict[str, Decimal]:
    """By currency: what the ledgers of these customers add up to."""
    sums: dict[str, Decimal] = {}
    for each in customers:
        for one in (await get(client, f"/customers/{each}/ledger", as_of=str(day)))["balances"]:
            sums[one["currency"]] = sums.get(one["currency"], Decimal(0)) + Decimal(one["balance"])
    return {currency: total for currency, total in sums.items() if total}


async def test_the_aged_balance_of_any_day_is_what_the_ledgers_add_up_to(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    """Also in the past, and after an undo. Guards: open_items.moves, account_days; ledgers._ITEMS_AS_OF."""
    await a_few_weeks(desk)
    seen = []
    for undone in (False, True):
        if undone:
            assert (await post(client, "/payments/P1/undo")).status_code == 200
        for day in days():
            aged = (await get(client, "/aged-balance", as_of=str(day)))["totals"]
            totals = {one["currency"]: Decimal(one["total"]) for one in aged if Decimal(one["total"])}
            assert totals == await balances(client, day, "C0", "C1")
            for one in aged:
                late = [
                    Decimal(value) for name, value in one.items() if name.startswith(("days_", "not_due"))
                ]
                rest = Decimal(one["credit_notes"]) + Decimal(one["unapplied"])
                assert sum(late) - rest == Decimal(one["total"])
                assert min(late) >= 0
            seen.append(totals.get("EUR"))
    assert len(set(seen)) > 6
    half = len(seen) // 2
    before = [index for index, day in enumerate(days()) if day < DAY]
    assert [seen[index] for index in before] == [seen[half + index] for index in before], (
        "what is undone today changes no earlier day"
    )


async def test_a_day_s_balance_by_hand(desk: Desk, client: httpx.AsyncClient) -> None:
    """On 2026-01-10 FA-1000 (1) is paid, FA-1001 (2) with 3; FA-1002 (4) is 5 days late; 8, 16 and 32 are not due."""
    await a_few_weeks(desk)
    aged = await get(client, "/aged-balance", as_of="2026-01-10", limit=10)
    (euros,) = [one for one in aged["totals"] if one["currency"] == "EUR"]
    assert (euros["days_1_30"], euros["not_due"], euros["unapplied"], euros["total"]) == (
        "4",
        "56",
        "1",
        "59",
    )
    customers = {(one["customer_id"], one["currency"]): one["total"] for one in aged["customers"]}
    assert customers == {("C0", "EUR"): "20", ("C1", "EUR"): "39", ("C1", "USD"): "512"}


async def test_the_aged_balance_comes_in_pages_and_for_one_customer_or_entity(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    """Guard: the cursor of customer and currency (ledgers.read_aged_balance)."""
    await a_few_weeks(desk)
    found, after = [], ""
    while after is not None:
        page = await get(client, "/aged-balance", as_of=str(DAY - timedelta(31)), limit=1, after=after)
        found += [(one["customer_id"], one["currency"]) for one in page["customers"]]
        after = page["next"]
    assert found == [("C0", "EUR"), ("C1", "EUR"), ("C1", "USD")]
    one = await get(client, "/aged-balance", as_of=str(DAY), customer_id="C0")
    assert [total["currency"] for total in one["totals"]] == ["EUR"]
    assert (await get(client, "/aged-balance", as_of=str(DAY), entity_id="FR09"))["totals"] == []


async def test_a_ledger_of_the_past_shows_what_was_open_then(desk: Desk, client: httpx.AsyncClient) -> None:
    await a_few_weeks(desk)
    then = await get(client, "/customers/C0/ledger", as_of=str(DAY - timedelta(121)))
    assert ("FA-1000", "1") in [(item["document_number"], item["open"]) for item in then["items"]]
    assert all(item["lettrage"] is None for item in then["items"])
    now = await get(client, "/customers/C0/ledger", settled=True)
    (paid,) = [item for item in now["items"] if item["document_number"] == "FA-1000"]
    assert (paid["open"], paid["settled_on"]) == ("0", str(DAY - timedelta(120)))
    together = await get(client, f"/lettrage/{paid['lettrage']}")
    assert ([item["document_number"] for item in together["items"]], together["payments"]) == (
        ["FA-1000"],
        ["P0"],
    )
    assert (await client.get("/lettrage/NOTHING")).status_code == 404


# -- acts -------------------------------------------------------------------------------------------------------


async def a_proposal(desk: Desk) -> None:
    await desk.apply(desk.invoicing.publish(customer(), invoice("FA-1001", 100), invoice("FA-1002", 50)))
    await desk.apply(desk.payments.publish(payment("P1", 70, None, counterparty_name="MARTIN BOULANGERIE")))


async def test_a_proposal_is_listed_confirmed_and_gone(desk: Desk, client: httpx.AsyncClient) -> None:
    """A repeat of the command gives the first answer. Guards: Command (api), `ProposalConfirmed` (evolving)."""
    await a_proposal(desk)
    (shown,) = (await get(client, "/proposals"))["proposals"]
    assert (shown["payment_id"], shown["rule"], shown["unapplied"]) == ("P1", "legal_imputation", "70")
    assert [(line["item_id"], line["settled"]) for line in shown["lines"]] == [("FR01:FA-1001", "70")]
    (hold,) = (await get(client, "/customers/C1/holds"))["holds"]
    assert (hold["payment_id"], hold["amount"]) == ("P1", "70")
    first, again = [await post(client, "/proposals/P1/confirm") for _ in range(2)]
    assert (first.status_code, again.json()) == (200, first.json())
    assert first.json() == {"payment_id": "P1", "applied": "70", "on_account": "0", "unapplied": "0"}
    assert (await get(client, "/proposals"))["proposals"] == []
    assert (await get(client, "/customers/C1/holds"))["holds"] == []
    detail = await get(client, "/payments/P1")
    assert [(line["item_id"], line["amount"], line["who"]) for line in detail["allocations"]] == [
        ("FR01:FA-1001", "70", "Anne")
    ]


async def test_what_cannot_be_done_is_said_with_its_kind(desk: Desk, client: httpx.AsyncClient) -> None:
    await a_proposal(desk)
    refused = await post(client, "/payments/P1/undo")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "nothing-to-undo")
    missing = await client.post("/payments/P1/undo", json={"who": "Anne"}, headers={"Idempotency-Key": "k"})
    assert missing.status_code == 422
    both = await post(client, "/payments/P1/transfer", amount="1", to_customer_id="C2", to_entity_id="FR02")
    assert both.status_code == 422


async def test_rules_are_changed_by_version(desk: Desk, client: httpx.AsyncClient) -> None:
    answer = await client.put(
        "/entities/FR01/rules",
        json=ACT | {"rules": {"fee_tolerance": "15.00"}},
        headers={"Idempotency-Key": "r"},
    )
    assert answer.json() == {"entity_id": "FR01", "version": 1, "rules": {"fee_tolerance": "15.00"}}
    await desk.apply(desk.invoicing.publish(invoice("FA-1001", 100)))
    await desk.apply(desk.payments.publish(payment("P1", 90, "FA-1001")))
    (line,) = (await get(client, "/payments/P1"))["allocations"]
    assert (line["rules_version"], line["written_off"], line["write_off_type"]) == (1, "10", "bank_fees")


@pytest.mark.parametrize("path", ["/payments/P9/undo", "/proposals/P9/confirm", "/proposals/P9/refuse"])
async def test_what_is_not_there_cannot_be_acted_upon(client: httpx.AsyncClient, path: str) -> None:
    assert (await post(client, path)).status_code == 404
