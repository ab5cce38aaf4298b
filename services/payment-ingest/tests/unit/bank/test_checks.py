"""Whether a statement adds up, and follows the one before it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lettra_payment_ingest.bank.checks import booked_sum, check_continuity, check_statement, sequence_number
from lettra_payment_ingest.bank.exact import exact_sum, plain, shown
from lettra_payment_ingest.bank.model import Balance


@pytest.fixture
def verdict(xml, read):
    def check(*inside, ccy="EUR"):
        (statement,) = read(xml.document(xml.statement(*inside, ccy=ccy)))
        return check_statement(statement)

    return check


def test_what_adds_up_is_balanced(xml, verdict):
    bounds = xml.balance("OPBD", "100.00"), xml.balance("CLBD", "103.5")
    found = verdict(*bounds, xml.entry(amount="10.00"), xml.entry(amount="6.500", way="DBIT"))
    assert (found.outcome, found.reason) == ("balanced", "")


def test_an_overdraft_adds_up_too(xml, verdict):
    bounds = xml.balance("OPBD", "5.00"), xml.balance("CLBD", "15.00", "DBIT")
    assert verdict(*bounds, xml.entry(amount="20.00", way="DBIT")).outcome == "balanced"


def test_what_does_not_add_up_is_quarantined_with_the_numbers(xml, verdict):
    bounds = xml.balance("OPBD", "18.150"), xml.balance("CLBD", "27.050")
    found = verdict(*bounds, xml.entry(amount="8.850"))
    assert found.outcome == "quarantined"
    assert found.reason == (
        "does not add up: opening 18.15 + entries 8.85 = 27.00, but closing is 27.05 EUR: difference 0.05"
    )


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([], "no opening and no closing balance: the entries cannot be verified"),
        (["OPBD"], "no closing balance: the entries cannot be verified"),
        (["CLBD"], "no opening balance: the entries cannot be verified"),
    ],
)
def test_an_absent_balance_is_a_warning(xml, verdict, kinds, reason):
    found = verdict(*(xml.balance(kind, "1.00") for kind in kinds), xml.entry())
    assert (found.outcome, found.reason) == ("unverified", reason)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_only_booked_entries_count(xml, verdict, status):
    bounds = xml.balance("OPBD", "100.00"), xml.balance("CLBD", "110.00")
    announced = xml.entry(amount="50.00", status=status), xml.entry(ccy="USD", status=status)
    assert verdict(*bounds, xml.entry(amount="10.00"), *announced).outcome == "balanced"


def test_mixed_currencies_are_quarantined_whatever_the_sums(xml, verdict):
    bounds = xml.balance("OPBD", "100.00"), xml.balance("CLBD", "110.00")
    found = verdict(*bounds, xml.entry(amount="4.00"), xml.entry(amount="6.00", ccy="USD"))
    assert found.outcome == "quarantined"
    assert found.reason == (
        "currencies are mixed: account EUR, opening 100.00 EUR, closing 110.00 EUR, entries 4.00 EUR, entries 6.00 USD"
    )
    assert verdict(xml.balance("OPBD", "1"), xml.balance("CLBD", "1", ccy="SEK")).outcome == "quarantined"
    assert verdict(xml.entry(ccy="CHF"), xml.entry(ccy="USD"), ccy="").outcome == "quarantined"
    assert verdict(xml.entry(ccy="CHF")).outcome == "quarantined"


def test_a_batch_counts_once(xml, verdict):
    bounds = xml.balance("OPBD", "0"), xml.balance("CLBD", "10.00")
    batch = xml.entry(xml.details(xml.part("12.50", way="CRDT"), xml.part("2.50", way="DBIT")))
    assert verdict(*bounds, batch).outcome == "balanced"


class TestContinuity:
    @pytest.fixture
    def follows(self, xml, read):
        def check(closed, *inside, number=None, ccy="EUR"):
            (statement,) = read(xml.document(xml.statement(*inside)))
            previous = Balance("CLBD", None, Decimal(closed), ccy) if closed is not None else None
            return check_continuity(previous, statement, number)

        return check

    def test_the_same_balance_is_continuous_however_written(self, xml, follows):
        assert follows("20.00", xml.balance("OPBD", "20")).outcome == "ok"

    def test_a_gap_names_the_balances(self, xml, follows):
        found = follows("20.00", xml.balance("OPBD", "18.15"))
        assert found.outcome == "gap"
        assert "closed with 20.00 EUR, this one opens with 18.15 EUR: difference -1.85" in found.reason
        assert follows("20.00", xml.balance("OPBD", "20.00", "DBIT")).outcome == "gap"

    def test_another_currency_is_a_gap(self, xml, follows):
        found = follows("20.00", xml.balance("OPBD", "20.00"), ccy="USD")
        assert found.reason == "the statement before closed with 20.00 USD, this one opens with 20.00 EUR"

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (40, "; statement 41 is missing"),
            (38, "; statements 39 to 41 are missing"),
            (41, ""),
            (50, ""),
            (None, ""),
        ],
    )
    def test_a_gap_names_the_missing_statements(self, xml, follows, number, words):
        found = follows("20.00", "<LglSeqNb>42</LglSeqNb>", xml.balance("OPBD", "1"), number=number)
        assert found.reason.endswith(f"difference -19.00{words}")

    def test_nothing_to_compare(self, xml, follows):
        assert follows(None, xml.balance("OPBD", "1")).outcome == "unknown"
        assert follows("1.00").outcome == "unknown"

    def test_the_legal_number_counts_before_the_electronic(self, xml, read):
        both = xml.statement("<ElctrncSeqNb>9</ElctrncSeqNb><LglSeqNb>4</LglSeqNb>")
        electronic, none = (
            xml.statement("<ElctrncSeqNb>9</ElctrncSeqNb>"),
            xml.statement("<LglSeqNb>n/a</LglSeqNb>"),
        )
        assert [sequence_number(s) for s in read(xml.document(both, electronic, none))] == [4, 9, None]


class TestExactSums:
    def test_more_digits_than_the_default_context_keeps(self):
        large, small = Decimal("999999999999999999"), Decimal("0.000000000000000001")
        assert exact_sum([large, small, -large]) == small
        assert exact_sum([]) == 0

    def test_a_difference_of_one_in_the_last_digit_is_seen(self, xml, verdict):
        bounds = xml.balance("OPBD", "999999999999999999"), xml.balance("CLBD", "999999999999999999")
        assert verdict(*bounds, xml.entry(amount="0.000000000000000001")).outcome == "quarantined"

    @given(st.lists(st.integers(-(10**18), 10**18)), st.integers(0, 17))
    def test_sums_are_those_of_integers(self, units, places):
        amounts = [Decimal(n).scaleb(-places) for n in units]
        assert exact_sum(amounts) == Decimal(sum(units)).scaleb(-places)

    @pytest.mark.parametrize(
        ("amount", "as_plain", "as_shown"),
        [
            ("8.850", "8.85", "8.85"),
            ("1E+3", "1000", "1000.00"),
            ("0.00", "0", "0.00"),
            ("-0.0", "0", "0.00"),
            ("-5", "-5", "-5.00"),
            ("5442.09001", "5442.09001", "5442.09001"),
        ],
    )
    def test_texts(self, amount, as_plain, as_shown):
        assert (plain(Decimal(amount)), shown(Decimal(amount))) == (as_plain, as_shown)


def test_booked_sum_is_signed(xml, read):
    entries = xml.entry(amount="1.50"), xml.entry(amount="4.00", way="DBIT"), xml.entry(status="PDNG")
    (statement,) = read(xml.document(xml.statement(*entries)))
    assert booked_sum(statement) == Decimal("-2.50")
