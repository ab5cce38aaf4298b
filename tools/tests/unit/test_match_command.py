"""`lettra match`: what it writes and says, and its exit codes. All samples are invented."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lettra_tools.cli import app
from lettra_tools.commands import match
from lettra_tools.stack import StackError

ACCOUNT = "FR7630006000011234567890189"
DURAND, MARTIN = "FR1420041010050500013M02606", "DE89370400440532013000"
CUSTOMERS = f"""customer_id,name,siren,vat_number,ibans,email,language,group_id
C1,Durand Matériaux SARL,,,{DURAND},a@example.org,fr,
C2,Martin SAS,,,,b@example.org,fr,
"""
ITEMS = """entity_id,customer_id,item_id,kind,document_number,issue_date,due_date,currency,amount,payment_reference,\
discount_amount,discount_until
E1,C1,I1,invoice,FA-2026-000123,2026-01-05,2026-02-04,EUR,100.00,,,
E1,C1,I2,invoice,FA-2026-000124,2026-01-05,2026-02-04,EUR,250.00,,5.00,2026-03-31
E1,C1,I3,credit_note,AV-2026-000001,2026-01-06,2026-01-06,EUR,30.00,,,
E1,C2,I4,invoice,FA-2026-000125,2026-01-07,2026-02-06,EUR,77.70,RF18539007547034,,
E1,C2,I5,invoice,FA-2026-000126,2026-01-07,2026-02-06,EUR,55.00,,,
"""


def statement(number: int, day: str, opening: str, closing: str, *entries: str) -> str:
    lines = [f":20:REF{number}", f":25:{ACCOUNT}", f":28C:{number}/1", f":60F:C{day}EUR{opening}"]
    return "\n".join([*lines, *entries, f":62F:C{day}EUR{closing}", "-", ""])


def entry(day: str, mark: str, amount: str, reference: str, text: str, iban: str = "", name: str = "") -> str:
    details = f":86:/EREF/{reference}" + (f"/ORDP//NAME/{name}/IBAN/{iban}" if iban else "") + f"/REMI/{text}"
    return f":61:{day}{day[2:]}{mark}{amount}NTRF{reference}//{reference}\n{details}"


@dataclass
class Desk:
    folder: Path

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def run(self, statements: Iterable[Path], *more: str | Path, items: str = ITEMS) -> Result:
        first, *others = statements
        arguments = [
            *("match", "--customers", self.file("customers.csv", CUSTOMERS)),
            *(
                "--items",
                self.file("open_items.csv", items),
                "--statements",
                first,
                *others,
                "--out",
                self.out,
                *more,
            ),
        ]
        return CliRunner().invoke(app, list(map(str, arguments)))

    @property
    def out(self) -> Path:
        return self.folder / "allocations.csv"

    def rows(self) -> list[dict[str, str]]:
        with self.out.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def told(self) -> list[tuple[str, ...]]:
        return [
            (r["entry_ref"], r["outcome"], r["item_id"], r["amount"], r["write_off"]) for r in self.rows()
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


FIRST = statement(
    1,
    "260302",
    "0,00",
    "467,70",
    entry("260302", "C", "70,00", "B-1", "fa 2026 000123 moins AV-2026-000001"),
    entry("260302", "C", "245,00", "B-2", "", DURAND, "DURAND MATERIAUX"),
    entry("260302", "C", "77,70", "B-3", "RF18 5390 0754 7034", MARTIN, "XY HOLDING"),
    entry("260302", "C", "75,00", "B-4", "REMBOURSEMENT TVA"),
)
SECOND = statement(
    2, "260303", "467,70", "522,70", entry("260303", "C", "55,00", "B-5", "", MARTIN, "XY HOLDING")
)


def test_payments_are_matched_in_the_order_of_the_files(desk: Desk) -> None:
    """B-5 is known by what B-3 taught the day before; a discount is settled and written off."""
    result = desk.run([desk.file("1.sta", FIRST), desk.file("2.sta", SECOND)])
    assert result.exit_code == 0, result.output
    assert desk.told() == [
        ("B-1", "applied", "I1", "100.00", ""),
        ("B-1", "applied", "I3", "30.00", ""),
        ("B-2", "applied", "I2", "250.00", "5.00"),
        ("B-3", "applied", "I4", "77.70", ""),
        ("B-4", "held", "", "", ""),
        ("B-5", "applied", "I5", "55.00", ""),
    ]
    assert list(desk.rows()[0]) == list(match.ALLOCATIONS)
    assert "5 payments" in result.stderr
    assert "exact_amount" in result.stdout


def test_what_is_learned_serves_from_the_next_day_only(desk: Desk) -> None:
    same_day = SECOND.replace("260303", "260302").replace("0303", "0302")
    desk.run([desk.file("1.sta", FIRST), desk.file("2.sta", same_day)])
    assert desk.told()[-1][:2] == ("B-5", "held")


def test_a_returned_payment_opens_its_item_again(desk: Desk) -> None:
    """Guard: `Desk.give_back`; the return bears the end-to-end reference of what it returns."""
    paid = entry("260302", "C", "55,00", "E2E-1", "FA-2026-000126")
    back = entry("260303", "RC", "55,00", "E2E-1", "REJET AC04")
    again = entry("260303", "C", "55,00", "E2E-2", "FA-2026-000126")
    files = [
        desk.file("1.sta", statement(1, "260302", "0,00", "55,00", paid)),
        desk.file("2.sta", statement(2, "260303", "55,00", "55,00", back, again)),
    ]
    result = desk.run(files)
    assert [row[:3] for row in desk.told()] == [("E2E-1", "applied", "I5"), ("E2E-2", "applied", "I5")]
    assert "2 payments in 2 rows, 1 returns" in result.stderr
    without = desk.run([files[0], desk.file("3.sta", statement(2, "260303", "55,00", "110,00", again))])
    assert without.exit_code == 0
    assert desk.told()[-1][1] == "held"


def test_debits_and_reversed_debits_are_not_matched(desk: Desk) -> None:
    entries = [
        entry("260302", "D", "100,00", "B-1", "FA-2026-000123"),
        entry("260302", "RD", "100,00", "B-2", "FA-2026-000123"),
        entry("260302", "C", "55,00", "B-3", "FA-2026-000126"),
    ]
    desk.run([desk.file("1.sta", statement(1, "260302", "100,00", "155,00", *entries))])
    assert [row["entry_ref"] for row in desk.rows()] == ["B-3"]


def test_what_two_statements_tell_is_one_payment(desk: Desk) -> None:
    result = desk.run([desk.file("1.sta", FIRST), desk.file("again.sta", FIRST)])
    assert len({row["entry_ref"] for row in desk.rows()}) == 4
    assert [row["entry_ref"] for row in desk.rows()].count("B-2") == 1
    assert "4 told twice" in result.stderr


def test_bank_fees_are_written_off_only_with_a_tolerance(desk: Desk) -> None:
    fees = desk.file(
        "1.sta", statement(1, "260302", "0,00", "45,00", entry("260302", "C", "45,00", "B", "FA-2026-000126"))
    )
    desk.run([fees])
    assert desk.told() == [("B", "applied", "I5", "45.00", "")]
    desk.run([fees], "--fee-tolerance", "15.00")
    assert desk.told() == [("B", "applied", "I5", "55.00", "10.00")]


def test_a_discount_larger_than_what_is_left_is_none(desk: Desk) -> None:
    items = ITEMS.replace(
        "E1,C2,I5,invoice,FA-2026-000126,2026-01-07,2026-02-06,EUR,55.00,,,",
        "E1,C2,I5,invoice,FA-2026-000126,2026-01-07,2026-02-06,EUR,55.00,,60.00,2026-12-31",
    )
    paid = statement(1, "260302", "0,00", "55,00", entry("260302", "C", "55,00", "B", "FA-2026-000126"))
    result = desk.run([desk.file("1.sta", paid)], items=items)
    assert result.exit_code == 0, result.output
    assert desk.told() == [("B", "applied", "I5", "55.00", "")]


def test_every_bad_row_is_reported_with_its_place_and_nothing_is_written(desk: Desk) -> None:
    desk.out.write_text("as before")
    bad = ITEMS.replace("I2,invoice", "I2,bill").replace("77.70", "77,70").replace("E1,C2,I5", "E1,C2,I1")
    result = desk.run([desk.file("1.sta", FIRST)], items=bad)
    assert result.exit_code == match.EXIT_UNREADABLE
    items = desk.folder / "open_items.csv"
    assert result.stderr.splitlines() == [
        f"{items}: line 3, column kind: 'bill' is neither invoice nor credit_note",
        f"{items}: line 5: 13 cells in a table of 12 columns",
        f"{items}: line 6, column item_id: 'I1' stands in an earlier row",
    ]
    assert desk.out.read_text() == "as before"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "customers.csv",
            "customer_id,name\n",
            "line 1: the header lacks siren, vat_number, ibans, group_id",
        ),
        ("1.sta", "nothing that a bank writes", "1.sta"),
        ("open_items.csv", "\0", "line 1: the header lacks entity_id"),
    ],
)
def test_a_file_of_another_kind_ends_with_2(desk: Desk, name: str, text: str, sentence: str) -> None:
    files = {"customers.csv": CUSTOMERS, "open_items.csv": ITEMS, "1.sta": FIRST} | {name: text}
    paths = {each: desk.file(each, content) for each, content in files.items()}
    arguments = ["match", "--customers", paths["customers.csv"], "--items", paths["open_items.csv"]]
    result = CliRunner().invoke(
        app, list(map(str, [*arguments, "--statements", paths["1.sta"], "--out", desk.out]))
    )
    assert result.exit_code == match.EXIT_UNREADABLE
    assert sentence in result.stderr
    assert not desk.out.exists()


def test_a_statement_in_quarantine_ends_with_3_and_the_others_are_matched(desk: Desk) -> None:
    wrong = FIRST.replace("467,70", "400,00")
    result = desk.run([desk.file("1.sta", wrong), desk.file("2.sta", SECOND)])
    assert result.exit_code == match.EXIT_QUARANTINED
    assert [row["entry_ref"] for row in desk.rows()] == ["B-5"]
    assert "quarantined, nothing of it" in result.stderr


def test_the_result_is_scored_against_a_truth(desk: Desk) -> None:
    truth = desk.file(
        "truth.csv", "entry_ref,case,item_id,amount\nB-1,note,I1,100.00\nB-1,note,I3,30.00\nB-2,net,I2,1\n"
    )
    result = desk.run([desk.file("1.sta", FIRST)], "--truth", truth)
    assert "applied and entirely right: 50.00% of 2 matchable" in result.stdout
    missing = desk.run([desk.file("1.sta", FIRST)], "--truth", desk.folder / "none.csv")
    assert missing.exit_code == match.EXIT_UNREADABLE


def test_a_tolerance_that_is_no_amount_ends_with_2(desk: Desk) -> None:
    result = desk.run([desk.file("1.sta", FIRST)], "--fee-tolerance", "-3")
    assert result.exit_code == match.EXIT_UNREADABLE
    assert "--fee-tolerance: '-3' is no amount" in result.stderr


def test_a_place_that_cannot_be_written_is_said(desk: Desk) -> None:
    desk.out.mkdir()
    result = desk.run([desk.file("1.sta", FIRST)])
    assert isinstance(result.exception, StackError)
    assert "cannot be written" in str(result.exception)
    assert [path.name for path in desk.folder.iterdir() if path.name.startswith(".")] == []


def test_a_missing_service_is_said(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    monkeypatch.setattr(match, "entry_points", lambda **_wanted: [])
    result = desk.run([desk.file("1.sta", FIRST)])
    assert isinstance(result.exception, StackError)
    assert "install matching and ingest" in str(result.exception)
