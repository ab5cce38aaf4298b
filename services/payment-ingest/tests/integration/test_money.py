"""Money by API: cheques and cash, payouts, remittance advices, returns; on a real database."""

from __future__ import annotations

from typing import Any

from bank_files import ACCOUNT, Entry, Stmt, camt

CHEQUE = {
    "entity_id": "FR01",
    "currency": "EUR",
    "method": "cheque",
    "amount": "120.00",
    "received_on": "2026-03-02",
    "reference": "0012345",
    "remittance": "FA-1",
}
PAYOUT: dict[str, Any] = {
    "account": ACCOUNT,
    "currency": "EUR",
    "provider": "CARTES SA",
    "reference": "PO-77",
    "expected_date": "2026-03-02",
    "fees": "3.00",
    "payments": [{"amount": "60", "reference": "t-1"}, {"amount": "43", "reference": "t-2"}],
}
CREDIT = camt(Stmt(2, "100", [Entry("100", "CARTES SA PO-77", ref="B-1")]))
ADVICES = (
    "customer_id,payment_date,currency,total,document_number,amount\n"
    "C-1,2026-03-02,EUR,90.00,FA-1,100.00\nC-1,2026-03-02,EUR,90.00,AV-1,-10.00\n"
)


async def post(api, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.client.post(path, json=body, headers=headers)


async def import_advices(api, text: str) -> Any:
    return await api.client.post("/imports/remittances", files={"file": ("r.csv", text.encode())})


class TestCheques:
    async def test_recorded_once_for_a_key(self, api):
        first = await post(api, "/payments", CHEQUE, "k-1")
        again = await post(api, "/payments", CHEQUE, "k-1")
        assert (first.status_code, first.json()) == (201, again.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        other = await post(api, "/payments", CHEQUE | {"amount": "1.00"}, "k-1")
        assert other.status_code == 422
        view = await api.get(f"/payments/{first.json()['payment_id']}")
        assert (view["amount"], view["method"], view["account"]) == ("120.00", "cheque", None)

    async def test_the_same_cheque_without_a_key_is_known(self, api):
        await post(api, "/payments", CHEQUE)
        assert (await post(api, "/payments", CHEQUE)).json()["created"] is False
        answer = await post(api, "/payments", CHEQUE | {"amount": "1.00"})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lettra:problem:payment-exists")

    async def test_what_is_no_payment_is_refused(self, api):
        for wrong in (
            {"amount": "0"},
            {"amount": 1.5},
            {"method": "barter"},
            {"received_on": 1},
            {"reference": ""},
        ):
            assert (await post(api, "/payments", CHEQUE | wrong)).status_code == 422, wrong
        assert await api.table("payments") == []


class TestPayouts:
    async def received(self, api) -> list[str]:
        rows = await api.table("payments")
        return sorted(str(r["amount"]) for r in rows if not r["detailed"] and r["direction"] == "credit")

    async def test_before_its_credit(self, api):
        answer = await post(api, "/payouts", PAYOUT)
        assert (answer.status_code, answer.json()["entry_id"]) == (201, None)
        assert len((await api.get("/announcements", account=ACCOUNT))["announcements"]) == 2
        await api.take(CREDIT)
        assert await self.received(api) == ["43", "60"]
        (payout,) = (await api.get("/payouts", account=ACCOUNT))["payouts"]
        assert payout["entry_id"] is not None

    async def test_behind_its_credit(self, api):
        await api.take(CREDIT)
        answer = await post(api, "/payouts", PAYOUT)
        assert answer.json()["entry_id"] is not None
        assert await self.received(api) == ["43", "60"]
        assert (await post(api, "/payouts", PAYOUT)).json()["created"] is False

    async def test_of_an_unknown_account_it_is_refused(self, api):
        answer = await post(api, "/payouts", PAYOUT | {"account": "DE89370400440532013000"})
        assert answer.json()["type"] == "urn:lettra:problem:unknown-account"


class TestAdvices:
    PAID = camt(Stmt(3, "100", [Entry("90", "facture"), Entry("5", "x")]))

    async def test_linked_whichever_comes_second(self, api):
        await api.take(self.PAID)
        answer = await import_advices(api, ADVICES)
        assert (answer.json()["rows"], answer.json()["created"], answer.json()["linked"]) == (1, 1, 1)
        again = await import_advices(api, ADVICES)
        assert (again.json()["created"], again.json()["linked"]) == (0, 0)
        (advice,) = (await api.get("/remittances", customer_id="C-1"))["advices"]
        assert (await api.get(f"/payments/{advice['payment_id']}"))["advice_id"] == advice["advice_id"]

    async def test_linked_when_the_payment_comes_second(self, api):
        await import_advices(api, ADVICES)
        await api.take(self.PAID)
        assert (await api.events()).count("RemittanceAdviceLinked") == 1

    async def test_two_payments_that_it_may_mean_are_not_linked(self, api):
        await api.take(camt(Stmt(3, "100", [Entry("90", "a"), Entry("90", "b")])))
        assert (await import_advices(api, ADVICES)).json()["linked"] == 0

    async def test_a_payment_of_another_month_is_not(self, api):
        await api.take(camt(Stmt(25, "100", [Entry("90", "a")])))
        assert (await import_advices(api, ADVICES)).json()["linked"] == 0

    async def test_a_bad_row_takes_nothing(self, api):
        answer = await import_advices(api, ADVICES + "C-2,2026-03-02,EUR,x,FA-2,1.00\n")
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {"line": 4, "column": "total", "reason": answer.json()["errors"][0]["reason"]}
        ]
        assert await api.table("advices") == []

    async def test_the_text_of_a_message(self, api):
        await api.take(self.PAID)
        body = {"customer_id": "C-1", "received_on": "2026-03-02", "text": "FA-000123: 90,00\nTotal 90,00"}
        answer = await post(api, "/remittances/message", body)
        assert (answer.status_code, answer.json()["total"], answer.json()["documents"]) == (201, "90.00", 1)
        assert (await api.events()).count("RemittanceAdviceLinked") == 1
        refused = await post(api, "/remittances/message", body | {"text": "soon"})
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:lettra:problem:no-advice")


async def test_a_return_waits_for_a_person(api):
    await api.take(camt(Stmt(2, "100", [Entry("40", "FA-1", e2e="E-1")])))
    await api.take(camt(Stmt(3, "140", [Entry("-40", "rejet", reason="AC04", e2e="E-9")])))
    (found,) = (await api.get("/review"))["review"]
    assert (found["kind"], found["amount"]) == ("return", "40")
    (payment,) = [p for p in await api.table("payments") if p["direction"] == "credit"]
    body = {"payment_id": payment["payment_id"], "who": "Ann", "why": "asked the bank"}
    answer = await post(api, f"/payments/{found['id']}/returned", body)
    assert answer.status_code == 200, answer.text
    assert (await api.get("/review"))["review"] == []
    view = await api.get(f"/payments/{payment['payment_id']}")
    assert (view["returned"], view["unassigned"]) == ("40", "0")
