"""A quarter of a company, from the invoice to the cash and back, over HTTP and the bank's files only.

Each test is the next chapter of one story and goes on where the one before it ended. All amounts are reckoned by hand
from the two CSV files, the two statements and what people decide; `lettra` and the three services must tell them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lettra_tools.demo.codes import french_iban

from .bank import IBAN, Entry, statement
from .company import Company, lettra, running_company, wait_for

MARTIN, PETIT, LEROY, DUVAL = "K-MARTIN", "K-PETIT", "K-LEROY", "K-DUVAL"
ACCOUNTS = {MARTIN: french_iban(11, 11), PETIT: french_iban(12, 12), DUVAL: french_iban(14, 14)}
CUSTOMERS = f"""customer_id,name,siren,vat_number,ibans,email,language,group_id
{MARTIN},Boulangerie Martin,,,{ACCOUNTS[MARTIN]},,fr,
{PETIT},Garage Petit,,,{ACCOUNTS[PETIT]},,fr,
{LEROY},Imprimerie Leroy,,,,,fr,
{DUVAL},Transports Duval,,,{ACCOUNTS[DUVAL]},,fr,
"""
COLUMNS = (
    "entity_id,customer_id,document_number,kind,issue_date,due_date,currency,net,vat,gross,payment_reference,"
    "corrects"
)
INVOICES = f"""{COLUMNS}
FR01,{MARTIN},FA-2026-000101,invoice,2026-01-05,2026-02-04,EUR,100.00,20.00,120.00,,
FR01,{MARTIN},FA-2026-000102,invoice,2026-01-05,2026-02-04,EUR,66.67,13.33,80.00,,
FR01,{MARTIN},FA-2026-000103,invoice,2026-01-05,2026-02-04,EUR,37.50,7.50,45.00,,
FR01,{PETIT},FA-2026-000201,invoice,2026-01-05,2026-03-31,EUR,258.75,51.75,310.50,,
FR01,{PETIT},FA-2026-000202,invoice,2026-01-05,2026-03-31,EUR,832.50,166.50,999.00,,
FR01,{LEROY},FA-2026-000301,invoice,2026-01-05,2026-02-20,EUR,62.50,12.50,75.00,,
FR01,{LEROY},FA-2026-000302,invoice,2026-01-05,2026-02-20,EUR,62.50,12.50,75.00,,
FR01,{DUVAL},FA-2026-000401,invoice,2025-12-01,2025-12-31,EUR,50.00,10.00,60.00,,
FR01,{DUVAL},FA-2026-000402,invoice,2025-12-01,2025-12-31,EUR,75.00,15.00,90.00,,
"""
RECEIVED = (
    Entry("BR-01", "120.00", "Facture FA-2026-000101", "MARTIN", ACCOUNTS[MARTIN], "MARTIN-101"),
    Entry("BR-02", "125.00", "FA-2026-000102, FA-2026-000103", "MARTIN", ACCOUNTS[MARTIN]),
    Entry("BR-03", "310.50", "", "GARAGE PETIT", ACCOUNTS[PETIT]),
    Entry("BR-04", "900.00", "FACTURE FA-2026-000202", "GARAGE PETIT", ACCOUNTS[PETIT]),
    Entry("BR-05", "75.00", "REGLEMENT", "IMPRIMERIE LEROY"),
    Entry("BR-06", "70.00", "", "TRANSPORTS DUVAL", ACCOUNTS[DUVAL]),
    Entry("BR-07", "12.34", "MERCI", "INCONNU"),
)
SENT_BACK = (
    Entry("BR-08", "120.00", "REJET", "MARTIN", ACCOUNTS[MARTIN], "MARTIN-101", return_reason="AC04"),
)
NAMES = {"120.00": "P1", "125.00": "P2", "310.50": "P3", "900.00": "P4", "75.00": "P5", "70.00": "P6"}
NAMES["12.34"] = "P7"
CENT = Decimal("0.01")
ANNE = {"who": "Anne", "why": "the customer said so on the telephone"}


def euros(told: str) -> str:
    """An amount with two decimals; it must not have more."""
    amount = Decimal(told)
    assert amount == amount.quantize(CENT), told
    return f"{amount:.2f}"


class Story:
    """What the three services tell, in words of the story."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.payments: dict[str, str] = {}

    def open(self, customer: str) -> dict[str, str]:
        """What is open of the customer's documents, by the last three digits of their numbers."""
        items = self._ledger(customer)["items"]
        return {item["document_number"][-3:]: euros(item["open"]) for item in items}

    def on_account(self, customer: str) -> str:
        balances = self._ledger(customer)["balances"]
        return euros(balances[0]["on_account"]) if balances else "0.00"

    def item(self, customer: str, number: str) -> Any:
        """One document of the ledger."""
        return next(i for i in self._ledger(customer)["items"] if i["document_number"][-3:] == number)

    def _ledger(self, customer: str) -> Any:
        return self.company.get("matching", f"/customers/{customer}/ledger?settled=true&limit=500")

    def aged(self, day: str) -> dict[str, str]:
        """The aged balance in euros of all customers, without what is zero."""
        (totals,) = self.company.get("matching", f"/aged-balance?as_of={day}")["totals"]
        del totals["currency"]
        return {name: euros(amount) for name, amount in totals.items() if Decimal(amount)}

    def document(self, number: str) -> tuple[str, str, str]:
        """Status, settled and open of an invoice or a credit note, as invoicing knows them."""
        found = self.company.get("invoicing", f"/documents/FR01/{number}")
        return found["settlement"], euros(found["settled"] or "0"), euros(found["open"] or "0.00")

    def money(self, name: str) -> dict[str, str]:
        """Where the money of a payment is, as matching knows it; without what is zero."""
        found = self.company.get("matching", f"/payments/{self.payments[name]}")
        places = ("received", "transferred_in", "applied", "on_account", "unapplied")
        gone = ("returned", "refunded", "transferred_out")
        return {place: euros(found[place]) for place in (*places, *gone) if Decimal(found[place])}

    def uses(self, name: str) -> tuple[dict[str, tuple[str, str]], str]:
        """By customer what is applied and on account, and what is nobody's, as payment-ingest knows it."""
        found = self.company.get("payment-ingest", f"/payments/{self.payments[name]}")
        uses = {
            use["customer_id"]: (euros(use["applied"]), euros(use["on_account"])) for use in found["uses"]
        }
        nothing = ("0.00", "0.00")
        return {who: both for who, both in uses.items() if both != nothing}, euros(found["unassigned"])

    def act(self, path: str, name: str, day: str, **more: Any) -> dict[str, str]:
        """A person decides about a payment; where its money is then."""
        where = path.format(self.payments[name])
        answer = self.company.post("matching", where, {**ANNE, "business_date": day, **more})
        return {place: euros(answer[place]) for place in ("applied", "on_account", "unapplied")}

    def imported(self, folder: Path, kind: str, name: str, content: str) -> str:
        """Send a file with `lettra import`; what it says."""
        path = folder / name
        path.write_text(content)
        done = lettra("import", kind, path, "--folder", self.company.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def becomes(self, told: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Wait until each of these questions has its answer; the failure shows what was told instead."""

        def answers() -> dict[str, Any]:
            return {what: ask() for what, ask in told.items()}

        try:
            wait_for("the story", lambda: answers() == wanted)
        except AssertionError:
            assert answers() == wanted


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with running_company() as company:
        for entity in ("FR01", "FR02"):
            company.post("invoicing", "/legal-entities", {"entity_id": entity, "name": f"Atelier {entity}"})
        company.post("payment-ingest", "/accounts", {"account": IBAN, "currency": "EUR", "entity_id": "FR01"})
        yield Story(company)


def test_customers_and_invoices_come_from_files(story: Story, tmp_path: Path) -> None:
    """120 + 80 + 45, 310.50 + 999, 75 + 75, 60 + 90: 1,854.50 are owed, of which 150 since the end of December."""
    assert "rows: 4, new: 4" in story.imported(tmp_path, "customers", "customers.csv", CUSTOMERS)
    assert "rows: 9, new: 9" in story.imported(tmp_path, "invoices", "invoices.csv", INVOICES)
    story.becomes(
        {
            "Martin": lambda: story.open(MARTIN),
            "Petit": lambda: story.open(PETIT),
            "Leroy": lambda: story.open(LEROY),
            "Duval": lambda: story.open(DUVAL),
            "invoice": lambda: story.document("FA-2026-000202"),
        },
        {
            "Martin": {"101": "120.00", "102": "80.00", "103": "45.00"},
            "Petit": {"201": "310.50", "202": "999.00"},
            "Leroy": {"301": "75.00", "302": "75.00"},
            "Duval": {"401": "60.00", "402": "90.00"},
            "invoice": ("open", "0.00", "999.00"),
        },
    )
    assert story.aged("2026-01-15") == {"not_due": "1704.50", "days_1_30": "150.00", "total": "1854.50"}


def test_the_rules_match_what_leaves_no_choice(story: Story, tmp_path: Path) -> None:
    """Guard: one transaction a decision, in three services' words. 1,000 + 1,612.84 = 2,612.84 on the account."""
    sent = statement(1, "2026-01-20", "1000.00", "2612.84", RECEIVED)
    assert "booked, 7 transactions new" in story.imported(tmp_path, "statement", "january.xml", sent)
    page = story.company.get("payment-ingest", f"/payments?account={IBAN}")
    story.payments = {NAMES[p["amount"]]: p["payment_id"] for p in page["payments"]}
    assert sorted(story.payments) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    wait_for("the last payment", lambda: story.company.get("matching", f"/payments/{story.payments['P7']}"))
    story.becomes(
        {
            "Martin": lambda: story.open(MARTIN),
            "Petit": lambda: story.open(PETIT),
            "P1": lambda: story.uses("P1"),
            "P2": lambda: story.uses("P2"),
            "P4": lambda: story.uses("P4"),
            "P5": lambda: story.uses("P5"),
            "named": lambda: story.document("FA-2026-000101"),
            "in part": lambda: story.document("FA-2026-000202"),
        },
        {
            "Martin": {"101": "0.00", "102": "0.00", "103": "0.00"},
            "Petit": {"201": "0.00", "202": "99.00"},
            "P1": ({MARTIN: ("120.00", "0.00")}, "0.00"),
            "P2": ({MARTIN: ("125.00", "0.00")}, "0.00"),
            "P4": ({PETIT: ("900.00", "0.00")}, "0.00"),
            "P5": ({}, "75.00"),
            "named": ("settled", "120.00", "0.00"),
            "in part": ("partly_settled", "900.00", "99.00"),
        },
    )
    rules = {name: _rules(story, name) for name in ("P1", "P2", "P3", "P4")}
    assert rules == {
        "P1": {"document_number"},
        "P2": {"document_number"},
        "P3": {"exact_amount"},
        "P4": {"document_number"},
    }
    assert story.aged("2026-01-20") == {"not_due": "249.00", "days_1_30": "150.00", "total": "399.00"}
    assert story.aged("2026-01-15")["total"] == "1854.50"
    code = story.item(MARTIN, "103")["lettrage"]
    together = story.company.get("matching", f"/lettrage/{code}")
    assert [item["document_number"] for item in together["items"]] == ["FA-2026-000102", "FA-2026-000103"]
    assert together["payments"] == [story.payments["P2"]]


def _rules(story: Story, name: str) -> set[str]:
    found = story.company.get("matching", f"/payments/{story.payments[name]}")
    return {allocation["rule"] for allocation in found["allocations"]}


def test_a_person_confirms_one_proposal_and_refuses_another(story: Story) -> None:
    """Two invoices of Leroy are 75.00: which is paid? Duval owes 60 and 90, and sends 70: for what?"""
    listed = story.company.get("matching", "/proposals?entity_id=FR01")["proposals"]
    proposals = {one["payment_id"]: one for one in listed}
    assert proposals.keys() == {story.payments["P5"], story.payments["P6"]}
    equal = proposals[story.payments["P5"]]
    assert (equal["solutions"], [line["settled"] for line in equal["lines"]]) == (2, ["75.00"])
    oldest = proposals[story.payments["P6"]]
    assert [(line["item_id"], line["settled"]) for line in oldest["lines"]] == [
        ("FR01:FA-2026-000401", "60.00"),
        ("FR01:FA-2026-000402", "10.00"),
    ]
    assert _held(story, LEROY) == [story.payments["P5"]]
    assert _held(story, DUVAL) == [story.payments["P6"]]

    confirmed = story.act("/proposals/{}/confirm", "P5", "2026-01-21")
    assert confirmed == {"applied": "75.00", "on_account": "0.00", "unapplied": "0.00"}
    refused = story.act("/proposals/{}/refuse", "P6", "2026-01-21")
    assert refused == {"applied": "0.00", "on_account": "70.00", "unapplied": "0.00"}
    assert story.company.get("matching", "/proposals")["proposals"] == []
    assert (_held(story, LEROY), _held(story, DUVAL)) == ([], [])
    (allocation,) = story.company.get("matching", f"/payments/{story.payments['P5']}")["allocations"]
    assert allocation["who"] == "Anne"
    paid = equal["lines"][0]["item_id"].removeprefix("FR01:")
    story.becomes(
        {
            "Leroy": lambda: sorted(story.open(LEROY).values()),
            "paid": lambda: story.document(paid),
            "Duval": lambda: (story.open(DUVAL), story.on_account(DUVAL)),
            "P6": lambda: story.uses("P6"),
        },
        {
            "Leroy": ["0.00", "75.00"],
            "paid": ("settled", "75.00", "0.00"),
            "Duval": ({"401": "60.00", "402": "90.00"}, "70.00"),
            "P6": ({DUVAL: ("0.00", "70.00")}, "0.00"),
        },
    )


def _held(story: Story, customer: str) -> list[str]:
    holds = story.company.get("matching", f"/customers/{customer}/holds")["holds"]
    return [hold["payment_id"] for hold in holds]


def test_unapplied_money_is_paid_back_or_given_to_others(story: Story) -> None:
    """Of 70 Duval gets 20 back, and 50 is Leroy's; of 12.34 that is nobody's 5 belongs to the other entity."""
    refunded = story.act("/payments/{}/refund", "P6", "2026-01-22", amount="20.00")
    assert refunded == {"applied": "0.00", "on_account": "50.00", "unapplied": "0.00"}
    path = "/payments/{}/transfer"
    given = story.act(path, "P6", "2026-01-23", amount="50.00", to_customer_id=LEROY)
    assert given == {"applied": "0.00", "on_account": "50.00", "unapplied": "0.00"}
    moved = story.act(path, "P7", "2026-01-23", amount="5.00", to_entity_id="FR02")
    assert moved == {"applied": "0.00", "on_account": "0.00", "unapplied": "7.34"}
    too_much = story.company.answer(
        "matching",
        path.format(story.payments["P7"]),
        {**ANNE, "business_date": "2026-01-23", "amount": "7.35", "to_entity_id": "FR02"},
    )
    assert (too_much.status_code, too_much.json()["type"].rpartition(":")[2]) == (409, "not-enough-money")
    story.becomes(
        {
            "Duval": lambda: story.on_account(DUVAL),
            "Leroy": lambda: story.on_account(LEROY),
            "P6": lambda: (story.uses("P6"), story.money("P6")),
            "P7": lambda: (story.uses("P7"), story.money("P7")),
        },
        {
            "Duval": "0.00",
            "Leroy": "50.00",
            "P6": (
                ({LEROY: ("0.00", "50.00")}, "0.00"),
                {"received": "70.00", "on_account": "50.00", "refunded": "20.00"},
            ),
            "P7": (({}, "7.34"), {"received": "12.34", "unapplied": "7.34", "transferred_out": "5.00"}),
        },
    )


def test_a_match_is_undone_and_settled_otherwise_by_hand(story: Story) -> None:
    """Both invoices are open again everywhere, from the day of the undoing on; then one is paid by hand."""
    undone = story.act("/payments/{}/undo", "P2", "2026-01-24")
    assert undone == {"applied": "0.00", "on_account": "125.00", "unapplied": "0.00"}
    story.becomes(
        {
            "Martin": lambda: (story.open(MARTIN), story.on_account(MARTIN)),
            "102": lambda: story.document("FA-2026-000102"),
            "P2": lambda: story.uses("P2"),
        },
        {
            "Martin": ({"101": "0.00", "102": "80.00", "103": "45.00"}, "125.00"),
            "102": ("open", "0.00", "80.00"),
            "P2": ({MARTIN: ("0.00", "125.00")}, "0.00"),
        },
    )
    line = {"customer_id": MARTIN, "item_id": "FR01:FA-2026-000102", "settled": "80.00"}
    by_hand = story.act("/payments/{}/allocate", "P2", "2026-01-26", lines=[line])
    assert by_hand == {"applied": "80.00", "on_account": "45.00", "unapplied": "0.00"}
    story.becomes(
        {"102": lambda: story.document("FA-2026-000102"), "P2": lambda: story.uses("P2")},
        {"102": ("settled", "80.00", "0.00"), "P2": ({MARTIN: ("80.00", "45.00")}, "0.00")},
    )


def test_the_bank_takes_a_payment_back(story: Story, tmp_path: Path) -> None:
    """A return in a later file: the invoice that was paid is open again. 2,612.84 - 120 = 2,492.84."""
    sent = statement(2, "2026-01-27", "2612.84", "2492.84", SENT_BACK)
    assert "booked, 1 transactions new" in story.imported(tmp_path, "statement", "later.xml", sent)
    story.becomes(
        {
            "Martin": lambda: story.open(MARTIN),
            "P1": lambda: (story.money("P1"), story.uses("P1")),
            "101": lambda: story.document("FA-2026-000101"),
        },
        {
            "Martin": {"101": "120.00", "102": "0.00", "103": "45.00"},
            "P1": ({"received": "120.00", "returned": "120.00"}, ({}, "0.00")),
            "101": ("open", "0.00", "120.00"),
        },
    )


def test_a_dispute_is_accepted_and_its_credit_note_settles_the_invoice(story: Story) -> None:
    """Of 999.00 Petit paid 900.00 and contests the rest; the credit note of 99.00 settles both documents."""
    contested = {
        "entity_id": "FR01",
        "document_number": "FA-2026-000202",
        "reason": "quantity",
        "amount": "99.00",
        "owner": "Paul",
        "due_date": "2026-02-15",
        "opened_on": "2026-01-22",
        "who": "Anne",
    }
    dispute = story.company.post("invoicing", "/disputes", contested)["dispute_id"]
    story.becomes(
        {"202": lambda: _contested(story)},
        {"202": ("99.00", "99.00")},
    )
    decided = {"series": "AV", "resolved_on": "2026-01-28", "who": "Paul", "why": "two were broken"}
    accepted = story.company.post("invoicing", f"/disputes/{dispute}/accept", decided)
    note = accepted["credit_note"]
    story.becomes(
        {
            "202": lambda: _contested(story),
            "settled on": lambda: story.item(PETIT, "202")["settled_on"],
            "invoice": lambda: story.document("FA-2026-000202"),
            "note": lambda: story.document(note),
            "P4": lambda: story.uses("P4"),
        },
        {
            "202": ("0.00", "0.00"),
            "settled on": "2026-01-28",
            "invoice": ("settled", "999.00", "0.00"),
            "note": ("settled", "99.00", "0.00"),
            "P4": ({PETIT: ("900.00", "0.00")}, "0.00"),
        },
    )
    together = story.company.get("matching", f"/lettrage/{story.item(PETIT, '202')['lettrage']}")
    assert [item["document_number"] for item in together["items"]] == [note, "FA-2026-000202"]


def _contested(story: Story) -> tuple[str, str]:
    """Of the contested invoice: what is disputed, what is open."""
    item = story.item(PETIT, "202")
    return euros(item["disputed"]), euros(item["open"])


def test_the_aged_balance_of_every_day_stays_what_it_was(story: Story) -> None:
    """What was decided later moves no earlier day.

    On 25 January: of Martin 80 + 45, Petit 99, Leroy 75 not due; Duval 150, 25 days late; 125 + 50 unapplied.
    On 10 March: Leroy 75, 18 days late; Martin 120 + 45, 34 days; Duval 150, 69 days; 45 + 50 unapplied.
    """
    assert story.aged("2026-01-15") == {"not_due": "1704.50", "days_1_30": "150.00", "total": "1854.50"}
    assert story.aged("2026-01-20") == {"not_due": "249.00", "days_1_30": "150.00", "total": "399.00"}
    assert story.aged("2026-01-25") == {
        "not_due": "299.00",
        "days_1_30": "150.00",
        "unapplied": "175.00",
        "total": "274.00",
    }
    assert story.aged("2026-03-10") == {
        "days_1_30": "75.00",
        "days_31_60": "165.00",
        "days_61_90": "150.00",
        "unapplied": "95.00",
        "total": "295.00",
    }


def test_no_cent_is_lost(story: Story) -> None:
    """1,612.84 received = 1,365.50 applied + 95 on account + 7.34 nobody's + 120 returned + 20 refunded + 5 away.

    Of 1,854.50 billed 99 is credited and 1,365.50 paid: 390 is open. The other entity has its 5.00.
    """
    pages = story.company.get("matching", "/payments?limit=500")["payments"]
    sums: dict[str, dict[str, Decimal]] = {"FR01": {}, "FR02": {}}
    places = ("received", "transferred_in", "applied", "on_account", "unapplied", "returned", "refunded")
    for payment in pages:
        of_entity = sums[payment["entity_id"]]
        for place in (*places, "transferred_out"):
            of_entity[place] = of_entity.get(place, Decimal(0)) + Decimal(payment[place])
    assert {name: euros(str(sum_)) for name, sum_ in sums["FR01"].items() if sum_} == {
        "received": "1612.84",
        "applied": "1365.50",
        "on_account": "95.00",
        "unapplied": "7.34",
        "returned": "120.00",
        "refunded": "20.00",
        "transferred_out": "5.00",
    }
    assert {name: euros(str(sum_)) for name, sum_ in sums["FR02"].items() if sum_} == {
        "transferred_in": "5.00",
        "unapplied": "5.00",
    }
    owed = [amount for who in (MARTIN, PETIT, LEROY, DUVAL) for amount in story.open(who).values()]
    assert sum(map(Decimal, owed)) == Decimal("390.00")
    (account,) = story.company.get("payment-ingest", "/accounts")["accounts"]
    assert (account["through_date"], account["closing_balance"]) == ("2026-01-27", "2492.84")


def test_all_three_histories_are_sound(story: Story) -> None:
    """`lettra verify`: log and Kafka alike, state and projections what a rebuild makes of them."""
    done = lettra("verify", "--folder", story.company.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for service in ("invoicing", "payment-ingest", "matching"):
        assert service in done.stdout
