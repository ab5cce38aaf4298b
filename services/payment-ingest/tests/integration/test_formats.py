"""Every format through the API, told from its content; and the mapping by which a CSV file is read."""

from __future__ import annotations

import io
import zipfile

from bank_files import ACCOUNT, Entry, Stmt, announcing, camt

MT940 = (
    ":20:REF\r\n:25:{account}\r\n:28C:1/1\r\n:60F:C260301EUR100,00\r\n"
    ":61:2603020302C10,00NTRFE-1//B-1\r\n:86:FACTURE FA-1\r\n:62F:C260302EUR110,00\r\n-\r\n"
)
CSV = (
    "Date;Libellé;Montant;Solde\r\n02/03/2026;FACTURE FA-1;10,00;110,00\r\n03/03/2026;LOYER;-30,50;79,50\r\n"
)
MAPPING = """
delimiter = ";"
date_format = "%d/%m/%Y"
decimal = ","
[columns]
booking_date = "Date"
amount = "Montant"
remittance = "Libellé"
balance = "Solde"
"""


def cfonb(kind: str, amount: str, text: str = "", day: str = "020326") -> str:
    """A record of account 30006 00001 12345678901; the sign is in the last digit."""
    return (
        f"{kind}30006    00001EUR2 12345678901"
        + ("  " if kind != "04" else "18")
        + f"{day}  {day}{text:<31}"
        + f"{'':<2}{'':<7}{'':<1}{'':<1}{amount:0>14}{'':<16}"
    )[:120].ljust(120)


def zipped(**members: bytes) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return found.getvalue()


async def told(api, data: bytes, **form: str) -> dict:
    answer = await api.client.post("/statements", files={"file": ("x.bin", data)}, data=form)
    assert answer.status_code == 200, answer.text
    (statement,) = answer.json()["statements"]
    return statement


async def register_mapping(api, text: str = MAPPING):
    return await api.client.post(f"/accounts/{ACCOUNT}/EUR/mapping", json={"mapping": text})


class TestFormats:
    async def test_mt940_and_then_the_same_day_as_camt(self, api):
        found = await told(api, MT940.format(account=ACCOUNT).encode())
        assert (found["outcome"], found["transactions_new"], found["through_date"]) == (
            "booked",
            1,
            "2026-03-02",
        )
        again = await told(api, camt(Stmt(2, "100", [Entry("10", "FACTURE FA-1 TOLD OTHERWISE")])))
        assert (again["transactions_new"], again["transactions_known"]) == (0, 1)

    async def test_a_zip_of_several(self, api):
        data = zipped(a=MT940.format(account=ACCOUNT).encode(), b=camt(Stmt(3, "110", [Entry("5", "x")])))
        answer = await api.client.post("/statements", files={"file": ("x.zip", data)})
        assert [s["outcome"] for s in answer.json()["statements"]] == ["booked", "booked"]
        assert (await api.account())["through_date"] == "2026-03-03"

    async def test_cfonb(self, api):
        lines = [
            cfonb("01", "1000{", day="010326"),
            cfonb("04", "100{", "VIR CLIENT"),
            cfonb("07", "1100{"),
        ]
        account = "FR7630006000011234567890189"
        assert account == ACCOUNT
        found = await told(api, "\r\n".join(lines).encode("latin-1"))
        assert (found["outcome"], found["transactions_new"], found["verified"]) == ("booked", 1, True)

    async def test_reports_and_notifications_announce(self, api):
        found = await told(api, announcing("Rpt", Entry("50", "FA-1", ref="B-1"), Entry("-1", "fee")))
        assert (found["outcome"], found["transactions_announced"], found["transactions_left_out"]) == (
            "announced",
            1,
            1,
        )
        page = await api.get("/announcements", account=ACCOUNT)
        assert [(a["amount"], a["source"]) for a in page["announcements"]] == [("50", "report")]
        await api.take(camt(Stmt(2, "100", [Entry("50", "FA-1", ref="B-1")])))
        assert (await api.get("/announcements", account=ACCOUNT))["announcements"] == []

    async def test_a_file_of_no_format_is_refused_with_its_place(self, api):
        response = await api.send(b"a;b\n1;2\n", "x.csv")
        assert response.status_code == 422
        assert "a CSV file needs a mapping" in response.json()["detail"]


class TestMappings:
    async def test_one_that_comes_with_the_file(self, api):
        found = await told(api, CSV.encode("cp1252"), mapping=MAPPING, account=ACCOUNT, currency="EUR")
        assert (found["outcome"], found["transactions_new"], found["verified"]) == ("booked", 2, True)

    async def test_the_one_of_the_account(self, api):
        assert (await register_mapping(api)).status_code == 200
        assert (await api.account())["mapped"] is True
        assert (await told(api, CSV.encode(), account=ACCOUNT))["transactions_new"] == 2

    async def test_the_only_one_that_its_columns_fit(self, api):
        """Guard: `fits` in `choose_mapping`."""
        await register_mapping(api)
        other = "DE89370400440532013000"
        await api.register(other)
        text = MAPPING.replace("Montant", "Betrag")
        await api.client.post(f"/accounts/{other}/EUR/mapping", json={"mapping": text})
        assert (await told(api, CSV.encode()))["account"] == ACCOUNT

    async def test_where_two_fit_the_account_must_be_said(self, api):
        await register_mapping(api)
        other = "DE89370400440532013000"
        await api.register(other)
        await api.client.post(f"/accounts/{other}/EUR/mapping", json={"mapping": MAPPING})
        response = await api.send(CSV.encode(), "x.csv")
        assert (response.status_code, response.json()["type"]) == (422, "urn:lettra:problem:several-mappings")

    async def test_a_mapping_that_is_none_is_refused(self, api):
        response = await register_mapping(api, "colour = 1")
        assert (response.status_code, response.json()["type"]) == (
            422,
            "urn:lettra:problem:unreadable-mapping",
        )


class TestQuarantine:
    WRONG = camt(Stmt(2, "100", [Entry("10", "coffee")], closing="111"))

    async def quarantined(self, api) -> str:
        (found,) = await api.take(self.WRONG)
        assert found["outcome"] == "quarantined"
        page = await api.get("/review")
        assert [(r["kind"], r["id"]) for r in page["review"]] == [("quarantine", found["content_digest"])]
        return str(found["content_digest"])

    async def test_released_it_is_taken_from_the_kept_file(self, api):
        digest = await self.quarantined(api)
        assert len(await api.table("bank_files")) == 1
        body = {"who": "Ann", "why": "the bank confirms it"}
        answer = await api.client.post(f"/statements/{digest}/release", json=body)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["statements"]
        assert (found["outcome"], found["transactions_new"], found["verified"]) == ("booked", 1, False)
        assert found["through_date"] is None
        again = await api.client.post(f"/statements/{digest}/release", json=body)
        assert (again.status_code, again.json()["statements"]) == (200, [])
        listed = (await api.get("/statements", account=ACCOUNT))["statements"]
        assert [s["resolved_by"] for s in listed] == ["Ann: the bank confirms it"]
        assert await api.table("bank_files") == []
        assert (await api.get("/review"))["review"] == []

    async def test_dismissed_nothing_of_it_is_taken_and_its_file_is_forgotten(self, api):
        digest = await self.quarantined(api)
        answer = await api.client.post(
            f"/statements/{digest}/dismiss", json={"who": "Ann", "why": "by mistake"}
        )
        assert answer.json()["outcome"] == "dismissed"
        assert await api.table("bank_files") == []
        assert await api.table("payments") == []
        (found,) = await api.take(self.WRONG)
        assert found["outcome"] == "known"

    async def test_neither_is_done_twice(self, api):
        digest = await self.quarantined(api)
        body = {"who": "Ann", "why": "so"}
        await api.client.post(f"/statements/{digest}/dismiss", json=body)
        for how in ("dismiss", "release"):
            answer = await api.client.post(f"/statements/{digest}/{how}", json=body)
            assert answer.status_code == 409, answer.text

    async def test_who_and_why_must_be_said(self, api):
        digest = await self.quarantined(api)
        answer = await api.client.post(f"/statements/{digest}/release", json={"who": "", "why": "so"})
        assert answer.status_code == 422

    async def test_an_unknown_statement(self, api):
        answer = await api.client.post("/statements/none/release", json={"who": "Ann", "why": "so"})
        assert answer.status_code == 404
