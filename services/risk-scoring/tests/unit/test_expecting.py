"""When open items are expected, what of them is lost, and the cash that is foreseen by week."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import payers as say
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payers import TODAY, ago, history, regular

from lettra_risk_scoring.domain import Fact
from lettra_risk_scoring.engine.assessing import Assessment, assess
from lettra_risk_scoring.engine.expecting import OWN, Expectation, overdue_beyond, quantiles
from lettra_risk_scoring.engine.forecast import Foreseen, forecast
from lettra_risk_scoring.engine.policy import DEFAULT, Delays

IN_TEN_DAYS = TODAY + timedelta(days=10)
ZERO = Decimal(0)


def assessed(*facts: Fact) -> Assessment:
    return assess(history(*facts), DEFAULT)


def owed(name: str = "O1", amount: int = 1000, *, due: date = IN_TEN_DAYS) -> Fact:
    return say.opened(name, amount, issued=min(ago(20), due), due=due)


def test_without_a_history_the_class_says_when() -> None:
    """Class B: half by 4 days late, eight of ten between 2 days before and 15 after."""
    (expected,) = assessed(owed()).expectations
    assert expected == Expectation(
        item_id="O1",
        expected_on=IN_TEN_DAYS + timedelta(days=4),
        earliest=IN_TEN_DAYS - timedelta(days=2),
        latest=IN_TEN_DAYS + timedelta(days=15),
        late_probability=0.2,
        basis="class B of scorecard-1",
    )


def test_the_customers_own_delays_say_it_better() -> None:
    facts = [fact for days in range(11) for fact in say.settled(f"S{days}", days, due=ago(100))]
    (expected,) = assessed(*facts, owed()).expectations
    assert expected.basis == OWN
    assert [
        (day - IN_TEN_DAYS).days for day in (expected.earliest, expected.expected_on, expected.latest)
    ] == [0, 5, 10]
    assert expected.late_probability == pytest.approx(10 / 11)


def test_only_longer_delays_than_the_item_has_waited_count() -> None:
    """Six days overdue: of delays 0 to 10 four are left (7, 8, 9, 10), and it is surely late."""
    facts = [fact for days in range(11) for fact in say.settled(f"S{days}", days, due=ago(100))]
    (expected,) = assessed(*facts, owed(due=ago(6))).expectations
    assert [(day - ago(6)).days for day in (expected.earliest, expected.expected_on, expected.latest)] == [
        7,
        8,
        10,
    ]
    assert expected.late_probability == 1.0


def test_what_should_have_been_paid_long_ago_is_expected_later_the_longer_it_waits() -> None:
    assert overdue_beyond(Delays(0, 10, 30), 50) == Delays(51, 90, 170)
    assert overdue_beyond(Delays(0, 10, 30), 10) == Delays(11, 17, 31)


def test_quantiles_are_delays_that_were_seen() -> None:
    assert quantiles([5]) == Delays(5, 5, 5)
    assert quantiles(list(range(1, 100))) == Delays(10, 50, 90)
    assert quantiles(list(range(5))) == Delays(0, 2, 4)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(-30, 200), max_size=15), st.integers(-60, 400))
def test_an_expectation_is_after_today_and_inside_its_interval(delays: list[int], age: int) -> None:
    facts = [
        fact for number, days in enumerate(delays) for fact in say.settled(f"S{number}", days, due=ago(210))
    ]
    (expected,) = assessed(*facts, owed(due=ago(age))).expectations
    assert TODAY < expected.earliest <= expected.expected_on <= expected.latest


def test_disputed_money_is_not_expected() -> None:
    assert assessed(owed(), say.disputed("O1", 1000, known=ago(3))).expectations == ()


def test_expected_loss_goes_by_age_and_class() -> None:
    """Class A by the ten items; 1,000 not due: 0.2 % x 0.5 = 1.00; class B new: 0.2 % x 0.8 = 1.60.

    100 days overdue: 28 points less than a new customer's 72, and 5 for nothing in time, make D: 10 % x 2 = 200.
    """
    pocket = ("FR01", "EUR")
    assert assessed(*regular(10, -2), owed()).expected_losses == {pocket: Decimal("1.00")}
    assert assessed(owed()).expected_losses == {pocket: Decimal("1.60")}
    late = assessed(owed(due=ago(100)))
    assert (late.score.risk_class, late.expected_losses) == ("D", {pocket: Decimal("200.00")})
    insolvent = assessed(owed(), say.insolvent(True, known=ago(1)))
    assert insolvent.expected_losses == {pocket: Decimal("800.00")}


def test_the_forecast_puts_a_quarter_a_half_and_a_quarter_into_their_weeks() -> None:
    """Tuesday 30 June 2026; paid on 1, 8 and 22 July; 100 less 4 that is lost."""
    expected = Expectation("O1", date(2026, 7, 8), date(2026, 7, 1), date(2026, 7, 22), 0.5, "test")
    (cash,) = forecast([Foreseen("EUR", Decimal(100), Decimal(30), Decimal(4), expected)], TODAY, 3)
    assert cash.weeks == (
        (date(2026, 6, 29), Decimal(24)),
        (date(2026, 7, 6), Decimal(48)),
        (date(2026, 7, 13), Decimal(0)),
    )
    assert (cash.later, cash.lost, cash.disputed) == (Decimal(24), Decimal(4), Decimal(30))


def test_weeks_go_on_over_the_end_of_a_year() -> None:
    expected = Expectation("O1", date(2027, 1, 1), date(2026, 12, 31), date(2027, 1, 4), 0.5, "test")
    (cash,) = forecast([Foreseen("EUR", Decimal(4), ZERO, ZERO, expected)], date(2026, 12, 30), 2)
    assert cash.weeks == ((date(2026, 12, 28), Decimal(3)), (date(2027, 1, 4), Decimal(1)))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 99_999), st.integers(-90, 400), st.sampled_from(["EUR", "JPY"]), st.booleans()
        ),
        max_size=8,
    )
)
def test_the_forecast_loses_and_invents_nothing(rows: list[tuple[int, int, str, bool]]) -> None:
    """weeks + later + lost + disputed = what is open, by currency."""
    facts: list[Fact] = []
    for number, (amount, age, currency, contested) in enumerate(rows):
        facts.append(say.opened(f"O{number}", amount, issued=ago(500), due=ago(age), currency=currency))
        if contested:
            facts.append(say.disputed(f"O{number}", amount // 2, known=ago(2)))
    for cash in assessed(*facts).forecast:
        told = sum((amount for _, amount in cash.weeks), cash.later) + cash.lost + cash.disputed
        assert told == sum(amount for amount, _, currency, _ in rows if currency == cash.currency)


@pytest.mark.parametrize("weeks", [0, 54])
def test_a_forecast_has_a_week_to_a_year(weeks: int) -> None:
    with pytest.raises(ValueError, match="1 to 53 weeks"):
        forecast([], TODAY, weeks)


def test_scored_again_from_history_the_same_numbers() -> None:
    """What is said of a past day does not change by what came after, nor by saying it twice."""
    facts = [
        *regular(10, 7),
        owed(due=ago(20)),
        say.broken("B1", known=ago(3)),
        say.paid("O1", 1000, on=ago(2)),
    ]
    then = assess(history(*facts[:-2], as_of=ago(10)), DEFAULT)
    assert assess(history(*facts, as_of=ago(10)), DEFAULT) == then
    assert then.model_version == "scorecard-1"
    assert assess(history(*facts), DEFAULT) != then
