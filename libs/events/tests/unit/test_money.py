"""Money is exact: nothing is lost by splitting, nothing of two currencies is mixed, nothing is a float."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from lettra_events.money import Amount, CurrencyMismatch, Money, exponent_of, total

# Decimals of the minor unit, written down here and not asked of the code under test.
DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}


@st.composite
def whole_money(draw: st.DrawFn) -> Money:
    """Any amount of minor units, up to the largest that is allowed."""
    currency = draw(st.sampled_from(sorted(DECIMALS)))
    limit = 10 ** (13 + DECIMALS[currency]) - 1
    units = draw(st.integers(min_value=-limit, max_value=limit))
    return Money(amount=Decimal(units).scaleb(-DECIMALS[currency]), currency=currency)


euros = st.integers(min_value=-(10**14), max_value=10**14).map(
    lambda cents: Money(amount=Decimal(cents).scaleb(-2), currency="EUR")
)
weights = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=40).filter(any)
fractional = st.decimals(min_value=-(10**8), max_value=10**8, places=5)


def _unit(currency: str) -> Fraction:
    return Fraction(1, 10 ** DECIMALS[currency])


@given(money=whole_money(), shares=weights)
def test_the_parts_sum_to_the_whole_exactly(money: Money, shares: list[int]) -> None:
    parts = money.allocate(shares)
    assert len(parts) == len(shares)
    assert sum(Fraction(part.amount) for part in parts) == Fraction(money.amount)
    assert {part.currency for part in parts} == {money.currency}


@given(money=whole_money(), shares=weights)
def test_each_part_is_whole_and_less_than_a_minor_unit_off(money: Money, shares: list[int]) -> None:
    for part, share in zip(money.allocate(shares), shares, strict=True):
        exact = Fraction(money.amount) * share / sum(shares)
        assert abs(Fraction(part.amount) - exact) < _unit(money.currency)
        assert Fraction(part.amount) % _unit(money.currency) == 0


@given(money=whole_money(), shares=weights)
def test_no_part_has_the_other_sign_and_no_weight_gives_nothing(money: Money, shares: list[int]) -> None:
    for part, share in zip(money.allocate(shares), shares, strict=True):
        assert part.amount * money.amount >= 0
        assert not part.amount.is_signed() or part.amount < 0, "there is no -0.00"
        if share == 0:
            assert part.amount == 0


@given(amount=fractional, shares=weights)
def test_what_is_smaller_than_a_minor_unit_is_not_lost_either(amount: Decimal, shares: list[int]) -> None:
    parts = Money(amount=amount, currency="EUR").allocate(shares)
    assert sum(Fraction(part.amount) for part in parts) == Fraction(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "shares", "parts"),
    [
        ("100.00", "EUR", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        # 0.015 and 0.035 both round up, to the even cent; of the two the earlier gives the cent back.
        ("0.05", "EUR", [3, 7], ["0.01", "0.04"]),
        ("-100.00", "EUR", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
        ("0.01", "EUR", [1, 1], ["0.01", "0.00"]),
        ("1000", "JPY", [1, 2], ["333", "667"]),
        ("1.000", "KWD", [1, 1, 1], ["0.334", "0.333", "0.333"]),
        ("10.00", "EUR", [1, 0], ["10.00", "0.00"]),
        ("1.00", "EUR", [Decimal("0.5"), Decimal("0.25")], ["0.67", "0.33"]),
        ("10.001", "EUR", [1, 1], ["5.001", "5.00"]),
    ],
)
def test_splits_that_can_be_checked_by_hand(
    amount: str, currency: str, shares: list[Decimal | int], parts: list[str]
) -> None:
    assert [str(part.amount) for part in Money.of(amount, currency).allocate(shares)] == parts


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [2, -1], [-1, 0]])
def test_weights_that_cannot_divide_are_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="allocate needs weights"):
        Money.of("10.00", "EUR").allocate(shares)


# ---- Arithmetic ----


@given(left=euros, right=euros)
def test_sums_and_differences_are_exact(left: Money, right: Money) -> None:
    assert Fraction((left + right).amount) == Fraction(left.amount) + Fraction(right.amount)
    assert Fraction((left - right).amount) == Fraction(left.amount) - Fraction(right.amount)
    assert left + right == right + left
    assert (left + right) - right == left
    assert -left == Money.zero("EUR") - left
    assert (left + right).currency == "EUR"


@given(left=euros, right=euros)
def test_order_is_that_of_the_amounts(left: Money, right: Money) -> None:
    lower, higher = Fraction(left.amount), Fraction(right.amount)
    assert (left < right, left <= right) == (lower < higher, lower <= higher)
    assert (left > right, left >= right) == (lower > higher, lower >= higher)


@pytest.mark.parametrize(
    "meet",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: total([a, b], "EUR"),
    ],
    ids=["+", "-", "<", "<=", ">", ">=", "total"],
)
def test_two_currencies_do_not_meet(meet) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CurrencyMismatch, match=r"10\.00 .* and .* are in different currencies"):
        meet(Money.of("10.00", "EUR"), Money.of("10.00", "USD"))


def test_the_same_amount_of_two_currencies_is_not_equal() -> None:
    assert Money.of("1", "EUR") != Money.of("1", "USD")


def test_what_is_equal_has_the_same_hash() -> None:
    assert Money.of("1.0", "EUR") == Money.of("1.00", "EUR")
    assert (
        len(
            {Money.of("1.0", "EUR"), Money.of("1.00", "EUR"), Money.of("0.5", "EUR") + Money.of("0.5", "EUR")}
        )
        == 1
    )


def test_the_total_of_nothing_is_zero_of_the_currency() -> None:
    assert total([], "JPY") == Money.of("0", "JPY")
    assert total([Money.of("0.10", "EUR"), Money.of("0.20", "EUR")], "EUR") == Money.of("0.30", "EUR")


def test_only_zero_is_false() -> None:
    assert not Money.of("0.00", "EUR")
    assert Money.of("0.00001", "EUR")
    assert Money.of("-1", "EUR")


def test_money_does_not_change() -> None:
    with pytest.raises(ValidationError):
        Money.of("1", "EUR").amount = Decimal(2)  # type: ignore[misc]


# ---- What is an amount ----


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        0.1,
        100.0,
        float("nan"),
        float("inf"),
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        True,
        None,
        "",
        "1,5",
        "abc",
    ],
)
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="amount"):
        Money(amount=value, currency="EUR")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="amount"):
        Money.of(value, "EUR")  # type: ignore[arg-type]


def test_a_float_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(ValidationError, match=r"a decimal string such as '12\.30', not a float"):
        Money.of(12.5, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ['{"amount":12.5,"currency":"EUR"}', '{"amount":1e2,"currency":"EUR"}'])
def test_a_json_number_with_decimals_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="not a float"):
        Money.model_validate_json(text)


@pytest.mark.parametrize(
    "value",
    [
        "10000000000000",
        "1E+13",
        "0.000001",
        "1E-6",
        "1E+99",
        "1E+999999",
        "-1E+999999",
        "9999999999999.999999",
    ],
)
def test_what_is_too_large_or_too_fine_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="amount"):
        Money.of(value, "EUR")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("12.30", "12.30"),
        ("-12.30", "-12.30"),
        (7, "7"),
        (Decimal("0.00001"), "0.00001"),
        ("9999999999999.99999", "9999999999999.99999"),
        ("1E+2", "100"),
        ("1e2", "100"),
        (Decimal("-1.2E+3"), "-1200"),
        (Decimal("100").normalize(), "100"),
        ("-0", "0"),
        (Decimal("-0.00"), "0.00"),
        ("0E+50", "0"),
        ("0.0000000", "0.00000"),
        ("1.000000", "1.00000"),
    ],
)
def test_an_amount_is_written_as_a_plain_decimal_string(value: str | int | Decimal, written: str) -> None:
    text = Money.of(value, "EUR").model_dump_json()
    assert json.loads(text) == {"amount": written, "currency": "EUR"}


@given(value=st.decimals(min_value=-(10**12), max_value=10**12, places=5))
def test_an_amount_comes_back_as_it_was_written(value: Decimal) -> None:
    money = Money.of(value, "EUR")
    assert money.amount == value
    assert Money.model_validate_json(money.model_dump_json()).amount == value


def test_a_field_of_an_event_is_held_to_the_same() -> None:
    adapter: TypeAdapter[Decimal] = TypeAdapter(Amount)
    assert str(adapter.validate_python(Decimal("5E+1"))) == "50"
    with pytest.raises(ValidationError):
        adapter.validate_python(5.0)


# ---- Currencies ----


@pytest.mark.parametrize(("currency", "decimals"), DECIMALS.items())
def test_the_minor_unit_is_that_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent_of(currency) == decimals


@pytest.mark.parametrize("currency", ["EUX", "eur", "EU", "EURO", "", "978", " EUR"])
def test_an_unknown_currency_is_named(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money.of("1", currency)


def test_what_is_no_currency_is_said_with_an_example() -> None:
    with pytest.raises(ValueError, match=r"'EUX' is not an ISO 4217 currency code such as 'EUR'"):
        exponent_of("EUX")


@pytest.mark.parametrize(
    ("amount", "currency", "whole"),
    [
        ("1", "JPY", True),
        ("1.0", "JPY", True),
        ("1.5", "JPY", False),
        ("1.50", "EUR", True),
        ("1.505", "EUR", False),
        ("1.505", "KWD", True),
        ("1.5055", "KWD", False),
    ],
)
def test_whole_means_no_more_decimals_than_the_currency_has(amount: str, currency: str, whole: bool) -> None:
    assert Money.of(amount, currency).is_whole is whole
