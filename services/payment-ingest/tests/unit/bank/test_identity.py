"""Which transactions are new: the same file again, overlapping files, and equal payments of one day.

The account of these tests is a line of payments. `cut` makes the statement of a stretch of it, with the balances that
the stretch has on the line; equal letters are payments that nothing tells apart.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_payment_ingest.bank.identity import Identified, KnownStatement, base_identity, identify
from lettra_payment_ingest.bank.model import Balance, Statement, Transaction

AMOUNTS = {"a": 5, "b": 3, "c": 7, "d": -3, "e": -5}
PLAIN = Transaction(
    statement_id="S",
    account="ACC",
    booking_date=date(2026, 3, 1),
    value_date=None,
    amount=Decimal(5),
    currency="EUR",
    direction="credit",
    reversal=False,
    entry_ref="r",
    end_to_end_id=None,
    structured_reference=None,
    remittance=None,
    counterparty_name=None,
    counterparty_iban=None,
    charges=None,
    batch_size=None,
    status="BOOK",
    return_reason=None,
    bank_transaction_code=None,
    mandate_id=None,
    bank_ref=None,
    digest="a",
)


def payment(letter: str, day: int) -> Transaction:
    amount = AMOUNTS[letter.lower()]
    return replace(
        PLAIN,
        booking_date=date(2026, 3, day),
        amount=Decimal(abs(amount)),
        direction="credit" if amount > 0 else "debit",
        digest=letter,
    )


def statement(transactions, opening=None, closing=None, name="S") -> Statement:
    def balance(kind, amount):
        return None if amount is None else Balance(kind, None, Decimal(amount), "EUR")

    return Statement(
        statement_id=name,
        account="ACC",
        currency="EUR",
        from_date=None,
        to_date=None,
        electronic_sequence_number=None,
        legal_sequence_number=None,
        created_at=None,
        opening=balance("OPBD", opening),
        closing=balance("CLBD", closing),
        transactions=tuple(transactions),
        place="",
    )


def cut(line: str, start: int, end: int, name: str | None = None, balances: bool = True) -> Statement:
    """The statement of the line's payments from `start` up to `end`. A line is days, separated by blanks."""
    payments = [(letter, day) for day, of_day in enumerate(line.split(), start=1) for letter in of_day]
    sums = [100]
    for letter, _ in payments:
        sums.append(sums[-1] + AMOUNTS[letter])
    bounds = (sums[start], sums[end]) if balances else (None, None)
    return statement([payment(*p) for p in payments[start:end]], *bounds, name or f"{start}-{end}")


class Ledger:
    """Remembers what it has taken, as payment-ingest does."""

    def __init__(self) -> None:
        self.known: list[KnownStatement] = []
        self.ids: set = set()

    def take(self, taken: Statement) -> Identified:
        found = identify(taken, self.known)
        for identity in found.identities:
            assert identity.new is (identity.id not in self.ids)
            self.ids.add(identity.id)
        assert len({i.id for i in found.identities}) == len(taken.transactions)
        if found.known not in self.known:
            self.known.append(found.known)
        return found

    def take_all(self, *statements: Statement) -> int:
        for each in statements:
            self.take(each)
        return len(self.ids)


def test_the_same_file_again_changes_nothing():
    ledger = Ledger()
    first = ledger.take(cut("aab b", 0, 4))
    again = ledger.take(cut("aab b", 0, 4))
    assert [i.new for i in first.identities] == [True] * 4
    assert [i.id for i in again.identities] == [i.id for i in first.identities]
    assert [i.new for i in again.identities] == [False] * 4


def test_two_equal_payments_in_one_file_are_two():
    found = identify(cut("aa", 0, 2), [])
    assert [i.ordinal for i in found.identities] == [1, 2]
    assert found.identities[0].base == found.identities[1].base


def test_two_equal_payments_in_two_files_of_one_day_are_two():
    """The second file opens with the balance that the first closed with."""
    morning, afternoon = cut("aa", 0, 1), cut("aa", 1, 2)
    assert Ledger().take_all(morning, afternoon) == 2
    assert Ledger().take_all(afternoon, morning) == 2


def test_each_file_of_that_day_again_changes_nothing():
    ledger = Ledger()
    files = [cut("aaa", 0, 1), cut("aaa", 1, 2), cut("aaa", 2, 3)]
    first = [ledger.take(file) for file in files]
    for file, before in zip(files, first, strict=True):
        assert [i.id for i in ledger.take(file).identities] == [i.id for i in before.identities]
    assert len(ledger.ids) == 3


def test_a_file_sent_again_under_another_name_is_the_same():
    ledger = Ledger()
    ledger.take_all(cut("aaa", 0, 1), cut("aaa", 1, 2))
    found = ledger.take(cut("aaa", 1, 2, name="resent"))
    assert [(i.ordinal, i.new) for i in found.identities] == [(2, False)]


def test_an_overlapping_file_claims_before_it_adds():
    ledger = Ledger()
    ledger.take(cut("aab abb", 0, 4))
    found = ledger.take(cut("aab abb", 1, 6))
    assert [(i.ordinal, i.new) for i in found.identities] == [
        (2, False),  # the second `a` of the day: it stands at the same place
        (1, False),
        (1, False),
        (1, True),
        (2, True),
    ]
    assert len(ledger.ids) == 6


def test_a_month_claims_what_its_days_brought_and_the_days_what_the_month_brought():
    line = "aab aba cca"
    days, month = [cut(line, 0, 3), cut(line, 3, 6), cut(line, 6, 9)], cut(line, 0, 9)
    assert Ledger().take_all(*days, month) == 9
    assert Ledger().take_all(month, *days) == 9
    assert Ledger().take_all(days[1], month, days[0], days[2]) == 9


def test_a_month_claims_what_several_files_of_a_day_brought():
    line = "aaa"
    ledger = Ledger()
    ledger.take_all(cut(line, 0, 1), cut(line, 1, 2))
    assert ledger.take_all(cut(line, 0, 3)) == 3


def test_without_balances_equal_payments_are_taken_for_the_same():
    first, second = cut("aa", 0, 1, balances=False), cut("aa", 1, 2, balances=False)
    assert Ledger().take_all(first, second) == 1


def test_continuation_goes_on_through_the_statements_between():
    """The evening file continues the morning's, which also holds an `a`, through the noon's, which holds none."""
    line = "aba"
    assert Ledger().take_all(cut(line, 0, 1), cut(line, 1, 2), cut(line, 2, 3)) == 3
    assert Ledger().take_all(cut(line, 2, 3), cut(line, 1, 2), cut(line, 0, 1)) == 3


def test_a_missing_statement_between_loses_rather_than_counts_twice():
    line = "aba"
    assert Ledger().take_all(cut(line, 0, 1), cut(line, 2, 3)) == 1


def test_an_empty_statement_between_passes_the_continuation_on():
    line = "aa"
    assert Ledger().take_all(cut(line, 0, 1), cut(line, 1, 1), cut(line, 1, 2)) == 2


def test_a_balance_that_comes_back_proves_nothing():
    """A swept account closes every day with what it opened with; its week and its days overlap all the same."""
    line = "ae bd ae"
    week, days = cut(line, 0, 6), [cut(line, 0, 2), cut(line, 2, 4), cut(line, 4, 6)]
    assert Ledger().take_all(week, *days) == 6
    assert Ledger().take_all(*days, week) == 6
    assert Ledger().take_all(cut(line, 0, 4), cut(line, 2, 6)) == 6


def test_a_file_again_after_the_balance_has_come_back():
    """The second file (-5) undoes the first (+5): by balances alone it would also precede it."""
    ledger = Ledger()
    first, second = cut("ae", 0, 1), cut("ae", 1, 2)
    assert ledger.take_all(first, second, first, second) == 2
    assert ledger.take_all(cut("ae", 0, 2), first, second) == 2
    assert Ledger().take_all(first, cut("ae", 0, 2), second) == 2


class TestOtherOrder:
    """A bank may list a day in another order in another file: then places do not tell, and the rest must."""

    def test_a_swept_account(self):
        line, other = "ae bd ae", "ea db ea"
        week, days = cut(line, 0, 6), [cut(other, 0, 2), cut(other, 2, 4), cut(other, 4, 6)]
        assert Ledger().take_all(week, *days) == 6
        assert Ledger().take_all(*days, week) == 6

    def test_a_statement_does_not_continue_a_later_day(self):
        """The second day opens with the balance that the three days close with; the days tell that it lies within."""
        assert Ledger().take_all(cut("a bc ee", 0, 5), cut("a cb ee", 1, 3)) == 5

    def test_continuation_is_not_passed_on_through_a_shared_payment(self):
        """The morning opens with what the whole day closes with; both hold the `a`, so neither follows the other."""
        assert Ledger().take_all(cut("aebd", 0, 1), cut("aebd", 0, 4), cut("abed", 1, 3)) == 4


def test_equal_payments_at_one_place_are_two():
    """The balance comes back to where the first `a` left it."""
    assert Ledger().take_all(cut("aea", 0, 3), cut("aea", 0, 3)) == 3


def test_announced_payments_stand_at_no_place():
    a = payment("a", 1)
    known = identify(statement([replace(a, status="PDNG", digest="x"), a, a], 100, 110), []).known
    found = identify(statement([a], 105, 110), [known])
    assert [(i.ordinal, i.new) for i in found.identities] == [(2, False)]


def test_announced_payments_are_not_booked_ones():
    announced = replace(PLAIN, status="PDNG")
    found = identify(statement([announced, PLAIN]), [])
    assert [i.ordinal for i in found.identities] == [1, 1]
    assert found.identities[0].base != found.identities[1].base
    assert identify(statement([PLAIN]), [identify(statement([announced]), []).known]).identities[0].new


def test_other_accounts_and_currencies_are_not_known():
    known = identify(statement([PLAIN]), []).known
    same = statement([PLAIN])
    assert not identify(same, [known]).identities[0].new
    assert identify(same, [replace(known, account="OTHER")]).identities[0].new
    assert identify(same, [replace(known, currency="USD")]).identities[0].new


def test_a_corrected_statement_of_the_same_name_claims_its_own_first():
    """The noon file comes again, with a payment added in front of its closing balance."""
    ledger = Ledger()
    ledger.take_all(cut("aaa", 0, 1), cut("aaa", 1, 2, name="noon"))
    found = ledger.take(cut("aaa", 1, 3, name="noon"))
    assert [(i.ordinal, i.new) for i in found.identities] == [(2, False), (3, True)]


def test_a_statement_with_a_corrected_balance_claims_its_own_first():
    ledger = Ledger()
    morning, noon = cut("aa", 0, 1), cut("aa", 1, 2, name="noon")
    ledger.take_all(morning, noon)
    corrected = replace(noon, opening=Balance("OPBD", None, Decimal(106), "EUR"))
    assert [(i.ordinal, i.new) for i in ledger.take(corrected).identities] == [(2, False)]


class TestBase:
    def test_with_a_reference_the_content_does_not_matter(self):
        one = replace(PLAIN, bank_ref="B-1", remittance="x", digest="1")
        assert base_identity(one) == base_identity(replace(one, remittance="y", digest="2", statement_id="T"))

    def test_a_payment_and_its_reversal_may_bear_one_reference(self):
        one = replace(PLAIN, bank_ref="B-1")
        assert base_identity(one) != base_identity(replace(one, direction="debit"))
        assert base_identity(one) != base_identity(replace(one, amount=Decimal("0.30")))
        assert base_identity(one) == base_identity(replace(one, amount=Decimal("5.00")))

    @pytest.mark.parametrize("ref", [None, "B-1"])
    @pytest.mark.parametrize(
        "other",
        [
            {"account": "OTHER"},
            {"currency": "USD"},
            {"booking_date": date(2026, 3, 2)},
            {"booking_date": None},
        ],
    )
    def test_account_currency_and_day_tell_apart(self, ref, other):
        one = replace(PLAIN, bank_ref=ref)
        assert base_identity(one) != base_identity(replace(one, **other))

    def test_a_reference_is_not_a_digest(self):
        assert base_identity(replace(PLAIN, bank_ref=PLAIN.digest)) != base_identity(PLAIN)

    def test_identities_stay_what_they_are(self):
        """They are kept for ever: a change here is a change of every identity ever given."""
        (by_digest,) = identify(statement([PLAIN]), []).identities
        (by_ref,) = identify(statement([replace(PLAIN, bank_ref="B-1")]), []).identities
        assert str(by_digest.id) == "991a8bb8-d670-5a02-b320-cc4edaaacfd6"
        assert str(by_ref.id) == "8448ba0d-bd37-51d6-8939-60e12254393c"


# Letters of one sign only: then no balance ever comes back, and balances prove everything.
LINES = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=4).map(" ".join)


@settings(max_examples=300)
@given(LINES, st.data())
def test_files_that_follow_each_other_count_every_payment_once(line, data):
    """However a line is cut into files that leave nothing out, each file once or several times, in order."""
    size = len(line.replace(" ", ""))
    cuts = sorted({0, size, *data.draw(st.lists(st.integers(0, size)))})
    files = [cut(line, start, end) for start, end in pairwise(cuts)]
    again = data.draw(st.lists(st.sampled_from(files)))
    ledger = Ledger()
    assert ledger.take_all(*files) == size
    assert ledger.take_all(*again, cut(line, 0, size), *again) == size


@settings(max_examples=300)
@given(LINES, st.data())
def test_overlapping_files_count_every_payment_once(line, data):
    """Each file begins with a day that the ones before it have reached, or right behind them."""
    size = len(line.replace(" ", ""))
    days = list(accumulate(map(len, line.split()), initial=0))
    covered, files = 0, []
    while covered < size:
        start = data.draw(st.sampled_from([*(day for day in days if day <= covered), covered]))
        covered = data.draw(st.integers(covered + 1, size))
        files.append(cut(line, start, covered))
    assert Ledger().take_all(*files) == size
