"""The CAMT.053 files of other projects' test suites, each read to what a person reads in it.

The expected values were written down by hand from the XML, file by file; never regenerate them from the reader. The
files lie in a data folder outside the project (its README says whose they are): `LETTRA_DATA` names it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.camt import read_camt, recognise
from lettra_payment_ingest.bank.checks import check_continuity, check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile


@pytest.fixture
def camt(public_folder) -> Path:
    return public_folder("camt")


@dataclass(frozen=True)
class Tx:
    """A transaction as read by eye; `amount` is signed. A `ref` of None: the bank gave none."""

    amount: str
    booked: str
    value: str | None = None
    ref: str | None = None
    end_to_end: str | None = None
    structured: str | None = None
    text: str | None = None
    name: str | None = None
    iban: str | None = None
    batch: int | None = None


@dataclass(frozen=True)
class St:
    """A statement as read by eye; balances are signed, with their currency."""

    id: str
    account: str
    currency: str
    opening: str | None
    closing: str | None
    verdict: str
    transactions: tuple[Tx, ...]


BSP, GENKGO = "bankstatementparser", "genkgo"
NL, NL_ID = "NL26VAYB8060476890", "253EURNL26VAYB8060476890"
BELGIAN = "4654654654654654"
COFFEE = Tx("-4.50", "2026-04-07", "2026-04-07", text="CARD PAYMENT CITY COFFEE", name="CITY COFFEE")


def dutch(ref: str | None = None, **more: str) -> St:
    """One credit of 8.85 EUR, with a closing balance in SEK: five files of one author differ in little else."""
    facts = {"name": "NAME NAME", "iban": "NL56AGDH9619008421"} | more
    tx = Tx("8.85", "2014-12-31", "2015-01-02", ref, structured=BELGIAN, **facts)
    return St(NL_ID, NL, "EUR", "18.15 EUR", "-27.00 SEK", "quarantined", (tx,))


EXPECTED: dict[str, list[St]] = {
    f"{BSP}/camt.053.001.02.xml": [
        St(
            "AAAASESS-FP-STAT001",
            "50000000054910000003",
            "SEK",
            "500000 SEK",
            "435678.50 SEK",
            "balanced",
            (
                Tx(
                    "105678.50",
                    "2010-10-18",
                    "2010-10-18",
                    "AAAASESS-FP-CN_98765/01",
                    "MUELL/FINP/RA12345",
                    name="MUELLER",
                ),
                Tx("-200000", "2010-10-18", "2010-10-18", "AAAASESS-FP-ACCR-01", batch=20),
                Tx("30000", "2010-10-18", "2010-10-18", "AAAASESS-FP-CONF-FX", "AAAASS1085FINPSS"),
            ),
        )
    ],
    f"{BSP}/golden/camt053_duplicate_same_day.xml": [
        St("GOLDEN-DUP", "DE89370400440532013000", "EUR", None, None, "unverified", (COFFEE, COFFEE))
    ],
    f"{BSP}/golden/camt053_multicurrency.xml": [
        St(
            "GOLDEN-MULTI-EUR",
            "DE89370400440532013000",
            "EUR",
            "10000.00 EUR",
            "10750.25 EUR",
            "balanced",
            (
                Tx(
                    "1250.50",
                    "2026-04-10",
                    "2026-04-10",
                    end_to_end="EUR-E2E-001",
                    text="Invoice 2026-117",
                    name="ACME GMBH",
                ),
                Tx(
                    "-500.25",
                    "2026-04-15",
                    "2026-04-15",
                    end_to_end="EUR-E2E-002",
                    text="PO 4711",
                    name="OFFICE SUPPLIES SARL",
                ),
            ),
        ),
        St(
            "GOLDEN-MULTI-USD",
            "US-ACCT-0099",
            "USD",
            "2500.00 USD",
            "2400.01 USD",
            "balanced",
            (
                Tx(
                    "-99.99",
                    "2026-04-20",
                    "2026-04-21",
                    end_to_end="USD-E2E-001",
                    text="Subscription April",
                    name="CLOUD HOSTING INC",
                ),
            ),
        ),
    ],
    f"{BSP}/golden/camt053_no_namespace.xml": [
        St(
            "GOLDEN-NONS",
            "GB29NWBK60161331926819",
            "GBP",
            "100.00 GBP",
            "350.00 GBP",
            "balanced",
            (Tx("250.00", "2026-04-12", "2026-04-12", text="Consulting fee", name="JANE CLIENT"),),
        )
    ],
    # Credits that name only a creditor (the account's owner): the payer is unknown.
    f"{GENKGO}/camt053.v2.all-balance-types.xml": [
        St(
            "CAMT0532015012200001",
            "CH2801234000123456789",
            "EUR",
            "1.01 EUR",
            "4.04 EUR",
            "quarantined",
            (
                Tx(
                    "8.850",
                    "2014-12-31",
                    "2015-01-02",
                    end_to_end="000000001",
                    text="Transaction Description",
                ),
            ),
        )
    ],
    f"{GENKGO}/camt053.v2.five.decimals.xml": [
        St(
            NL_ID,
            NL,
            "EUR",
            "18.150 EUR",
            "27.050 EUR",
            "quarantined",
            (
                Tx(
                    "8.850",
                    "2014-12-31",
                    "2015-01-02",
                    end_to_end="000000001",
                    text="Transaction Description",
                ),
            ),
        )
    ],
    f"{GENKGO}/camt053.v2.minimal.ultimate.xml": [
        St(
            NL_ID,
            NL,
            "EUR",
            "18.15 EUR",
            "-27.00 SEK",
            "quarantined",
            (Tx("8.85", "2014-12-31", "2015-01-02", structured=BELGIAN, name="DEBTOR NAME NM"),),
        )
    ],
    f"{GENKGO}/camt053.v2.minimal.xml": [dutch()],
    f"{GENKGO}/camt053.v2.with-party-ids.xml": [dutch()],
    # Its detail says 105.750: the entry's amount is what was booked.
    f"{GENKGO}/camt053.v3.xml": [dutch("XXXXXXXXXXXXXXXXXXXXXXEUR")],
    # Their detail says 0 SEK.
    f"{GENKGO}/camt053.v4.xml": [dutch("AAAASESS-FP-CN_98765/01")],
    f"{GENKGO}/camt053.v8.xml": [dutch("AAAASESS-FP-CN_98765/01", end_to_end="MUELL/FINP/RA12345")],
    f"{GENKGO}/camt053.v2.multi.statement.xml": [
        St(
            NL_ID,
            NL,
            "EUR",
            "18.15 EUR",
            "27.00 EUR",
            "balanced",
            (
                Tx(
                    "8.85",
                    "2014-12-31",
                    "2015-01-02",
                    end_to_end="000000001",
                    text="Transaction Description 1",
                ),
            ),
        ),
        St(
            "254EURNL26VAYB8060476890",
            NL,
            "EUR",
            "27.00 EUR",
            "20.00 EUR",
            "balanced",
            (
                Tx(
                    "-7.00",
                    "2014-12-31",
                    "2015-01-02",
                    end_to_end="000000002",
                    text="Transaction Description 2",
                    name="Company Name 2",
                    iban="NL56AGDH9619008421",
                ),
            ),
        ),
    ],
    # Only an available balance, in JPY.
    f"{GENKGO}/camt053.v2.with-account-name.xml": [
        St(
            "253EURCH2801234000123456789",
            "CH2801234000123456789",
            "EUR",
            None,
            None,
            "unverified",
            (Tx("8.85", "2014-12-31"),),
        )
    ],
    f"{GENKGO}/camt53.only-Dt-with-DtTm.xml": [
        St(
            "I38y0h4YyLnQiOV6P7nEd44r2",
            "GB33BUKB20201555555555",
            "RON",
            "5442.09000 RON",
            None,
            "unverified",
            (),
        )
    ],
}

REFUSED = {
    f"{BSP}/golden/camt053_garbled_amount.xml": "line 17, Stmt[1]/Ntry[1]/Amt: wrong amount '12..34'",
    f"{BSP}/invalid.xml": "root element: is XML, but no bank statement (CAMT.053): it begins with 'Document'",
    f"{BSP}/pain.001.001.03.xml": "it begins with 'Document/CstmrCdtTrfInitn'",
    f"{GENKGO}/camt053.v2.wrong.xml": "BkToCstmrStmt: no statement (Stmt) in the file",
}


def seen_transaction(t) -> Tx:
    return Tx(
        amount=str(t.signed_amount),
        booked=str(t.booking_date),
        value=t.value_date and str(t.value_date),
        ref=t.bank_ref,
        end_to_end=t.end_to_end_id,
        structured=t.structured_reference,
        text=t.remittance,
        name=t.counterparty_name,
        iban=t.counterparty_iban,
        batch=t.batch_size,
    )


def seen_statement(s) -> St:
    opening, closing = (b and f"{b.amount} {b.currency}" for b in (s.opening, s.closing))
    transactions = tuple(seen_transaction(t) for t in s.transactions)
    verdict = check_statement(s).outcome
    return St(s.statement_id, s.account, s.currency, opening, closing, verdict, transactions)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_public_file_is_read_as_a_person_reads_it(camt, name):
    with (camt / name).open("rb") as file:
        statements = list(read_camt(file, name))
    assert [seen_statement(s) for s in statements] == EXPECTED[name]
    for t in (t for s in statements for t in s.transactions):
        assert (t.status, t.reversal, t.charges, t.return_reason, t.mandate_id) == (
            "BOOK",
            False,
            None,
            None,
            None,
        )
        assert t.entry_ref == t.bank_ref or t.entry_ref.startswith(f"digest-{t.digest}-")


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_public_file_is_refused(camt, name):
    with pytest.raises(UnreadableFile) as caught:
        list(read_camt((camt / name).read_bytes(), name))
    assert str(caught.value).startswith(f"{name}: ")
    assert str(caught.value).endswith(REFUSED[name])


def test_every_statement_file_of_the_folder_is_in_the_tables(camt):
    """And nothing else is taken: the other CAMT messages are named and refused."""
    for path in sorted(camt.rglob("*.xml")):
        name = path.relative_to(camt).as_posix()
        kind = recognise(path.read_bytes())
        if kind in ("camt.052", "camt.054"):
            with pytest.raises(UnreadableFile, match=f"is a {kind.upper()} "):
                list(read_camt(path.read_bytes(), name))
        else:
            assert name in EXPECTED or name in REFUSED


def test_the_tables_agree_with_the_folders_own_account():
    """18 statements: 8 do not add up, 4 lack a balance (one of these is in the file with the garbled amount)."""
    verdicts = [s.verdict for statements in EXPECTED.values() for s in statements]
    assert (len(verdicts) + 1, verdicts.count("quarantined"), verdicts.count("unverified") + 1) == (18, 8, 4)


def test_the_days_of_the_public_files_are_days(camt):
    (statement,) = read_camt((camt / f"{GENKGO}/camt53.only-Dt-with-DtTm.xml").read_bytes(), "x")
    assert statement.opening
    assert statement.opening.date == date(2025, 7, 23)


def test_the_two_statements_of_one_file_follow_each_other(camt):
    first, second = read_camt((camt / f"{GENKGO}/camt053.v2.multi.statement.xml").read_bytes(), "x")
    assert check_continuity(first.closing, second).outcome == "ok"
    gap = check_continuity(second.closing, first)
    assert (
        gap.reason
        == "the statement before closed with 20.00 EUR, this one opens with 18.15 EUR: difference -1.85"
    )


def test_equal_entries_of_one_day_are_two(camt):
    (statement,) = read_camt((camt / f"{BSP}/golden/camt053_duplicate_same_day.xml").read_bytes(), "x")
    one, two = statement.transactions
    assert one.digest == two.digest
    assert one.entry_ref != two.entry_ref
    assert one.amount + two.amount == Decimal(9)
