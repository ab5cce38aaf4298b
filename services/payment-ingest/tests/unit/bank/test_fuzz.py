"""Whatever the bytes: statements or `UnreadableFile`, soon. And what is taken is never half of what was there."""

import io
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_payment_ingest.bank.camt import read_camt, recognise
from lettra_payment_ingest.bank.checks import check_continuity, check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.identity import identify
from lettra_payment_ingest.bank.limits import Limits

SMALL = Limits(bytes_max=100_000, transactions_max=100, text_chars_max=200, gap_bytes_max=20_000)
TOKENS = [
    b"<Ntry>", b"</Ntry>", b"<TxDtls>", b"</TxDtls>", b"<NtryDtls>", b"</NtryDtls>", b"<Stmt>", b"</Stmt>",
    b"<Amt Ccy='EUR'>", b"</Amt>", b"<Bal>", b"</Bal>", b"-1", b"NaN", b"1E9", b"9" * 30, b"DBIT", b"PDNG", b"&lt;",
    b"&x;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"\x00", b"\xff", b"\xef\xbb\xbf", b"</Document>",
    b"2026-02-30", b"<RvslInd>true</RvslInd>", b"<RtrInf/>", b" ", b"\n", b"Id", b":",
]  # fmt: skip


def refused(error: UnreadableFile) -> int:
    assert str(error).startswith("fuzz.xml: ")
    assert len(str(error).splitlines()) == 1
    assert error.place
    assert error.reason
    return -1


def read_all(document: bytes) -> int:
    """Read, check and identify; the number of statements, or -1 when refused in one line."""
    try:
        statements = list(read_camt(io.BytesIO(document), "fuzz.xml", SMALL))
    except UnreadableFile as error:
        return refused(error)
    known = []
    for statement in statements:
        check_statement(statement)
        check_continuity(statement.closing, statement)
        known.append(identify(statement, known).known)
        for t in statement.transactions:
            assert t.amount.is_finite()
            assert t.amount >= 0
            assert t.entry_ref
    return len(statements)


@pytest.fixture(scope="module")
def rich() -> bytes:
    """A document with a little of everything."""
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        b"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
        b"<CreDtTm>2026-03-02T06:00:00Z</CreDtTm><FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm></FrToDt>"
        b"<Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        b"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        b"<Dt><Dt>2026-03-01</Dt></Dt></Bal><Ntry><Amt Ccy='EUR'>3.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK"
        b"</Cd></Sts><BookgDt><DtTm>2026-03-02T00:00:00</DtTm></BookgDt><AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls>"
        b"<Btch><NbOfTxs>2</NbOfTxs></Btch><TxDtls><Refs><EndToEndId>E</EndToEndId></Refs><Amt Ccy='EUR'>1.00</Amt>"
        b"<CdtDbtInd>CRDT</CdtDbtInd><Chrgs><Rcrd><Amt Ccy='EUR'>0.10</Amt></Rcrd></Chrgs><RltdPties><Dbtr><Pty><Nm>"
        b"Alpha</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>FA-1</Ustrd></RmtInf></TxDtls><TxDtls><Amt Ccy='EUR'>2.00"
        b"</Amt><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )


def test_the_document_to_mutate_is_fine(rich):
    assert read_all(rich) == 1


@given(st.binary(max_size=2_000))
def test_random_bytes_are_refused(document):
    assert read_all(document) == -1
    recognise(document)


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_random_bytes_after_a_good_beginning_are_refused(tail, encoding):
    head = "<Document><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>X</IBAN></Id></Acct><Ntry>"
    assert read_all(head.encode(encoding) + tail) == -1


@settings(max_examples=400)
@given(st.data())
def test_a_mutated_file_is_read_or_refused(rich, data):
    document = rich
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        end = min(len(document), start + data.draw(st.integers(0, 40)))
        token = data.draw(
            st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3), st.just(document[end : end + 60]))
        )
        document = document[:start] + token + document[end:]
    assert read_all(document) in (-1, 1, 2)


def test_every_truncation_is_refused(rich):
    """Cut anywhere: a statement that has not ended is not a statement."""
    assert {read_all(rich[:size]) for size in range(len(rich))} == {-1}


def test_every_element_may_be_missing_or_empty(rich):
    """Without any one element, or with an empty one, the file is refused or still one statement."""
    text = rich.decode()
    names = sorted({part.split(">")[0].split(" ")[0] for part in text.split("<")[2:] if part[0] not in "/?"})
    for name in names:
        opening, closing = f"<{name}", f"</{name}>"
        start, end = text.index(opening), text.index(closing)
        inner = text.index(">", start) + 1
        assert read_all((text[:start] + text[end + len(closing) :]).encode()) in (-1, 1)
        assert read_all((text[:inner] + text[end:]).encode()) in (-1, 1)


MONEY = st.decimals(min_value=0, max_value=10**9, places=2)


@given(st.lists(st.tuples(MONEY, st.booleans(), st.text("é<&>'\" x", max_size=10)), max_size=20), MONEY)
def test_what_is_written_is_what_is_read(xml, entries, opening):
    """Any list of entries comes back as it was written, and adds up to the closing balance that it has."""
    closing = opening + sum((a if credit else -a for a, credit, _ in entries), Decimal(0))
    way = "CRDT" if closing >= 0 else "DBIT"
    document = xml.document(
        xml.statement(
            xml.balance("OPBD", str(opening)),
            xml.balance("CLBD", str(abs(closing)), way),
            *(
                xml.entry(
                    f"<AddtlNtryInf>{escape(text)}</AddtlNtryInf>", amount=str(a), way="CRDT" if c else "DBIT"
                )
                for a, c, text in entries
            ),
        )
    )
    (statement,) = read_camt(document, "file.xml")
    assert [(t.amount, t.direction == "credit", t.remittance) for t in statement.transactions] == [
        (a, c, " ".join(text.split()) or None) for a, c, text in entries
    ]
    assert check_statement(statement).outcome == "balanced"
    assert len({t.entry_ref for t in statement.transactions}) == len(entries)
