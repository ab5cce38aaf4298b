"""The other public files: CSV by mappings written for them, and what is no bank statement. Read by eye."""

import io
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.mt import read_mt
from lettra_payment_ingest.bank.reading import read_file

GERMAN, SPANISH = "DE89370400440532013000", "ES9121000418450200051332"
ENGLISH_MAP = """
[columns]
booking_date = "Date"
amount = "Amount"
currency = "Currency"
remittance = "Description"
"""
SPLIT_MAP = """
delimiter = ";"
decimal = ","
[columns]
booking_date = "Booking Date"
credit = "Credit"
debit = "Debit"
currency = "CCY"
account = "IBAN"
remittance = "Details"
reference = "Ref"
balance = "Running Balance"
"""
EUROPEAN_MAP = """
delimiter = ";"
decimal = ","
thousands = "."
[columns]
booking_date = "Buchungstag"
amount = "Betrag"
currency = "CCY"
account = "IBAN"
remittance = "Verwendungszweck"
reference = "Ref"
"""
SPANISH_MAP = """
delimiter = ";"
decimal = ","
thousands = "."
[columns]
booking_date = "Fecha"
amount = "Importe"
currency = "Moneda"
account = "Cuenta"
remittance = "Concepto"
reference = "Referencia"
"""
FRENCH_MAP = f"""
delimiter = ";"
decimal = ","
account = "{GERMAN}"
[columns]
booking_date = "date opération"
credit = "Crédit"
debit = "Débit"
currency = "Devise"
remittance = "Libellé"
reference = "Référence"
"""

# Mapping; account, opening, closing, verdict; and each transaction: day, signed amount, reference, text.
CSV = {
    "sample_statement.csv": (
        ENGLISH_MAP + 'account = "Account"\nreference = "Reference"\nbalance = "Balance"\n',
        "DE123456789 2500.00 3800.00 balanced",
        ["2026-03-20 2500.00 TXN-001 Salary", "2026-03-21 -1200.00 TXN-002 Rent"],
    ),
    "sample_split_amounts.csv": (
        SPLIT_MAP,
        "DE4455667788 1000.00 2050.25 balanced",
        ["2026-03-20 1250.50 CSV-100 Incoming transfer", "2026-03-21 -200.25 CSV-101 Utility bill"],
    ),
    "golden/csv_european_decimals.csv": (
        EUROPEAN_MAP,
        f"{GERMAN} None None unverified",
        [
            "2026-04-02 -1234.56 EU-001 Miete April",
            "2026-04-05 3500.00 EU-002 Gehalt",
            "2026-04-09 -4.50 EU-003 Kaffee",
        ],
    ),
    "golden/csv_spanish_headers.csv": (
        SPANISH_MAP,
        f"{SPANISH} None None unverified",
        [
            "2026-04-02 -1234.56 ES-001 Alquiler Abril",
            "2026-04-05 3500.00 ES-002 Nómina",
            "2026-04-09 -4.50 ES-003 Café",
        ],
    ),
    "golden/csv_french_headers.csv": (
        FRENCH_MAP,
        f"{GERMAN} None None unverified",
        [
            "2026-04-02 -1234.56 FR-001 Loyer Avril",
            "2026-04-05 3500.00 FR-002 Salaire",
            "2026-04-09 -4.50 FR-003 Café",
        ],
    ),
}
IS_NONE = "line 1: is no bank file: neither CAMT, MT940, MT942 nor CFONB 120 (a CSV file needs a mapping)"
# What is refused, with a mapping too where it is CSV.
REFUSED = {
    "golden/csv_garbled_amount.csv": "line 3, column Amount: wrong amount '12..34'",
    "camt_file.csv": "line 1: no column 'Date' in the header: there are 'AccountId', 'StatementCreated', ",
    "pain_file.csv": "line 1: no column 'Date' in the header: there are 'PmtInfId'",
    "sample.ofx": "line 1: is OFX, which is not taken",
    "sample.qfx": "line 1: is OFX, which is not taken",
}
NO_STATEMENT = (
    "eval/european_format.json",
    "eval/same_day_duplicates.json",
    "eval/single_currency_checking.json",
)


@pytest.fixture
def folder(public_folder) -> Path:
    return public_folder("camt") / "bankstatementparser"


@pytest.mark.parametrize("name", CSV)
def test_a_public_csv_file_is_read_as_a_person_reads_it(folder, name):
    text, head, rows = CSV[name]
    mapping = read_mapping(text, "map.toml")
    (s,) = read_file(io.BytesIO((folder / name).read_bytes()), name, mapping=mapping)
    opening, closing = (balance and balance.amount for balance in (s.opening, s.closing))
    assert f"{s.account} {opening} {closing} {check_statement(s).outcome}" == head
    found = [f"{t.booking_date} {t.signed_amount} {t.bank_ref} {t.remittance}" for t in s.transactions]
    assert found == rows
    assert {t.currency for t in s.transactions} == {"EUR"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_statement_is_refused_with_a_mapping(folder, name):
    mapping = read_mapping(f'account = "{GERMAN}"\n' + ENGLISH_MAP, "map.toml")
    with pytest.raises(UnreadableFile) as caught:
        list(read_file(io.BytesIO((folder / name).read_bytes()), name, mapping=mapping))
    assert str(caught.value).startswith(f"{name}: {REFUSED[name]}")


@pytest.mark.parametrize("name", NO_STATEMENT)
def test_what_is_no_bank_file_is_refused(folder, name):
    with pytest.raises(UnreadableFile) as caught:
        list(read_file(io.BytesIO((folder / name).read_bytes()), name))
    assert str(caught.value) == f"{name}: {IS_NONE}"


def test_the_one_mt940_among_them(folder):
    (s,) = read_mt(io.BytesIO((folder / "sample.mt940").read_bytes()), "sample.mt940")
    assert (s.statement_id, s.account, check_statement(s).outcome) == (
        "STARTUMS 00001",
        "NL91ABNA0417164300",
        "balanced",
    )
    found = [f"{t.booking_date} {t.signed_amount} {t.entry_ref} {t.remittance}" for t in s.transactions]
    assert found == ["2026-03-20 1250.50 MT940-1 Salary payment", "2026-03-21 -80.25 MT940-2 Groceries"]


def test_every_other_file_of_the_folder_is_in_the_tables(folder):
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    others = {name for name in files if not name.endswith(".xml")} - {"LICENSE", "PROVENANCE.md"}
    assert others == CSV.keys() | REFUSED.keys() | set(NO_STATEMENT) | {"sample.mt940"}


@pytest.mark.parametrize("name", ["camt", "mt940", "cfonb"])
def test_every_public_file_is_read_or_refused_by_its_content(public_folder, name):
    """Whatever the file is called: the one error, or statements."""
    for path in public_folder(name).rglob("*"):
        if path.is_file():
            try:
                statements = list(read_file(io.BytesIO(path.read_bytes()), "file"))
            except UnreadableFile:
                continue
            assert statements, path
