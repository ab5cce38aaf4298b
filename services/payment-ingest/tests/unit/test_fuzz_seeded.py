"""Every parser of the service on mutated files: read, or refused in its own words, in the time that the size allows.

Seeded, so that a failure comes again: it prints the parser, the seed and the bytes. `LETTRA_FUZZ_SECONDS` is how long
each parser is tried (one second by default), `LETTRA_FUZZ_SEED` where it begins (1).
"""

from __future__ import annotations

import io
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from bank_files import Entry, Stmt, announcing, camt
from pydantic import ValidationError

from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.reading import recognise
from lettra_payment_ingest.csv_rows import Checked
from lettra_payment_ingest.decider.advices import read_message
from lettra_payment_ingest.domain import AdviseByMessage
from lettra_payment_ingest.money_files import read_payments, read_payouts
from lettra_payment_ingest.preparing import File, prepare
from lettra_payment_ingest.remittances import read_remittances

SECONDS = float(os.environ.get("LETTRA_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("LETTRA_FUZZ_SEED", "1"))
LIMITS = Limits(bytes_max=200_000, transactions_max=200, text_chars_max=500, gap_bytes_max=50_000)
SECONDS_AT_LEAST = 1.0
BYTES_A_SECOND = 100_000
"""What the slowest parser surely reads in a second of processor time; the usual is twenty times as much."""

CAMT = camt(
    Stmt(2, "100", [Entry("10.00", "FA-1 Müller", name="ACME", e2e="E-1", ref="B-1", charges="0.50")]),
    Stmt(3, "110", [Entry("-4", "rejet", reason="AC04", mandate="M", code="PMNT-RDDT-UPDD", batch=2)]),
    Stmt(4, "106", [Entry("30", parts=(Entry("10", "a"), Entry("20", "b"))), Entry("5", status="PDNG")]),
)
REPORTED = announcing("Rpt", Entry("7"))
NOTIFIED = announcing("Ntfctn", Entry("7", parts=(Entry("3", "a"), Entry("4", "b"))))
MT = (
    b"{1:F01X}{2:I940X}{4:\r\n:20:REF\r\n:25:FR7630006000011234567890189\r\n:28C:7/1\r\n:60F:C260301EUR100,00\r\n"
    b":61:2603020302RCR10,00NTRFMINE//BANK-1\r\n/OCMT/EUR11,85//CHGS/EUR0,50/\r\n:86:166?00GUT?20EREF+E-1?21SVWZ+FA-1"
    b"?31DE89370400440532013000?32ACME\r\n:61:260302C5,5NTRFNONREF\r\n:86:/EREF/E-1/ORDP//NAME/A/CNTP/DE1/B/N/REMI/"
    b"STRD/CUR/RF18539007547034\r\n:61:260302D1,NTRFNONREF\r\n:86:SEPA IBAN: NL91ABNA0417164300 NAAM: X OMSCHRIJVING: "
    b"FA-2\r\n:62M:C260302EUR94,50\r\n-}\r\n:20:REF\r\n:25:FR7630006000011234567890189\r\n:28C:7/2\r\n"
    b":60M:C260302EUR94,50\r\n:62F:C260302EUR94,50\r\n-\r\n"
)
REPORT = b":20:R\n:25:A\n:28C:1\n:34F:EURD0,\n:13D:2603021200+0100\n:61:260302ECR100,NTRFX\n:86:FA-1\n:90C:1EUR100,\n-"
CFONB = "\n".join(
    f"{f'{kind}30006    00001EUR2 1234567890105{middle}':<90}{amount:14}{'REF':<16}"
    for kind, middle, amount in (
        ("01", "010326", "0000000000100{"),
        ("04", f"020326  020326{'VIR CAFÉ':<31}", "0000000001234E"),
        ("05", "020326     LCCFA-2026-000123", ""),
        ("05", "020326     MMOUSD200000000001350400000010935", ""),
        ("05", "020326     FEEEUR200000000000012", ""),
        ("07", "020326", "0000000001334E"),
    )
).encode()
CSV = b'Date;Amount;Text;Balance\n02/03/2026;-1.234,56;"A;B";100,00\n03/03/2026;5,00;C;105,00\n'
MAP = (
    'delimiter = ";"\ndecimal = ","\nthousands = "."\ndate_format = "%d/%m/%Y"\naccount = "A"\ncurrency = "EUR"\n'
    '[columns]\nbooking_date = "Date"\namount = "Amount"\nremittance = ["Text"]\nbalance = "Balance"\n'
)
ADVICES = (
    b"customer_id,payment_date,currency,total,document_number,amount\n"
    b"C-1,2026-03-02,EUR,90.00,FA-1,100.00\nC-1,2026-03-02,EUR,90.00,AV-1,-10.00\n"
)
PAYMENTS = (
    b"entity_id,currency,method,amount,received_on,reference,remittance\n"
    b"FR01,EUR,cheque,120.00,2026-03-02,0012345,FA-1\nFR01,EUR,cash,5,2026-03-02,R-7,\n"
)
PAYOUTS = (
    b"account,currency,provider,payout_reference,expected_date,reference,amount,fee\n"
    b"FR7630006000011234567890189,EUR,CARTES,PO-77,2026-03-02,t-1,60,1.00\n"
    b"FR7630006000011234567890189,EUR,CARTES,PO-77,2026-03-02,t-2,43,\n"
)
MESSAGE = b"Bonjour,\nFA-000123: 90,00\nFA-000124 1.234,56 EUR\nAV-7 -10,00\nTotal 1.314,56\n"


def zipped(*files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for number, content in enumerate(files):
            made.writestr(f"{number}", content)
    return buffer.getvalue()


MAPPING = read_mapping(MAP, "map.toml")


def refused(error: UnreadableFile) -> bool:
    """Said clearly: one line, with the file, a place and a reason."""
    assert str(error).startswith("f")
    assert str(error).isprintable()
    assert error.place
    assert error.reason
    return False


def bank_file(data: bytes) -> bool:
    """As the service prepares it; whether it is taken."""
    recognise(data)
    try:
        return bool(prepare(File(io.BytesIO(data), "f", "0" * 64, MAPPING), LIMITS))
    except UnreadableFile as error:
        return refused(error)


def mapping(data: bytes) -> bool:
    try:
        return bool(read_mapping(data.decode("utf-8", "replace"), "f"))
    except UnreadableFile as error:
        return refused(error)


def rows(read: Callable[[bytes], Checked[Any]]) -> Callable[[bytes], bool]:
    """A reader of rows, which tells everything that is wrong."""

    def checked(data: bytes) -> bool:
        found = read(data)
        assert found.commands or found.errors
        assert all({"line", "column", "reason"} == error.keys() for error in found.errors)
        return not found.errors

    return checked


def message(data: bytes) -> bool:
    told = {"customer_id": "C-1", "received_on": "2026-03-02", "text": data.decode("utf-8", "replace")}
    try:
        return bool(read_message(AdviseByMessage.model_validate(told)))
    except (ValidationError, ValueError):
        return False


@dataclass(frozen=True)
class Parser:
    """A parser, and files that it takes."""

    read: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]


PARSERS = {
    "camt": Parser(bank_file, (CAMT, CAMT.decode().encode("utf-16"), REPORTED, NOTIFIED)),
    "mt": Parser(bank_file, (MT, REPORT, MT.decode().encode("utf-16"))),
    "cfonb": Parser(bank_file, (CFONB, CFONB.replace(b"\n", b""), CFONB.decode().encode("latin-1"))),
    "csv": Parser(bank_file, (CSV, CSV.decode().encode("utf-16"))),
    "zip": Parser(bank_file, (zipped(MT), zipped(CAMT, CFONB), zipped(b"\0\5\x16\7", CSV))),
    "mapping": Parser(mapping, (MAP.encode(),)),
    "remittances": Parser(rows(read_remittances), (ADVICES,)),
    "payments": Parser(rows(read_payments), (PAYMENTS,)),
    "payouts": Parser(rows(read_payouts), (PAYOUTS,)),
    "message": Parser(message, (MESSAGE,)),
}
TOKENS = (
    b"<Ntry>", b"</Ntry>", b"<TxDtls>", b"<Amt Ccy='EUR'>", b"&lt;", b"&x;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>",
    b"<!--", b":61:", b":86:", b":60F:C", b":62F:D260302EUR1,", b"-}\n", b"{4:", b"?20", b"/EREF/", b"//", b"NAAM: ",
    b"05", b"04", b"\n", b"\r", b"\0", b"\x1a", b"\x1f", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"-1", b"NaN", b"1E9",
    b"9" * 30, b",", b".", b'"', b";", b"=", b"[", b"'''", b"PK\x03\x04", b"PK\x05\x06", "²".encode(), "٣".encode(),
    b" " * 120, b"0001-01-01", b"9999-12-31", b"T24:00",
)  # fmt: skip


def mutated(rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """One of the files with pieces replaced, doubled, cut or taken from another."""
    data = rng.choice(seeds)
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.choice((0, 1, 2, 8, 40)))
        other = rng.choice(seeds)
        at = rng.randint(0, len(other))
        piece = rng.choice(
            (
                rng.choice(TOKENS), rng.choice(TOKENS) * rng.choice((2, 50, 500)), rng.randbytes(rng.randint(0, 4)),
                data[end : end + 60], other[at : at + 200], b"",
            )
        )  # fmt: skip
        data = data[:start] + piece + data[end:]
    return data[: rng.randint(0, len(data))] if rng.random() < 0.1 else data


@contextmanager
def soon(size: int) -> Iterator[None]:
    """What takes more processor time than its size allows is stopped, and fails."""
    most = SECONDS_AT_LEAST + size / BYTES_A_SECOND

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {most:.1f} s for {size} bytes")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("name", PARSERS)
def test_the_files_to_mutate_are_taken(name):
    assert all(PARSERS[name].read(seed) for seed in PARSERS[name].seeds)


@pytest.mark.parametrize("name", PARSERS)
def test_no_crash_no_hang_a_clear_error(name):
    """Guard: whatever the bytes, a parser ends soon, and raises nothing but its own error."""
    parser, rng = PARSERS[name], random.Random(SEED)
    end = time.monotonic() + SECONDS
    taken = refused = 0
    while time.monotonic() < end or not (taken and refused):
        data = mutated(rng, parser.seeds)
        try:
            with soon(len(data)):
                done = parser.read(data)
        except Exception as error:
            pytest.fail(f"{name}, seed {SEED}, mutation {taken + refused}: {error!r}\n{data!r}")
        taken, refused = taken + done, refused + (not done)


def _never_ends() -> None:
    with soon(0):
        while True:
            pass


def test_a_hang_is_seen():
    """Guard: `soon` stops what never ends."""
    with pytest.raises(TimeoutError):
        _never_ends()
