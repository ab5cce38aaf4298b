"""Customers by HTTP and in files: changed by hand, changed in bulk, found by group and legal unit."""

from __future__ import annotations

import asyncio

from invoicing_examples import CUSTOMER_HEADER, IBAN, MAIL, customers_csv

SITE = "40483304800022"


async def patched(api, path: str, body: dict, status: int = 200) -> dict:
    response = await api.client.patch(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_customer_changes_and_shows_it(api):
    answer = await patched(api, "/customers/C-1", {"siret": SITE, "terms": "45D-EOM", "channel": "letter"})
    assert answer == {"id": "C-1", "changed": ["channel", "siret", "terms"]}
    shown = await api.get("/customers/C-1")
    assert (shown["siret"], shown["terms"], shown["channel"], shown["name"]) == (
        SITE,
        "45D-EOM",
        "letter",
        "Dupont",
    )
    event = (await api.events())[-1]
    assert (event["type"], event["key"]) == ("invoicing.CustomerChanged", "C-1")
    refused = await patched(api, "/customers/C-1", {"siret": "55210055400013"}, 422)
    assert refused["type"] == "urn:lettra:problem:invalid-request"
    refused = await patched(api, "/customers/C-1", {"debtor_class": "private"}, 422)
    assert "a private person has no siren" in refused["detail"]


async def test_changes_of_one_customer_at_once_all_last(api):
    """Guard: a change is decided under the customer's lock (handlers/customers.py)."""
    bodies = [
        {"name": "Dupont SAS"},
        {"terms": "30D"},
        {"language": "en"},
        {"group_id": "G-1"},
        {"country": "BE"},
    ]
    await asyncio.gather(*(patched(api, "/customers/C-1", body) for body in bodies))
    shown = await api.get("/customers/C-1")
    wanted = {name: value for body in bodies for name, value in body.items()}
    assert {name: shown[name] for name in wanted} == wanted


async def test_group_legal_unit_and_sites(api):
    for number in range(3):
        await patched(api, "/customers/C-1", {"group_id": "G-1"})
        body = {"customer_id": f"S-{number}", "name": "Site", "siren": "404833048", "group_id": "G-1"}
        await api.made("/customers", body)
    await patched(api, "/customers/C-2", {"group_id": "G-2"})
    page = await api.get("/customers", group_id="G-1", limit=3)
    assert ([c["customer_id"] for c in page["customers"]], page["next"]) == (["C-1", "S-0", "S-1"], "S-1")
    page = await api.get("/customers", group_id="G-1", after="S-1")
    assert ([c["customer_id"] for c in page["customers"]], page["next"]) == (["S-2"], None)
    page = await api.get("/customers", siren="404833048", group_id="G-1")
    assert len(page["customers"]) == 4
    assert (await api.get("/customers", siren="404833048", group_id="G-2"))["customers"] == []


async def test_contacts_by_purpose(api):
    made = await api.made("/customers/C-1/contacts", {"purposes": ["dunning", "payer"], "name": "A. Petit"})
    assert made["contact_id"] == "contact:C-1:2"
    response = await api.client.put(
        "/contacts/contact:C-1:2", json={"purposes": ["dunning"], "email": "petit@dupont.example"}
    )
    assert response.json()["changed"] is True
    shown = (await api.get("/customers/C-1/contacts"))["contacts"]
    assert [(each["contact_id"], each["purposes"]) for each in shown] == [
        ("contact:C-1", ["billing"]),
        ("contact:C-1:2", ["dunning"]),
    ]
    rows = {row["contact_id"]: (row["name"], row["email"]) for row in await api.table("contacts")}
    assert rows == {"contact:C-1": (None, MAIL), "contact:C-1:2": (None, "petit@dupont.example")}
    assert not any("etit" in str(event) for event in await api.events())


async def test_insolvency_opens_and_closes(api):
    opened = {"proceeding": "recovery", "opened_on": "2026-03-09", "who": "j.lambert", "why": "BODACC A 51"}
    assert (await api.made("/customers/C-1/insolvency", opened))["created"] is True
    assert (await api.get("/customers/C-1"))["proceeding"] == "recovery"
    closed = {"closed_on": "2026-11-02", "who": "j.lambert", "why": "BODACC A 214"}
    assert (await api.post("/customers/C-1/insolvency/close", closed)).status_code == 200
    assert (await api.get("/customers/C-1"))["proceeding"] is None


async def test_a_legal_entity_changes(api):
    entity = {"entity_id": "FR01", "name": "Ateliers Martin", "iban": IBAN, "penalty_rate": "15.00"}
    response = await api.client.put("/legal-entities/FR01", json=entity)
    assert response.json() == {"id": "FR01", "changed": ["siren", "vat_number", "iban", "penalty_rate"]}
    assert (await api.client.put("/legal-entities/FR02", json=entity)).status_code == 422


class TestFiles:
    HEADER = f"{CUSTOMER_HEADER},address,country,siret,terms,debtor_class,channel"
    ROW = f'C-7,Durand,,,,{MAIL},fr,,"4 chemin du Moulin, 04500 Quinson",FR,{SITE},45D-EOM,company,letter'

    async def test_the_optional_columns(self, api):
        await api.taken("customers", f"{self.HEADER}\n{self.ROW}\n".encode())
        shown = await api.get("/customers/C-7")
        assert (shown["siren"], shown["siret"], shown["terms"]) == ("404833048", SITE, "45D-EOM")
        row = next(r for r in await api.table("contacts") if r["contact_id"] == "contact:C-7")
        assert (row["street"], row["postal_code"], row["city"]) == ("4 chemin du Moulin", "04500", "Quinson")

    async def test_each_bad_cell_names_its_column(self, api):
        row = "C-7,Durand,,,,,fr,,Quinson,XX,123,60D-EOM,firm,fax"
        response = await api.send("customers", f"{self.HEADER}\n{row}\n".encode())
        columns = {error["column"] for error in response.json()["errors"]}
        assert columns == {"address", "country", "siret", "debtor_class", "channel"}

    async def test_other_data_are_refused_unless_they_are_to_be_taken(self, api):
        """Guard: `update` (api/imports.py); a file twice changes nothing, and columns that it lacks stay."""
        await api.taken("customers", f"{self.HEADER}\n{self.ROW}\n".encode())
        changed = customers_csv(f"C-7,Durand SA,404833048,,,{MAIL},fr,", "C-6,Neuf,,,,,fr,")
        refused = await api.send("customers", changed)
        assert refused.json()["errors"][0]["column"] == "customer_id"
        assert "registered with other data (name)" in refused.json()["errors"][0]["reason"]
        for created in (2, 0):
            assert (await api.taken("customers?update=true", changed))["created"] == created
        shown = await api.get("/customers/C-7")
        assert (shown["name"], shown["terms"], shown["channel"]) == ("Durand SA", "45D-EOM", "letter")
