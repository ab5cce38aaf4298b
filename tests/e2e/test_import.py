"""`lettra import`: what was taken is said, and every mistake with its place, its remedy and its exit code."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_tools.client import service_of
from lettra_tools.demo.account import DayStatement
from lettra_tools.demo.camt import write_camt
from lettra_tools.demo.codes import french_iban
from lettra_tools.stack.local import LocalServers

TAKEN, REFUSED, UNREADABLE, AWAY = 0, 1, 2, 3
CUSTOMERS = "customer_id,name,siren,vat_number,ibans,email,language,group_id\n"
INVOICES = (
    "entity_id,customer_id,document_number,kind,issue_date,due_date,currency,net,vat,gross,"
    "payment_reference,corrects\n"
)
ACCOUNT = french_iban(7, 7)


def lettra(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lettra")), *map(str, arguments)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("LETTRA_")}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env=own | variables
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A running stack with a legal entity E1 and an account of it."""
    made = Path(tempfile.mkdtemp(prefix="lettra-test-import-"))
    made.chmod(0o711)
    try:
        up = lettra("up", "--folder", made)
        assert up.returncode == 0, up.stderr
        with service_of("invoicing", made) as invoicing, service_of("payment-ingest", made) as ingest:
            invoicing.post("/legal-entities", {"entity_id": "E1", "name": "One"})
            ingest.post("/accounts", {"account": ACCOUNT, "currency": "EUR", "entity_id": "E1"})
        yield made
    finally:
        lettra("down", "--folder", made)
        LocalServers(made).remove()


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def statement(day: str = "2024-01-02", closing: str = "10.00", account: str = ACCOUNT) -> bytes:
    """A statement without entries: it balances if it closes with 10.00."""
    found = DayStatement(
        1, account, "EUR", date.fromisoformat(day), Decimal("10.00"), Decimal(closing), entries=()
    )
    return write_camt("M", [found])


def test_customers_and_invoices_are_taken_once(folder: Path, tmp_path: Path) -> None:
    customers = written(tmp_path, "customers.csv", CUSTOMERS + "K1,Kelmo SAS,,,,,fr,\nK2,Kelmo Ltd,,,,,en,\n")
    invoices = written(
        tmp_path,
        "invoices.csv",
        INVOICES + "E1,K1,4711,invoice,2024-01-02,2024-02-01,EUR,10.00,2.00,12.00,,\n",
    )
    first = lettra("import", "customers", customers, "--folder", folder)
    assert (first.returncode, first.stdout) == (TAKEN, "customers.csv: rows: 2, new: 2; taken.\n")
    again = lettra("import", "customers", customers, LETTRA_FOLDER=str(folder))
    assert (again.returncode, again.stdout) == (
        TAKEN,
        "customers.csv: rows: 2, new: none; nothing changed.\n",
    )
    taken = lettra("import", "invoices", invoices, "--folder", folder)
    assert (taken.returncode, taken.stdout) == (TAKEN, "invoices.csv: rows: 1, new: 1; taken.\n")
    assert taken.stderr == ""


def test_every_bad_row_is_named_with_line_and_column(folder: Path, tmp_path: Path) -> None:
    rows = "B1,Good,,,,,fr,\nB2,Bad,12345,,,,xx,\nB3,Ugly,,,FR00 not an IBAN,,fr,\n"
    found = lettra("import", "customers", written(tmp_path, "bad.csv", CUSTOMERS + rows), "--folder", folder)
    assert found.returncode == REFUSED
    lines = found.stderr.splitlines()
    assert lines[0].startswith("bad.csv: line 3, column siren: '12345' is not a valid SIREN")
    assert lines[1].startswith("bad.csv: line 3, column language: ")
    assert lines[2].startswith("bad.csv: line 4, column ibans: ")
    assert lines[-1] == f"bad.csv: {len(lines) - 1} errors; nothing was taken."
    assert found.stdout == ""
    with service_of("invoicing", folder) as invoicing:
        created = invoicing.post("/customers", {"customer_id": "B1", "name": "Good"})["created"]
    assert created, "the good row of a refused file was taken"


def test_what_the_state_refuses_is_named_too(folder: Path, tmp_path: Path) -> None:
    row = "E9,K1,4712,invoice,2024-01-02,2024-02-01,EUR,10.00,2.00,12.00,,\n"
    found = lettra("import", "invoices", written(tmp_path, "i.csv", INVOICES + row), "--folder", folder)
    assert found.returncode == REFUSED
    assert found.stderr.startswith("i.csv: line 2, column entity_id: there is no legal entity E9\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"customer_id,name\nK1,Kelmo\n", "line 1: columns missing: 'siren'"),
        (CUSTOMERS.encode() + b"K1,\xff\n", "line 2: the byte 0xff is not UTF-8"),
        (CUSTOMERS.encode() + b'K1,"Kelmo\n', "line "),
        (b"", "line 1: columns missing"),
    ],
)
def test_a_file_of_another_kind_is_unreadable(
    folder: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    found = lettra("import", "customers", written(tmp_path, "odd.csv", content), "--folder", folder)
    assert found.returncode == UNREADABLE
    assert found.stderr.startswith(f"odd.csv: {words}")
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["customers", "invoices", "statement"])
def test_a_file_that_is_not_there_is_named(folder: Path, tmp_path: Path, kind: str) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        found = lettra("import", kind, path, "--folder", folder)
        assert found.returncode == UNREADABLE
        assert found.stderr.startswith(f"{path}: cannot be read: ")


def test_statements_are_booked_known_quarantined_refused_or_unreadable(folder: Path, tmp_path: Path) -> None:
    def send(name: str, content: bytes) -> subprocess.CompletedProcess[str]:
        return lettra("import", "statement", written(tmp_path, name, content), "--folder", folder)

    booked = send("a.xml", statement())
    assert booked.returncode == TAKEN, booked.stderr
    assert booked.stdout == (
        f"a.xml: statement 2024-00001 of {ACCOUNT} in EUR: booked, 0 transactions new, 0 known before;"
        " known through 2024-01-02.\n"
    )
    known = send("b.xml", statement())
    assert (known.returncode, "came before; nothing changed" in known.stdout) == (TAKEN, True)
    wrong = send("c.xml", statement("2024-01-03", "11.00"))
    assert wrong.returncode == REFUSED
    assert "in quarantine, does not add up: opening 10.00" in wrong.stderr
    assert send("c.xml", statement("2024-01-03", "11.00")).returncode == REFUSED
    stranger = send("d.xml", statement(account=french_iban(8, 8)))
    assert stranger.returncode == REFUSED
    assert "is not registered" in stranger.stderr
    (digest,) = re.findall(r"digest ([0-9a-f]{64})", wrong.stderr)
    resolve = (digest, "--who", "Ann", "--why", "sent by mistake", "--folder", folder)
    dismissed = lettra("import", "dismiss", *resolve)
    assert dismissed.stdout == f"Statement 2024-00001 of {ACCOUNT} in EUR is dismissed.\n", dismissed.stderr
    assert "(dismissed)" in send("c.xml", statement("2024-01-03", "11.00")).stdout
    again = lettra("import", "release", *resolve)
    assert (again.returncode, "it is dismissed" in again.stderr) == (REFUSED, True)
    broken = send("e.xml", statement()[:-30])
    assert broken.returncode == UNREADABLE
    assert broken.stderr.startswith("e.xml: line ")


def test_of_several_files_each_is_tried_and_the_worst_decides(folder: Path, tmp_path: Path) -> None:
    good = written(tmp_path, "good.xml", statement("2024-02-01"))
    late = written(tmp_path, "late.xml", statement("2024-02-02"))
    odd = written(tmp_path, "odd.xml", b"no XML")
    found = lettra("import", "statement", good, odd, tmp_path / "gone.xml", late, "--folder", folder)
    assert found.returncode == UNREADABLE
    assert [line.partition(":")[0] for line in found.stdout.splitlines()] == ["good.xml", "late.xml"]
    assert found.stderr.startswith("odd.xml: ")
    assert "gone.xml: cannot be read" in found.stderr


def test_where_nothing_runs_the_remedy_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "customers.csv", CUSTOMERS)
    found = lettra("import", "customers", file, "--folder", tmp_path / "empty")
    assert found.returncode == AWAY
    assert "Nothing runs in" in found.stderr
    assert "lettra up --folder" in found.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "not a url", "http://127.0.0.1:{port}/elsewhere"])
def test_a_service_that_does_not_answer_is_named(tmp_path: Path, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening: nobody answers there
        address = url.format(port=taken.getsockname()[1])
        file = written(tmp_path, "s.xml", b"")
        found = lettra("import", "statement", file, LETTRA_PAYMENT_INGEST_URL=address)
    assert found.returncode == AWAY
    assert f"The service payment-ingest at {address} does not answer" in found.stderr
    assert "lettra up" in found.stderr
    assert "Traceback" not in found.stderr


def test_an_address_is_enough(folder: Path, tmp_path: Path) -> None:
    with service_of("invoicing", folder) as invoicing:
        url = invoicing.url
    file = written(tmp_path, "customers.csv", CUSTOMERS)
    found = lettra("import", "customers", file, LETTRA_INVOICING_URL=url)
    assert (found.returncode, found.stdout) == (
        TAKEN,
        "customers.csv: rows: 0, new: none; nothing changed.\n",
    )
    other = lettra("import", "statement", file, "--url", f"{url}/nothing/there")
    assert other.returncode == AWAY
    assert "answers, but is no payment-ingest" in other.stderr


def test_help_shows_examples() -> None:
    for command in ((), ("customers",), ("invoices",), ("statement",)):
        found = lettra("import", *command, "--help")
        assert found.returncode == 0
        assert "lettra import" in found.stdout
    assert "Exit codes" in lettra("import", "--help").stdout


def test_every_format_is_taken_and_advices_find_their_payment(folder: Path, tmp_path: Path) -> None:
    account = french_iban(9, 9)
    with service_of("payment-ingest", folder) as ingest:
        ingest.post("/accounts", {"account": account, "currency": "EUR", "entity_id": "E1"})

    def send(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return lettra("import", *arguments, "--folder", folder)

    intraday = (
        f":20:R\n:25:{account}\n:28C:1\n:34F:EUR0,\n:13D:2403050900+0100\n"
        ":61:2403050305C90,00NTRFE-1//B-1\n:86:FACTURE FA-77\n:90C:1EUR90,00\n-\n"
    )
    announced = send("statement", written(tmp_path, "day.sta", intraday))
    assert announced.stdout == f"day.sta: message R 1 of {account} in EUR: 1 announced, 0 known before.\n"
    booked = (
        f":20:R\n:25:{account}\n:28C:1\n:60F:C240304EUR10,00\n"
        ":61:2403050305C90,00NTRFE-1//B-1\n:86:FACTURE FA-77\n:62F:C240305EUR100,00\n-\n"
    )
    taken = send("statement", written(tmp_path, "night.sta", booked))
    assert "booked, 1 transactions new, 0 known before; known through 2024-03-05" in taken.stdout, (
        taken.stderr
    )
    with service_of("payment-ingest", folder) as ingest:
        assert ingest.get("/announcements", account=account)["announcements"] == []
    rows = "Date,Text,Amount\n2024-03-06,LOYER,-30.00\n"
    mapping = (
        f'account = "{account}"\ncurrency = "EUR"\n[columns]\nbooking_date = "Date"\n'
        'amount = "Amount"\nremittance = "Text"\n'
    )
    how = written(tmp_path, "how.toml", mapping)
    unmapped = send("statement", written(tmp_path, "bank.csv", rows))
    assert (unmapped.returncode, "needs a mapping" in unmapped.stderr) == (UNREADABLE, True)
    mapped = send("statement", written(tmp_path, "bank.csv", rows), "--mapping", how)
    assert "1 transactions new" in mapped.stdout, mapped.stderr
    advice = (
        "customer_id,payment_date,currency,total,document_number,amount\n"
        "C-1,2024-03-05,EUR,90.00,FA-77,100.00\nC-1,2024-03-05,EUR,90.00,AV-7,-10.00\n"
    )
    linked = send("remittances", written(tmp_path, "advices.csv", advice))
    assert linked.stdout == "advices.csv: advices: 1, new: 1; taken. Linked to a payment now: 1.\n", (
        linked.stderr
    )
    wrong = send("remittances", written(tmp_path, "wrong.csv", advice.replace("-10.00", "x")))
    assert (wrong.returncode, "wrong.csv: line 3, column amount:" in wrong.stderr) == (REFUSED, True)


def test_cheques_payouts_and_a_registered_mapping(folder: Path, tmp_path: Path) -> None:
    """Guards: the commands payments, payouts and mapping (lettra_tools/commands/imports.py)."""

    def send(kind: str, name: str, content: str, *options: str) -> subprocess.CompletedProcess[str]:
        return lettra("import", kind, written(tmp_path, name, content), *options, "--folder", folder)

    account = french_iban(7, 9)
    with service_of("payment-ingest", folder) as ingest:
        ingest.post("/accounts", {"account": account, "currency": "EUR", "entity_id": "E1"})
    cheques = (
        "entity_id,currency,method,amount,received_on,reference\nE1,EUR,cheque,120.00,2024-03-05,0012345\n"
    )
    taken = send("payments", "cheques.csv", cheques)
    assert taken.stdout == "cheques.csv: payments: 1, new: 1; taken. Linked to an advice now: 0.\n", (
        taken.stderr
    )
    assert "nothing changed" in send("payments", "cheques.csv", cheques).stdout
    other = send("payments", "cheques.csv", cheques.replace("120.00", "121.00"))
    assert (other.returncode, "cheques.csv: line 2, column amount: cheque 0012345" in other.stderr) == (
        REFUSED,
        True,
    )
    head = "account,currency,provider,payout_reference,expected_date,reference,amount,fee\n"
    rows = "".join(f"{account},EUR,CARTES,PO-77,2024-03-05,t-{n},60.00,1.00\n" for n in (1, 2))
    registered = send("payouts", "cards.csv", head + rows)
    assert registered.stdout == "cards.csv: payouts: 1, new: 1; taken. Linked to an advice now: 0.\n", (
        registered.stderr
    )
    wrong = send("payouts", "cards.csv", head + rows.replace("1.00", "x", 1))
    assert (wrong.returncode, "cards.csv: line 2, column fee: " in wrong.stderr) == (REFUSED, True)
    how = '[columns]\nbooking_date = "Date"\namount = "Betrag"\nremittance = "Text"\n'
    mapped = send("mapping", "how.toml", how, "--account", account)
    expected = f"how.toml: CSV files of account {account} in EUR are read by it from now on.\n"
    assert mapped.stdout == expected, mapped.stderr
    credit = "Date,Text,Betrag\n2024-03-05,CARTES PO-77,118.00\n"
    booked = send("statement", "bank.csv", credit, "--account", account, "--currency", "EUR")
    assert "booked, 1 transactions new" in booked.stdout, booked.stderr
    with service_of("payment-ingest", folder) as ingest:
        (payout,) = ingest.get("/payouts", account=account)["payouts"]
        found = ingest.get("/payments", account=account)["payments"]
    assert payout["entry_id"] is not None
    assert sorted(p["amount"] for p in found if p["entry_ref"].startswith("t-")) == ["60.00", "60.00"]
    broken = send("mapping", "how.toml", "colums = 1\n", "--account", account)
    assert (broken.returncode, broken.stderr.startswith("how.toml: ")) == (UNREADABLE, True)
