"""XML from strangers: nothing is expanded, nothing is taken that is cut or garbled, and the file's line is named."""

import pytest

from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.bank.errors import UnreadableFile

ROOT = b"<Document><BkToCstmrStmt/></Document>"
LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE Document [
 <!ENTITY a "ha">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
 <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<Document>&c;</Document>"""


def refusal(document: bytes) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        list(read_camt(document, "file.xml"))
    return caught.value


@pytest.mark.parametrize(
    "document",
    [
        LAUGHS,
        b"<!DOCTYPE Document>" + ROOT,
        b'<!DOCTYPE Document SYSTEM "file:///etc/hostname">' + ROOT,
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "http://example.invalid/x">]><Document>&x;</Document>',
        b"<!-- a --><?p q?>\n<!-- <Document> --><!DOCTYPE d [" + b" " * 100_000 + b"]>" + ROOT,
        b'\n\n<?xml version="1.0"?><!DOCTYPE Document>' + ROOT,
        b"\xef\xbb\xbf<!DOCTYPE Document>" + ROOT,
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE Document><Document/>".encode("utf-16"),
    ],
)
def test_a_document_type_is_refused_before_it_is_parsed(document):
    assert "DOCTYPE" in refusal(document).reason


def test_the_line_of_the_document_type_is_named():
    assert refusal(LAUGHS).place == "line 2"
    assert refusal(b"\n\n<!-- \n -->\n<!DOCTYPE a>" + ROOT).place == "line 5"


def test_an_undeclared_entity_is_refused(xml):
    assert "not well-formed" in refusal(xml.document(xml.statement("<Nm>&secret;</Nm>"))).reason


@pytest.mark.parametrize("encoding", ["UTF-7", "ISO-2022-JP", "EBCDIC-CP-FR", "utf-16", "utf-32"])
def test_an_encoding_that_could_hide_markup_is_refused(encoding):
    document = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + ROOT
    assert refusal(document).reason == f"encoding '{encoding}' is not taken"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "UTF-8", "iso-8859-1", "ISO-8859-15", "windows-1252", "utf-16"]
)
def test_usual_encodings_are_read(xml, read, encoding):
    text = xml.document(xml.statement(xml.entry("<AddtlNtryInf>réglé à Nîmes</AddtlNtryInf>"))).decode()
    document = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
    assert read(document)[0].transactions[0].remittance == "réglé à Nîmes"


def test_blank_lines_before_the_declaration_are_forgiven_and_counted(xml, read):
    good = b'\r\n\n<?xml version="1.0"?>\n' + xml.document(xml.statement(xml.entry()))
    assert read(good)[0].place == "Stmt[1], line 4"
    assert refusal(good.replace(b"10.00", b"ten")).place == "line 4, Stmt[1]/Ntry[1]/Amt"


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        (b"", "line 1", "the file is empty"),
        (b"  \n ", "line 1", "the file is empty"),
        (b":20:STARTUMS", "line 1", "is not XML"),
        (b"PK\x03\x04\x00\x00", "line 1", "is not XML"),
        (b"\xff\xfe\x00\x00<\x00\x00\x00", "line 1", "is not XML"),
        (b"<?xml version='1.0'?>\n", "line 2", "no element after the XML prolog"),
        (b"<?xml version='1.0' ", "line 1", "no element after the XML prolog"),
        (b"<!-- never ends <Document>", "line 1", "no element after the XML prolog"),
    ],
)
def test_what_is_not_xml(document, place, reason):
    error = refusal(document)
    assert (error.place, error.reason) == (place, reason)


@pytest.mark.parametrize("cut", [20, 60, 200, 420, -1, -12])
def test_a_truncated_file_is_refused(xml, cut):
    document = xml.document(xml.statement(xml.entry(), xml.entry()))
    assert refusal(document[:cut]).place == "line 1"


def test_truncation_is_named(xml):
    assert refusal(xml.document(xml.statement(xml.entry()))[:-12]).reason.startswith(
        "the file ends too soon: "
    )


@pytest.mark.parametrize("wrong", [b"<Ntry></Nrty>", b"<a b=c/>", b"\x00", b"\x1a", b"</Stmt>", b"<a:b/>"])
def test_ill_formed_xml_is_refused_with_its_line(xml, wrong):
    document = xml.document(xml.statement("\n\n@"), xml.statement()).replace(b"@", wrong)
    error = refusal(document)
    assert (error.place, error.reason[:23]) == ("line 3", "is not well-formed XML:")


def test_two_documents_in_a_file_are_refused(xml):
    document = xml.document(xml.statement(xml.entry()))
    assert "not well-formed" in refusal(document + document).reason


def test_too_deep_a_document_is_refused(xml):
    deep = "<a>" * 300 + "</a>" * 300
    assert "depth" in refusal(xml.document(xml.statement(deep))).reason


def test_comments_and_sections_do_not_cut_a_text(xml, transactions):
    """An amount is all of its digits, whatever stands between them; an element there is no amount."""
    (one,) = transactions(xml.entry(amount="1<!-- 9 -->2<?p q?><![CDATA[3]]>.50"))
    assert str(one.amount) == "123.50"
    assert "wrong amount" in refusal(xml.document(xml.statement(xml.entry(amount="12<x/>34")))).reason


def test_a_refusal_is_one_printable_line():
    error = UnreadableFile("a\nb.xml", "line 1", "wrong\x1b[31m amount\r\n'x'")
    assert str(error) == "a b.xml: line 1: wrong [31m amount  'x'"


def test_a_long_value_is_cut_in_the_reason(xml):
    reason = refusal(xml.document(xml.statement(xml.entry(amount="9" * 500)))).reason
    assert reason == f"amount '{'9' * 40}...' has more than 18 digits"
