"""The CAMT.052 and CAMT.054 files of another project's test suite, each read to what a person reads in it.

Written down by hand from the XML; never regenerate it from the reader. All of them hold one debit of 200,000 SEK.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.camt import read_messages
from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile

SWISS = "CH2801234000123456789"
DAY = "2007-10-18"
ACCOUNT_REF, NEW_REF, BATCH_REF = "AAAASESS-FP-ACCR-01", "ACSR160614165200001", "ACSR160617103200001"
# Three details that do not sum to the entry: their references and texts are joined, what they agree on is kept.
THREE_TEXTS = (
    "ISR ref number V1 Unstructured Remittance Information V1 Additional Remittance Information V1"
    " ISR ref number V2 Additional Remittance Information V2"
    " Ref number V3 block 1 Unstructured Remittance Information V3 block 1"
    " Unstructured Remittance Information V3 block 2 Additional Remittance Information V3 block 1"
    " Ref number V3 block 2 Additional Remittance Information V3 block 2"
)


@dataclass(frozen=True)
class Announced:
    """The one entry of a file. `text` is the remittance; `kind` follows from message and status."""

    message: str
    kind: str
    status: str = "BOOK"
    day: str | None = DAY
    ref: str | None = None
    end_to_end: str | None = None
    name: str | None = None
    iban: str | None = None
    text: str | None = None
    batch: int | None = None
    charges: str | None = None


def pending(number: int) -> Announced:
    return Announced(
        "report",
        "pending",
        "PDNG",
        ref=NEW_REF,
        end_to_end="UXC06140000015PI00001EE00001",
        # Of a debit the creditor is the other party; it is the account itself, so the debtor is.
        name=f"Example Creditor {number} - V1",
        iban="CH2401234004141414141",
        text=f"Example Remittance - {number} - V1",
    )


BATCH = Announced("notification", "notification", ref=BATCH_REF, text=THREE_TEXTS, batch=3)

EXPECTED = {
    "camt052.v1.xml": Announced("report", "pending", ref=ACCOUNT_REF, text="Credit", batch=20),
    "camt052.v2.other-account.xml": Announced(
        "report", "pending", ref=ACCOUNT_REF, name="Company Name", iban="0000000000", text="Credit", batch=20
    ),
    # The creditor's account is the account itself, and so is the debtor's.
    "camt052.v2.with-account-name.xml": Announced(
        "report", "pending", day=None, name="Company Name", iban=SWISS
    ),
    "camt052.v2.xml": Announced(
        "report",
        "pending",
        ref=ACCOUNT_REF,
        name="Company Name",
        iban="NL56AGDH9619008421",
        text="Credit",
        batch=20,
    ),
    "camt052.v4.xml": pending(4),
    "camt052.v6.xml": pending(6),
    "camt052.v6.Amt-zero.xml": pending(6),
    "camt052.v8.xml": Announced("report", "pending", ref=ACCOUNT_REF, text="Credit", batch=20),
    "camt054.v2.with-account-name.xml": Announced("notification", "notification", day=None),
    "camt054.v2.xml": Announced(
        "notification",
        "notification",
        ref="AAAASESS-FP-ACCR001",
        end_to_end="MUELL/FINP/RA12345",
        text=THREE_TEXTS,
        batch=3,
    ),
    "camt054.v4.xml": BATCH,
    "camt054.v8.xml": BATCH,
    "camt054.v8-with-UETR.xml": Announced("notification", "notification", day=None),
    "camt054.v8-with-financial-institution.xml": Announced(
        "notification", "notification", day=None, ref=BATCH_REF, name="Example Creditor 3 - V1"
    ),
}


@pytest.fixture
def folder(public_folder) -> Path:
    return public_folder("camt") / "genkgo"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_public_file_is_read_as_a_person_reads_it(folder, name):
    (statement,) = read_messages((folder / name).read_bytes(), name)
    (t,) = statement.transactions
    assert (statement.statement_id, statement.account) == ("AAAASESS-FP-ACCR001", SWISS)
    assert (t.signed_amount, t.currency, t.reversal) == (Decimal(-200_000), "SEK", False)
    found = Announced(
        statement.message,
        t.kind,
        t.status,
        t.booking_date and str(t.booking_date),
        t.bank_ref,
        t.end_to_end_id,
        t.counterparty_name,
        t.counterparty_iban,
        t.remittance,
        t.batch_size,
        t.charges and str(t.charges),
    )
    assert found == EXPECTED[name]
    assert (t.booked, t.message) == (False, statement.message)
    assert check_statement(statement).outcome == "unverified"


def test_every_such_file_of_the_folder_is_in_the_table(folder):
    assert {path.name for path in folder.glob("camt05[24]*.xml")} == EXPECTED.keys()


class TestMessages:
    """What the three messages share, and what tells them apart; invented samples."""

    @pytest.mark.parametrize(
        ("root", "statement", "message"),
        [
            ("BkToCstmrAcctRpt", "Rpt", "report"),
            ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "notification"),
            ("BkToCstmrStmt", "Stmt", "statement"),
        ],
    )
    @pytest.mark.parametrize("version", ["02", "03", "06", "08", "10", "13"])
    @pytest.mark.parametrize(
        ("status", "in_statement"), [("BOOK", "booked"), ("PDNG", "pending"), ("INFO", "notification")]
    )
    def test_what_each_entry_is(self, xml, root, statement, message, version, status, in_statement):
        space = f"urn:iso:std:iso:20022:tech:xsd:camt.05x.001.{version}"
        document = xml.document(xml.statement(xml.entry(status=status)), namespace=space).decode()
        document = document.replace("BkToCstmrStmt", root).replace("<Stmt>", f"<{statement}>")
        (found,) = read_messages(document.replace("</Stmt>", f"</{statement}>").encode(), "x")
        (transaction,) = found.transactions
        kinds = {
            "statement": in_statement,
            "report": "notification" if status == "INFO" else "pending",
            "notification": "notification",
        }
        assert (found.message, transaction.kind) == (message, kinds[message])
        assert transaction.booked == (message == "statement" and status == "BOOK")

    def test_a_statement_in_a_report_is_none_of_it(self, xml):
        """Guard: entries of a `Stmt` in a CAMT.052 would be read for booked or not at all."""
        document = xml.document(xml.statement(xml.entry())).replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt")
        with pytest.raises(UnreadableFile, match="an entry outside a statement"):
            list(read_messages(document, "x"))
        empty = xml.document().replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt")
        with pytest.raises(UnreadableFile, match=r"BkToCstmrAcctRpt: no account report \(Rpt\) in the file"):
            list(read_messages(empty, "x"))

    def test_errors_are_placed_in_their_message(self, xml):
        document = xml.document(xml.statement(xml.entry(amount="x"))).decode()
        document = document.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>")
        with pytest.raises(UnreadableFile, match=r"line 1, Ntfctn\[1\]/Ntry\[1\]/Amt: wrong amount 'x'"):
            list(read_messages(document.encode(), "x"))

    def test_the_balances_of_a_report_are_not_judged(self, xml):
        """Guard: what is announced is in no balance, so no report would ever add up."""
        bounds = xml.balance("OPBD", "100.00"), xml.balance("ITBD", "110.00")
        document = xml.document(xml.statement(*bounds, xml.entry(amount="10.00"))).decode()
        document = document.replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("Stmt>", "Rpt>")
        (report,) = read_messages(document.encode(), "x")
        assert check_statement(report).reason == "a report only announces: its entries are in no balance yet"

    def test_a_batch_of_version_01_says_its_size_in_the_entry(self, xml):
        document = xml.document(xml.statement(xml.entry("<Btch><NbOfTxs>20</NbOfTxs></Btch>"))).decode()
        document = document.replace("BkToCstmrStmt", "BkToCstmrStmtV01")
        (statement,) = read_messages(document.encode(), "x")
        assert statement.transactions[0].batch_size == 20
