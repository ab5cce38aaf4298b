"""Accounts, days and lists through the API, on a real database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from bank_files import ACCOUNT, OTHER_ACCOUNT, Entry, Stmt, camt, following

ROOT = Path(__file__).resolve().parents[4]


class TestAccounts:
    async def test_it_is_registered_listed_and_closed(self, api):
        await api.register(OTHER_ACCOUNT, entity_id="DE01")
        await api.take(camt(Stmt(2, "100", [Entry("10")])))
        page = await api.get("/accounts", limit=1)
        assert [a["account"] for a in page["accounts"]] == [OTHER_ACCOUNT]
        (ours,) = (await api.get("/accounts", after=page["next"]))["accounts"]
        assert ours == {
            "account": ACCOUNT,
            "currency": "EUR",
            "entity_id": "FR01",
            "cadence_days": 1,
            "closed": False,
            "mapped": False,
            "through_date": "2026-03-02",
            "closing_balance": "110",
            "closing_date": "2026-03-02",
            "unfinished": False,
        }
        response = await api.client.post(f"/accounts/{ACCOUNT[:4]} {ACCOUNT[4:]}/EUR/close")
        assert response.json() == {"account": ACCOUNT, "currency": "EUR", "created": True}
        assert (await api.account())["closed"] is True

    async def test_a_wrong_iban_is_refused(self, api):
        body = {"account": ACCOUNT[:-1] + "0", "currency": "EUR", "entity_id": "FR01"}
        response = await api.client.post("/accounts", json=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "account"

    async def test_an_idempotency_key_gives_the_first_answer_again(self, api):
        body = {"account": OTHER_ACCOUNT, "currency": "EUR", "entity_id": "DE01"}
        first, again = [
            await api.client.post("/accounts", json=body, headers={"Idempotency-Key": "k-1"}) for _ in "12"
        ]
        assert (first.json()["created"], again.json()) == (True, first.json())
        assert again.headers["idempotency-replayed"] == "true"


class TestDays:
    async def test_a_day_closes_with_the_through_dates_of_open_accounts(self, api):
        await api.register(OTHER_ACCOUNT, entity_id="DE01")
        await api.register(OTHER_ACCOUNT, "USD", entity_id="US01")
        (await api.client.post(f"/accounts/{OTHER_ACCOUNT}/USD/close")).raise_for_status()
        days = following("100", [Entry("1")], [Entry("2")], [Entry("3")])
        await api.take(camt(days[0], days[2]))
        first, again = [(await api.client.post("/days/2026-03-04/close")).json() for _ in "12"]
        assert (first["created"], again["created"]) == (True, False)
        rows = await api.pool.fetch("select key, data from events_json where type = 'payments.DayClosed'")
        (row,) = rows
        data = json.loads(row["data"])
        assert (row["key"], data["entities"]) == ("*", ["DE01", "FR01"])
        assert {(t["account"], t["currency"]): t["through_date"] for t in data["through_dates"]} == {
            (OTHER_ACCOUNT, "EUR"): None,
            (ACCOUNT, "EUR"): "2026-03-02",
        }

    async def test_days_do_not_go_back(self, api):
        (await api.client.post("/days/2026-03-04/close")).raise_for_status()
        response = await api.client.post("/days/2026-03-03/close")
        assert (response.status_code, response.json()["type"]) == (
            409,
            "urn:lettra:problem:day-already-closed",
        )


class TestLists:
    async def test_payments_come_in_pages_each_once(self, api):
        await api.take(
            camt(*following("100", [Entry("1"), Entry("2")], [Entry("-3")], [Entry("4"), Entry("5")]))
        )
        found, after = [], ""
        while after is not None:
            page = await api.get("/payments", account=ACCOUNT, after=after, limit=2)
            found += page["payments"]
            after = page["next"]
        assert [p["booking_date"][-2:] for p in found] == ["02", "02", "03", "04", "04"]
        assert sorted(p["amount"] for p in found) == ["1", "2", "3", "4", "5"]
        spent = next(p for p in found if p["direction"] == "debit")
        assert (spent["amount"], spent["unassigned"]) == ("3", None)

    async def test_statements_come_in_pages_each_once(self, api):
        wrong = Stmt(3, "101", [Entry("2")], closing="0", name="wrong")
        await api.take(camt(*following("100", [Entry("1")], [Entry("2")], [Entry("3")]), wrong))
        found, after = [], ""
        while after is not None:
            page = await api.get("/statements", account=ACCOUNT, after=after, limit=1)
            found += [s["statement_id"] for s in page["statements"]]
            after = page["next"]
        assert sorted(found) == ["S-2", "S-3", "S-4", "wrong"]

    @pytest.mark.parametrize("path", ["/payments", "/statements"])
    async def test_a_wrong_cursor_is_refused(self, api, path):
        response = await api.client.get(path, params={"account": ACCOUNT, "after": "yesterday"})
        assert (response.status_code, response.json()["field"]) == (422, "after")

    async def test_an_unknown_payment(self, api):
        assert (await api.client.get("/payments/none")).status_code == 404


# What the service makes of the public files, by their name: outcome, new transactions, verified.
PUBLIC = {
    "camt.053.001.02.xml": [("booked", 3, True)],
    "camt053_duplicate_same_day.xml": [("booked", 2, False)],
    "camt053_multicurrency.xml": [("booked", 2, True), ("booked", 1, True)],
    "camt053_no_namespace.xml": [("booked", 1, True)],
    "camt053.v2.multi.statement.xml": [("booked", 1, True), ("booked", 1, True)],
    "camt053.v2.five.decimals.xml": [("quarantined", 0, False)],
    "camt053_garbled_amount.xml": None,
    "camt053.v2.wrong.xml": None,
    "camt052.v2.xml": None,
    "pain.001.001.03.xml": None,
}


async def test_the_public_files(api):
    """The CAMT files of other projects' test suites; `LETTRA_DATA` names the folder that holds them."""
    folder = Path(os.environ.get("LETTRA_DATA") or ROOT.parent / "shared/data") / "bank/camt"
    if not folder.is_dir():
        words = "the public bank files are not here (LETTRA_DATA names their folder)"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    for account, currency in (
        ("50000000054910000003", "SEK"),
        ("DE89370400440532013000", "EUR"),
        ("US-ACCT-0099", "USD"),
        ("GB29NWBK60161331926819", "GBP"),
        ("NL26VAYB8060476890", "EUR"),
    ):
        await api.register(account, currency)
    for name, expected in PUBLIC.items():
        (path,) = folder.rglob(name)
        response = await api.send(path.read_bytes(), name)
        assert response.status_code == (200 if expected else 422), (name, response.text)
        if expected:
            found = response.json()["statements"]
            assert [(s["outcome"], s["transactions_new"], s["verified"]) for s in found] == expected, name


NOT_HELD_BY_POSTGRESQL = [
    "/payments/%00",
    "/accounts?after=%00",
    f"/payments?account={ACCOUNT}&after=2026-03-02:%00",
    f"/statements?account={ACCOUNT}&after=2026-03-02:%00",
]


class TestPlacesInTheRequest:
    @pytest.mark.parametrize("path", NOT_HELD_BY_POSTGRESQL)
    async def test_what_postgresql_cannot_hold_is_refused(self, api, path):
        """Guard: SearchedText (lettra_events/values.py); PostgreSQL takes no NUL, and would fail."""
        response = await api.client.get(path)
        assert (response.status_code, response.json()["type"]) == (422, "urn:lettra:problem:invalid-request")

    @pytest.mark.parametrize("currency", ["%00", "eur", "XYZ"])
    async def test_a_currency_that_is_none_is_refused(self, api, currency):
        """Guard: CurrencyCode in close_account (api.py)."""
        response = await api.client.post(f"/accounts/{ACCOUNT}/{currency}/close")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "path.currency")

    @pytest.mark.parametrize("date", ["20260304", "1772582400", "2026-03-04T00:00:00"])
    async def test_a_number_is_no_business_date(self, api, date):
        """Guard: IsoDate in close_day (api.py); a number would be seconds since 1970, and no day opens again."""
        response = await api.client.post(f"/days/{date}/close")
        assert (response.status_code, await api.table("calendar")) == (422, [])

    async def test_an_entity_is_named_as_invoicing_names_it(self, api):
        """Guard: Identifier (lettra_events/values.py): both services close the days of the same entities."""
        body = {"account": OTHER_ACCOUNT, "currency": "EUR", "entity_id": "DE/01"}
        response = await api.client.post("/accounts", json=body)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "entity_id")
