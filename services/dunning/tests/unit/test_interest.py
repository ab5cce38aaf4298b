"""Late interest: the check values of the law, half-years, part payments, and exact sums."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from lettra_dunning.domain.interest import (
    Debt,
    Penalty,
    annual_rate,
    rounded,
    segments,
    total_interest,
    was_late,
)
from lettra_dunning.domain.rates import (
    ECB,
    LEGAL,
    HalfYear,
    MissingRate,
    Rates,
    RateTable,
    UnreadableRates,
    half_years,
    read_ecb_rates,
)

CHANGES = """effective_from,rate_percent
2000-06-09,4.25
2000-06-28,
2008-10-15,3.75
2022-12-21,2.50
2023-02-08,3.00
2023-06-21,4.00
2023-09-20,4.50
2024-06-12,4.25
2024-09-18,3.65
2024-12-18,3.15
2025-06-11,2.15
"""
H2_2024 = HalfYear(2024, 2)
BY_LAW, PUBLIC, NONE = Penalty("ecb+10"), Penalty("ecb+8"), Penalty("none")
ECB_TABLE = read_ecb_rates(CHANGES, known_until=date(2026, 4, 16))
RATES = Rates(ECB_TABLE, RateTable(LEGAL).with_entered(H2_2024, Decimal("4.92")))


def contract(percent: str) -> Penalty:
    return Penalty("contract", Decimal(percent))


def rate(penalty: Penalty, half: str, began: str | None = None) -> Decimal | None:
    found = annual_rate(penalty, HalfYear.read(half), HalfYear.read(began or half), RATES)
    return found and found.percent


def debt(due: date, amount: str | Decimal = "1000", penalty: Penalty = BY_LAW, **changes: object) -> Debt:
    return Debt(due, "EUR", Decimal(amount), penalty, **changes)  # type: ignore[arg-type]


def owed(one: Debt, first: date, last: date) -> Decimal:
    return rounded(total_interest(segments(one, first, last, RATES)), one.currency)


def test_the_rates_of_the_second_half_of_2024() -> None:
    """The check values: 14.25 % by law, 14.76 % at least by contract."""
    assert rate(BY_LAW, "2024-H2") == Decimal("14.25")
    assert rate(contract("5"), "2024-H2") == Decimal("14.76")
    assert rate(PUBLIC, "2024-H2") == Decimal("12.25")
    assert rate(NONE, "2024-H2") is None


def test_the_floor_binds_the_contract_rate_only() -> None:
    """Guard: annual_rate; what the law says by itself is below three times the legal rate then, and stays so."""
    assert rate(BY_LAW, "2024-H2") < 3 * Decimal("4.92")  # type: ignore[operator]
    assert rate(PUBLIC, "2024-H2") < 3 * Decimal("4.92")  # type: ignore[operator]
    assert rate(contract("14.76"), "2024-H2") == Decimal("14.76")
    assert rate(contract("18"), "2024-H2") == 18
    said = annual_rate(contract("5"), H2_2024, H2_2024, RATES)
    assert said is not None
    assert said.basis == "3 x the legal rate of 2024-H2, for the contract's 5 % is below it"


def test_a_half_year_has_the_rate_of_its_first_day() -> None:
    """Guard: RateTable.percent; the changes of September and December 2024 say nothing of 2024-H2."""
    found = [
        rate(BY_LAW, half) for half in ("2023-H1", "2023-H2", "2024-H1", "2024-H2", "2025-H1", "2025-H2")
    ]
    assert found == [Decimal(text) for text in ("12.50", "14.00", "14.50", "14.25", "13.15", "12.15")]
    assert rate(BY_LAW, "2026-H1") == Decimal("12.15")


def test_public_interest_keeps_the_rate_of_the_half_year_in_which_it_began() -> None:
    """CCP art. R2192-31, and not as between companies."""
    assert rate(PUBLIC, "2025-H1", began="2024-H2") == Decimal("12.25")
    assert rate(BY_LAW, "2025-H1", began="2024-H2") == Decimal("13.15")


@pytest.mark.parametrize(
    ("penalty", "half", "words"),
    [
        (BY_LAW, "2026-H2", f"the {ECB} on 2026-07-01, for 2026-H2, is not known: nobody entered it"),
        (BY_LAW, "2000-H1", f"the {ECB} on 2000-01-01, for 2000-H1, is not known: nobody entered it"),
        (
            BY_LAW,
            "2005-H2",
            f"the {ECB} on 2005-07-01, for 2005-H2, is not known: there was none from 2000-06-28 on",
        ),
        (
            contract("20"),
            "2025-H1",
            f"the {LEGAL} on 2025-01-01, for 2025-H1, is not known: nobody entered it",
        ),
    ],
)
def test_a_rate_that_is_not_known_is_asked_for_by_its_name(penalty: Penalty, half: str, words: str) -> None:
    """Guard: no rate is extrapolated."""
    with pytest.raises(MissingRate, match=words.replace("+", r"\+")):
        rate(penalty, half)


def test_a_rate_that_was_entered_counts() -> None:
    later = HalfYear(2026, 2)
    table = ECB_TABLE.with_entered(later, Decimal("2.40")).with_entered(HalfYear(2005, 2), Decimal(2))
    assert (table.percent(later), table.percent(HalfYear(2005, 2))) == (Decimal("2.40"), 2)
    with pytest.raises(ValueError, match="no rate in per cent"):
        table.with_entered(later, Decimal(-1))


def test_a_table_of_changes_alone_says_nothing_of_what_came_after_its_last_line() -> None:
    table = read_ecb_rates(CHANGES)
    assert table.percent(HalfYear(2025, 1)) == Decimal("3.15")
    with pytest.raises(MissingRate, match="2025-07-01"):
        table.percent(HalfYear(2025, 2))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1: the columns are effective_from,rate_percent"),
        ("date,rate\n", "line 1: the columns are"),
        ("effective_from,rate_percent\n2024-01-01,high\n", "line 2: '2024-01-01,high'"),
        ("effective_from,rate_percent\n2024-01-01,NaN\n", "line 2: "),
        ("effective_from,rate_percent\n2024-01-01,1\n2023-01-01,2\n", "line 3: 2023-01-01 does not follow"),
        ("effective_from,rate_percent\n2024-01-01,1,2\n", "line 2: two columns are wanted, 3 are there"),
    ],
)
def test_rates_that_cannot_be_read_are_named_by_line(text: str, place: str) -> None:
    with pytest.raises(UnreadableRates) as caught:
        read_ecb_rates(text)
    assert str(caught.value).startswith(place)


def test_the_whole_series_of_the_ecb_is_read() -> None:
    """The file lies in a data folder outside the project: `LETTRA_DATA` names it."""
    data = os.environ.get("LETTRA_DATA") or Path(__file__).resolve().parents[5] / "shared/data"
    file = Path(data) / "rates/ecb-main-refinancing-rate.csv"
    if not file.is_file():
        pytest.skip("the public rates are not here (LETTRA_DATA names their folder)")
    table = read_ecb_rates(file.read_text(), known_until=date(2026, 4, 16))
    assert len(table.changes) == 43
    found = [str(table.percent(HalfYear.read(half))) for half in ("1999-H2", "2009-H1", "2016-H2", "2024-H2")]
    assert found == ["2.50", "2.50", "0.00", "4.25"]


def test_interest_runs_from_the_day_after_the_due_date_to_the_day_of_payment() -> None:
    """1,000 EUR due on 1 August 2024 and paid on the 31st: 30 days at 14.25 %, 11.71 EUR. Guard: both ends."""
    one = debt(date(2024, 8, 1), moves=((date(2024, 8, 31), Decimal(-1000)),))
    (segment,) = segments(one, date(2024, 1, 1), date(2024, 12, 31), RATES)
    assert (segment.first, segment.last, segment.days) == (date(2024, 8, 2), date(2024, 8, 31), 30)
    assert segment.interest == Fraction(1000 * 1425 * 30, 365 * 10_000)
    assert owed(one, date(2024, 1, 1), date(2024, 12, 31)) == Decimal("11.71")
    paid_on_time = debt(date(2024, 8, 1), moves=((date(2024, 8, 1), Decimal(-1000)),))
    assert segments(paid_on_time, date(2024, 1, 1), date(2024, 12, 31), RATES) == ()


def test_a_half_year_that_passes_parts_the_interest() -> None:
    """10,000 EUR due on 1 December 2024, until 31 January 2025: 30 days at 14.25 % and 31 at 13.15 %.

    117.123... + 111.684... = 228.81 EUR.
    """
    found = segments(debt(date(2024, 12, 1), "10000"), date(2024, 12, 1), date(2025, 1, 31), RATES)
    assert [(part.first, part.last, part.days, part.rate.percent) for part in found] == [
        (date(2024, 12, 2), date(2024, 12, 31), 30, Decimal("14.25")),
        (date(2025, 1, 1), date(2025, 1, 31), 31, Decimal("13.15")),
    ]
    assert rounded(total_interest(found), "EUR") == Decimal("228.81")


def test_the_twenty_ninth_of_february_bears_interest_and_a_year_still_has_365_days() -> None:
    """36,500 EUR at 14.50 % come to 14.50 EUR a day, also in 2024; 28 February to 1 March are three days."""
    one = debt(date(2024, 2, 27), "36500")
    assert owed(one, date(2024, 2, 28), date(2024, 3, 1)) == Decimal("43.50")
    whole = debt(date(2023, 12, 31), "36500")
    assert (
        owed(whole, date(2024, 1, 1), date(2024, 12, 31)) == Decimal("14.50") * 182 + Decimal("14.25") * 184
    )


def test_part_payments_lower_what_bears_interest_from_the_next_day_on() -> None:
    """365 EUR at 14.25 %: 0.1425 a day for 10 days, half of it for 5, all of it again for 5 after a return."""
    moves = ((date(2024, 8, 11), Decimal("-182.5")), (date(2024, 8, 16), Decimal("182.5")))
    one = debt(date(2024, 8, 1), "365", moves=moves)
    found = segments(one, date(2024, 8, 2), date(2024, 8, 21), RATES)
    assert [(part.days, part.principal) for part in found] == [(10, 365), (5, Decimal("182.5")), (5, 365)]
    assert (
        total_interest(found)
        == Fraction(1425, 10_000) * 10 + Fraction(1425, 20_000) * 5 + Fraction(1425, 10_000) * 5
    )


def test_insolvency_stops_interest_on_the_day_of_the_judgment() -> None:
    one = debt(date(2024, 8, 1), "36500", stops_on=date(2024, 8, 12))
    assert owed(one, date(2024, 8, 1), date(2024, 12, 31)) == Decimal("142.50")


def test_a_private_person_owes_no_such_interest() -> None:
    assert segments(debt(date(2024, 8, 1), penalty=NONE), date(2024, 8, 1), date(2026, 12, 31), RATES) == ()


def test_a_rate_that_nobody_needs_need_not_be_known() -> None:
    paid = debt(date(2026, 6, 1), moves=((date(2026, 6, 20), Decimal(-1000)),))
    assert segments(paid, date(2026, 6, 1), date(2026, 12, 31), RATES)
    with pytest.raises(MissingRate):
        segments(debt(date(2026, 6, 1)), date(2026, 6, 1), date(2026, 12, 31), RATES)


@pytest.mark.parametrize(
    ("exact", "currency", "coins"),
    [
        (Fraction(1, 200), "EUR", "0.01"),
        (Fraction(49, 10_000), "EUR", "0.00"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(10_005, 10_000_000), "KWD", "0.001"),
    ],
)
def test_interest_is_rounded_once_to_the_smallest_coin_half_up(
    exact: Fraction, currency: str, coins: str
) -> None:
    assert rounded(exact, currency) == Decimal(coins)


def test_late_is_what_was_open_after_the_due_date() -> None:
    day = date(2024, 8, 1)
    assert not was_late(debt(day), day)
    assert was_late(debt(day), day + timedelta(days=1))
    assert not was_late(debt(day, moves=((day, Decimal(-1000)),)), date(2025, 1, 1))
    assert was_late(debt(day, moves=((day, Decimal(-999)),)), date(2025, 1, 1))


def test_half_years_are_read_as_they_are_written() -> None:
    assert str(HalfYear.read("2024-H2")) == "2024-H2"
    assert HalfYear(2024, 2).next() == HalfYear(2025, 1)
    with pytest.raises(ValueError, match="write 2024-H2"):
        HalfYear.read("2024-3")
    assert [str(half) for half, _a, _b in half_years(date(2023, 12, 31), date(2024, 7, 1))] == [
        "2023-H2",
        "2024-H1",
        "2024-H2",
    ]


days = st.dates(date(2023, 1, 1), date(2026, 6, 30))
amounts = st.decimals(Decimal("0.01"), Decimal(100_000), places=2)
penalties = st.sampled_from([BY_LAW, PUBLIC])


@st.composite
def debts(draw: st.DrawFn) -> Debt:
    """With part payments on any day, which take no more than there is."""
    amount = draw(amounts)
    left, moves = amount, []
    for day in draw(st.lists(days, max_size=5)):
        part = draw(st.decimals(Decimal(0), left, places=2))
        left -= part
        moves.append((day, -part))
    return Debt(draw(days), "EUR", amount, draw(penalties), tuple(moves), stops_on=draw(st.none() | days))


@settings(deadline=None, max_examples=100)
@for_all(debts(), st.lists(days, min_size=3, max_size=6))
def test_interest_is_additive_over_any_split_of_the_period(one: Debt, cuts: list[date]) -> None:
    """Guard: half-years, part payments and the end of interest part the days and never count one twice."""
    cuts.sort()
    whole = total_interest(segments(one, cuts[0], cuts[-1], RATES))
    starts = [cuts[0], *(cut + timedelta(days=1) for cut in cuts[1:-1])]
    parts = [
        total_interest(segments(one, first, last, RATES))
        for first, last in zip(starts, cuts[1:], strict=True)
    ]
    assert sum(parts) == whole


@settings(deadline=None, max_examples=100)
@for_all(debts(), days, days)
def test_interest_is_the_sum_of_its_days(one: Debt, first: date, last: date) -> None:
    """An oracle that walks day by day: what is open at the start of each late day, at the rate of its half-year."""
    expected = Fraction(0)
    day = first
    while day <= last:
        if day > one.due_date and (one.stops_on is None or day < one.stops_on):
            principal = one.amount + sum(change for when, change in one.moves if when < day)
            start = day if one.penalty.kind == "ecb+10" else one.due_date + timedelta(days=1)
            fixed = date(start.year, 1 if start.month < 7 else 7, 1)
            points = max(
                (change for change in ECB_TABLE.changes if change.effective_from <= fixed),
                key=lambda change: change.effective_from,
            ).percent
            assert points is not None
            percent = points + (10 if one.penalty.kind == "ecb+10" else 8)
            expected += Fraction(principal) * Fraction(percent) / 36_500
        day += timedelta(days=1)
    assert total_interest(segments(one, first, last, RATES)) == expected


@settings(deadline=None, max_examples=100)
@for_all(st.decimals(Decimal(0), Decimal(40), places=2), st.decimals(Decimal(0), Decimal(10), places=2))
def test_the_contract_rate_is_never_below_the_floor_and_the_legal_one_never_moves(
    percent: Decimal, legal: Decimal
) -> None:
    rates = Rates(ECB_TABLE, RateTable(LEGAL).with_entered(H2_2024, legal))
    by_contract = annual_rate(Penalty("contract", percent), H2_2024, H2_2024, rates)
    assert by_contract is not None
    assert by_contract.percent == max(percent, 3 * legal)
    by_law = annual_rate(BY_LAW, H2_2024, H2_2024, rates)
    assert by_law is not None
    assert by_law.percent == Decimal("14.25")
