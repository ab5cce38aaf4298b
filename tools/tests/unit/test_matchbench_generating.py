"""The labelled benchmark: read back from its files, by the bank formats' own readers, and checked against its truth."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lettra_tools.cli import app
from lettra_tools.commands import bank
from lettra_tools.matchbench import generating
from lettra_tools.matchbench.generating import Size, make, write
from lettra_tools.matchbench.mixes import MIXES, Mix

SMALL = Size(customers=160, items=1_300, payments=450)
FEE = Decimal("15.00")
# What a payment may settle more than it brings (a write-off), and less (the rest stays on account).
WRITTEN_OFF = {
    "fee_deducted",
    "fee_deducted_from_list",
    "rounded_down",
    "discount_taken",
    "discount_without_number",
    "discount_and_fee",
    "discount_taken_from_list",
    "fee_deducted_beside_credit",
}
ON_ACCOUNT = {"rounded_up", "overpaid", "with_penalty", "keys_swapped", "overpaid_twice_in_one"}

Row = dict[str, Any]


@dataclass
class Folder:
    """A benchmark as its files say it; `lines` are the transactions in file order, as `lettra bank parse` has them."""

    path: Path
    customers: dict[str, Row]
    items: dict[str, Row]
    truth: dict[str, list[Row]]
    lines: dict[str, Row]
    parsed: int
    exit_code: int
    complaints: str

    def case(self, ref: str) -> str:
        return self.truth[ref][0]["case"]

    def settled(self, ref: str) -> dict[str, Decimal]:
        return {row["item_id"]: Decimal(row["amount"]) for row in self.truth[ref] if row["item_id"]}

    def in_money(self, ref: str) -> Decimal:
        """What the truth of a payment comes to, credit notes deducted."""
        return sum(
            (-amount if self.items[item]["kind"] == "credit_note" else amount)
            for item, amount in self.settled(ref).items()
        ) or Decimal(0)


@dataclass
class Left:
    """What is open, replayed from the truth alone."""

    folder: Folder
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        """Each payment's reference, before it is taken off."""
        self.amounts = {item: Decimal(row["amount"]) for item, row in self.folder.items.items()}
        debits: dict[str, str] = {}
        for ref in self.folder.truth:
            yield ref
            if self.folder.case(ref) == "direct_debit":
                debits[self.folder.lines[ref]["end_to_end_id"]] = ref
            if self.folder.case(ref) == "return":
                for item, amount in self.folder.settled(
                    debits[self.folder.lines[ref]["end_to_end_id"]]
                ).items():
                    self.amounts[item] += amount
            for item, amount in self.folder.settled(ref).items():
                self.amounts[item] -= amount

    def owners(self, iban: str | None) -> set[str]:
        """All whom the master data give that account."""
        return {one for one, row in self.folder.customers.items() if iban and iban in row["ibans"].split()}

    def namesakes(self, name: str | None) -> set[str]:
        """All in whose name that one stands."""
        sought = (name or "nobody's name").casefold()
        return {one for one, row in self.folder.customers.items() if sought in row["name"].casefold()}

    def of(self, owners: set[str], currency: str) -> list[Decimal]:
        """What is open of their invoices."""
        return [
            self.amounts[item]
            for item, row in self.folder.items.items()
            if row["customer_id"] in owners and row["kind"] == "invoice" and row["currency"] == currency
        ]


def table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(path: Path) -> Folder:
    files = sorted((path / "statements").iterdir())
    result = CliRunner().invoke(app, ["bank", "parse", "--json", *map(str, files)])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    truth: dict[str, list[Row]] = defaultdict(list)
    for row in table(path / "truth.csv"):
        truth[row["entry_ref"]].append(row)
    return Folder(
        path=path,
        customers={row["customer_id"]: row for row in table(path / "customers.csv")},
        items={row["item_id"]: row for row in table(path / "open_items.csv")},
        truth=dict(truth),
        lines={row["entry_ref"]: row for row in rows if "entry_ref" in row},
        parsed=len(rows),
        exit_code=result.exit_code,
        complaints=result.stderr,
    )


@pytest.fixture(scope="module", params=list(MIXES))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank, "BAR_AFTER_SECONDS", 1_000.0)
        write(make(5, request.param, SMALL), path)
        return read(path)


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    size = Size(customers=40, items=300, payments=80)
    for name, seed, mix in (
        ("one", 1, "open"),
        ("again", 1, "open"),
        ("two", 2, "open"),
        ("other", 1, "sealed"),
    ):
        write(make(seed, mix, size), tmp_path / name)
    one, again, two, other = (contents(tmp_path / name) for name in ("one", "again", "two", "other"))
    assert one == again
    assert one["truth.csv"] != two["truth.csv"]
    assert one["truth.csv"] != other["truth.csv"]


def test_every_statement_is_taken_and_adds_up(folder: Folder) -> None:
    """Guard: balances go on from line to line; a wrong one would be quarantined with exit code 3."""
    assert (folder.exit_code, folder.complaints) == (0, "")
    assert folder.parsed == len(folder.lines), "a reference is there twice"
    endings = {file.suffix for file in (folder.path / "statements").iterdir()}
    assert endings == {".xml", ".sta", ".cfo"}
    spaces = {file.read_text()[:200].partition("camt.053.001.")[2][:2] for file in folder.path.rglob("*.xml")}
    assert spaces == {"02", "08"}


def test_every_payment_comes_out_under_its_reference_in_the_order_of_the_truth(folder: Folder) -> None:
    assert [ref for ref in folder.lines if ref in folder.truth] == list(folder.truth)
    assert len(folder.truth) > 0.9 * SMALL.payments
    others = [line for ref, line in folder.lines.items() if ref not in folder.truth]
    assert others
    assert {line["direction"] for line in others} == {"debit"}


def test_a_payment_settles_what_exists_and_was_issued_in_its_currency(folder: Folder) -> None:
    for ref in folder.truth:
        line = folder.lines[ref]
        for item in folder.settled(ref):
            assert folder.items[item]["currency"] == line["currency"]
            assert folder.items[item]["issue_date"] <= line["booking_date"]


def test_nothing_settles_an_item_beyond_what_is_open(folder: Folder) -> None:
    left = Left(folder)
    for ref in left:
        for item, amount in folder.settled(ref).items():
            assert 0 < amount <= left.amounts[item], f"{ref}: {folder.case(ref)}: {item}"
    assert sum(amount > 0 for amount in left.amounts.values()) > 0.1 * len(left.amounts), (
        "nothing stays unpaid"
    )


def test_the_truth_of_a_payment_is_its_amount_with_write_offs_and_what_stays_on_account(
    folder: Folder,
) -> None:
    """Guard: each habit's truth conserves money; the only differences are those that its name tells."""
    for ref in folder.truth:
        case, settled = folder.case(ref), folder.settled(ref)
        if not settled:
            assert case not in WRITTEN_OFF | ON_ACCOUNT
            continue
        difference = folder.in_money(ref) - Decimal(folder.lines[ref]["amount"])
        discounts = sum(Decimal(folder.items[item]["discount_amount"] or 0) for item in settled)
        if case in WRITTEN_OFF:
            allowed = discounts if case.startswith("discount") else Decimal("0.99")
            allowed = FEE if case.startswith("fee") else allowed
            allowed += FEE if case == "discount_and_fee" else 0
            assert 0 < difference <= allowed, f"{ref}: {case}: {difference}"
        elif case in ON_ACCOUNT:
            assert difference < 0, f"{ref}: {case}: {difference}"
        else:
            assert difference == 0, f"{ref}: {case}: {difference}"


def test_a_discount_is_valid_on_the_day_on_which_it_is_taken(folder: Folder) -> None:
    taken = [ref for ref in folder.truth if folder.case(ref) in ("discount_taken", "discount_without_number")]
    late = [ref for ref in folder.truth if folder.case(ref) == "discount_too_late"]
    assert taken
    for ref in (*taken, *late):
        until = {folder.items[item]["discount_until"] for item in folder.settled(ref)}
        assert all((folder.lines[ref]["value_date"] <= day) is (ref in taken) for day in until)


def test_what_names_nothing_has_one_reading_from_the_files_alone(folder: Folder) -> None:
    """Guard: a silent payment from a known account is certain only where one open invoice has its amount."""
    left, seen = Left(folder), 0
    for ref in left:
        line = folder.lines[ref]
        if folder.case(ref) in ("silent_known_account", "silent_shared_account", "looks_like_number_year"):
            found = left.of(left.owners(line["counterparty_iban"]), line["currency"])
            assert found.count(Decimal(line["amount"])) == 1, f"{ref}: {folder.case(ref)}"
            seen += 1
    assert seen > 5


def test_where_a_clerk_would_ask_nothing_is_settled(folder: Folder) -> None:
    ambiguous = [ref for ref in folder.truth if folder.case(ref).endswith("_ambiguous")]
    assert ambiguous
    assert not any(folder.settled(ref) for ref in ambiguous)


def test_what_is_to_be_asked_about_has_several_readings_from_the_files_alone(folder: Folder) -> None:
    """Guard: equal amounts, and customers of nearly the same name, are ambiguous only where two invoices fit."""
    left, seen = Left(folder), 0
    for ref in left:
        line = folder.lines[ref]
        owners = {
            "equal_amounts_ambiguous": left.owners(line["counterparty_iban"]),
            "twin_name_ambiguous": left.namesakes(line["counterparty_name"]),
        }.get(folder.case(ref))
        if owners:
            assert left.of(owners, line["currency"]).count(Decimal(line["amount"])) > 1, (
                f"{ref}: {folder.case(ref)}"
            )
            seen += 1
    assert seen > 0


def test_each_mix_has_the_habits_of_the_domain_and_the_sealed_one_more(folder: Folder) -> None:
    cases = {folder.case(ref) for ref in folder.truth}
    named = {
        "exact",
        "list",
        "fee_deducted",
        "paid_twice",
        "credit_note_named",
        "unknown_payer",
    }
    assert named <= cases
    assert len(cases) > 60
    assert set(MIXES["sealed"].weights) > set(MIXES["open"].weights)
    assert len(set(MIXES["crowd"].weights) - set(MIXES["sealed"].weights)) > 30
    assert cases <= set(MIXES[folder.path.name.rstrip("0123456789")].weights)


def test_account_numbers_have_right_check_digits_and_most_are_known(folder: Folder) -> None:
    known = [iban for row in folder.customers.values() for iban in row["ibans"].split()]
    shown = [line["counterparty_iban"] for line in folder.lines.values() if line["counterparty_iban"]]
    for iban in (*known, *shown, *(line["account"] for line in folder.lines.values())):
        assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
    share = sum(bool(row["ibans"]) for row in folder.customers.values()) / len(folder.customers)
    assert 0.45 < share < 0.75


def test_a_debit_that_comes_back_opens_its_invoice_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: what was returned may be settled once more, and no more than that."""
    weights = {"direct_debit": 6.0, "return": 2.0, "paid_after_return": 3.0}
    monkeypatch.setattr(generating, "MIXES", {"returns": Mix("returns", weights)})
    monkeypatch.setattr(bank, "BAR_AFTER_SECONDS", 1_000.0)
    write(make(1, "returns", SMALL), tmp_path)
    folder = read(tmp_path)
    left, paid_again = Left(folder), []
    for ref in left:
        settled = folder.settled(ref)
        assert all(amount <= left.amounts[item] for item, amount in settled.items()), ref
        paid_again += settled if folder.case(ref) == "paid_after_return" else ()
    returned = [ref for ref in folder.truth if folder.case(ref) == "return"]
    assert all(
        (folder.lines[ref]["direction"], folder.lines[ref]["reversal"]) == ("debit", True) for ref in returned
    )
    assert 0 < len(paid_again) <= len(returned)
    assert not any(left.amounts[item] for item in paid_again)


def test_the_command_makes_a_folder_once(tmp_path: Path) -> None:
    out = tmp_path / "bench"
    small = ["--customers", "40", "--items", "300", "--payments", "60"]
    command = ["matchbench", "generate", "--seed", "3", "--out", str(out), *small]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    assert {file.name for file in out.iterdir()} == {
        "customers.csv",
        "open_items.csv",
        "statements",
        "truth.csv",
    }
    assert len(table(out / "open_items.csv")) == 300
    again = CliRunner().invoke(app, command)
    assert "holds files already" in str(again.exception)
