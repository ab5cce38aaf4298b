"""The CFONB 120 files of another project's test suite, each read to what a person reads in it.

The expected values were written down by hand from the files; never regenerate them from the reader. A statement is a
line: name, account, opening, closing, verdict, and the signed amounts of its entries.
"""

import io
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.cfonb import read_cfonb
from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile

# Bank 15589, branch 00000, number 98765432100; and 18706, 00000, 00123456789: with their keys.
FIRST, SECOND = "FR7615589000009876543210088", "FR7618706000000012345678954"
DEMONSTRATION = f"CFONB 2019-05-16 | {FIRST} | -190.40 | -241.21 | quarantined | -10.70"
UNFRAMED = f"CFONB 2019-05-16 | {FIRST} | None | None | unverified | "

EXPECTED: dict[str, list[str]] = {
    "example.txt": [
        f"CFONB 2019-05-16 | {FIRST} | -190.40 | -241.21 | balanced | -32.21 -10.70 -7.90",
        f"CFONB 2019-05-17 | {SECOND} | -241.21 | -163.72 | balanced | 97.49 -12.10 -7.90",
    ],
    # The second statement is no more than a closing balance.
    "end_of_statement_without_beginning.txt": [
        DEMONSTRATION,
        f"CFONB 2019-05-17 | {SECOND} | None | -163.72 | unverified | ",
    ],
    "new_statement_without_previous_ended.txt": [
        f"CFONB 2019-05-15 | {FIRST} | -190.40 | None | unverified | -10.70",
        f"CFONB 2019-05-17 | {SECOND} | -241.21 | -163.72 | quarantined | -7.90",
    ],
    "operation.txt": [UNFRAMED + "-32.21"],
    "operation_already_defined.txt": [UNFRAMED + "-32.21 -32.21"],
    "operation_out_of_statement.txt": [UNFRAMED + "-32.21", DEMONSTRATION],
}

REFUSED = {
    "invalid_date.txt": "line 1: wrong date '  CART' (columns 35 to 40)",
    "operation_detail_without_operation.txt": "line 3: a complement (05) without an entry (04) before it",
    "operation_unstarted.txt": "line 1: a complement (05) without an entry (04) before it",
}


@pytest.fixture
def folder(public_folder) -> Path:
    return public_folder("cfonb") / "pennylane"


def read(folder: Path, name: str):
    return list(read_cfonb(io.BytesIO((folder / name).read_bytes()), name))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_public_file_is_read_as_a_person_reads_it(folder, name):
    found = []
    for s in read(folder, name):
        opening, closing = (balance and balance.amount for balance in (s.opening, s.closing))
        entries = " ".join(str(t.signed_amount) for t in s.transactions)
        verdict = check_statement(s).outcome
        found.append(f"{s.statement_id} | {s.account} | {opening} | {closing} | {verdict} | {entries}")
        assert s.currency == "EUR"
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_public_file_is_refused(folder, name):
    with pytest.raises(UnreadableFile) as caught:
        read(folder, name)
    assert str(caught.value) == f"{name}: {REFUSED[name]}"


def test_every_file_of_the_folder_is_in_the_tables(folder):
    assert {p.name for p in folder.glob("*.txt")} - {"LICENSE.txt"} == EXPECTED.keys() | REFUSED.keys()


def test_transactions_in_full(folder):
    first, last = (s.transactions for s in read(folder, "example.txt"))
    direct_debit, transfer, commission = first
    assert direct_debit.remittance == "PRLV SEPA TEST CABINET MENSUEAUHTR13133 MENSUEAUHTR13DUP"
    assert (direct_debit.counterparty_name, direct_debit.counterparty_iban) == ("INTERNET SFR", None)
    assert (direct_debit.end_to_end_id, direct_debit.bank_ref) == ("OTHER REFERENCE", "REFERENCE")
    assert (transfer.bank_ref, transfer.counterparty_name) == ("REFERENCE", "ELEC ERDF")
    assert (commission.remittance, commission.bank_transaction_code) == ("F COMMISSION D INTERVENTION", "62")
    assert (str(commission.booking_date), str(commission.value_date)) == ("2019-05-15", "2019-05-15")
    credit = last[0]
    assert (str(credit.booking_date), str(credit.value_date), credit.direction) == (
        "2019-05-17",
        "2019-05-15",
        "credit",
    )
    assert credit.remittance == "PRLV SEPA GROUPAMA CEN P051928612 22793301700040"
