"""Small CAMT documents, built piece by piece (all names and numbers are invented), and where the public files are."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.model import Statement, Transaction

ACCOUNT = "FR7630006000011234567890189"


class Xml:
    """Pieces of a document. Each takes what a test is about, and fills in the rest."""

    account = ACCOUNT

    @staticmethod
    def document(
        *statements: str, namespace: str | None = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
    ) -> bytes:
        declared = f' xmlns="{namespace}"' if namespace else ""
        head = "<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2026-03-02T06:00:00</CreDtTm></GrpHdr>"
        body = "".join(statements)
        return f"<Document{declared}><BkToCstmrStmt>{head}{body}</BkToCstmrStmt></Document>".encode()

    @staticmethod
    def statement(
        *inside: str, id: str = "S-1", account: str = f"<IBAN>{ACCOUNT}</IBAN>", ccy: str = "EUR"
    ) -> str:
        currency = f"<Ccy>{ccy}</Ccy>" if ccy else ""
        acct = f"<Acct><Id>{account}</Id>{currency}</Acct>"
        return f"<Stmt><Id>{id}</Id>{acct}{''.join(inside)}</Stmt>"

    @staticmethod
    def balance(kind: str, amount: str, way: str = "CRDT", ccy: str = "EUR", day: str = "2026-03-01") -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
        )

    @staticmethod
    def entry(
        *inside: str, amount: str = "10.00", way: str = "CRDT", ccy: str = "EUR", status: str = "BOOK"
    ) -> str:
        return (
            f'<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts>{status}</Sts>'
            f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt>{''.join(inside)}</Ntry>"
        )

    @staticmethod
    def details(*each: str) -> str:
        return "<NtryDtls>" + "".join(f"<TxDtls>{one}</TxDtls>" for one in each) + "</NtryDtls>"

    @staticmethod
    def part(amount: str, *inside: str, way: str = "", ccy: str = "EUR") -> str:
        direction = f"<CdtDbtInd>{way}</CdtDbtInd>" if way else ""
        return f'<Amt Ccy="{ccy}">{amount}</Amt>{direction}{"".join(inside)}'

    @staticmethod
    def parties(debtor: str = "", creditor: str = "", debtor_id: str = "", creditor_id: str = "") -> str:
        sides = ""
        for role, name, number in (("Dbtr", debtor, debtor_id), ("Cdtr", creditor, creditor_id)):
            sides += f"<{role}><Nm>{name}</Nm></{role}>" if name else ""
            sides += f"<{role}Acct><Id><IBAN>{number}</IBAN></Id></{role}Acct>" if number else ""
        return f"<RltdPties>{sides}</RltdPties>"


@pytest.fixture(scope="session")
def xml() -> type[Xml]:
    return Xml


@pytest.fixture
def read() -> Callable[..., list[Statement]]:
    """The statements of a document."""

    def read_all(document: bytes, limits: Limits = DEFAULT) -> list[Statement]:
        return list(read_camt(document, "file.xml", limits))

    return read_all


@pytest.fixture
def transactions() -> Callable[..., tuple[Transaction, ...]]:
    """The transactions of one statement that holds only these entries."""

    def read_entries(*entries: str) -> tuple[Transaction, ...]:
        (statement,) = read_camt(Xml.document(Xml.statement(*entries)), "file.xml")
        return statement.transactions

    return read_entries


@pytest.fixture
def public_folder() -> Callable[[str], Path]:
    """The folder of a format's public files, which lie outside the project: `LETTRA_DATA` names where.

    Without it the test is skipped, or fails where `CI` is set.
    """

    def find(name: str) -> Path:
        data = os.environ.get("LETTRA_DATA") or Path(__file__).resolve().parents[6] / "shared/data"
        folder = Path(data) / "bank" / name
        if not folder.is_dir():
            words = "the public bank files are not here (LETTRA_DATA names their folder)"
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)
        return folder

    return find
