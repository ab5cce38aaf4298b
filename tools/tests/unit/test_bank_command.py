"""`lettra bank parse`: what it prints, and its exit codes. All samples are invented."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lettra_tools.cli import app
from lettra_tools.commands import bank
from lettra_tools.stack import StackError

ACCOUNT = "FR7630006000011234567890189"
STATEMENT = (
    f":20:REF\n:25:{ACCOUNT}\n:28C:7/1\n:60F:C260301EUR100,00\n"
    ":61:2603020302C10,00NTRFNONREF//BANK-1\n"
    ":86:/EREF/E-1/ORDP//NAME/Café Zoë/REMI/FA-2026-000123\n"
    ":61:2603020302RC4,5NTRFNONREF\n"
    ":62F:C260302EUR105,50\n-\n"
)
BATCH = f"""<Document><BkToCstmrStmt><Stmt><Id>S-1</Id><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>
<Ntry><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>
<AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls>
<TxDtls><Amt Ccy="EUR">1.00</Amt><Chrgs><Amt Ccy="EUR">0.10</Amt></Chrgs></TxDtls>
<TxDtls><Refs><AcctSvcrRef>T-2</AcctSvcrRef></Refs><Amt Ccy="EUR">1.00</Amt></TxDtls>
<TxDtls><Amt Ccy="EUR">1.000</Amt></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""
FIELDS = [
    "file",
    "statement_id",
    "account",
    "booking_date",
    "value_date",
    "amount",
    "currency",
    "direction",
    "reversal",
    "entry_ref",
    "end_to_end_id",
    "structured_reference",
    "remittance",
    "counterparty_name",
    "counterparty_iban",
    "charges",
    "batch_size",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["bank", "parse", *map(str, arguments)])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    file = tmp_path / "anything.bin"
    file.write_text(STATEMENT)
    return file


def test_one_json_line_a_transaction(statement: Path) -> None:
    result = run(statement, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = lines(result)
    assert list(first) == FIELDS
    assert first == {
        "file": str(statement),
        "statement_id": "REF 7/1",
        "account": ACCOUNT,
        "booking_date": "2026-03-02",
        "value_date": "2026-03-02",
        "amount": "10.00",
        "currency": "EUR",
        "direction": "credit",
        "reversal": False,
        "entry_ref": "BANK-1",
        "end_to_end_id": "E-1",
        "structured_reference": None,
        "remittance": "FA-2026-000123",
        "counterparty_name": "Café Zoë",
        "counterparty_iban": None,
        "charges": None,
        "batch_size": None,
    }
    assert (second["amount"], second["direction"], second["reversal"]) == ("4.50", "debit", True)
    assert str(second["entry_ref"]).startswith("digest-")


def test_a_batch_is_split(tmp_path: Path) -> None:
    file = tmp_path / "batch"
    file.write_text(BATCH)
    result = run(file, "--json")
    found = [(row["amount"], row["entry_ref"], row["charges"], row["batch_size"]) for row in lines(result)]
    assert found == [("1.00", "B-1#1", "0.10", 3), ("1.00", "T-2", None, 3), ("1.00", "B-1#3", None, 3)]
    assert result.exit_code == 0
    assert "unverified: no opening and no closing balance" in result.stderr


def test_a_statement_that_does_not_add_up_exits_3_and_nothing_of_it_is_taken(statement: Path) -> None:
    statement.write_text(STATEMENT + STATEMENT.replace("105,50", "105,51").replace("REF", "BAD"))
    result = run(statement, "--json")
    assert result.exit_code == 3
    *taken, refused = lines(result)
    assert [row["statement_id"] for row in taken] == ["REF 7/1", "REF 7/1"]
    assert list(refused) == ["file", "statement_id", "account", "quarantined"]
    assert refused["statement_id"] == "BAD 7/1"
    assert str(refused["quarantined"]).startswith("does not add up: opening 100.00 + entries 5.50 = 105.50")
    assert result.stderr.startswith(f"{statement}: line 10: quarantined: does not add up")
    assert result.stderr.count("\n") == 1


def test_a_file_that_cannot_be_taken_exits_2_with_one_line_and_no_output(statement: Path) -> None:
    """Guard: the first statements are fine, and yet nothing of the file is shown."""
    statement.write_text(STATEMENT * 2 + STATEMENT.replace("C10,00", "Cten"))
    result = run(statement, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == f"{statement}: line 23: wrong statement line :61: '2603020302CtenNTRFNONREF//BANK-1'\n"
    )


def test_the_other_files_are_shown_and_the_worst_code_counts(tmp_path: Path, statement: Path) -> None:
    bad, wrong = tmp_path / "bad", tmp_path / "wrong"
    bad.write_text("hello")
    wrong.write_text(STATEMENT.replace("105,50", "105,51"))
    assert run(wrong, statement).exit_code == 3
    result = run(bad, statement, wrong, "--json")
    assert result.exit_code == 2
    assert len(lines(result)) == 3


@pytest.mark.parametrize("missing", ["nothing-here", "."])
def test_a_file_that_is_not_there_exits_2(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(missing, "--json")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{missing}: cannot be read: ")


def test_in_words(statement: Path) -> None:
    result = run(statement)
    head, first, second = result.stdout.splitlines()
    assert head == f"{statement}: statement REF 7/1 of {ACCOUNT}, from 100.00 to 105.50 EUR: 2 transactions"
    assert first == "  2026-03-02 +10.00 EUR  Café Zoë | FA-2026-000123"
    assert second == "  2026-03-02 -4.50 EUR  "


def test_announced_money_is_called_so(statement: Path) -> None:
    statement.write_text("{1:F01X}{2:I942X}{4:\n" + STATEMENT)
    result = run(statement)
    assert result.exit_code == 0
    assert "+10.00 EUR (pending)" in result.stdout
    assert (
        result.stderr
        == f"{statement}: line 2: announced: a report only announces: its entries are in no balance yet\n"
    )


def test_an_archive(tmp_path: Path) -> None:
    file = tmp_path / "month.zip"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a/one", STATEMENT)
        made.writestr("two", BATCH)
    result = run(file, "--json")
    assert (result.exit_code, len(lines(result))) == (0, 5)
    assert {row["file"] for row in lines(result)} == {str(file)}


class TestMapping:
    TEXT = f'account = "{ACCOUNT}"\ncurrency = "JPY"\n[columns]\nbooking_date = "Date"\namount = "Amount"\n'

    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        file = tmp_path / "bank.csv"
        file.write_text("Date,Amount\n2026-03-02,-500\n")
        return file

    def test_a_csv_file_by_its_mapping(self, table: Path, tmp_path: Path) -> None:
        mapping = tmp_path / "map.toml"
        mapping.write_text(self.TEXT)
        result = run(table, "--mapping", mapping, "--json")
        assert result.exit_code == 0
        (row,) = lines(result)
        assert (row["amount"], row["currency"], row["direction"]) == ("500", "JPY", "debit")

    def test_without_one_it_is_refused(self, table: Path) -> None:
        result = run(table)
        assert result.exit_code == 2
        assert "a CSV file needs a mapping" in result.stderr

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"x = ", "TOML"),
            (b"\xff", "is not UTF-8"),
            (None, "cannot be read"),
            (b"", "columns: Field required"),
        ],
    )
    def test_a_wrong_mapping_exits_2(
        self, table: Path, tmp_path: Path, content: bytes | None, reason: str
    ) -> None:
        mapping = tmp_path / "map.toml"
        if content is not None:
            mapping.write_bytes(content)
        result = run(table, "--mapping", mapping)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{mapping}: ")
        assert reason in result.stderr


def test_without_the_service_it_says_what_to_install(
    statement: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank, "GROUP", "lettra.nothing")
    with pytest.raises(StackError, match="install lettra-payment-ingest"):
        CliRunner().invoke(app, ["bank", "parse", str(statement)], catch_exceptions=False)


def test_the_output_is_utf_8_whatever_the_locale(statement: Path) -> None:
    """Guard: with the locale's encoding, one letter would end the command half-way."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "lettra_tools.cli", "bank", "parse", str(statement), "--json"]
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, timeout=60)
    assert json.loads(done.stdout.decode("utf-8").splitlines()[0])["counterparty_name"] == "Café Zoë"
