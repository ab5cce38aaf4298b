"""Files that follow their format's definition, and differ from every sample: what a person reads in them.

All names and numbers are invented; expected values were written before the readers were asked.
"""

from __future__ import annotations

import io
import zipfile

import pytest

from lettra_payment_ingest.bank.csv_file import fits
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.parsing import parse_file
from lettra_payment_ingest.bank.reading import recognise

ACCOUNT = "FR7630006000011234567890189"
DUTCH = "NL91ABNA0417164300"
MAPPING = (
    'account = "A"\ncurrency = "EUR"\ndelimiter = ";"\ndecimal = ","\ndate_format = "%d/%m/%Y"\n'
    '[columns]\nbooking_date = "Date"\namount = "Montant"\nremittance = "Libellé"\n'
)


def parsed(data: bytes, mapping: str | None = None):
    """The one statement of a file, and its transactions."""
    given = (mapping, "map.toml") if mapping else None
    (statement,) = parse_file(io.BytesIO(data), "f", given)
    return statement, list(statement.rows())


def only(data: bytes, mapping: str | None = None):
    (row,) = parsed(data, mapping)[1]
    return row


def reason(data: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(parse_file(io.BytesIO(data), "f"))
    return str(caught.value)


def mt(details: str, line: str = ":61:2603020302CR100,00NTRFNONREF//POS1", closing: str = "1100,00") -> str:
    head = ":20:STARTUMSE\n:25:10020030/1234567890\n:28C:00001/001\n:60F:C260301EUR1000,00\n"
    return f"{head}{line}\n:86:{details}\n:62F:C260302EUR{closing}\n-"


class TestDutch:
    def test_labels(self):
        found = only(
            mt(
                f"SEPA OVERBOEKING                 IBAN: {DUTCH}\nBIC: ABNANL2A                    NAAM: J. DE"
                " VRIES BV\nOMSCHRIJVING: FACTUUR 2026-123   KENMERK: E2E-55"
            ).encode()
        )
        assert (found["counterparty_name"], found["counterparty_iban"]) == ("J. DE VRIES BV", DUTCH)
        assert (found["remittance"], found["end_to_end_id"]) == ("FACTUUR 2026-123", "E2E-55")

    def test_a_label_alone_makes_no_labelled_text(self):
        text = "FACTUUR 118 NAAM: ONBEKEND"
        assert only(mt(text).encode())["remittance"] == text

    def test_the_structured_reference_of_a_slip(self):
        words = f"/TRTP/Acceptgirobetaling/IBAN/{DUTCH}/BIC/ABNANL2A/NAME/DHR. X/REMI/ISSUER: CUR    "
        found = only(mt(words + "REF: 1234567890123456/EREF/NOTPROVIDED").encode())
        assert (found["structured_reference"], found["remittance"]) == ("1234567890123456", None)
        assert (found["counterparty_name"], found["end_to_end_id"]) == ("DHR. X", None)

    def test_a_structured_reference_in_remi(self):
        words = f"/EREF/E-77//CNTP/{DUTCH}/ABNANL2A/VRIES///REMI/STRD/CUR/9001123412341234/"
        found = only(mt(words).encode())
        assert (found["structured_reference"], found["end_to_end_id"]) == ("9001123412341234", "E-77")

    def test_the_account_below_the_statement_line(self):
        line = f":61:260302C000000000100,00N541EREF\n{DUTCH}"
        words = (
            "/EREF/E-77/ORDP//NAME/J. de Vries/ADDR/Straat 1 UTRECHT/REMI/Factuur 2026-123/ISDT/2026-03-02"
        )
        found = only(mt(words, line).encode())
        assert (found["counterparty_iban"], found["counterparty_name"]) == (DUTCH, "J. de Vries")
        assert (found["end_to_end_id"], found["remittance"]) == ("E-77", "Factuur 2026-123")


class TestOtherCountries:
    def test_two_slashes_go_on_with_the_line_before(self):
        words = "/ORDP//NAME/ACME LTD\n//LONDON\n/REMI/INV 100\n//AND 101\n/OCMT/USD110,00/CHGS/EUR2,00/"
        found = only(mt(words).encode())
        assert (found["counterparty_name"], found["remittance"]) == ("ACME LTD LONDON", "INV 100 AND 101")
        assert found["charges"] == "2.00"

    def test_german_subfields_over_the_purpose(self):
        words = (
            "177?00SEPA-UEBERWEISUNG?109251?20EREF+2026-02-28-00000123456?21789 KREF+X"
            "?22SVWZ+Rechnungen FA-2026-000?23123, FA-2026-000124?24ABWA+Holding AG?30COBADEFFXXX"
            "?31DE89370400440532013000?32Tochter GmbH & Co. KG Muste?33rstadt Nord"
        )
        found = only(mt(words).encode())
        assert found["end_to_end_id"] == "2026-02-28-00000123456789"
        assert found["remittance"] == "Rechnungen FA-2026-000123, FA-2026-000124"
        assert found["counterparty_name"] == "Tochter GmbH & Co. KG Musterstadt Nord"

    def test_a_swiss_reference(self):
        line = ":61:2603020302C100,00NTRF210000000003139//0302BANKREF\nQR-REFERENZ"
        words = "GUTSCHRIFT QR-RECHNUNG\nHANS MUSTER AG\nCH9300762011623852957\n210000000003139471430009017"
        found = only(mt(words, line).encode())
        assert (found["entry_ref"], found["end_to_end_id"]) == ("0302BANKREF", "210000000003139")
        assert found["counterparty_iban"] == "CH9300762011623852957"
        assert found["remittance"].endswith("210000000003139471430009017")

    def test_a_return_told_by_its_code(self):
        line = f":61:260302D000000000100,00NRTIEREF//R-1\n{DUTCH}"
        words = "/MARF/M-1/EREF/E-1/RTRN/MS03/BENM//NAME/Klant/REMI/terug"
        (t,) = parsed(mt(words, line, "900,00").encode())[0].statement.transactions
        assert (t.return_reason, t.mandate_id, t.counterparty_name) == ("MS03", "M-1", "Klant")


def camt(
    body: str, declared: str = '<?xml version="1.0" encoding="UTF-8"?>', made: str = "2026-03-02T23:00:00Z"
):
    """A CAMT.053 of version 13 that opens with 100 and closes with 130."""

    def balance(kind: str, amount: str) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><DtTm>2026-03-02T23:59:59+01:00</DtTm></Dt></Bal>"
        )

    return (
        f'{declared}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.13"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>M</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr><Stmt><Id>S1</Id><StmtPgntn><PgNb>1</PgNb>"
        f"<LastPgInd>true</LastPgInd></StmtPgntn><CreDtTm>{made}</CreDtTm><FrToDt><FrDtTm>2026-03-02T00:00:00</FrDtTm>"
        f"<ToDtTm>2026-03-02T24:00:00</ToDtTm></FrToDt><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', '100')}{balance('CLBD', '130.0')}{body}</Stmt></BkToCstmrStmt></Document>"
    )


def entry(inside: str = "") -> str:
    return (
        '<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><DtTm>2026-03-02T10:00:00+01:00</DtTm></BookgDt>{inside}</Ntry>"
    )


TEXT = "<AddtlNtryInf>Müller 5 €</AddtlNtryInf>"


class TestCamt:
    @pytest.mark.parametrize(
        "made", ["2026-03-02T24:00:00", "2026-03-02T23:59:60Z", "2026-03-02T23:00:00.123456789"]
    )
    def test_moments_that_only_iso_knows(self, made):
        """Guard: `instant` (_camt_values.py): midnight as 24:00, leap seconds."""
        statement, rows = parsed(camt(entry(), made=made).encode())
        assert (len(rows), statement.quarantined, statement.unverified) == (1, None, None)

    def test_midnight_is_of_the_next_day(self):
        made = parsed(camt(entry(), made="2026-03-02T24:00:00").encode())[0].statement.created_at
        assert made.isoformat() == "2026-03-03T00:00:00"

    @pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
    @pytest.mark.parametrize(
        "declared", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>']
    )
    def test_bytes_that_are_not_of_the_declared_encoding(self, encoding, declared):
        """Guard: `_as_cp1252` (_xml.py): some banks change the encoding, and not the header."""
        assert only(camt(entry(TEXT), declared).encode(encoding))["remittance"] == "Müller 5 €"

    def test_such_bytes_at_the_end_of_a_piece_of_the_file(self):
        """Guard: the decoder keeps what a piece of 64 kB cuts; every place of the cut is tried."""
        for much in range(65_000, 65_003):
            data = camt(f"<!--{'x' * much}-->{entry(TEXT)}").encode("utf-8") + b"\n" * 8
            at = data.index("€".encode())
            for shift in (at % 65_536, 0, 1, 2):
                padded = data.replace(b"<!--", b"<!--" + b"y" * ((65_535 - at - shift) % 65_536))
                assert only(padded)["remittance"] == "Müller 5 €"

    @pytest.mark.parametrize("filling", [b"\0" * 70_000, b"\r\n\x1a", b"\n\0\x1a\n"])
    @pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-15"])
    def test_what_old_systems_fill_the_end_with(self, filling, encoding):
        """Guard: `_chunks` (_xml.py)."""
        declared = f'<?xml version="1.0" encoding="{encoding}"?>'
        assert only(camt(entry(TEXT), declared).encode(encoding) + filling)["remittance"] == "Müller 5 €"

    @pytest.mark.parametrize("filling", [b"\0", b"\x1a"])
    def test_such_filling_within_the_document_is_refused(self, filling):
        """Guard: where a piece of the file ends with it, and more of the document follows."""
        data = camt(entry()).encode()
        before = data.index(b"<Ntry>")
        for much in (1, 65_536 - before, 131_072 - before):
            assert "is not well-formed XML" in reason(data.replace(b"<Ntry>", filling * much + b"<Ntry>")), (
                much
            )

    @pytest.mark.parametrize("behind", [b"\0" * 70_000 + b"<a/>", b"\x1aEOF", b"\r\nEOF"])
    def test_what_else_stands_behind_the_end_is_refused(self, behind):
        assert "is not well-formed XML" in reason(camt(entry()).encode() + behind)

    def test_a_mark_and_a_blank_line_before_the_declaration(self):
        assert only(b"\xef\xbb\xbf\r\n" + camt(entry()).encode())["amount"] == "30.00"

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_utf16_with_its_mark_or_without(self, encoding):
        declared = '<?xml version="1.0" encoding="UTF-16"?>'
        assert only(camt(entry(TEXT), declared).encode(encoding))["remittance"] == "Müller 5 €"

    def test_a_document_type_is_refused_in_every_encoding(self):
        for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
            assert "DOCTYPE" in reason(("<!DOCTYPE a>" + camt(entry(), "")).encode(encoding)[:200]), encoding

    def test_amounts_of_several_details_wherever_they_stand(self):
        first = '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">11</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">10.00</Amt></TxAmt>'
        second = '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="EUR">15.00</Amt></InstdAmt></AmtDtls></TxDtls>'
        third = '<TxDtls><Amt Ccy="EUR">5.00</Amt></TxDtls>'
        body = f"<NtryDtls><Btch/>{first}</AmtDtls></TxDtls></NtryDtls><NtryDtls>{second}{third}</NtryDtls>"
        rows = parsed(camt(entry(body)).encode())[1]
        assert [row["amount"] for row in rows] == ["10.00", "15.00", "5.00"]

    def test_amounts_of_the_transactions_where_those_of_the_details_do_not_sum(self):
        """Guard: `split` (entries.py): `Amt` may be what was sent, and `TxAmt` what was booked of it."""
        parts = "".join(
            f'<TxDtls><Amt Ccy="EUR">{sent}</Amt><AmtDtls><TxAmt><Amt Ccy="EUR">{booked}</Amt></TxAmt></AmtDtls>'
            "</TxDtls>"
            for sent, booked in (("11.00", "10.00"), ("20.50", "20.00"))
        )
        rows = parsed(camt(entry(f"<NtryDtls>{parts}</NtryDtls>")).encode())[1]
        assert [row["amount"] for row in rows] == ["10.00", "20.00"]
        (whole,) = parsed(camt(entry(f"<NtryDtls>{parts.replace('20.00', '19.00')}</NtryDtls>")).encode())[1]
        assert (whole["amount"], whole["batch_size"]) == ("30.00", 2)

    def test_a_party_without_name_and_a_proxy(self):
        body = (
            "<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Id><OrgId><LEI>X</LEI></OrgId></Id></Pty></Dbtr><DbtrAcct><Id>"
            "<Othr><Id>0049-12</Id></Othr></Id><Prxy><Id>+33</Id></Prxy></DbtrAcct><UltmtDbtr><Pty><Nm>Filiale SA</Nm>"
            "</Pty></UltmtDbtr></RltdPties><RmtInf><Strd><RfrdDocInf><Nb>FA-9</Nb></RfrdDocInf></Strd></RmtInf>"
            "</TxDtls></NtryDtls>"
        )
        found = only(camt(entry(body)).encode())
        assert (found["counterparty_name"], found["counterparty_iban"]) == ("Filiale SA", "0049-12")
        assert found["remittance"] == "FA-9"


def record(kind: str, amount: str = "", day: str = "020326", text: str = "", decimals: str = "2") -> str:
    """A record of 120 columns; a complement's text begins in column 46."""
    head = f"{kind}30006B   00001EUR{decimals} 1234567890118{day}"
    if kind == "05":
        return f"{head}     {text:<75}"
    return f"{head}  {day if kind == '04' else '':6}{text:<31}{'':11}{amount:<14}{'':16}"


def cfonb(*between: str, opening: str = "0000000010000{", closing: str = "0000000011234E") -> str:
    return "\n".join([record("01", opening, "010326"), *between, record("07", closing)])


class TestCfonb:
    def test_complements_of_all_kinds(self):
        pay = f"MMOUSD2{1350:014d}4{10935:011d}"
        complements = [
            "NPYSOCIETE DUPONT", "LCCFACTURE FA-2026-1 ET", "LC2FA-2026-2", f"RCN{'E2E-77':<35}SUPP", pay,
            "IPYSIREN 123", "LIBVIR RECU", "REFBANK-1", "XYZunknown",
        ]  # fmt: skip
        data = cfonb(
            record("04", "0000000001234E", text="VIR"), *(record("05", text=each) for each in complements)
        )
        statement, (found,) = parsed(data.encode())
        assert (found["amount"], found["direction"], found["entry_ref"]) == ("123.45", "credit", "BANK-1")
        assert (found["counterparty_name"], found["end_to_end_id"]) == ("SOCIETE DUPONT", "E2E-77")
        assert found["remittance"] == "FACTURE FA-2026-1 ET FA-2026-2 VIR RECU"
        (t,) = statement.statement.transactions
        assert (str(t.original_amount), t.original_currency, t.exchange_rate) == ("13.50", "USD", "1.0935")

    @pytest.mark.parametrize(
        ("written", "decimals", "amount", "way"),
        [
            ("0000000001234E", "2", "123.45", "credit"),
            ("0000000001234N", "2", "123.45", "debit"),
            ("0000000012345{", "3", "123.45", "credit"),
            ("0000000000123}", "1", "123.00", "debit"),
            ("0000000001234u", "2", "123.45", "debit"),
            ("00000000012345", "2", "123.45", "credit"),
        ],
    )
    def test_the_last_digit_and_the_decimals(self, written, decimals, amount, way):
        found = only(cfonb(record("04", written, decimals=decimals)).encode())
        assert (found["amount"], found["direction"]) == (amount, way)

    @pytest.mark.parametrize(
        "written", ["-0000000012345", "0000000001234n", "0000000001 34E", "              "]
    )
    def test_what_is_no_amount(self, written):
        assert "line 2: wrong amount" in reason(cfonb(record("04", written)).encode())

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso8859-15", "cp1252", "utf-16"])
    def test_encodings_and_ends_of_lines(self, end, encoding):
        data = cfonb(record("04", "0000000001234E", text="CAFÉ 5 €")).replace("\n", end)
        statement, (found,) = parsed(
            data.encode(encoding) + ("\x1a" if encoding != "utf-16" else "").encode()
        )
        assert (found["remittance"], statement.quarantined) == ("CAFÉ 5 €", None)


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso8859-15", "cp1252"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
    @pytest.mark.parametrize("behind", ["", "\n\x1a", "\n" + "\0" * 50])
    def test_an_mt940_in_every_encoding(self, encoding, end, behind):
        data = (mt("Müller 5 €\nund mehr") + behind).replace("\n", end).encode(encoding)
        assert recognise(data) == "mt"
        assert only(data)["remittance"] == "Müller 5 € und mehr"

    def test_a_big_endian_one(self):
        """Guard: both orders of bytes have a mark."""
        assert only(b"\xfe\xff" + mt("Müller").encode("utf-16-be"))["remittance"] == "Müller"

    @pytest.mark.parametrize("named", ["", 'encoding = "utf-16"\n'])
    def test_a_csv_in_utf16(self, named):
        """Guard: what the mapping names is decoded once, not twice."""
        data = "Date;Montant;Libellé\n02/03/2026;-1,50;Café\n".encode("utf-16")
        assert only(data, named + MAPPING)["remittance"] == "Café"
        assert fits(data, read_mapping(named + MAPPING, "map.toml"))

    def test_half_a_character_at_the_end(self):
        assert only(mt("Müller").encode("utf-16") + b"\n")["remittance"] == "Müller"


class TestArchives:
    def packed(self, files: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as made:
            for name, content in files.items():
                made.writestr(name, content)
        return buffer.getvalue()

    def test_what_a_mac_adds_is_left_out(self):
        """Guard: `_OF_A_MAC` (archive.py); told from the content, for the path plays no part."""
        mac = {"__MACOSX/._a": b"\0\5\x16\7\0\2\0\0Mac OS X        ", ".DS_Store": b"\0\0\0\1Bud1\0"}
        assert only(self.packed({"a": mt("one").encode()} | mac))["remittance"] == "one"
        assert reason(self.packed(mac)) == "f: zip: is an empty zip container"

    def test_garbage_behind_the_end(self):
        data = self.packed({"a": mt("one").encode()})
        assert only(data + b"garbage")["remittance"] == "one"

    def test_anything_else_refuses_the_container_whole(self):
        data = self.packed({"a": mt("one").encode(), "read me.txt": b"hello"})
        assert reason(data).startswith("f/read me.txt: line 1: is no bank file")

    def test_a_file_without_a_name_is_a_file(self):
        """Guard: `members` (archive.py) does not ask zipfile whether it is a folder, which fails on it."""
        data = self.packed({"NAME": mt("one").encode()}).replace(b"NAME", b"\0AME")
        assert only(data)["remittance"] == "one"


@pytest.mark.parametrize("value", ["9" * 5_000, "[" * 5_000, "{a=" * 5_000])
def test_a_mapping_that_python_cannot_read_is_refused(value):
    """Guard: read_mapping (mapping.py): numbers of more digits than Python reads, nesting beyond its stack."""
    with pytest.raises(UnreadableFile, match=r"^map.toml: TOML: "):
        read_mapping(f"skip_lines = {value}\n{MAPPING}", "map.toml")
