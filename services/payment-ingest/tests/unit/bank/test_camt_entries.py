"""From entries to transactions: values, splitting, counterparties, references and names."""

from datetime import date
from decimal import Decimal

import pytest

from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.bank.errors import UnreadableFile


@pytest.fixture
def one(transactions):
    """The single transaction of one entry."""

    def read_one(entry):
        (found,) = transactions(entry)
        return found

    return read_one


@pytest.fixture
def refuse(xml):
    """Why an entry is refused."""

    def reason(entry):
        with pytest.raises(UnreadableFile) as caught:
            list(read_camt(xml.document(xml.statement(entry)), "file.xml"))
        return caught.value.reason

    return reason


def test_an_entry_alone_is_a_transaction(xml, one):
    """Everything that an entry without details can say, and nothing invented for the rest."""
    t = one(xml.entry("<AcctSvcrRef>BANK-1</AcctSvcrRef>", "<AddtlNtryInf>Remise du jour</AddtlNtryInf>"))
    assert (t.statement_id, t.account) == ("S-1", xml.account)
    assert (t.booking_date, t.value_date) == (date(2026, 3, 2), date(2026, 3, 3))
    assert (t.amount, t.currency, t.direction) == (Decimal("10.00"), "EUR", "credit")
    assert (t.entry_ref, t.bank_ref, t.remittance) == ("BANK-1", "BANK-1", "Remise du jour")
    assert (t.reversal, t.status) == (False, "BOOK")
    absent = (t.end_to_end_id, t.structured_reference, t.counterparty_name, t.counterparty_iban, t.charges)
    assert {*absent, t.batch_size, t.return_reason, t.bank_transaction_code, t.mandate_id} == {None}


class TestMoney:
    @pytest.mark.parametrize(
        "written", ["8.85", "8.850", "0", "+12", " 12.3 ", ".5", "7.", "123456789012345678", "0.00001"]
    )
    def test_an_amount_is_taken_as_written(self, xml, one, written):
        assert str(one(xml.entry(amount=written)).amount) == str(Decimal(written.strip()))

    @pytest.mark.parametrize(
        "written",
        [
            "NaN",
            "Infinity",
            "1,00",
            "-1.00",
            "12..34",
            "1e3",
            "1 000",
            "0x1",
            "\u0661",
            "1_000",
            "",
            "1'000",
            "12.34.5",
        ],
    )
    def test_a_wrong_amount_is_refused(self, xml, refuse, written):
        assert refuse(xml.entry(amount=written)) == (
            f"wrong amount {written!r}" if written else "empty amount"
        )

    def test_more_digits_than_iso_allows_are_refused(self, xml, refuse):
        assert "more than 18 digits" in refuse(xml.entry(amount="1234567890123456789"))
        assert "more than 18 digits" in refuse(xml.entry(amount="0.1234567890123456789"))

    def test_a_missing_amount_currency_or_direction_is_refused(self, xml, refuse):
        entry = xml.entry()
        assert refuse(entry.replace('<Amt Ccy="EUR">10.00</Amt>', "")) == "no amount (Amt)"
        assert refuse(entry.replace(' Ccy="EUR"', "")) == "no currency (Ccy) on the amount"
        assert refuse(entry.replace("<CdtDbtInd>CRDT</CdtDbtInd>", "")) == "no direction (CdtDbtInd)"

    def test_a_wrong_currency_or_direction_is_refused(self, xml, refuse):
        assert refuse(xml.entry(ccy="eur")) == "wrong currency 'eur'"
        assert refuse(xml.entry(way="CREDIT")) == "wrong direction 'CREDIT', neither CRDT nor DBIT"

    def test_two_amounts_or_directions_are_refused(self, xml, refuse):
        assert refuse(xml.entry('<Amt Ccy="EUR">1</Amt>')) == "a second Amt"
        assert refuse(xml.entry("<CdtDbtInd>DBIT</CdtDbtInd>")) == "a second CdtDbtInd"


class TestDatesAndStatus:
    @pytest.mark.parametrize(
        "written",
        [
            "<Dt>2026-03-31</Dt>",
            "<Dt> 2026-03-31 </Dt>",
            "<Dt>2026-03-31+01:00</Dt>",
            "<Dt>2026-03-31T00:00:00</Dt>",
            "<DtTm>2026-03-31T23:30:00-05:00</DtTm>",
            "<DtTm>2026-03-31T00:00:00.000000000</DtTm>",
            "<DtTm>2026-03-31T22:15Z</DtTm>",
            "2026-03-31",
        ],
    )
    def test_a_day_is_as_written_by_the_bank(self, xml, one, written):
        assert one(xml.entry().replace("<Dt>2026-03-02</Dt>", written)).booking_date == date(2026, 3, 31)

    @pytest.mark.parametrize(
        "written", ["2026-02-30", "31.03.2026", "20260331", "2026-W14-2", "2026-03", "yesterday"]
    )
    def test_a_wrong_date_is_refused(self, xml, refuse, written):
        assert refuse(xml.entry().replace("2026-03-02", written)) == f"wrong date {written!r}"

    def test_a_booked_entry_without_booking_date_has_its_value_date(self, xml, one):
        def without(entry):
            return entry.replace("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", "")

        assert one(without(xml.entry())).booking_date == date(2026, 3, 3)
        assert one(without(xml.entry(status="PDNG"))).booking_date is None

    @pytest.mark.parametrize(
        ("written", "status", "booked"),
        [
            ("BOOK", "BOOK", True),
            ("<Cd>BOOK</Cd>", "BOOK", True),
            ("PDNG", "PDNG", False),
            ("<Cd>PDNG</Cd>", "PDNG", False),
            ("INFO", "INFO", False),
            ("<Prtry>FUTR</Prtry>", "FUTR", False),
            ("", "BOOK", True),
        ],
    )
    def test_status(self, xml, one, written, status, booked):
        t = one(xml.entry(status=written))
        assert (t.status, t.booked) == (status, booked)

    @pytest.mark.parametrize(
        ("written", "reversal"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)]
    )
    def test_reversal(self, xml, one, written, reversal):
        assert one(xml.entry(f"<RvslInd>{written}</RvslInd>")).reversal is reversal

    def test_a_wrong_reversal_indicator_is_refused(self, xml, refuse):
        assert refuse(xml.entry("<RvslInd>maybe</RvslInd>")) == "'maybe' is neither true nor false"


class TestRemittance:
    @pytest.fixture
    def remit(self, xml, one):
        def read(*inside, more=""):
            return one(xml.entry(xml.details(f"<RmtInf>{''.join(inside)}</RmtInf>{more}")))

        return read

    def test_an_rf_reference(self, remit):
        t = remit("<Strd><CdtrRefInf><Tp/><Ref>RF18 5390 0754 7034</Ref></CdtrRefInf></Strd>")
        assert (t.structured_reference, t.remittance) == ("RF18 5390 0754 7034", None)

    def test_lines_are_joined_by_a_blank(self, remit):
        t = remit("<Ustrd>FA-2026-1,\n  FA-2026-2</Ustrd>", "<Ustrd/>", "<Ustrd> merci </Ustrd>")
        assert (t.remittance, t.structured_reference) == ("FA-2026-1, FA-2026-2 merci", None)

    def test_what_else_designates_documents_follows(self, remit):
        t = remit(
            "<Ustrd>Mars</Ustrd>",
            "<Strd><RfrdDocInf><Nb>FA-1</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>",
            "<Strd><RfrdDocInf><Nb>FA-2</Nb></RfrdDocInf><CdtrRefInf><Ref>RF712348231</Ref></CdtrRefInf>"
            "<AddtlRmtInf>net</AddtlRmtInf></Strd>",
        )
        assert t.structured_reference == "RF18539007547034"
        assert t.remittance == "Mars FA-1 FA-2 RF712348231 net"

    def test_not_provided_is_nothing(self, xml, one, remit):
        assert remit("<Ustrd>NOTPROVIDED</Ustrd>").remittance is None
        refs = "<Refs><EndToEndId>NOTPROVIDED</EndToEndId><AcctSvcrRef>NONREF</AcctSvcrRef></Refs>"
        t = one(xml.entry("<AcctSvcrRef>NONREF</AcctSvcrRef>", xml.details(refs)))
        assert (t.end_to_end_id, t.bank_ref) == (None, None)

    def test_additional_texts_stand_in_where_there_is_nothing_else(self, xml, one, remit):
        tx, entry = "<AddtlTxInf>of the detail</AddtlTxInf>", "<AddtlNtryInf>of the entry</AddtlNtryInf>"
        assert one(xml.entry(xml.details(tx), entry)).remittance == "of the detail"
        assert one(xml.entry(xml.details(""), entry)).remittance == "of the entry"
        assert remit("<Ustrd>text</Ustrd>", more=tx).remittance == "text"
        assert remit("<Strd><CdtrRefInf><Ref>R1</Ref></CdtrRefInf></Strd>", more=tx).remittance is None


class TestCounterparty:
    US = "FR7630006000011234567890189"
    THEM = "DE89370400440532013000"

    @pytest.fixture
    def side(self, xml, one):
        """The counterparty of a payment between Alpha (debtor) and Beta (creditor)."""

        def read(way, *inside, parties=xml.parties("Alpha", "Beta", "DE1", "DE2"), more=""):
            t = one(xml.entry(*inside, xml.details(parties + more), way=way))
            return (t.counterparty_name, t.counterparty_iban)

        return read

    def test_the_debtor_of_a_credit_and_the_creditor_of_a_debit(self, side):
        assert side("CRDT") == ("Alpha", "DE1")
        assert side("DBIT") == ("Beta", "DE2")

    def test_a_reversal_has_the_other_one(self, side):
        """A credit that takes back our own payment to Beta comes from Beta."""
        assert side("CRDT", "<RvslInd>true</RvslInd>") == ("Beta", "DE2")
        assert side("DBIT", "<RvslInd>true</RvslInd>") == ("Alpha", "DE1")

    def test_a_return_has_the_other_one(self, side):
        returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
        assert side("DBIT", more=returned) == ("Alpha", "DE1")
        assert side("DBIT", "<RvslInd>true</RvslInd>", more=returned) == ("Alpha", "DE1")

    def test_a_return_that_names_one_party_means_it(self, xml, side):
        assert side("DBIT", parties=xml.parties(creditor="Gamma"), more="<RtrInf/>") == ("Gamma", None)

    def test_nobody_is_not_replaced_by_ourselves(self, xml, side):
        assert side("CRDT", parties=xml.parties(creditor="Our Company")) == (None, None)

    def test_our_own_account_is_not_the_counterparty(self, xml, side):
        """Banks disagree on the roles in a return; our account number settles who is who."""
        swapped = xml.parties("Our Company", "Alpha", self.US, self.THEM)
        assert side("DBIT", parties=swapped, more="<RtrInf/>") == ("Alpha", self.THEM)
        assert side("CRDT", parties=swapped) == ("Alpha", self.THEM)

    def test_a_transfer_between_our_own_accounts_stays_as_it_is(self, xml, side):
        assert side("CRDT", parties=xml.parties("A", "B", self.US, self.US)) == ("A", self.US)

    @pytest.mark.parametrize(
        ("party", "name"),
        [
            ("<Dbtr><Pty><Nm>Delta</Nm></Pty></Dbtr>", "Delta"),
            ("<Dbtr><Agt><FinInstnId><Nm>Banque Delta</Nm></FinInstnId></Agt></Dbtr>", "Banque Delta"),
            ("<UltmtDbtr><Nm>Epsilon</Nm></UltmtDbtr>", "Epsilon"),
            ("<UltmtDbtr><Pty><Nm>Epsilon</Nm></Pty></UltmtDbtr>", "Epsilon"),
            ("<Dbtr><Nm>NOTPROVIDED</Nm></Dbtr><UltmtDbtr><Nm>Epsilon</Nm></UltmtDbtr>", "Epsilon"),
            ("<Dbtr><Nm>Delta</Nm></Dbtr><UltmtDbtr><Nm>Epsilon</Nm></UltmtDbtr>", "Delta"),
            ("<DbtrAcct><Nm>Compte Zeta</Nm></DbtrAcct>", "Compte Zeta"),
            ("<Dbtr><Nm/></Dbtr>", None),
        ],
    )
    def test_names(self, side, party, name):
        assert side("CRDT", parties=f"<RltdPties>{party}</RltdPties>") == (name, None)

    @pytest.mark.parametrize(
        ("identity", "number"),
        [
            ("<IBAN>de89 3704 0044 0532 0130 00</IBAN>", "DE89370400440532013000"),
            ("<Othr><Id>12-34 56</Id></Othr>", "12-34 56"),
        ],
    )
    def test_account_numbers(self, side, identity, number):
        parties = f"<RltdPties><DbtrAcct><Id>{identity}</Id></DbtrAcct></RltdPties>"
        assert side("CRDT", parties=parties) == (None, number)


class TestOtherFacts:
    def test_references_codes_and_reasons(self, xml, one):
        t = one(
            xml.entry(
                "<BkTxCd><Prtry><Cd>E</Cd></Prtry></BkTxCd>",
                xml.details(
                    "<Refs><EndToEndId>E2E</EndToEndId><MndtId>M-9</MndtId></Refs>"
                    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd>"
                    "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"
                ),
            )
        )
        assert (t.end_to_end_id, t.mandate_id, t.return_reason) == ("E2E", "M-9", "AM04")
        assert t.bank_transaction_code == "PMNT-IDDT-UPDD"

    def test_a_code_may_be_the_entrys_or_the_banks_own(self, xml, one):
        assert one(xml.entry("<BkTxCd><Prtry><Cd>105</Cd></Prtry></BkTxCd>")).bank_transaction_code == "105"

    def test_a_return_without_reason_is_still_a_return(self, xml, one):
        assert one(xml.entry(xml.details("<RtrInf/>"))).return_reason == "MS03"
        assert (
            one(xml.entry(xml.details("<RtrInf><Rsn><Prtry>914</Prtry></Rsn></RtrInf>"))).return_reason
            == "914"
        )

    @pytest.mark.parametrize(
        ("charges", "amount"),
        [
            (
                '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3.6</TtlChrgsAndTaxAmt><Amt Ccy="EUR">3</Amt></Chrgs>',
                "3.6",
            ),
            (
                '<Chrgs><Rcrd><Amt Ccy="EUR">3</Amt></Rcrd><Rcrd><Amt Ccy="EUR">0.50</Amt></Rcrd></Chrgs>',
                "3.50",
            ),
            ('<Chrgs><Amt Ccy="EUR">1.20</Amt></Chrgs><Chrgs><Amt Ccy="EUR">0.30</Amt></Chrgs>', "1.50"),
            (
                '<Chrgs><Rcrd><Amt Ccy="EUR">3</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd>'
                '<Rcrd><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>',
                "2",
            ),
            ('<Chrgs><Amt Ccy="USD">1.20</Amt></Chrgs>', None),
            ("", None),
        ],
    )
    @pytest.mark.parametrize("of_entry", [True, False])
    def test_charges(self, xml, one, charges, amount, of_entry):
        t = one(xml.entry(charges) if of_entry else xml.entry(xml.details(charges)))
        assert t.charges == (amount and Decimal(amount))
        assert t.amount == Decimal("10.00")


class TestSplitting:
    def shares(self, transactions, entry):
        return [(str(t.amount), t.direction, t.batch_size) for t in transactions(entry)]

    def test_a_batch_becomes_its_transactions(self, xml, transactions):
        names = [xml.parties(debtor=name) for name in ("Alpha", "Beta", "Gamma")]
        parts = [xml.part(amount, name) for amount, name in zip(("5.00", "3.00", "2.00"), names, strict=True)]
        found = transactions(xml.entry(xml.details(*parts)))
        assert [(t.counterparty_name, str(t.amount)) for t in found] == [
            ("Alpha", "5.00"),
            ("Beta", "3.00"),
            ("Gamma", "2.00"),
        ]
        assert {(t.batch_size, t.value_date, t.status) for t in found} == {(3, date(2026, 3, 3), "BOOK")}

    def test_details_may_be_in_several_groups(self, xml, transactions):
        entry = xml.entry(xml.details(xml.part("4.00")), xml.details(xml.part("6.00")))
        assert self.shares(transactions, entry) == [("4.00", "credit", 2), ("6.00", "credit", 2)]

    def test_details_may_stand_right_in_the_entry(self, xml, transactions):
        entry = xml.entry(*(f"<TxDtls>{xml.part(amount)}</TxDtls>" for amount in ("4.00", "6.00")))
        assert self.shares(transactions, entry) == [("4.00", "credit", 2), ("6.00", "credit", 2)]

    def test_a_part_may_go_the_other_way(self, xml, transactions):
        entry = xml.entry(xml.details(xml.part("12.50", way="CRDT"), xml.part("2.50", way="DBIT")))
        assert self.shares(transactions, entry) == [("12.50", "credit", 2), ("2.50", "debit", 2)]

    @pytest.mark.parametrize("kind", ["TxAmt", "CntrValAmt", "InstdAmt"])
    def test_amounts_of_version_02(self, xml, transactions, kind):
        parts = [f'<AmtDtls><{kind}><Amt Ccy="EUR">{a}</Amt></{kind}></AmtDtls>' for a in ("9", "1.00")]
        assert self.shares(transactions, xml.entry(xml.details(*parts))) == [
            ("9", "credit", 2),
            ("1.00", "credit", 2),
        ]

    def test_the_amount_in_the_accounts_currency_counts(self, xml, transactions):
        part = (
            '<Amt Ccy="USD">7.00</Amt><AmtDtls><InstdAmt><Amt Ccy="USD">7.00</Amt></InstdAmt>'
            '<TxAmt><Amt Ccy="EUR">5.00</Amt></TxAmt></AmtDtls>'
        )
        assert self.shares(transactions, xml.entry(xml.details(part, part))) == [("5.00", "credit", 2)] * 2

    def test_parts_net_of_their_charges(self, xml, transactions):
        """A payout of card payments: 10.30 of sales, less 0.30 of fees."""
        fee = '<Chrgs><Rcrd><Amt Ccy="EUR">{}</Amt></Rcrd></Chrgs>'
        entry = xml.entry(
            xml.details(xml.part("4.10", fee.format("0.10")), xml.part("6.20", fee.format("0.20")))
        )
        found = transactions(entry)
        assert [(str(t.amount), str(t.charges)) for t in found] == [("4.00", "0.10"), ("6.00", "0.20")]

    def test_a_part_that_its_charges_exceed_leaves_the_entry_whole(self, xml, transactions):
        fee = '<Chrgs><Amt Ccy="EUR">0.10</Amt></Chrgs>'
        entry = xml.entry(xml.details(xml.part("0.05", fee), xml.part("10.15", fee)))
        assert self.shares(transactions, entry) == [("10.00", "credit", 2)]

    def test_charges_of_the_entry_are_not_those_of_a_part(self, xml, transactions):
        charges = '<Chrgs><Amt Ccy="EUR">1.00</Amt></Chrgs>'
        found = transactions(xml.entry(charges, xml.details(xml.part("4.00"), xml.part("6.00"))))
        assert [t.charges for t in found] == [None, None]

    @pytest.mark.parametrize(
        "parts",
        [
            [('<Amt Ccy="EUR">4.00</Amt>'), ('<Amt Ccy="EUR">6.01</Amt>')],
            [('<Amt Ccy="EUR">4.00</Amt>'), ('<Amt Ccy="USD">6.00</Amt>')],
            [('<Amt Ccy="EUR">10.00</Amt>'), ""],
            ["", ""],
            ['<AmtDtls><TxAmt><Amt Ccy="EUR">?</Amt></TxAmt></AmtDtls>', '<Amt Ccy="EUR">10.00</Amt>'],
        ],
    )
    def test_parts_that_do_not_sum_leave_the_entry_whole(self, xml, transactions, parts):
        assert self.shares(transactions, xml.entry(xml.details(*parts))) == [("10.00", "credit", 2)]

    def test_a_whole_batch_keeps_what_its_details_agree_on(self, xml, one):
        def detail(end_to_end_id, text):
            refs = f"<Refs><EndToEndId>{end_to_end_id}</EndToEndId><MndtId>M-1</MndtId></Refs>"
            return f"{refs}{xml.parties('Alpha')}<RmtInf><Ustrd>{text}</Ustrd></RmtInf>"

        t = one(
            xml.entry("<AcctSvcrRef>B</AcctSvcrRef>", xml.details(detail("1", "FA-1"), detail("2", "FA-2")))
        )
        assert (t.counterparty_name, t.mandate_id, t.end_to_end_id) == ("Alpha", "M-1", None)
        assert (t.remittance, t.entry_ref) == ("FA-1 FA-2", "B")

    def test_one_detail_never_changes_the_amount(self, xml, transactions):
        assert self.shares(transactions, xml.entry(xml.details(xml.part("999.00")))) == [
            ("10.00", "credit", None)
        ]
        assert self.shares(transactions, xml.entry(xml.details(xml.part("0", ccy="USD")))) == [
            ("10.00", "credit", None)
        ]

    def test_a_batch_without_details_says_how_many_it_stands_for(self, xml, transactions):
        entry = xml.entry("<NtryDtls><Btch><NbOfTxs>20</NbOfTxs></Btch></NtryDtls>")
        assert self.shares(transactions, entry) == [("10.00", "credit", 20)]
        entry = xml.entry("<NtryDtls><Btch><NbOfTxs>many</NbOfTxs></Btch></NtryDtls>")
        assert self.shares(transactions, entry) == [("10.00", "credit", None)]

    def test_an_unreadable_amount_of_a_part_is_refused(self, xml, refuse):
        assert refuse(xml.entry(xml.details(xml.part("4,00"), xml.part("6.00")))) == "wrong amount '4,00'"


class TestNames:
    @staticmethod
    def ref(value):
        return f"<Refs><AcctSvcrRef>{value}</AcctSvcrRef></Refs>"

    def names(self, transactions, *entries):
        return [t.entry_ref for t in transactions(*entries)]

    def test_the_transactions_reference_before_the_entrys(self, xml, transactions):
        entry = xml.entry("<AcctSvcrRef>ENTRY</AcctSvcrRef>", xml.details(self.ref("TX")))
        assert self.names(transactions, entry) == ["TX"]
        entry = xml.entry("<AcctSvcrRef>ENTRY</AcctSvcrRef>", xml.details(""))
        assert self.names(transactions, entry) == ["ENTRY"]

    def test_parts_without_own_reference_are_numbered(self, xml, transactions):
        entry = xml.entry("<AcctSvcrRef>E</AcctSvcrRef>", xml.details(xml.part("4.00"), xml.part("6.00")))
        assert self.names(transactions, entry) == ["E#1", "E#2"]

    def test_parts_that_share_a_reference_are_numbered_the_others_not(self, xml, transactions):
        parts = [self.ref(r) + xml.part(a) for r, a in (("X", "2.00"), ("Y", "3.00"), ("X", "5.00"))]
        assert self.names(transactions, xml.entry(xml.details(*parts))) == ["X#1", "Y", "X#3"]

    def test_without_reference_the_content_names_it_and_equal_ones_are_counted(self, xml, transactions):
        plain, other = xml.entry(), xml.entry("<AddtlNtryInf>other</AddtlNtryInf>")
        first, second, third = self.names(transactions, plain, other, plain)
        digest, ordinal = first.rsplit("-", 1)
        assert (digest[:7], ordinal, third) == ("digest-", "1", f"{digest}-2")
        assert second != first
        assert second.endswith("-1")

    def test_the_digest_is_of_the_movement_not_of_the_file(self, xml, read):
        one = read(xml.document(xml.statement(xml.entry(amount="8.5"), id="A")))[0].transactions[0]
        same = read(xml.document(xml.statement(xml.entry("<NtryRef>77</NtryRef>", amount="8.500"), id="B")))
        assert same[0].transactions[0].digest == one.digest

    def test_whatever_tells_movements_apart_changes_the_digest(self, xml, transactions):
        entries = [
            xml.entry(),
            xml.entry(amount="10.01"),
            xml.entry(way="DBIT"),
            xml.entry(ccy="USD"),
            xml.entry("<RvslInd>true</RvslInd>"),
            xml.entry().replace("2026-03-02", "2026-03-01"),
            xml.entry().replace("2026-03-03", "2026-03-04"),
            xml.entry(xml.details("<Refs><EndToEndId>1</EndToEndId></Refs>")),
            xml.entry(xml.details("<Refs><MndtId>1</MndtId></Refs>")),
            xml.entry(xml.details("<RmtInf><Ustrd>1</Ustrd></RmtInf>")),
            xml.entry(xml.details("<RmtInf><Strd><CdtrRefInf><Ref>1</Ref></CdtrRefInf></Strd></RmtInf>")),
            xml.entry(xml.details(xml.parties("1"))),
            xml.entry(xml.details(xml.parties(debtor_id="1"))),
            xml.entry(xml.details("<RtrInf/>")),
        ]
        assert len({t.digest for t in transactions(*entries)}) == len(entries)

    def test_an_announced_and_a_booked_one_do_not_count_each_other(self, xml, transactions):
        booked, announced = self.names(transactions, xml.entry(), xml.entry(status="PDNG"))
        assert booked == announced
