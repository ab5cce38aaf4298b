"""Statements through the API, on a real database."""

from __future__ import annotations

from bank_files import ACCOUNT, OTHER_ACCOUNT, Entry, Stmt, announcing, camt, following

from lettra_events.contracts import decode_data
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.store.rows import load
from lettra_payment_ingest.decider import evolve
from lettra_payment_ingest.domain import STATE

COFFEE = Entry("10", "coffee")
RENT = Entry("-30.5", "rent")
STORED = ("accounts", "statements", "statement_parts", "payments", "calendar", "events")


async def snapshot(api):
    return {table: await api.table(table) for table in STORED}


class TestOnce:
    async def test_a_file_twice_changes_nothing(self, api):
        """Guard: `STATEMENTS` is asked before anything else is decided."""
        data = camt(*following("100", [COFFEE, COFFEE, RENT], [RENT], []))
        first = await api.take(data)
        assert [(s["outcome"], s["transactions_new"]) for s in first] == [
            ("booked", 3),
            ("booked", 1),
            ("booked", 0),
        ]
        before = await snapshot(api)
        again = await api.take(data)
        assert [(s["outcome"], s["transactions_new"], s["transactions_known"]) for s in again] == [
            ("known", 0, 3),
            ("known", 0, 1),
            ("known", 0, 0),
        ]
        assert await snapshot(api) == before

    async def test_an_overlapping_file_brings_only_what_is_new(self, api):
        """Guard: identities are decided against the parts of the statements that book on the same days."""
        days = following("100", [COFFEE, COFFEE], [COFFEE, RENT])
        await api.take(camt(*days))
        entries = [Entry(e.amount, e.text, day.day) for day in days for e in day.entries]
        month = Stmt(31, "100", [*entries, Entry("7", "late", 31)], first=1, name="March")
        (answer,) = await api.take(camt(month))
        assert (answer["outcome"], answer["transactions_new"], answer["transactions_known"]) == (
            "booked",
            1,
            4,
        )
        assert (await api.events()).count("PaymentReceived") == 4
        assert (await api.account())["through_date"] == "2026-03-31"

    async def test_identical_entries_are_as_many_payments(self, api):
        """Guard: the ordinal in the identity. In one file, in two files of a day, and again in one for the day."""
        (noon,) = await api.take(camt(Stmt(2, "100", [COFFEE, COFFEE], name="noon")))
        (evening,) = await api.take(camt(Stmt(2, "120", [COFFEE], name="evening")))
        (whole,) = await api.take(camt(Stmt(2, "100", [COFFEE] * 3, name="whole")))
        assert [s["transactions_new"] for s in (noon, evening, whole)] == [2, 1, 0]
        page = await api.get("/payments", account=ACCOUNT)
        assert [p["amount"] for p in page["payments"]] == ["10"] * 3


class TestRefusals:
    async def test_what_does_not_add_up_is_quarantined_alone(self, api):
        wrong, right = Stmt(2, "100", [COFFEE], closing="111"), Stmt(3, "110", [RENT])
        quarantined, booked = await api.take(camt(wrong, right))
        assert (quarantined["outcome"], booked["outcome"]) == ("quarantined", "booked")
        assert quarantined["reason"] == (
            "does not add up: opening 100.00 + entries 10.00 = 110.00, but closing is 111.00 EUR: difference 1.00"
        )
        assert (await api.events()).count("PaymentReceived") == 0
        listed = (await api.get("/statements", account=ACCOUNT))["statements"]
        assert [(s["outcome"], s["transactions"]) for s in listed] == [("quarantined", 0), ("booked", 1)]
        assert [s["outcome"] for s in await api.take(camt(wrong))] == ["known"]
        assert (await api.events()).count("StatementQuarantined") == 1

    async def test_a_gap_is_taken_and_said(self, api):
        first, second, third = following("100", [COFFEE], [COFFEE], [RENT])
        await api.take(camt(first))
        (answer,) = await api.take(camt(third))
        assert (answer["outcome"], answer["continuity"], answer["through_date"]) == (
            "booked",
            "gap",
            "2026-03-02",
        )
        assert answer["reason"].endswith("through_date stays at 2026-03-02")
        (filled,) = await api.take(camt(second))
        assert (filled["continuity"], filled["through_date"]) == ("ok", "2026-03-04")

    async def test_nothing_of_a_file_with_an_unknown_account_is_taken(self, api):
        """Guard: all accounts are looked at before the first statement is."""
        other = Stmt(2, "100", [COFFEE], account=OTHER_ACCOUNT)
        response = await api.send(camt(Stmt(2, "100", [COFFEE]), other))
        assert response.status_code == 422
        problem = response.json()
        assert problem["type"] == "urn:lettra:problem:account-not-open"
        assert problem["errors"] == [
            {
                "file": "bank.xml",
                "place": "Stmt[2], line 1",
                "account": OTHER_ACCOUNT,
                "reason": f"account {OTHER_ACCOUNT} in EUR is not registered: register it first",
            }
        ]
        assert await api.events() == ["BankAccountRegistered"]

    async def test_nothing_of_a_file_of_a_closed_account_is_taken(self, api):
        (await api.client.post(f"/accounts/{ACCOUNT}/EUR/close")).raise_for_status()
        response = await api.send(camt(Stmt(2)))
        assert response.status_code == 422
        assert "is closed: register it again to open it" in response.json()["detail"]


class TestUnreadable:
    async def refused(self, api, data: bytes) -> dict[str, str]:
        """The place and the reason; and nothing was taken."""
        response = await api.send(data, "odd.xml")
        assert response.status_code == 422
        problem = response.json()
        assert problem["type"] == "urn:lettra:problem:unreadable-file"
        (error,) = problem["errors"]
        assert problem["detail"] == f"{error['file']}: {error['place']}: {error['reason']}"
        assert await api.events() == ["BankAccountRegistered"]
        return error

    async def test_a_garbled_amount(self, api):
        """The statement before it is not taken either. Guard: the file is read to its end first."""
        data = camt(Stmt(2, "100", [COFFEE]), Stmt(3, "110", [Entry("12")])).replace(b">12<", b">1..2<")
        error = await self.refused(api, data)
        assert (error["file"], error["reason"]) == ("odd.xml", "wrong amount '1..2'")
        assert error["place"].endswith("Stmt[2]/Ntry[1]/Amt")

    async def test_an_xml_bomb(self, api):
        bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + camt(Stmt(2))
        assert "DOCTYPE" in (await self.refused(api, bomb))["reason"]

    async def test_a_cut_file(self, api):
        assert (await self.refused(api, camt(Stmt(2, "100", [COFFEE]))[:-30]))["reason"]

    async def test_no_bank_file_at_all(self, api):
        assert (await self.refused(api, b"hello"))["reason"]

    async def test_a_file_name_cannot_forge_a_line(self, api):
        response = await api.send(b"hello", "a\nb.xml")
        assert "\n" not in response.json()["errors"][0]["file"]

    async def test_more_transactions_than_allowed(self, start):
        api = await start(import_transactions_max=2)
        await api.register()
        error = await self.refused(api, camt(Stmt(2, "100", [COFFEE] * 3)))
        assert error["reason"] == "more than 2 transactions"

    async def test_a_file_that_is_too_large(self, start):
        api = await start(upload_bytes_max=10_000)
        await api.register()
        response = await api.send(camt(Stmt(2, "100", [COFFEE] * 100)))
        assert (response.status_code, response.json()["type"]) == (413, "urn:lettra:problem:too-large")
        assert await api.events() == ["BankAccountRegistered"]


async def test_the_state_is_the_fold_of_the_events(api):
    """`restate` relies on it: nothing of the state is written beside the events."""
    days = following("100", [COFFEE, COFFEE], [COFFEE, RENT], [RENT])
    await api.take(camt(days[0], days[2], Stmt(9, "1", [COFFEE], closing="2"), Stmt(12, None, [RENT])))
    await api.take(camt(days[1]))
    await api.take(announcing("Rpt", Entry("50", "FA-1", ref="B-1"), Entry("51", "FA-2", ref="B-2"), day=20))
    returned = Entry("-50", "rejet", ref="B-1", reason="AC04")
    await api.take(camt(Stmt(20, "49", [Entry("50", "x", ref="B-1"), returned])))
    payments = [{"amount": "60", "reference": "t-1"}, {"amount": "43", "reference": "t-2"}]
    payout = {"account": ACCOUNT, "currency": "EUR", "provider": "P", "reference": "PO", "fees": "3"}
    payout |= {"expected_date": "2026-03-21", "payments": payments}
    await api.client.post("/payouts", json=payout)
    await api.take(camt(Stmt(21, "49", [Entry("100", "P PO"), Entry("77", "facture")])))
    advice = {
        "customer_id": "C-1",
        "payment_date": "2026-03-21",
        "currency": "EUR",
        "total": "77",
        "text": "FA-9",
    }
    await api.client.post("/remittances", json=advice)
    assert {"PaymentReturned", "PayoutSettled", "RemittanceAdviceLinked", "AnnouncementReplaced"} <= set(
        await api.events()
    )
    await api.client.post("/days/2026-04-24/close")
    await api.client.post(f"/accounts/{ACCOUNT}/EUR/close")
    rows = await api.pool.fetch(
        "select type, schema_version, payload from outbox join events using (event_id) order by position"
    )
    workspace = Workspace(evolve, everything_loaded=True)
    workspace.begin(Cause("fold", "fold", "fold"))
    workspace.append(*(decode_data(*row) for row in rows))
    folded = {table.name: (table, found) for table, found, _gone in workspace.changes()}
    assert set(folded) == {table.name for table in STATE}
    async with api.pool.acquire() as connection:
        for table, found in folded.values():
            stored = await load(connection, table, [table.key_of(row) for row in found])
            assert sorted(stored, key=table.key_of) == found
            assert len(stored) == await connection.fetchval(f"select count(*) from {table.name}")
