"""The frame: which documents are read, how statements, balances and limits are."""

import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from lettra_payment_ingest.bank.camt import read_camt, recognise
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits

ISO = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def refusal(document: bytes, limits: Limits | None = None) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        list(read_camt(document, "file.xml", *([limits] if limits else [])))
    return caught.value


@pytest.mark.parametrize("namespace", [ISO + "02", ISO + "04", ISO + "08", ISO + "13", "urn:bank:own", None])
def test_any_namespace_or_none_is_taken(xml, read, namespace):
    (statement,) = read(xml.document(xml.statement(xml.entry()), namespace=namespace))
    assert (statement.statement_id, len(statement.transactions)) == ("S-1", 1)


def test_prefixed_elements_are_taken(xml, read):
    plain = xml.document(xml.statement(xml.entry(amount="7.30")), namespace=None).decode()
    prefixed = plain.replace("</", "\0").replace("<", "<c:").replace("\0", "</c:")
    prefixed = prefixed.replace("<c:Document", f'<c:Document xmlns:c="{ISO}08"')
    (statement,) = read(prefixed.encode())
    assert statement.transactions[0].amount == Decimal("7.30")


def test_a_document_in_an_envelope_is_taken(xml, read):
    inner = xml.document(xml.statement(xml.entry())).decode()
    assert len(read(f"<Envelope><AppHdr><Fr>x</Fr></AppHdr>{inner}</Envelope>".encode())) == 1


def test_a_binary_file_is_read_like_its_bytes(xml, read):
    document = xml.document(xml.statement(xml.entry(), xml.entry()))
    assert list(read_camt(io.BytesIO(document), "file.xml")) == read(document)


def test_a_stream_may_give_a_little_at_a_time(xml, read):
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(7, size or 0))

    document = b"<?xml version='1.0'?>" + xml.document(xml.statement(xml.entry()))
    assert list(read_camt(Trickle(document), "file.xml")) == read(document)


def test_what_a_statement_says_of_itself(read):
    (statement,) = read(
        b"<Document><BkToCstmrStmt><Stmt><Id>S-7</Id><ElctrncSeqNb>41</ElctrncSeqNb><LglSeqNb>7</LglSeqNb>"
        b"<CreDtTm>2026-03-02T06:10:29.000000000+01:00</CreDtTm>"
        b"<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-03-02T00:00:00</ToDtTm></FrToDt>"
        b"<Acct><Id><Othr><Id>LOCAL 12</Id></Othr></Id></Acct></Stmt></BkToCstmrStmt></Document>"
    )
    assert (statement.electronic_sequence_number, statement.legal_sequence_number) == (41, 7)
    assert (statement.from_date, statement.to_date) == (date(2026, 3, 1), date(2026, 3, 2))
    assert statement.created_at == datetime(2026, 3, 2, 6, 10, 29, tzinfo=timezone(timedelta(hours=1)))
    assert (statement.account, statement.currency, statement.transactions) == ("LOCAL 12", None, ())
    assert statement.place == "Stmt[1], line 1"


def test_a_moment_without_zone_stays_without(xml, read):
    document = xml.document(xml.statement("<CreDtTm>2026-03-02T06:10:29Z</CreDtTm>"), xml.statement())
    first, second = read(document)
    assert first.created_at == datetime(2026, 3, 2, 6, 10, 29, tzinfo=UTC)
    assert second.created_at is None


def test_the_message_names_a_statement_without_an_id(xml, read):
    document = xml.document(xml.statement(xml.entry())).replace(b"<Id>S-1</Id>", b"", 1)
    assert read(document)[0].statement_id == "MSG-1"


@pytest.mark.parametrize(
    ("written", "account"),
    [
        ("<IBAN>FR76 3000 6000 0112 3456 7890 189</IBAN>", "FR7630006000011234567890189"),
        ("<Othr><Id>FR76 3000 6000 0112 3456 7890 189</Id></Othr>", "FR7630006000011234567890189"),
        ("<Othr><Id>local 12</Id></Othr>", "local 12"),
        ("<PrtryAcct><Id>V01-9</Id></PrtryAcct>", "V01-9"),
    ],
)
def test_account_numbers(xml, read, written, account):
    assert read(xml.document(xml.statement(account=written)))[0].account == account


def test_a_statement_without_account_is_refused(xml):
    assert str(refusal(xml.document(xml.statement(account="")))) == (
        "file.xml: line 1, Stmt[1]/Acct: no account number (Acct/Id)"
    )
    assert "a second Acct" in refusal(xml.document(xml.statement("<Acct/>"))).reason


def test_a_file_is_taken_whole_or_refused(xml):
    """The first statement is fine; the second makes the file unreadable, and says which it is."""
    good, bad = xml.statement(xml.entry(), xml.entry()), xml.statement(xml.entry(), xml.entry(amount="x"))
    error = refusal(xml.document(good, bad))
    assert (error.name, error.place, error.reason) == (
        "file.xml",
        "line 1, Stmt[2]/Ntry[2]/Amt",
        "wrong amount 'x'",
    )


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"<Document><BkToCstmrStmt><GrpHdr/></BkToCstmrStmt></Document>", "no statement (Stmt) in the file"),
        (b"<Document><!-- nothing --></Document>", "no bank statement (CAMT.053): it begins with 'Document'"),
        (b"<Document><CstmrCdtTrfInitn/></Document>", "it begins with 'Document/CstmrCdtTrfInitn'"),
        (b"<Document><BkToCstmrAcctRpt/></Document>", "is a CAMT.052 account report"),
        (b"<Document><BkToCstmrAcctRptV01/></Document>", "is a CAMT.052 account report"),
        (b"<Document><BkToCstmrDbtCdtNtfctn/></Document>", "is a CAMT.054 debit credit notification"),
    ],
)
def test_other_documents_are_refused_in_words(document, reason):
    assert reason in refusal(document).reason


@pytest.mark.parametrize(
    "misplaced",
    [
        "<NtryDtls><TxDtls/></NtryDtls>",
        "<TxDtls/>",
        "<Ntry><Ntry><Amt Ccy='EUR'>1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry></Ntry>",
        "<Other><Ntry><Amt Ccy='EUR'>1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry></Other>",
        "<Stmt><Id>in</Id></Stmt>",
    ],
)
def test_money_in_the_wrong_place_is_refused(xml, misplaced):
    assert "outside" in refusal(xml.document(xml.statement(misplaced, xml.entry()))).reason


def test_recognise(xml):
    assert recognise(xml.document()) == "camt.053"
    assert recognise(xml.document(xml.statement())[:150]) == "camt.053"
    assert recognise(b"<Document><BkToCstmrDbtCdtNtfctn>") == "camt.054"
    assert recognise(b":20:STARTUMS") is None
    assert recognise(b"") is None


class TestBalances:
    def bounds(self, xml, read, *balances):
        (statement,) = read(xml.document(xml.statement(*balances)))
        return tuple(b and b.amount for b in (statement.opening, statement.closing))

    def test_an_overdrawn_balance_is_negative(self, xml, read):
        opening, closing = xml.balance("OPBD", "5.00", "DBIT"), xml.balance("CLBD", "7")
        assert self.bounds(xml, read, opening, closing) == (Decimal("-5.00"), Decimal("7"))

    def test_the_previous_closing_balance_opens_where_no_opening_one_is(self, xml, read):
        previous, opening = xml.balance("PRCD", "1"), xml.balance("OPBD", "2")
        assert self.bounds(xml, read, previous) == (Decimal(1), None)
        assert self.bounds(xml, read, previous, opening) == (Decimal(2), None)

    def test_of_daily_balances_the_first_and_the_last_day_count(self, xml, read):
        days = [("02", "20", "30"), ("01", "10", "20"), ("03", "30", "40")]
        balances = [
            xml.balance(kind, amount, day=f"2026-03-{day}")
            for day, start, end in days
            for kind, amount in (("OPBD", start), ("CLBD", end))
        ]
        assert self.bounds(xml, read, *balances) == (Decimal(10), Decimal(40))

    def test_a_page_begins_or_ends_with_an_interim_balance(self, xml, read):
        opening, closing = xml.balance("OPBD", "1"), xml.balance("CLBD", "4")
        second, third = xml.balance("ITBD", "2"), xml.balance("ITBD", "3")
        assert self.bounds(xml, read, opening, second) == (Decimal(1), Decimal(2))
        assert self.bounds(xml, read, second, third) == (Decimal(2), Decimal(3))
        assert self.bounds(xml, read, third, closing) == (Decimal(3), Decimal(4))
        assert self.bounds(xml, read, opening, second, closing) == (Decimal(1), Decimal(4))
        assert self.bounds(xml, read, second) == (None, None)

    def test_of_several_currencies_the_accounts_own_counts(self, xml, read):
        dollars, euros = xml.balance("OPBD", "9", ccy="USD"), xml.balance("OPBD", "8", ccy="EUR")
        assert self.bounds(xml, read, dollars, euros) == (Decimal(8), None)

    def test_balances_nobody_relies_on_may_be_wrong(self, xml, read):
        assert self.bounds(xml, read, xml.balance("CLAV", "n/a"), xml.balance("CLBD", "4")) == (
            None,
            Decimal(4),
        )

    def test_a_wrong_bounding_balance_is_refused(self, xml):
        assert refusal(xml.document(xml.statement(xml.balance("CLBD", "-4")))).place.endswith(
            "Stmt[1]/Bal/Amt"
        )
        without = xml.balance("CLBD", "4").replace("<CdtDbtInd>CRDT</CdtDbtInd>", "")
        assert "no direction" in refusal(xml.document(xml.statement(without))).reason

    @pytest.mark.parametrize(("ccy", "currency"), [("EUR", "EUR"), ("", "CHF")])
    def test_the_currency_is_the_accounts_else_the_balances(self, xml, read, ccy, currency):
        (statement,) = read(xml.document(xml.statement(xml.balance("CLBD", "4", ccy="CHF"), ccy=ccy)))
        assert statement.currency == currency

    def test_else_the_currency_is_that_of_the_entries(self, xml, read):
        assert read(xml.document(xml.statement(xml.entry(ccy="SEK"), ccy="")))[0].currency == "SEK"


class TestLimits:
    def test_bytes(self, xml):
        document = xml.document(xml.statement(*[xml.entry()] * 2000))
        error = refusal(document, Limits(bytes_max=100_000))
        assert error.reason == "is larger than 100000 bytes"

    def test_transactions_over_all_statements(self, xml, read):
        document = xml.document(
            xml.statement(xml.entry(), xml.entry()), xml.statement(xml.entry(), xml.entry())
        )
        assert len(read(document, Limits(transactions_max=4))) == 2
        error = refusal(document, Limits(transactions_max=3))
        assert (error.place, error.reason) == ("line 1, Stmt[2]/Ntry[2]", "more than 3 transactions")

    def test_transactions_of_a_batch(self, xml):
        batch = xml.entry(xml.details(*[xml.part("1.00")] * 10))
        error = refusal(xml.document(xml.statement(xml.entry(), batch)), Limits(transactions_max=5))
        assert error.place == "line 1, Stmt[1]/Ntry[2]/NtryDtls/TxDtls[5]"

    def test_text(self, xml):
        text = xml.details(f"<RmtInf><Ustrd>{'x' * 101}</Ustrd></RmtInf>")
        error = refusal(xml.document(xml.statement(xml.entry(text))), Limits(text_chars_max=100))
        assert error.reason == "text of 101 characters, more than 100"
        assert error.place.endswith("Ntry[1]/NtryDtls/TxDtls[1]/RmtInf/Ustrd")

    def test_joined_text(self, xml):
        text = xml.details(f"<RmtInf>{'<Ustrd>abcde</Ustrd>' * 20}</RmtInf>")
        error = refusal(xml.document(xml.statement(xml.entry(text))), Limits(text_chars_max=100))
        assert error.reason == "text of 119 characters, more than 100"

    def test_entries_are_not_counted_as_anything_else(self, xml, read):
        batch = xml.entry(xml.details(*[xml.part("0.01")] * 1_000))
        document = xml.document(xml.statement(*[xml.entry()] * 1_000, batch))
        assert len(document) > 150_000
        assert len(read(document, Limits(gap_bytes_max=100_000))[0].transactions) == 2_000

    def test_balances(self, xml):
        assert "1000 balances" in refusal(xml.document(xml.statement(xml.balance("CLBD", "1") * 1001))).reason

    @pytest.mark.parametrize("filler", ["<X/>", "<Bal/>", "<X><X/></X>text"])
    def test_anything_but_entries(self, xml, filler):
        """What is not an entry stays in memory until the next one ends, so there may not be much of it."""
        document = xml.document(xml.statement(filler * 100_000, xml.entry()))
        assert refusal(document, Limits(gap_bytes_max=100_000)).reason == "100000 bytes without an entry"
