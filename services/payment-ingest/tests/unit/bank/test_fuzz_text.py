"""No input makes the readers of MT, CFONB, CSV and zip raise anything but their own error, nor take long."""

import contextlib
import io
import json
import time
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.identity import identify
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.parsing import parse_file
from lettra_payment_ingest.bank.reading import read_file, recognise

MT = (
    "{1:F01X}{2:I940X}{4:\r\n:20:REF\r\n:25:FR7630006000011234567890189\r\n:28C:7/1\r\n:60F:C260301EUR100,00\r\n"
    ":61:2603020302RCR10,00NTRFMINE//BANK-1\r\n/OCMT/EUR11,85//CHGS/EUR0,50/\r\n"
    ":86:166?00GUTSCHRIFT?20EREF+E-1?21SVWZ+FA-2026-000123 Müller?30COBADEFF?31DE89370400440532013000?32ACME\r\n"
    ":61:260302C5,5NTRFNONREF\r\n:86:/EREF/E-1/ORDP//NAME/ACME/CNTP/DE1/BIC/N/REMI/STRD/CUR/RF18539007547034\r\n"
    ":61:260302D1,NTRFNONREF\r\n:NS:01Text\r\n15Name\r\n:62M:C260302EUR94,50\r\n-}\r\n"
    ":20:REF\r\n:25:FR7630006000011234567890189\r\n:28C:7/2\r\n:60M:C260302EUR94,50\r\n:62F:C260302EUR94,50\r\n-\r\n"
).encode()


def record(kind: str, day: str, middle: str, amount: str) -> str:
    """A record of 120 columns, from column 41 on."""
    return f"{f'{kind}30006    00001EUR2 1234567890105{day}{middle}':<90}{amount:14}{'REF':<16}"


CFONB = "\n".join(
    [
        record("01", "020326", "", "0000000000100{"),
        record("04", "020326", f"  030326{'VIR CAFÉ':<31}", "0000000001234E"),
        record("05", "020326", "     LCCFA-2026-000123", ""),
        record("07", "020326", "", "0000000001334E"),
    ]
).encode()
CSV = b'Date;Amount;Text;Balance\n02/03/2026;-1.234,56;"A;B";100,00\n03/03/2026;5,00;C;105,00\n'
MAP = (
    'delimiter = ";"\ndecimal = ","\nthousands = "."\ndate_format = "%d/%m/%Y"\naccount = "A"\ncurrency = "EUR"\n'
    '[columns]\nbooking_date = "Date"\namount = "Amount"\nremittance = ["Text"]\nbalance = "Balance"\n'
)
SMALL = Limits(bytes_max=20_000, transactions_max=50, text_chars_max=500)


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a", data)
    return buffer.getvalue()


SEEDS = {"mt": MT, "cfonb": CFONB, "csv": CSV, "zip": zipped(MT)}
MAPPING = read_mapping(MAP, "map.toml")


def read_all(data: bytes, mapping=MAPPING) -> int:
    """How many statements; -1 where refused in words. Whatever is read can be judged, named and written."""
    try:
        statements = list(read_file(io.BytesIO(data), "f", SMALL, mapping))
    except UnreadableFile as error:
        return -1 if str(error).startswith("f") and str(error).isprintable() else -2
    for statement in statements:
        check_statement(statement)
        identify(statement, [])
        for t in statement.transactions:
            assert t.amount >= 0
            assert not any(
                "\x1f" in text or "\0" in text for text in (t.remittance or "", t.counterparty_name or "")
            )
    for parsed in parse_file(io.BytesIO(data), "f", (MAP, "map.toml"), SMALL):
        json.dumps(list(parsed.rows())).encode()
    return len(statements)


def test_the_seeds_are_fine():
    assert {name: read_all(data) for name, data in SEEDS.items()} == {"mt": 1, "cfonb": 1, "csv": 1, "zip": 1}
    assert [recognise(data) for data in SEEDS.values()] == ["mt", "cfonb", None, "zip"]


@given(st.binary(max_size=500))
def test_random_bytes(data):
    assert read_all(data) >= -1
    recognise(data)


@given(st.sampled_from(sorted(SEEDS)), st.integers(0, 400), st.binary(max_size=200))
def test_random_bytes_behind_a_good_beginning(name, size, tail):
    assert read_all(SEEDS[name][:size] + tail) >= -1


TOKENS = [
    b":61:",
    b":86:",
    b":60F:C",
    b":62F:D260302EUR1,",
    b"\n",
    b"\r",
    b"-}\n",
    b"?20",
    b"/EREF/",
    b"/NBTR/99999999999/",
    b"{",
    b"}",
    b"\0",
    b"\x1f",
    b"\xff",
    b"9" * 30,
    b",",
    b'"',
    b";",
    b"PK\x03\x04",
    "²".encode(),
    "٣".encode(),
    b" " * 120,
]


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_file_is_read_or_refused(data):
    document = SEEDS[data.draw(st.sampled_from(sorted(SEEDS)))]
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(document)))
        end = min(len(document), start + data.draw(st.integers(0, 30)))
        piece = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3), st.just(document[end : end + 60]))
        document = document[:start] + data.draw(piece) + document[end:]
    assert read_all(document) >= -1


@pytest.mark.parametrize("name", SEEDS)
def test_every_truncation_is_read_or_refused(name):
    assert {read_all(SEEDS[name][:size]) for size in range(len(SEEDS[name]))} <= {-1, 1, 2}


@given(st.text(max_size=300))
def test_any_text_is_refused_as_a_mapping(text):
    with pytest.raises(UnreadableFile, match=r"^map.toml: "):
        read_mapping(text, "map.toml")


VALUES = st.one_of(
    st.integers(-5, 50), st.booleans(), st.text(max_size=5), st.lists(st.text(max_size=3), max_size=2)
)


@given(
    st.dictionaries(
        st.sampled_from(["delimiter", "decimal", "encoding", "date_format", "skip_lines"]), VALUES
    )
)
def test_any_value_in_a_mapping_is_taken_or_refused(values):
    """Guard: what the mapping accepts must not make the reader fail otherwise."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    kept = [line for line in MAP.splitlines() if line.partition(" =")[0] not in values]
    try:
        mapping = read_mapping("\n".join(lines + kept), "map.toml")
    except UnreadableFile:
        return
    for data in (CSV, b"\xff\xfe\x00", "Date;é\n".encode("latin-1")):
        with contextlib.suppress(UnreadableFile):
            list(read_file(io.BytesIO(data), "f", SMALL, mapping))


HOSTILE = {
    "subfields": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRF\n:86:166" + b"?20" * 20_000,
    "code words": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRF\n:86:" + b"/EREF/" * 10_000,
    "accounts in a text": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRF\n:86:" + b"DE89" * 15_000,
    "charges in a text": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRF\n:86:"
    + b"/CHGS/EUR"
    + b"1," * 30_000,
    "blanks in a line": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRFX" + b"  " * 30_000,
    "blanks before a mark": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302" + b" " * 60_000 + b"x",
    "blanks before a balance": b":20:R\n:25:A\n:60F:C260301" + b" " * 60_000 + b"x",
    "empty lines before anything": b"x" + b"\n" * 65_000,
    "ends of lines of a Mac": b"x" + b"\r" * 65_000,
    "fields behind a line": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C1,NTRF\n" + b":86:x\n" * 1_000_000,
    "digits in an amount": b":20:R\n:25:A\n:60F:C260301EUR1,\n:61:260302C" + b"1" * 60_000,
    "fields": b":20:R\n:25:A\n" + b":86:\n" * 100_000,
    "messages": b":20:R\n:25:A\n:60F:C260301EUR1,\n" * 20_000,
    "pages": b":20:R\n:25:A\n:60M:C260301EUR1,\n:62M:C260301EUR1,\n" * 20_000,
    "ends": b":20:\n" + b"-\n" * 500_000,
    "braces": b"{4:" * 20_000 + b"\n:20:R\n",
    "complements": CFONB.splitlines()[1] + (b"\n" + CFONB.splitlines()[2]) * 150,
    "quotes": b'Date;Amount;Text;Balance\n"' + b'""' * 30_000,
    "delimiters": b"Date;Amount;Text;Balance\n" + b";" * 60_000,
    "a name of columns": b";".join([b"Date"] * 10_000),
    "an account": b":20:R\n:25:" + b"A " * 30_000 + b"\n:60F:C260301EUR1,\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_repetition_takes_no_time(name):
    """Guard: a pattern that tries all ways of matching would take minutes here. (By the process's own time.)"""
    begun = time.process_time()
    with contextlib.suppress(UnreadableFile):
        list(read_file(io.BytesIO(HOSTILE[name]), "f", Limits(), MAPPING))
    assert time.process_time() - begun < 5


MONEY = st.decimals(min_value=0, max_value=10**9, places=2)
ENTRIES = st.lists(st.tuples(MONEY, st.booleans(), st.text("AbÉ09 -", max_size=20)), max_size=15)


@given(ENTRIES, MONEY)
def test_what_is_written_as_mt940_is_what_is_read(entries, opening):
    closing = opening + sum((a if credit else -a for a, credit, _ in entries), Decimal(0))

    def written(amount: Decimal) -> str:
        return f"{'C' if amount >= 0 else 'D'}260301EUR{abs(amount)}".replace(".", ",")

    rows = [":20:R", ":25:A", f":60F:{written(opening)}"]
    for amount, credit, text in entries:
        rows += [f":61:260302{'C' if credit else 'D'}{amount}NTRFNONREF".replace(".", ","), f":86:{text}"]
    document = "\n".join([*rows, f":62F:{written(closing)}", "-"]).encode()
    (statement,) = read_file(io.BytesIO(document), "f")
    found = [(t.amount, t.direction == "credit", t.remittance) for t in statement.transactions]
    assert found == [(a, c, " ".join(text.split()) or None) for a, c, text in entries]
    assert check_statement(statement).outcome == "balanced"


@given(ENTRIES, MONEY, st.sampled_from(["\n", "\r\n", ""]), st.sampled_from(["utf-8", "latin-1"]))
def test_what_is_written_as_cfonb_is_what_is_read(entries, opening, end, encoding):
    closing = opening + sum((a if credit else -a for a, credit, _ in entries), Decimal(0))

    def written(amount: Decimal) -> str:
        digits = f"{int(abs(amount) * 100):014d}"
        return digits[:-1] + ("{ABCDEFGHI" if amount >= 0 else "}JKLMNOPQR")[int(digits[-1])]

    rows = [record("01", "020326", "", written(opening))]
    rows += [record("04", "020326", f"  030326{text:<31}", written(a if c else -a)) for a, c, text in entries]
    document = end.join([*rows, record("07", "020326", "", written(closing))]).encode(encoding)
    (statement,) = read_file(io.BytesIO(document), "f")
    found = [(t.signed_amount, t.remittance) for t in statement.transactions]
    assert found == [(a if c else -a, " ".join(text.split()) or None) for a, c, text in entries]
    assert check_statement(statement).outcome == "balanced"
