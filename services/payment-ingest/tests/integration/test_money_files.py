"""Cheques and payouts as files, on a real database: all rows or none, and twice changes nothing."""

from __future__ import annotations

from typing import Any

from bank_files import ACCOUNT, OTHER_ACCOUNT, Entry, Stmt, camt

PAYMENTS = (
    "entity_id,currency,method,amount,received_on,reference\n"
    "FR01,EUR,cheque,120.00,2026-03-02,001\nFR01,EUR,cash,5.00,2026-03-02,R-7\n"
)
HEAD = "account,currency,provider,payout_reference,expected_date,reference,amount,fee\n"


def payout(reference: str, *amounts: str, account: str = ACCOUNT, fee: str = "1.00") -> str:
    rows = (f"{account},EUR,CARTES,{reference},2026-03-02,{reference}-{a},{a},{fee}\n" for a in amounts)
    return "".join(rows)


async def send(api, kind: str, text: str) -> Any:
    return await api.client.post(f"/imports/{kind}", files={"file": ("f.csv", text.encode())})


async def taken(api, kind: str, text: str) -> tuple[int, int]:
    answer = await send(api, kind, text)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"], answer.json()["created"]


async def places(api, kind: str, text: str) -> list[tuple[int, str]]:
    answer = await send(api, kind, text)
    assert answer.status_code == 422, answer.text
    return [(error["line"], error["column"]) for error in answer.json()["errors"]]


async def test_cheques_and_cash_count_once(api):
    assert await taken(api, "payments", PAYMENTS) == (2, 2)
    assert await taken(api, "payments", PAYMENTS) == (2, 0)
    assert sorted(p["method"] for p in await api.table("payments")) == ["cash", "cheque"]
    assert (await api.events()).count("PaymentReceived") == 2


async def test_many_are_taken_in_parts(api):
    """Guard: ROWS_A_PART (taking.py): each part is one transaction, and none of its rows is left out."""
    rows = "".join(f"FR01,EUR,cheque,1.00,2026-03-02,n-{n}\n" for n in range(450))
    text = PAYMENTS.splitlines()[0] + "\n" + rows
    assert await taken(api, "payments", text) == (450, 450)
    assert len(await api.table("payments")) == 450


async def test_one_that_contradicts_another_takes_nothing(api):
    """Guard: check_payments (taking.py)."""
    twice = PAYMENTS + "FR01,EUR,cheque,121.00,2026-03-02,001\n"
    assert await places(api, "payments", twice) == [(4, "amount")]
    assert await api.table("payments") == []
    await taken(api, "payments", PAYMENTS)
    changed = PAYMENTS.replace("120.00", "9.00") + "FR01,EUR,cash,7.00,2026-03-02,R-8\n"
    assert await places(api, "payments", changed) == [(2, "amount")]
    assert len(await api.table("payments")) == 2


async def test_a_bad_row_takes_nothing(api):
    assert await places(api, "payments", PAYMENTS + "FR01,EUR,cheque,x,2026-03-02,002\n") == [(4, "amount")]
    assert await api.table("payments") == []


async def test_payouts_before_and_behind_their_credit(api):
    await api.take(camt(Stmt(2, "100", [Entry("101", "CARTES PO-1", ref="B-1")])))
    assert await taken(api, "payouts", HEAD + payout("PO-1", "60", "43") + payout("PO-2", "8")) == (2, 2)
    await api.take(camt(Stmt(3, "201", [Entry("7", "CARTES PO-2", ref="B-2")])))
    assert await taken(api, "payouts", HEAD + payout("PO-1", "60", "43") + payout("PO-2", "8")) == (2, 0)
    found = (await api.get("/payouts", account=ACCOUNT))["payouts"]
    assert {p["reference"]: p["entry_id"] is not None for p in found} == {"PO-1": True, "PO-2": True}
    parts = [p for p in await api.table("payments") if p["part_of"] is not None]
    assert sorted(int(p["amount"]) for p in parts) == [8, 43, 60]


async def test_a_payout_of_no_open_account_or_with_other_payments_takes_nothing(api):
    """Guard: check_payouts (taking.py)."""
    stranger = HEAD + payout("PO-1", "60") + payout("PO-2", "8", account=OTHER_ACCOUNT)
    assert await places(api, "payouts", stranger) == [(3, "account")]
    assert await api.table("payouts") == []
    await taken(api, "payouts", HEAD + payout("PO-1", "60"))
    assert await places(api, "payouts", HEAD + payout("PO-1", "61") + payout("PO-3", "5")) == [
        (2, "payout_reference")
    ]
    assert len(await api.table("payouts")) == 1
